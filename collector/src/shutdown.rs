//! Signals that end the program.

use tokio::signal::unix::{SignalKind, signal};

/// Ready at the first SIGINT or SIGTERM. The second one ends the process at once, for whoever will not wait.
pub async fn requested() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        tracing::error!("signals cannot be watched; stop the process with SIGKILL");
        return std::future::pending().await;
    };
    let next = async move |interrupt: &mut tokio::signal::unix::Signal, terminate: &mut tokio::signal::unix::Signal| {
        tokio::select! {
            _ = interrupt.recv() => 130,
            _ = terminate.recv() => 143,
        }
    };
    next(&mut interrupt, &mut terminate).await;
    tokio::spawn(async move {
        let code = next(&mut interrupt, &mut terminate).await;
        #[expect(clippy::disallowed_methods, reason = "whoever asks twice will not wait for the drain")]
        std::process::exit(code);
    });
}
