//! Ctrl-C. The first is a request, which whoever waits on something may heed; the second ends the program at once.

use crate::exit::Exit;
use tokio::sync::watch;

#[derive(Clone)]
pub(crate) struct Interrupt {
    raised: watch::Receiver<bool>,
}

impl Interrupt {
    #[allow(clippy::disallowed_methods, reason = "whoever presses Ctrl-C twice wants out at once")]
    pub(crate) fn listen() -> Self {
        let (sender, raised) = watch::channel(false);
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                if sender.send_replace(true) {
                    std::process::exit(Exit::Detached.code().into());
                }
            }
        });
        Self { raised }
    }

    /// Returns once Ctrl-C was pressed, also if that was earlier.
    pub(crate) async fn raised(&self) {
        let mut raised = self.raised.clone();
        if raised.wait_for(|raised| *raised).await.is_err() {
            // Nobody listens any more: there will be no Ctrl-C.
            std::future::pending::<()>().await;
        }
    }
}
