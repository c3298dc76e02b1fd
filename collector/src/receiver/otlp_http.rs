//! OTLP over HTTP: `POST /v1/traces`, protobuf or JSON, plain or packed (OTLP 1.x). Errors are `google.rpc.Status` in the request's own
//! encoding.
//!
//! | Outcome | HTTP status |
//! |---|---|
//! | stored | 200; `partialSuccess` counts spans without a valid id |
//! | not a valid message | 400 |
//! | another method, another content type or encoding | 405, 415 |
//! | larger than the limit, after decompression | 413 |
//! | collector or storage full, storage cannot be reached | 503 with `Retry-After`, which OTLP clients take as "retry" |

use std::time::Duration;

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
    routing::post,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message as _;
use tonic::Code;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use super::{
    Accepted, Intake, IntakeError, Transport,
    body::{self, BodyError},
    grpc, otlp_grpc, otlp_json, reply,
};
use crate::{api::error::DEFAULT_RETRY_AFTER_SECONDS, model::SpanBatch};

const VIA: Transport = Transport { receiver: "otlp", transport: "http" };

/// How long a browser may remember what it was allowed.
const DEFAULT_CORS_SECONDS_MAX: u64 = 7_200;

/// Pages of the `origins` may send from a browser (CORS, <https://fetch.spec.whatwg.org/#http-cors-protocol>).
pub fn router(intake: Intake, origins: &[String]) -> Result<Router, OriginError> {
    let router = Router::new()
        .route("/v1/traces", post(export))
        .method_not_allowed_fallback(reply::only_post)
        .with_state(intake);
    if origins.is_empty() {
        return Ok(router);
    }
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().map(|origin| origin_of(origin)).collect::<Result<Vec<_>, _>>()?)
    };
    let cors = CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([http::Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .max_age(Duration::from_secs(DEFAULT_CORS_SECONDS_MAX));
    Ok(router.layer(cors))
}

/// Browsers send it without a path.
fn origin_of(text: &str) -> Result<HeaderValue, OriginError> {
    let is_origin = text.split_once("://").is_some_and(|(_, host)| !host.is_empty() && !host.contains('/'));
    let value = HeaderValue::from_str(text).ok().filter(|_| is_origin);
    value.ok_or_else(|| OriginError(text.to_owned()))
}

#[derive(Debug, thiserror::Error)]
#[error("`--otlp-http-cors-origins`: `{0}` is no origin; write it as `https://shop.example`, or `*` for any")]
pub struct OriginError(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Protobuf,
    Json,
}

impl Encoding {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        match value.split(';').next()?.trim().to_ascii_lowercase().as_str() {
            "application/x-protobuf" => Some(Self::Protobuf),
            "application/json" => Some(Self::Json),
            _ => None,
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}

/// Why a request got no 200.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error("the body is not OTLP JSON: {0}")]
    Json(serde_json::Error),
    #[error(transparent)]
    Intake(#[from] IntakeError),
}

async fn export(State(intake): State<Intake>, request: Request) -> Response {
    let Some(encoding) = Encoding::of(request.headers()) else {
        VIA.count_refused_request();
        let message = "415 unsupported media type, supported: [application/json, application/x-protobuf]\n";
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, message).into_response();
    };
    match store(&intake, encoding, request).await {
        Ok(accepted) => answer(StatusCode::OK, encoding, &otlp_grpc::response(accepted.rejected_spans)),
        Err(error) => {
            if !matches!(error, ExportError::Intake(IntakeError::Storage(_))) {
                VIA.count_refused_request();
            }
            refusal(encoding, error)
        }
    }
}

async fn store(intake: &Intake, encoding: Encoding, request: Request) -> Result<Accepted, ExportError> {
    let (body, ticket) = body::read(intake, request).await?;
    match encoding {
        Encoding::Protobuf => Ok(intake.submit_encoded(body, VIA).await?),
        Encoding::Json => {
            // What the text becomes is paid for too.
            ticket.grow(body.len()).map_err(IntakeError::Full)?;
            let request = otlp_json::decode(&body).map_err(ExportError::Json)?;
            let batch = SpanBatch::from_request(&request).map_err(IntakeError::Malformed)?;
            drop((request, body));
            Ok(intake.submit(batch, VIA).await?)
        }
    }
}

fn answer(code: StatusCode, encoding: Encoding, response: &ExportTraceServiceResponse) -> Response {
    let body = match encoding {
        Encoding::Protobuf => response.encode_to_vec(),
        Encoding::Json => json_response(response).to_string().into(),
    };
    (code, [(header::CONTENT_TYPE, encoding.content_type())], body).into_response()
}

/// `ExportTraceServiceResponse` in protobuf's JSON mapping: 64-bit integers are strings, and an absent message is an empty one, as the
/// OpenTelemetry collector writes it.
fn json_response(response: &ExportTraceServiceResponse) -> serde_json::Value {
    match &response.partial_success {
        None => serde_json::json!({ "partialSuccess": {} }),
        Some(partial) => serde_json::json!({ "partialSuccess": {
            "rejectedSpans": partial.rejected_spans.to_string(),
            "errorMessage": partial.error_message,
        } }),
    }
}

fn refusal(encoding: Encoding, error: ExportError) -> Response {
    let message = error.to_string();
    let (http, grpc) = match error {
        ExportError::Body(error) => (error.http_status(), error.grpc_code()),
        ExportError::Json(_) => (StatusCode::BAD_REQUEST, Code::InvalidArgument),
        ExportError::Intake(error) => match grpc::status(error).code() {
            code @ (Code::ResourceExhausted | Code::Unavailable) => (StatusCode::SERVICE_UNAVAILABLE, code),
            code => (StatusCode::BAD_REQUEST, code),
        },
    };
    let status = tonic_types::pb::Status { code: grpc as i32, message, details: vec![] };
    let body = match encoding {
        Encoding::Protobuf => status.encode_to_vec(),
        Encoding::Json => serde_json::json!({ "code": status.code, "message": status.message }).to_string().into(),
    };
    let mut response = (http, [(header::CONTENT_TYPE, encoding.content_type())], body).into_response();
    if http == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, DEFAULT_RETRY_AFTER_SECONDS.into());
    }
    response
}
