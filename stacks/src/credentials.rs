//! Credentials that can be renewed while the program runs. The SDK reads files and environment once and keeps what it has
//! found: whoever signs in again in another terminal would not be noticed.

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, Result, future};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;

/// Credentials that end sooner than this are fetched anew.
pub(crate) const DEFAULT_RENEWAL_SECONDS: u64 = 60;

/// The SDK's own chain, begun anew whenever what it gave has ended or been refused.
#[derive(Debug, Clone, Default)]
pub(crate) struct RenewableCredentials {
    profile: Option<String>,
    current: Arc<Mutex<Option<Credentials>>>,
}

impl RenewableCredentials {
    pub(crate) fn new(profile: Option<String>) -> Self {
        Self { profile, current: Arc::default() }
    }

    /// Forgets what was found: the next call looks again.
    pub(crate) async fn renew(&self) {
        *self.current.lock().await = None;
    }

    async fn current(&self) -> Result {
        let mut current = self.current.lock().await;
        if let Some(credentials) = current.as_ref().filter(|credentials| is_good(credentials)) {
            return Ok(credentials.clone());
        }
        let mut chain = DefaultCredentialsChain::builder();
        if let Some(profile) = &self.profile {
            chain = chain.profile_name(profile);
        }
        let found = chain.build().await.provide_credentials().await?;
        Ok(current.insert(found).clone())
    }
}

impl ProvideCredentials for RenewableCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.current())
    }
}

fn is_good(credentials: &Credentials) -> bool {
    let soon = SystemTime::now() + Duration::from_secs(DEFAULT_RENEWAL_SECONDS);
    credentials.expiry().is_none_or(|end| end > soon)
}
