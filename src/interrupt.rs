//! Ctrl-C. The first is a request, which whoever waits on something may heed; the second ends the program at once.

use crate::exit::Exit;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// What is still to be said when the program is left at once.
pub(crate) type LastWords = Arc<dyn Fn() + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Interrupt {
    raised: watch::Receiver<bool>,
    last_words: Arc<Mutex<Option<LastWords>>>,
}

impl Interrupt {
    #[allow(clippy::disallowed_methods, reason = "whoever presses Ctrl-C twice wants out at once")]
    pub(crate) fn listen() -> Self {
        let (sender, raised) = watch::channel(false);
        let last_words = Arc::new(Mutex::<Option<LastWords>>::default());
        let words = last_words.clone();
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                if sender.send_replace(true) {
                    if let Some(say) = words.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
                        say();
                    }
                    std::process::exit(Exit::Detached.code().into());
                }
            }
        });
        Self { raised, last_words }
    }

    /// Said by the second Ctrl-C.
    pub(crate) fn set_last_words(&self, words: LastWords) {
        *self.last_words.lock().unwrap_or_else(PoisonError::into_inner) = Some(words);
    }

    pub(crate) fn receiver(&self) -> watch::Receiver<bool> {
        self.raised.clone()
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
