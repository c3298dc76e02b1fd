//! Outliving what passes: throttling, a lost network, credentials that somebody has to renew. The operation in AWS goes on
//! meanwhile, so whoever only watches it loses nothing by waiting.

use crate::session::Session;
use jqs_cfn::{Error, ErrorKind, Result};
use std::time::{Duration, Instant};

/// How long a lost network or a throttled account may last before watching gives up; the stack goes on regardless.
pub const DEFAULT_LOSS_MAX_SECONDS: u64 = 300;
/// How long to wait for somebody to sign in again.
pub const DEFAULT_CREDENTIALS_WAIT_SECONDS: u64 = 1_800;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loss {
    /// AWS does not answer, or not now.
    Answer(String),
    /// AWS takes the credentials no longer.
    Credentials(String),
}

/// Since when there has been no answer.
#[derive(Debug, Default)]
pub struct Patience {
    since: Option<Instant>,
}

impl Patience {
    pub fn answered(&mut self) {
        self.since = None;
    }

    /// What is lost, where that may pass; the error itself where it will not, or has lasted too long.
    pub async fn tolerate(&mut self, session: &Session, error: Error) -> Result<Loss> {
        let loss = judge(error, self.since.get_or_insert_with(Instant::now).elapsed())?;
        if let Loss::Credentials(_) = loss {
            session.renew_credentials().await;
        }
        Ok(loss)
    }
}

fn judge(error: Error, lasts: Duration) -> Result<Loss> {
    let needs_credentials = error.is_about_credentials();
    let (limit, what) = if needs_credentials {
        (DEFAULT_CREDENTIALS_WAIT_SECONDS, "there have been no valid credentials")
    } else if error.is_transient() {
        (DEFAULT_LOSS_MAX_SECONDS, "AWS has not answered")
    } else {
        return Err(error);
    };
    if lasts > Duration::from_secs(limit) {
        let kind = if needs_credentials { error.kind() } else { ErrorKind::Unreachable };
        return Err(Error::new(kind, format!("{what} for {limit} seconds"))
            .because(error.full())
            .hint("the operation goes on without being watched: run the command again to come back to it"));
    }
    Ok(if needs_credentials { Loss::Credentials(error.full()) } else { Loss::Answer(error.full()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_waited_for_within_limits() {
        for (kind, limit) in [
            (ErrorKind::Throttled, DEFAULT_LOSS_MAX_SECONDS),
            (ErrorKind::Unreachable, DEFAULT_LOSS_MAX_SECONDS),
            (ErrorKind::ExpiredCredentials, DEFAULT_CREDENTIALS_WAIT_SECONDS),
        ] {
            let judged = |seconds| judge(Error::new(kind, "no answer"), Duration::from_secs(seconds));
            assert!(judged(limit).is_ok(), "{kind:?}");
            let error = judged(limit + 1).expect_err("too long");
            assert!(error.to_string().ends_with(&format!("for {limit} seconds")), "{error}");
        }
        let refused = judge(Error::new(ErrorKind::AccessDenied, "no"), Duration::ZERO);
        assert_eq!(refused.map_err(|error| error.kind()), Err(ErrorKind::AccessDenied));
    }
}
