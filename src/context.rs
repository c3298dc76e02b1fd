//! What every command has at hand.

use crate::config::Origin;
use crate::interrupt::Interrupt;
use crate::printer::Printer;
use crate::settings::Settings;
use crate::timeline::Recorder;
use jqs_cfn::Result;
use jqs_stacks::{Identity, Session};
use std::sync::atomic::AtomicBool;

pub(crate) struct Context {
    pub(crate) settings: Settings,
    pub(crate) printer: Printer,
    pub(crate) interrupt: Interrupt,
    /// The values that hold, and who says so.
    pub(crate) origins: Vec<Origin>,
    pub(crate) recorder: Recorder,
    /// Operations are watched with as few calls as can be.
    pub(crate) is_sparing: AtomicBool,
}

impl Context {
    /// To be made inside the runtime: it listens for Ctrl-C.
    pub(crate) fn new(settings: Settings, printer: Printer, origins: Vec<Origin>) -> Self {
        Self {
            settings,
            printer,
            interrupt: Interrupt::listen(),
            origins,
            recorder: Recorder::default(),
            is_sparing: AtomicBool::default(),
        }
    }

    /// Opens a session. The first call is a cheap one that tells quickly of missing credentials or a lost network.
    pub(crate) async fn session(&self) -> Result<(Session, Identity)> {
        let session = Session::open(&self.settings.session).await?;
        let identity = session.identity().await?;
        Ok((session, identity))
    }

    /// The same, and says in whose account and where things will happen.
    pub(crate) async fn identified_session(&self) -> Result<(Session, Identity)> {
        let (session, identity) = self.session().await?;
        self.printer.field("Account", &format!("{} as {}", identity.account, identity.arn));
        self.printer.field("Region", &identity.region);
        Ok((session, identity))
    }
}
