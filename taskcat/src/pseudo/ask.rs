//! Asks AWS, and the web.

use super::lookup::{Lookup, Zone};
use async_trait::async_trait;
use aws_sdk_s3::presigning::PresigningConfig;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::query::{EC2, Query, SECRETS, SSM};
use jqs_stacks::{Session, aws_error, stack};
use serde_json::json;
use std::time::Duration;
use tokio::sync::OnceCell;

/// CloudFormation takes 4,096 bytes for one value.
pub const DEFAULT_CONTENT_BYTES_MAX: usize = 65_536;
const DEFAULT_URL_SECONDS_MAX: u64 = 30;

/// One region of one account. Its zones are asked for once.
pub struct AwsLookup {
    session: Session,
    query: Query,
    account: String,
    zones: OnceCell<Vec<Zone>>,
}

impl AwsLookup {
    pub fn new(session: &Session, account: &str) -> Result<Self> {
        let query = Query::new(session)?;
        Ok(Self { session: session.clone(), query, account: account.to_owned(), zones: OnceCell::new() })
    }

    async fn ask_for_zones(&self) -> Result<Vec<Zone>> {
        let filter = [("Filter.1.Name", "state"), ("Filter.1.Value.1", "available")];
        let answer = self.query.query(EC2, "DescribeAvailabilityZones", &filter).await?;
        let zone = |one: &jqs_stacks::query::Element| Zone {
            id: one.text("zoneId").to_owned(),
            name: one.text("zoneName").to_owned(),
            is_standard: matches!(one.text("zoneType"), "" | "availability-zone"),
        };
        Ok(answer.list("availabilityZoneInfo").iter().map(zone).collect())
    }
}

#[async_trait]
impl Lookup for AwsLookup {
    async fn account(&self) -> Result<Option<String>> {
        Ok(Some(self.account.clone()))
    }

    async fn zones(&self) -> Result<Option<Vec<Zone>>> {
        self.zones.get_or_try_init(|| self.ask_for_zones()).await.map(|zones| Some(zones.clone()))
    }

    async fn parameter(&self, name: &str) -> Result<Option<String>> {
        let input = json!({"Name": name, "WithDecryption": true});
        let answer = match self.query.json(SSM, "GetParameter", &input).await {
            Err(refusal) if refusal.is("ParameterNotFound") => {
                let message = format!("the parameter store of `{}` has no `{name}`", self.session.region);
                return Err(Error::new(ErrorKind::NotFound, message));
            }
            other => other?,
        };
        Ok(answer.pointer("/Parameter/Value").and_then(|value| value.as_str()).map(str::to_owned))
    }

    async fn secret(&self, name: &str) -> Result<Option<String>> {
        let answer = match self.query.json(SECRETS, "GetSecretValue", &json!({"SecretId": name})).await {
            Err(refusal) if refusal.is("ResourceNotFoundException") => {
                let message = format!("Secrets Manager of `{}` has no `{name}`", self.session.region);
                return Err(Error::new(ErrorKind::NotFound, message));
            }
            other => other?,
        };
        match answer["SecretString"].as_str() {
            Some(secret) => Ok(Some(secret.to_owned())),
            None => Err(Error::new(ErrorKind::Parameter, format!("the secret `{name}` is not a text"))),
        }
    }

    async fn object(&self, bucket: &str, key: &str) -> Result<Option<String>> {
        let action = format!("read `{key}` in the bucket `{bucket}`");
        let answer = self.session.s3.get_object().bucket(bucket).key(key).send().await;
        let answer = answer.map_err(|failure| aws_error(&action, failure))?;
        if answer.content_length().is_some_and(|length| length > DEFAULT_CONTENT_BYTES_MAX as i64) {
            return Err(too_long(&format!("`{key}` in the bucket `{bucket}`")));
        }
        let body = answer.body.collect().await;
        let bytes =
            body.map_err(|error| Error::new(ErrorKind::Unreachable, format!("cannot {action}")).because(error))?;
        let text = String::from_utf8(bytes.to_vec());
        let text =
            text.map_err(|_| Error::new(ErrorKind::Parameter, format!("`{key}` in `{bucket}` is not a text")))?;
        Ok(Some(text.trim().to_owned()))
    }

    async fn presigned_url(&self, bucket: &str, key: &str, seconds: u64) -> Result<Option<String>> {
        let failed = |error: &dyn std::fmt::Display| {
            Error::new(ErrorKind::Parameter, format!("cannot sign an address for `{key}` in `{bucket}`"))
                .because(error.to_string())
        };
        let config = PresigningConfig::expires_in(Duration::from_secs(seconds)).map_err(|error| failed(&error))?;
        let request = self.session.s3.get_object().bucket(bucket).key(key).presigned(config).await;
        Ok(Some(request.map_err(|failure| aws_error("sign an address", failure))?.uri().to_owned()))
    }

    async fn output(&self, stack: &str, key: &str) -> Result<Option<String>> {
        let found = stack::get(&self.session, stack).await?;
        match found.outputs.get(key) {
            Some(value) => Ok(Some(value.clone())),
            None => Err(Error::new(ErrorKind::NotFound, format!("the stack `{stack}` has no output `{key}`"))),
        }
    }

    async fn url(&self, url: &str) -> Result<Option<String>> {
        let failed =
            |error: reqwest::Error| Error::new(ErrorKind::Unreachable, format!("cannot read `{url}`")).because(error);
        let client = reqwest::Client::builder().timeout(Duration::from_secs(DEFAULT_URL_SECONDS_MAX)).build();
        let answer = client.map_err(failed)?.get(url).send().await.and_then(reqwest::Response::error_for_status);
        let mut answer = answer.map_err(failed)?;
        let mut bytes = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(failed)? {
            bytes.extend_from_slice(&part);
            if bytes.len() > DEFAULT_CONTENT_BYTES_MAX {
                return Err(too_long(&format!("`{url}`")));
            }
        }
        Ok(Some(String::from_utf8_lossy(&bytes).trim().to_owned()))
    }
}

fn too_long(what: &str) -> Error {
    Error::new(ErrorKind::Parameter, format!("{what} has more than {DEFAULT_CONTENT_BYTES_MAX} bytes"))
}
