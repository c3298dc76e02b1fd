//! One closed error kind for everything this crate can meet, each with what to do about it.

use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use serde::Serialize;
use std::error::Error as StdError;
use std::fmt::{self, Debug, Display};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The command line asks for something that makes no sense together.
    Usage,
    /// Somebody, or a rule, said no.
    Refused,
    Template,
    Parameter,
    NoRegion,
    UnknownRegion,
    NoCredentials,
    ExpiredCredentials,
    InvalidCredentials,
    AccessDenied,
    Unreachable,
    Throttled,
    /// What was asked for is not there: a stack, an output, an image.
    NotFound,
    /// Another operation on the stack is still going on.
    StackBusy,
    /// The stack is in a state that only a person can lead it out of.
    StackUnusable,
    StackFailed,
    ChangeSetFailed,
    TimedOut,
    Io,
    Service,
}

/// What failed (`Display`), why (`source`), and what to do (`hint`).
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, source: None }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Reads an SDK failure: `action` completes the sentence "cannot …".
    pub fn aws<E, R>(action: impl Display, failure: SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
        R: Debug + Send + Sync + 'static,
    {
        let (kind, cause) = classify(&failure);
        let mut error = Self::new(kind, format!("cannot {action}")).because(cause);
        error.hint = default_hint(kind);
        error
    }

    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The message and all its causes, joined as one sentence.
    pub fn full(&self) -> String {
        let mut text = self.message.clone();
        let mut next = self.source();
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }

    /// Worth asking again: the request itself was not refused.
    pub fn is_transient(&self) -> bool {
        matches!(self.kind, ErrorKind::Throttled | ErrorKind::Unreachable)
    }
}

impl Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

fn classify<E, R>(failure: &SdkError<E, R>) -> (ErrorKind, String)
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    R: Debug + Send + Sync + 'static,
{
    if let Some(found) = credentials_failure(failure) {
        return found;
    }
    match failure {
        SdkError::ServiceError(context) => {
            let error = context.err();
            let code = error.code().unwrap_or("unknown error");
            let message = error.message().unwrap_or("the service gave no message").trim_end_matches('.').to_owned();
            (kind_of_code(code), format!("{message} ({code})"))
        }
        SdkError::TimeoutError(_) => (ErrorKind::Unreachable, "no answer in time".to_owned()),
        SdkError::DispatchFailure(_) => (ErrorKind::Unreachable, innermost(failure)),
        _ => (ErrorKind::Service, innermost(failure)),
    }
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

fn default_hint(kind: ErrorKind) -> Option<String> {
    let hint = match kind {
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
    };
    Some(hint.to_owned())
}

/// Credentials fail deep inside a dispatch or construction failure; the variant alone does not tell.
fn credentials_failure(failure: &(dyn StdError + 'static)) -> Option<(ErrorKind, String)> {
    use aws_credential_types::provider::error::CredentialsError;
    let mut next = Some(failure);
    while let Some(cause) = next {
        if let Some(error) = cause.downcast_ref::<CredentialsError>() {
            let text = innermost(error);
            // The chain reports every place where it looked, each on a line.
            let text = text.lines().next().unwrap_or_default().trim_end_matches(". Attempted:").to_owned();
            let expired = text.to_lowercase().contains("expired");
            let kind = if expired { ErrorKind::ExpiredCredentials } else { ErrorKind::NoCredentials };
            return Some((kind, text));
        }
        next = cause.source();
    }
    None
}

fn innermost(error: &(dyn StdError + 'static)) -> String {
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
    fn display_says_what_and_full_says_why() {
        let error = Error::new(ErrorKind::Service, "cannot list").because("no such thing").hint("look elsewhere");
        assert_eq!(error.to_string(), "cannot list");
        assert_eq!(error.full(), "cannot list: no such thing");
        assert_eq!(error.hint_text(), Some("look elsewhere"));
    }

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
