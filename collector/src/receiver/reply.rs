//! What Jaeger's and Zipkin's HTTP receivers answer: 202 without a body, or a line of text that says why not.

use axum::{
    extract::Request,
    response::{IntoResponse as _, Response},
};
use http::{StatusCode, header};

use super::{
    DecodeError, Intake, IntakeError, Transport,
    body::{self, BodyError},
};
use crate::{
    api::error::{DEFAULT_RETRY_AFTER_SECONDS, http_status},
    model::BatchWriter,
};

#[derive(Debug, thiserror::Error)]
enum AcceptError {
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error(transparent)]
    Intake(#[from] IntakeError),
}

pub(super) async fn only_post() -> Response {
    let allow = [(header::ALLOW, "POST")];
    (StatusCode::METHOD_NOT_ALLOWED, allow, "405 method not allowed, supported: [POST]\n").into_response()
}

/// Reads the body, has it decoded, and stores what is in it.
pub(super) async fn accept(
    intake: &Intake,
    via: Transport,
    request: Request,
    decode: impl FnOnce(&[u8]) -> Result<BatchWriter, DecodeError>,
) -> Response {
    match store(intake, via, request, decode).await {
        Ok(()) => StatusCode::ACCEPTED.into_response(),
        Err(error) => {
            if !matches!(error, AcceptError::Intake(IntakeError::Storage(_))) {
                via.count_refused_request();
            }
            refusal(&error)
        }
    }
}

async fn store(
    intake: &Intake,
    via: Transport,
    request: Request,
    decode: impl FnOnce(&[u8]) -> Result<BatchWriter, DecodeError>,
) -> Result<(), AcceptError> {
    let (body, ticket) = body::read(intake, request).await?;
    // What it is translated to is about as large, and paid for as well.
    ticket.grow(body.len()).map_err(IntakeError::Full)?;
    let batch = decode(&body).map_err(IntakeError::Undecodable)?;
    ticket.grow(batch.bytes().saturating_sub(body.len())).map_err(IntakeError::Full)?;
    drop(body);
    intake.submit_written(batch, via).await?;
    Ok(())
}

fn refusal(error: &AcceptError) -> Response {
    let status = match error {
        AcceptError::Body(error) => error.http_status(),
        AcceptError::Intake(IntakeError::Full(_)) => StatusCode::SERVICE_UNAVAILABLE,
        AcceptError::Intake(IntakeError::Malformed(_) | IntakeError::Undecodable(_)) => StatusCode::BAD_REQUEST,
        AcceptError::Intake(IntakeError::Storage(error)) => http_status(error),
    };
    let mut response = (status, format!("{error}\n")).into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, DEFAULT_RETRY_AFTER_SECONDS.into());
    }
    response
}
