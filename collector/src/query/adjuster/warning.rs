//! Remarks on a span. They travel with it as an attribute, which the older API shows as the span's `warnings`.

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, ArrayValue, KeyValue, any_value::Value},
    trace::v1::Span,
};

use super::text;
use crate::model::WARNINGS_ATTRIBUTE;

pub(crate) fn add(span: &mut Span, warning: impl Into<String>) {
    let index = span.attributes.iter().position(|a| a.key == WARNINGS_ATTRIBUTE);
    let attribute = match index {
        Some(index) => &mut span.attributes[index],
        None => {
            span.attributes.push(KeyValue { key: WARNINGS_ATTRIBUTE.into(), ..Default::default() });
            let last = span.attributes.len() - 1;
            &mut span.attributes[last]
        }
    };
    let value = attribute.value.get_or_insert_default();
    match &mut value.value {
        Some(Value::ArrayValue(array)) => array.values.push(text(warning)),
        other => {
            // Some storages give a list back as text: it becomes the list's first entry.
            let mut values: Vec<AnyValue> =
                other.take().map(|value| AnyValue { value: Some(value) }).into_iter().collect();
            values.push(text(warning));
            *other = Some(Value::ArrayValue(ArrayValue { values }));
        }
    }
}

/// The texts of a warnings attribute.
pub(crate) fn texts(attribute: &KeyValue) -> impl Iterator<Item = &str> {
    let values = match attribute.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::ArrayValue(array)) => array.values.as_slice(),
        _ => attribute.value.as_slice(),
    };
    values.iter().filter_map(|value| match &value.value {
        Some(Value::StringValue(text)) => Some(text.as_str()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_collected_in_order_even_after_text() {
        let mut span = Span {
            attributes: vec![KeyValue {
                key: WARNINGS_ATTRIBUTE.into(),
                value: Some(text("one")),
                ..Default::default()
            }],
            ..Default::default()
        };
        assert_eq!(texts(&span.attributes[0]).collect::<Vec<_>>(), ["one"]);
        add(&mut span, "two");
        add(&mut span, "three");
        assert_eq!(texts(&span.attributes[0]).collect::<Vec<_>>(), ["one", "two", "three"]);
        assert_eq!(span.attributes.len(), 1);
    }
}
