//! Tells clients what to sample: the strategies of a file, read again when it changes.

mod api;
mod strategies;

use std::{path::PathBuf, sync::Arc, time::Duration};

use parking_lot::RwLock;

pub use api::{Served, collector_router, grpc_router, http_router};
use strategies::{DEFAULT_RATE, Strategies};
pub use strategies::{StrategiesError, Strategy};

use crate::settings::Role;

/// How often the file is looked at.
pub const DEFAULT_RELOAD_SECONDS: u64 = 1;
/// Of the file.
pub const DEFAULT_STRATEGIES_BYTES_MAX: u64 = 16 << 20;

pub struct Sampling {
    file: Option<PathBuf>,
    current: RwLock<Current>,
}

struct Current {
    text: String,
    strategies: Arc<Strategies>,
}

impl Sampling {
    /// Without a file all-in-one samples everything, and a collector one trace in a thousand, as Jaeger does.
    pub fn open(file: Option<PathBuf>, role: Role) -> Result<Self, StrategiesError> {
        let (text, strategies) = match &file {
            Some(path) => {
                let text = strategies::read(path)?;
                let strategies = Strategies::parse(&text, path)?;
                (text, strategies)
            }
            None => (String::new(), Strategies::everywhere(if role == Role::AllInOne { 1.0 } else { DEFAULT_RATE })),
        };
        Ok(Self { file, current: RwLock::new(Current { text, strategies: Arc::new(strategies) }) })
    }

    pub fn strategy(&self, service: &str) -> Strategy {
        self.current.read().strategies.of(service)
    }

    /// Reads the file again whenever it has changed. One that is broken changes nothing, and is told of once.
    pub(crate) fn keep_fresh(self: &Arc<Self>) -> impl Future<Output = ()> + use<> {
        let sampling = self.clone();
        async move {
            let Some(path) = sampling.file.clone() else { return };
            let mut ticks = tokio::time::interval(Duration::from_secs(DEFAULT_RELOAD_SECONDS));
            let mut refused = String::new();
            loop {
                ticks.tick().await;
                let path = path.clone();
                let read = tokio::task::spawn_blocking(move || {
                    let text = strategies::read(&path)?;
                    Strategies::parse(&text, &path).map(|strategies| (text, strategies))
                });
                match read.await {
                    Ok(Ok((text, strategies))) => {
                        refused.clear();
                        sampling.take(text, strategies);
                    }
                    Ok(Err(error)) if refused != error.to_string() => {
                        tracing::warn!(
                            error = &error as &dyn std::error::Error,
                            "the sampling strategies stay as they were"
                        );
                        refused = error.to_string();
                    }
                    _ => {}
                }
            }
        }
    }

    fn take(&self, text: String, strategies: Strategies) {
        let mut current = self.current.write();
        if current.text != text {
            *current = Current { text, strategies: Arc::new(strategies) };
            tracing::info!("the sampling strategies have changed");
        }
    }
}
