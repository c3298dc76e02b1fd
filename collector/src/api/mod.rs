//! The HTTP APIs that ask for traces, and the web page that uses them.

mod compact;
pub mod error;
pub mod grpc;
mod json;
mod legacy;
mod params;
mod reply;
#[cfg(test)]
mod tests;
mod trace_response;
pub mod ui;
mod v3;

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header::ALLOW},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::any,
};

use self::ui::Page;
use crate::query::QueryService;

pub use legacy::{
    DEFAULT_DEPENDENCIES_LOOKBACK_MILLISECONDS, DEFAULT_SEARCH_LOOKBACK_SECONDS, DEFAULT_TRANSFORM_BYTES_MAX,
};
pub use params::DEFAULT_QUERY_STRING_MAX_BYTES;

/// How many traces a search returns that does not say.
pub const DEFAULT_SEARCH_LIMIT: usize = 100;

/// What the API needs to answer.
#[derive(Clone)]
pub struct ApiState {
    query: QueryService,
    base_path: Arc<str>,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("base path `{0}` must start with `/`, not end with it, and hold only letters, digits and `-._~/`")]
pub struct BasePathError(String);

impl ApiState {
    /// `base_path` is what comes before `/api` and the web page: `/`, or a path such as `/jaeger`.
    pub fn new(query: QueryService, base_path: &str) -> Result<Self, BasePathError> {
        let trimmed = if base_path == "/" { "" } else { base_path };
        let safe = |c: char| c.is_ascii_alphanumeric() || "-._~/".contains(c);
        let starts = trimmed.is_empty() || (trimmed.starts_with('/') && !trimmed.ends_with('/'));
        if !starts || trimmed.contains("//") || !trimmed.chars().all(safe) {
            return Err(BasePathError(base_path.into()));
        }
        Ok(Self { query, base_path: trimmed.into() })
    }
}

/// Everything under the base path: both APIs, and the web page for any other path.
pub fn router(state: ApiState) -> Router {
    let base = state.base_path.clone();
    let page = Arc::new(Page::new(&base));
    let apis = legacy::router().nest("/v3", v3::router()).fallback(async || reply::not_found()).with_state(state);
    // A nested router does not see its own path with a slash after it.
    let serve_page = any(move |request: Request| async move { page.serve(&request) });
    let under_base = Router::new()
        .nest("/api", apis)
        .route("/api/", any(async || reply::not_found()))
        .fallback_service(serve_page.clone());
    let all = if base.is_empty() {
        under_base
    } else {
        Router::new()
            .nest(&base, under_base)
            .route_service(&format!("{base}/"), serve_page)
            .fallback(async || reply::not_found())
    };
    let transform: Arc<str> = format!("{base}/api/transform").into();
    all.layer(middleware::from_fn(move |request, next| read_only(transform.clone(), request, next)))
        .layer(middleware::from_fn(trace_response::add))
}

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// Nothing here can be changed: other methods are told which ones there are. What is posted to `transform` is only shown.
async fn read_only(transform: Arc<str>, request: Request, next: Next) -> Response {
    match *request.method() {
        Method::GET | Method::HEAD => next.run(request).await,
        Method::POST if request.uri().path() == &*transform => next.run(request).await,
        Method::OPTIONS => (StatusCode::NO_CONTENT, [(ALLOW, METHODS)]).into_response(),
        _ => {
            let mut response = reply::plain(StatusCode::METHOD_NOT_ALLOWED, "405 method not allowed".into());
            response.headers_mut().insert(ALLOW, METHODS);
            response
        }
    }
}
