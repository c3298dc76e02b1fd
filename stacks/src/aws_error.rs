//! What the SDK reports → the one error kind, with what to do about it.

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use jqs_cfn::{Error, ErrorKind};
use std::error::Error as StdError;
use std::fmt::Display;

/// Reads an SDK failure: `action` completes the sentence "cannot …".
pub fn aws_error<E>(action: impl Display, failure: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let (kind, cause) = classify(&failure);
    explained(kind, action, cause)
}

/// The same of a call that the SDK did not make.
pub(crate) fn explained(kind: ErrorKind, action: impl Display, cause: String) -> Error {
    let error = Error::new(kind, format!("cannot {action}")).because(cause);
    match default_hint(kind) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// What a service answered that refuses.
pub(crate) fn refused(action: impl Display, code: &str, message: &str, status: u16) -> Error {
    let kind = match kind_of_code(code) {
        ErrorKind::Service if status >= 500 => ErrorKind::Throttled,
        kind => kind,
    };
    explained(kind, action, in_words(code, Some(message)))
}

fn classify<E>(failure: &SdkError<E>) -> (ErrorKind, String)
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    if let Some(found) = credentials_failure(failure) {
        return found;
    }
    match failure {
        SdkError::ServiceError(context) => {
            let (error, status) = (context.err(), context.raw().status());
            let Some(code) = error.code() else {
                // Something between here and AWS answers in words of its own.
                let kind = if status.is_server_error() { ErrorKind::Unreachable } else { ErrorKind::Service };
                return (kind, without_words(status.as_u16()));
            };
            (kind_of_code(code), in_words(code, error.message()))
        }
        SdkError::TimeoutError(_) => (ErrorKind::Unreachable, "no answer in time".to_owned()),
        // No connection, or one that broke in the middle of an answer.
        SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => (ErrorKind::Unreachable, innermost(failure)),
        _ => (ErrorKind::Service, innermost(failure)),
    }
}

/// Something between here and AWS has answered.
pub(crate) fn without_words(status: u16) -> String {
    format!("the answer has the status {status} and no words of AWS")
}

fn in_words(code: &str, message: Option<&str>) -> String {
    let message = message.filter(|message| !message.is_empty()).unwrap_or("the service gave no message");
    format!("{} ({code})", message.trim_end_matches('.'))
}

fn kind_of_code(code: &str) -> ErrorKind {
    match code {
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired" => {
            ErrorKind::ExpiredCredentials
        }
        "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "SignatureDoesNotMatch"
        | "InvalidAccessKeyId"
        | "AuthFailure"
        | "MissingAuthenticationToken"
        | "IncompleteSignature" => ErrorKind::InvalidCredentials,
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "NotAuthorized"
        | "InsufficientCapabilitiesException" => ErrorKind::AccessDenied,
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestLimitExceeded"
        | "TooManyRequestsException"
        | "RequestThrottled"
        | "SlowDown"
        | "ServiceUnavailable"
        | "InternalFailure"
        | "InternalError" => ErrorKind::Throttled,
        _ => ErrorKind::Service,
    }
}

fn default_hint(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::NoCredentials => {
            "sign in with `aws sso login` or `aws login`, choose a profile with `--profile`, or set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`"
        }
        ErrorKind::ExpiredCredentials => "sign in again, for instance with `aws sso login` or `aws login`",
        ErrorKind::InvalidCredentials => "check the profile, the keys and this machine's clock",
        ErrorKind::AccessDenied => "the permissions that `jqs` needs are listed in docs/deploy.md",
        ErrorKind::Unreachable => {
            "check the network and the proxy; `AWS_ENDPOINT_URL`, where it is set, must name a running server"
        }
        ErrorKind::Throttled => "AWS asks for fewer requests: wait a minute and run the command again",
        _ => return None,
    })
}

/// Credentials fail deep inside a dispatch or construction failure; the variant alone does not tell.
fn credentials_failure(failure: &(dyn StdError + 'static)) -> Option<(ErrorKind, String)> {
    let mut next = Some(failure);
    while let Some(cause) = next {
        if let Some(error) = cause.downcast_ref::<CredentialsError>() {
            return Some(of_credentials(error));
        }
        next = cause.source();
    }
    None
}

pub(crate) fn of_credentials(error: &CredentialsError) -> (ErrorKind, String) {
    let text = innermost(error);
    // The chain reports every place where it looked, each on a line.
    let text = text.lines().next().unwrap_or_default().trim_end_matches(". Attempted:").to_owned();
    let expired = text.to_lowercase().contains("expired");
    let kind = if expired { ErrorKind::ExpiredCredentials } else { ErrorKind::NoCredentials };
    (kind, text)
}

pub(crate) fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_credentials_throttling_and_permissions_are_told_apart() {
        for (code, kind) in [
            ("ExpiredToken", ErrorKind::ExpiredCredentials),
            ("InvalidClientTokenId", ErrorKind::InvalidCredentials),
            ("AccessDenied", ErrorKind::AccessDenied),
            ("Throttling", ErrorKind::Throttled),
            ("ValidationError", ErrorKind::Service),
        ] {
            assert_eq!(kind_of_code(code), kind, "{code}");
        }
    }
}
