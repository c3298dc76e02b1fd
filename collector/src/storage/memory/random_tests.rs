//! Random spans and questions: what comes back is what went in, and a search finds what looking at every span finds.

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, ArrayValue, KeyValue, any_value::Value},
    trace::v1::{
        Span, Status,
        span::{Event, Link},
    },
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::tests::{batch, query};
use super::*;
use crate::model::{SpanView, span_has_attribute, status};
use prost::Message as _;

const BATCHES_MAX: usize = 12;

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        select(vec!["GET", "42", "true", "", "é", "1.5"]).prop_map(|text| Value::StringValue(text.into())),
        any::<u16>().prop_map(|number| Value::StringValue(format!("unlikely twice {number}"))),
        select(vec![42, -1, 0, i64::MAX]).prop_map(Value::IntValue),
        select(vec![1.5, 42.0, 0.0, -0.0]).prop_map(Value::DoubleValue),
        any::<bool>().prop_map(Value::BoolValue),
        Just(Value::ArrayValue(ArrayValue { values: vec![AnyValue { value: Some(Value::IntValue(42)) }] })),
    ]
}

fn attribute() -> impl Strategy<Value = KeyValue> {
    (select(vec!["method", "number", "event"]), option::weighted(0.9, value())).prop_map(|(key, value)| KeyValue {
        key: key.into(),
        value: Some(AnyValue { value }),
        ..Default::default()
    })
}

prop_compose! {
    fn span()(
        trace in 1..8_u8,
        id in 1..200_u8,
        parent in option::of(1..200_u8),
        kind in 0..9,
        name in select(vec!["", "get", "put"]),
        start in 0..1_000_u64,
        length in 0..100_u64,
        attributes in vec(attribute(), 0..4),
        events in vec((select(vec!["GET", "retry"]), vec(attribute(), 0..2)), 0..2),
        code in 0..4,
        has_link in any::<bool>(),
        trace_state in select(vec!["", "a=b"]),
    ) -> Span {
        Span {
            trace_id: vec![trace; 16],
            span_id: vec![id; 8],
            parent_span_id: parent.map_or_else(Vec::new, |parent| vec![parent; 8]),
            trace_state: trace_state.into(),
            kind,
            name: name.into(),
            start_time_unix_nano: start,
            end_time_unix_nano: start + length,
            attributes,
            events: events
                .into_iter()
                .map(|(name, attributes)| Event { name: name.into(), attributes, ..Default::default() })
                .collect(),
            links: has_link.then(|| Link { trace_id: vec![9; 16], span_id: vec![9; 8], ..Default::default() }).into_iter().collect(),
            status: (code > 0).then(|| Status { code: code - 1, message: "why".repeat(code as usize - 1) }),
            ..Default::default()
        }
    }
}

fn batches() -> impl Strategy<Value = Vec<(&'static str, Vec<Span>)>> {
    vec((select(vec!["cart", "stock"]), vec(span(), 1..8)), 1..BATCHES_MAX)
}

fn tag() -> impl Strategy<Value = (String, String)> {
    let keys =
        select(vec!["method", "number", "event", "error", "span.kind", "service.name", "otel.status_code", "absent"]);
    let values =
        select(vec!["GET", "42", "true", "false", "", "é", "1.5", "0", "-1", "retry", "server", "cart", "ERROR"]);
    (keys, values).prop_map(|(key, value)| (key.into(), value.into()))
}

prop_compose! {
    fn question()(
        service in option::of(select(vec!["cart", "stock", "absent"])),
        operation in option::weighted(0.2, select(vec!["get", "absent"])),
        tags in vec(tag(), 0..2),
        from_ns in 0..600_u64,
        length in 0..1_000_u64,
        duration_min_ns in option::weighted(0.2, 0..100_u64),
        duration_max_ns in option::weighted(0.2, 0..100_u64),
        limit in 1..10_usize,
    ) -> TraceQuery {
        TraceQuery {
            service: service.map(Into::into),
            operation: operation.map(Into::into),
            tags,
            start: TimeRange { from_ns, to_ns: from_ns + length },
            duration_min_ns,
            duration_max_ns,
            limit,
        }
    }
}

