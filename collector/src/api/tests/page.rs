//! Paths, methods and limits around both APIs.

use super::*;
use crate::{api::BasePathError, api::DEFAULT_QUERY_STRING_MAX_BYTES};

#[tokio::test]
async fn unknown_api_paths_are_no_page() {
    let client = Client::with_sample().await;
    for path in
        ["/api", "/api/", "/api/nope", "/api/v3", "/api/v3/nope", "/api/traces/", "/api/traces/a/b", "/api/services/"]
    {
        let answer = client.get(path).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::NOT_FOUND, "404 page not found\n"), "{path}");
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8", "{path}");
    }
}

#[tokio::test]
async fn only_reading_is_allowed() {
    let client = Client::with_sample().await;
    for path in ["/api/services", "/api/v3/services", "/search"] {
        for (method, status) in [("POST", 405), ("PUT", 405), ("DELETE", 405), ("OPTIONS", 204)] {
            let answer = client.call(method, path).await;
            assert_eq!(answer.status.as_u16(), status, "{method} {path}");
            assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS", "{method} {path}");
        }
    }
    let head = client.call("HEAD", "/api/services").await;
    assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
    assert_eq!(head.header("content-type"), "application/json");
}

#[tokio::test]
async fn every_answer_names_a_trace() {
    let client = Client::with_sample().await;
    for path in ["/api/services", "/api/traces/xyz", "/api/nope", "/"] {
        assert_eq!(client.get(path).await.header("traceresponse").len(), 55, "{path}");
    }
}

#[tokio::test]
async fn a_query_that_is_too_long_is_refused() {
    let client = Client::with_sample().await;
    let query = |len: usize| format!("x={}", "a".repeat(len - 2));
    for path in ["/api/services", "/api/v3/operations"] {
        let longest = client.get(&format!("{path}?{}", query(DEFAULT_QUERY_STRING_MAX_BYTES))).await;
        assert_eq!(longest.status, StatusCode::OK, "{path}");
        let longer = client.get(&format!("{path}?{}", query(DEFAULT_QUERY_STRING_MAX_BYTES + 1))).await;
        assert_eq!(longer.status, StatusCode::URI_TOO_LONG, "{path}");
    }
}

#[tokio::test]
async fn everything_lies_under_the_base_path() {
    let storage = || Arc::new(MemoryStorage::new(1 << 20));
    let client = Client::over(storage(), "/jaeger");
    for (path, status) in [
        ("/jaeger/api/services", 200),
        ("/jaeger/api/v3/services", 200),
        ("/jaeger/api/nope", 404),
        ("/api/services", 404),
        ("/", 404),
        ("/jaegers", 404),
    ] {
        assert_eq!(client.get(path).await.status.as_u16(), status, "{path}");
    }
    let page = client.get("/jaeger/search").await;
    for path in ["/jaeger", "/jaeger/", "/jaeger/trace/1"] {
        let answer = client.get(path).await;
        assert_eq!((answer.status, answer.body), (page.status, page.body.clone()), "{path}");
    }
    for bad in ["jaeger", "/jaeger/", "//", "/a//b", "/a\"b", "/a b", "/{a}"] {
        let state = ApiState::new(QueryService::new(storage(), QueryOptions::default()), bad);
        assert_eq!(state.err(), Some(BasePathError(bad.into())), "{bad}");
    }
}
