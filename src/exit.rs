//! What the process ends with; documented in `--help` and docs/deploy.md.

use jqs_cfn::ErrorKind;
use std::process::ExitCode;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    Failed,
    /// Wrong usage, or something that was not approved: nothing was deployed or deleted.
    Refused,
    /// Something would change.
    Differs,
    /// Ctrl-C: the operation in AWS goes on.
    Detached,
}

impl Exit {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Refused | Self::Differs => 2,
            Self::Detached => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Usage
            | ErrorKind::Refused
            | ErrorKind::Parameter
            | ErrorKind::NoRegion
            | ErrorKind::UnknownRegion => Self::Refused,
            _ => Self::Failed,
        }
    }
}
