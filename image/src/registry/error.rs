//! What can go wrong with a registry.

use reqwest::StatusCode;
use std::time::Duration;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
#[error("cannot {action}")]
pub struct Error {
    action: String,
    #[source]
    fault: Fault,
    /// What the registry asked to be waited for.
    pub(super) retry_after: Option<Duration>,
}

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("the registry cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    #[error("the registry does not accept the credentials: {0}")]
    Unauthorized(String),
    #[error("the registry answers {status}: {detail}")]
    Refused { status: StatusCode, detail: String },
    #[error("the registry has stored {answered}, and {sent} was sent")]
    WrongDigest { sent: String, answered: String },
    #[error("the registry does not keep to the protocol: {0}")]
    Protocol(String),
}

impl Error {
    pub(super) fn new(action: &str, fault: Fault) -> Self {
        Self { action: action.to_owned(), fault, retry_after: None }
    }

    pub fn fault(&self) -> &Fault {
        &self.fault
    }

    pub(super) fn status(&self) -> Option<StatusCode> {
        match &self.fault {
            Fault::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Worth another attempt: the same request may be answered.
    pub fn is_transient(&self) -> bool {
        match &self.fault {
            Fault::Unreachable(error) => !error.is_builder(),
            Fault::Refused { status, .. } => status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS,
            _ => false,
        }
    }
}
