//! OTLP over HTTP: `POST /v1/traces`, protobuf or JSON, plain or gzip (OTLP 1.x). Errors are `google.rpc.Status` in the request's own
//! encoding.
//!
//! | Outcome | HTTP status |
//! |---|---|
//! | stored | 200; `partialSuccess` counts spans without a valid id |
//! | not a valid message | 400 |
//! | another method, another content type or encoding | 405, 415 |
//! | larger than the limit, after decompression | 413 |
//! | collector or storage full, storage cannot be reached | 503 with `Retry-After`, which OTLP clients take as "retry" |

use std::{io::Read as _, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
    routing::post,
};
use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message as _;
use tonic::Code;

use super::{
    Accepted, AdmissionFull, Intake, IntakeError, Ticket, Transport,
    metered_body::{MeteredBody, MeteredBodyError},
    otlp_grpc, otlp_json,
};
use crate::{api::error::DEFAULT_RETRY_AFTER_SECONDS, model::SpanBatch};

const VIA: Transport = Transport { receiver: "otlp", transport: "http" };
/// Unpacked bytes are paid for in steps of this size.
const UNPACK_STEP_BYTES: usize = 64 << 10;

pub fn router(intake: Intake) -> Router {
    Router::new().route("/v1/traces", post(export)).method_not_allowed_fallback(only_post).with_state(intake)
}

async fn only_post() -> Response {
    let allow = [(header::ALLOW, "POST")];
    (StatusCode::METHOD_NOT_ALLOWED, allow, "405 method not allowed, supported: [POST]\n").into_response()
}

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
    #[error("`Content-Encoding: {0}` is not supported; send the body plain or with `gzip`")]
    ContentEncoding(String),
    #[error("the body has more than {0} bytes after decompression; send smaller batches")]
    TooLarge(usize),
    #[error("the body is not valid gzip: {0}")]
    Gzip(std::io::Error),
    #[error("the body is not OTLP JSON: {0}")]
    Json(serde_json::Error),
    #[error("the body is not OTLP JSON: it must be an object")]
    NoObject,
    #[error("the body broke off")]
    Read,
    #[error(transparent)]
    Intake(#[from] IntakeError),
}

impl From<AdmissionFull> for ExportError {
    fn from(full: AdmissionFull) -> Self {
        Self::Intake(full.into())
    }
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
    let ticket = Arc::new(intake.admission.ticket());
    let gzip = match request.headers().get(header::CONTENT_ENCODING).map(|value| value.as_bytes()) {
        None | Some(b"" | b"identity") => false,
        Some(b"gzip") => true,
        Some(other) => return Err(ExportError::ContentEncoding(String::from_utf8_lossy(other).into_owned())),
    };
    let max = intake.request_bytes_max;
    let mut body = read(MeteredBody::new(request.into_body(), ticket.clone()), max).await?;
    if gzip {
        body = unpack(&body, max, &ticket)?;
    }
    match encoding {
        Encoding::Protobuf => Ok(intake.submit_encoded(body, VIA).await?),
        Encoding::Json => {
            // What the text becomes is paid for too.
            ticket.grow(body.len()).map_err(IntakeError::Full)?;
            // serde would take a list of the fields' values too.
            if body.trim_ascii_start().first() != Some(&b'{') {
                return Err(ExportError::NoObject);
            }
            let request = otlp_json::decode(&body).map_err(ExportError::Json)?;
            let batch = SpanBatch::from_request(&request).map_err(IntakeError::Malformed)?;
            drop((request, body));
            Ok(intake.submit(batch, VIA).await?)
        }
    }
}

async fn read(mut body: MeteredBody<axum::body::Body>, max: usize) -> Result<Bytes, ExportError> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| match error {
            MeteredBodyError::Full(full) => full.into(),
            MeteredBodyError::Read(_) => ExportError::Read,
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if whole.len() + data.len() > max {
            return Err(ExportError::TooLarge(max));
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

fn unpack(packed: &[u8], max: usize, ticket: &Ticket) -> Result<Bytes, ExportError> {
    let mut decoder = MultiGzDecoder::new(packed);
    let mut whole = Vec::new();
    loop {
        ticket.grow(UNPACK_STEP_BYTES)?;
        let step = (&mut decoder).take(UNPACK_STEP_BYTES as u64).read_to_end(&mut whole).map_err(ExportError::Gzip)?;
        if whole.len() > max {
            return Err(ExportError::TooLarge(max));
        }
        if step < UNPACK_STEP_BYTES {
            return Ok(whole.into());
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
        ExportError::ContentEncoding(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::InvalidArgument),
        ExportError::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, Code::InvalidArgument),
        ExportError::Gzip(_) | ExportError::Json(_) | ExportError::NoObject | ExportError::Read => {
            (StatusCode::BAD_REQUEST, Code::InvalidArgument)
        }
        ExportError::Intake(error) => match otlp_grpc::status(error).code() {
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
