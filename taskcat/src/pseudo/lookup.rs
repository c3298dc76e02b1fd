//! Whom the tokens ask.

use async_trait::async_trait;
use jqs_cfn::Result;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    pub id: String,
    pub name: String,
    /// Neither a Local Zone nor a Wavelength Zone.
    pub is_standard: bool,
}

/// Each answers with nothing where it cannot know, which is no error.
#[async_trait]
pub trait Lookup: Send + Sync {
    async fn account(&self) -> Result<Option<String>>;
    /// Those that are available in the region.
    async fn zones(&self) -> Result<Option<Vec<Zone>>>;
    async fn parameter(&self, name: &str) -> Result<Option<String>>;
    async fn secret(&self, name: &str) -> Result<Option<String>>;
    async fn object(&self, bucket: &str, key: &str) -> Result<Option<String>>;
    async fn presigned_url(&self, bucket: &str, key: &str, seconds: u64) -> Result<Option<String>>;
    async fn output(&self, stack: &str, key: &str) -> Result<Option<String>>;
    async fn url(&self, url: &str) -> Result<Option<String>>;
}

/// Asks nobody: the zones that a new account commonly sees, and nothing else.
#[derive(Debug, Clone)]
pub struct Offline {
    pub region: String,
}

#[async_trait]
impl Lookup for Offline {
    async fn account(&self) -> Result<Option<String>> {
        Ok(None)
    }

    async fn zones(&self) -> Result<Option<Vec<Zone>>> {
        let letters = jqs_cfn::region::zones(&self.region).chars();
        let zone =
            |letter: char| Zone { id: String::new(), name: format!("{}{letter}", self.region), is_standard: true };
        Ok(Some(letters.map(zone).collect()))
    }

    async fn parameter(&self, _name: &str) -> Result<Option<String>> {
        Ok(None)
    }

    async fn secret(&self, _name: &str) -> Result<Option<String>> {
        Ok(None)
    }

    async fn object(&self, _bucket: &str, _key: &str) -> Result<Option<String>> {
        Ok(None)
    }

    async fn presigned_url(&self, _bucket: &str, _key: &str, _seconds: u64) -> Result<Option<String>> {
        Ok(None)
    }

    async fn output(&self, _stack: &str, _key: &str) -> Result<Option<String>> {
        Ok(None)
    }

    async fn url(&self, _url: &str) -> Result<Option<String>> {
        Ok(None)
    }
}
