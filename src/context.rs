//! What every command has at hand.

use crate::interrupt::Interrupt;
use crate::printer::Printer;
use crate::settings::Settings;
use jqs_cfn::{Identity, Result, Session};

pub(crate) struct Context {
    pub(crate) settings: Settings,
    pub(crate) printer: Printer,
    pub(crate) interrupt: Interrupt,
}

impl Context {
    /// To be made inside the runtime: it listens for Ctrl-C.
    pub(crate) fn new(settings: Settings, printer: Printer) -> Self {
        Self { settings, printer, interrupt: Interrupt::listen() }
    }

    pub(crate) async fn session(&self) -> Result<Session> {
        Session::open(&self.settings.session).await
    }

    /// Opens a session, and says in whose account and where things will happen.
    pub(crate) async fn identified_session(&self) -> Result<(Session, Identity)> {
        let session = self.session().await?;
        let identity = session.identity().await?;
        self.printer.field("Account", &format!("{} as {}", identity.account, identity.arn));
        self.printer.field("Region", &identity.region);
        Ok((session, identity))
    }
}