/// Whether a span meets a query, by its encoded form.
fn meets(service: &str, span: &Span, query: &TraceQuery) -> bool {
    let encoded = span.encode_to_vec();
    let view = SpanView::new(&encoded);
    let code = status(&encoded).0;
    let has = |key: &str, value: &str| {
        let of_fields = match key {
            "error" => (value == "true" && code == 2) || (value == "false" && code != 2),
            "span.kind" => value == view.kind.as_str(),
            "otel.status_code" => value == "ERROR" && code == 2,
            "service.name" => value == service,
            _ => false,
        };
        of_fields || span_has_attribute(&encoded, key, value)
    };
    query.service.as_deref().is_none_or(|wanted| wanted == service)
        && query.operation.as_deref().is_none_or(|wanted| wanted == view.name)
        && (query.start.from_ns..=query.start.to_ns).contains(&view.start_ns)
        && query.duration_min_ns.is_none_or(|min| view.duration_ns() >= min)
        && query.duration_max_ns.is_none_or(|max| view.duration_ns() <= max)
        && query.tags.iter().all(|(key, value)| has(key, value))
}

/// Every span as often as it is there, in no order.
fn sorted<'a>(spans: impl Iterator<Item = (&'a str, &'a Span)>) -> Vec<(String, Vec<u8>)> {
    let mut spans: Vec<_> = spans.map(|(service, span)| (service.to_string(), span.encode_to_vec())).collect();
    spans.sort_unstable();
    spans
}

fn answer<T>(future: impl Future<Output = Result<T, StorageError>>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(future).expect("an answer")
}

proptest! {
    #[test]
    fn spans_come_back_and_are_found_as_by_looking_at_each(sent in batches(), questions in vec(question(), 8)) {
        // Small enough for several segments, and large enough to keep all.
        let storage = MemoryStorage::new(512 << 10);
        for (service, spans) in &sent {
            answer(storage.write(batch(service, spans.clone())));
        }
        prop_assert_eq!(storage.usage().evicted_traces, 0);
        for trace in 1..8 {
            let expected = sent.iter().flat_map(|(service, spans)| spans.iter().map(move |span| (*service, span)));
            let expected = sorted(expected.filter(|(_, span)| span.trace_id[0] == trace));
            let stored = answer(storage.trace(TraceId([trace; 16]), None)).unwrap_or_default();
            prop_assert_eq!(sorted(stored.spans()), expected);
        }
        for question in questions {
            let mut newest = std::collections::BTreeMap::new();
            for (service, spans) in &sent {
                for span in spans.iter().filter(|span| meets(service, span, &question)) {
                    let known = newest.entry(span.trace_id[0]).or_insert(0);
                    *known = span.start_time_unix_nano.max(*known);
                }
            }
            let mut expected: Vec<_> = newest.into_iter().map(|(trace, start)| (start, trace)).collect();
            expected.sort_unstable_by(|left, right| right.cmp(left));
            expected.truncate(question.limit);
            let found: Vec<_> = answer(storage.find_traces(&question)).iter().map(|trace| trace.id.0[0]).collect();
            let expected: Vec<_> = expected.into_iter().map(|(_, trace)| trace).collect();
            prop_assert_eq!(found, expected, "{:?}", question);
        }
    }
}

#[test]
fn an_attribute_in_another_encoding_is_found_too() {
    let storage = MemoryStorage::new(512 << 10);
    // The number 7 as a varint of two bytes.
    let odd = [0x0a, 3, b'k', b'e', b'y', 0x12, 3, 0x18, 0x87, 0];
    let plain = batch("cart", vec![Span { trace_id: vec![1; 16], span_id: vec![1; 8], ..Default::default() }]);
    let mut span = plain.bytes(&plain.spans()[0].encoded).to_vec();
    span.extend([9 << 3 | 2, odd.len() as u8]);
    span.extend(odd);
    let request = {
        let scope = [&[2 << 3 | 2, span.len() as u8][..], &span].concat();
        let resource = [&[2 << 3 | 2, scope.len() as u8][..], &scope].concat();
        [&[1 << 3 | 2, resource.len() as u8][..], &resource].concat()
    };
    answer(storage.write(SpanBatch::parse(request.into()).expect("valid")));
    let found = |value: &str| {
        let question = TraceQuery { service: None, tags: vec![("key".into(), value.into())], ..query("") };
        answer(storage.find_traces(&question)).len()
    };
    assert_eq!((found("7"), found("8")), (1, 0));
}
