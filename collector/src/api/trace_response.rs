//! The `traceresponse` header (<https://w3c.github.io/trace-context/#traceresponse-header>): the trace that the client is in, and an
//! id for this answer, by which a request can be found again in a proxy's log. Nothing is recorded for it.

use std::hash::{BuildHasher as _, RandomState};

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};

const TRACE_RESPONSE: HeaderName = HeaderName::from_static("traceresponse");
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");

pub(super) async fn add(request: Request, next: Next) -> Response {
    let value = value(request.headers());
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers_mut().insert(TRACE_RESPONSE, value);
    }
    response
}

fn value(headers: &HeaderMap) -> String {
    let parent = headers.get(TRACE_PARENT).and_then(|parent| parent.to_str().ok());
    match parent.and_then(trace_id) {
        Some(trace_id) => format!("00-{trace_id}-{:016x}-00", random()),
        None => format!("00-{:016x}{:016x}-{:016x}-00", random(), random(), random()),
    }
}

/// The trace id of a valid `traceparent`.
fn trace_id(parent: &str) -> Option<&str> {
    let mut parts = parent.split('-');
    let (version, id) = (parts.next()?, parts.next()?);
    let digits = |text: &str, len| text.len() == len && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let valid = version != "ff" && digits(version, 2) && digits(id, 32) && id.bytes().any(|byte| byte != b'0');
    (valid && digits(parts.next()?, 16) && digits(parts.next()?, 2)).then_some(id)
}

/// Never zero, which no id may be.
fn random() -> u64 {
    RandomState::new().hash_one(0u8) | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clients_trace_is_kept_and_others_get_a_new_one() {
        let mut headers = HeaderMap::new();
        assert_eq!(value(&headers).len(), 55);
        assert_ne!(value(&headers), value(&headers));
        let id = "5b8efff798038103d269b633813fc60c";
        headers.insert(TRACE_PARENT, format!("00-{id}-00f067aa0ba902b7-01").parse().expect("a header"));
        assert!(value(&headers).starts_with(&format!("00-{id}-")), "{}", value(&headers));
        for bad in ["00-0-0-0", "ff-5b8efff798038103d269b633813fc60c-00f067aa0ba902b7-01", "00-x", ""] {
            headers.insert(TRACE_PARENT, bad.parse().expect("a header"));
            assert!(!value(&headers).contains(id), "{bad}");
        }
    }
}
