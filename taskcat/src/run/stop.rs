//! A request to end: nothing new is begun, and what was made is cleared away.

use tokio::sync::watch;

#[derive(Debug, Clone)]
pub struct Stop {
    raised: watch::Receiver<bool>,
}

impl Stop {
    pub fn new(raised: watch::Receiver<bool>) -> Self {
        Self { raised }
    }

    pub fn is_raised(&self) -> bool {
        *self.raised.borrow()
    }

    /// Returns once it was asked for, also if that was earlier.
    pub async fn raised(&self) {
        let mut raised = self.raised.clone();
        if raised.wait_for(|raised| *raised).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
