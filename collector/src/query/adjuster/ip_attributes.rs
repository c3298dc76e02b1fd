//! Old clients write an IPv4 address as a number; it is shown as `10.1.2.3`.

use std::net::Ipv4Addr;

use opentelemetry_proto::tonic::{
    common::v1::{KeyValue, any_value::Value},
    trace::v1::ResourceSpans,
};

use super::text;

const KEYS: [&str; 2] = ["ip", "peer.ipv4"];

pub(super) fn normalize(trace: &mut [ResourceSpans]) {
    for resource_spans in trace {
        if let Some(resource) = &mut resource_spans.resource {
            normalize_attributes(&mut resource.attributes);
        }
        for span in resource_spans.scope_spans.iter_mut().flat_map(|scope| &mut scope.spans) {
            normalize_attributes(&mut span.attributes);
        }
    }
}

fn normalize_attributes(attributes: &mut [KeyValue]) {
    for attribute in attributes.iter_mut().filter(|a| KEYS.contains(&a.key.as_str())) {
        let address = match attribute.value.as_ref().and_then(|value| value.value.as_ref()) {
            // Signed 32-bit numbers wrap, as Java's clients write them.
            Some(Value::IntValue(number)) => *number as u32,
            Some(Value::DoubleValue(number)) => *number as i64 as u32,
            _ => continue,
        };
        attribute.value = Some(text(Ipv4Addr::from_bits(address).to_string()));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{attribute, span, string, trace};
    use super::*;

    #[test]
    fn numbers_become_addresses_and_text_stays() {
        let mut one = span(1, 0, 0, 1);
        one.attributes = vec![
            attribute("ip", Value::IntValue(3_232_235_777)),
            attribute("peer.ipv4", Value::DoubleValue(16_909_060.0)),
            attribute("ip", Value::IntValue(-1)),
            attribute("ip", Value::StringValue("::1".into())),
            attribute("port", Value::IntValue(80)),
        ];
        let mut trace = trace([("cart", vec![one])]);
        normalize(&mut trace);
        assert_eq!(
            trace[0].scope_spans[0].spans[0].attributes,
            [
                string("ip", "192.168.1.1"),
                string("peer.ipv4", "1.2.3.4"),
                string("ip", "255.255.255.255"),
                string("ip", "::1"),
                attribute("port", Value::IntValue(80)),
            ]
        );
    }
}
