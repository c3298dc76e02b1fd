//! Who we are to OpenSearch: nobody, a user with a password, or an AWS principal whose requests are signed (Signature Version 4).

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use aws_config::BehaviorVersion;
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials as _, SharedCredentialsProvider},
};
use aws_sigv4::{
    http_request::{PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderName, HeaderValue, header};
use reqwest::Url;
use tokio::sync::Mutex;

use crate::storage::StorageError;

/// Amazon OpenSearch Service's name in a signature.
pub const DEFAULT_SIGNING_SERVICE: &str = "es";
/// Credentials are fetched again this long before they end.
const DEFAULT_CREDENTIALS_MARGIN: Duration = Duration::from_secs(300);

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// How requests are authenticated.
#[derive(Clone, Default)]
pub enum Auth {
    #[default]
    None,
    Basic {
        username: String,
        password: String,
    },
    /// With AWS's default chain of credentials. `region`: from the domain's host name, or else as the chain says.
    SigV4 {
        region: Option<String>,
        service: String,
    },
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Basic { username, .. } => f.debug_struct("Basic").field("username", username).finish_non_exhaustive(),
            Self::SigV4 { region, service } => {
                f.debug_struct("SigV4").field("region", region).field("service", service).finish()
            }
        }
    }
}

#[derive(Debug)]
pub(super) enum Signer {
    None,
    Basic(HeaderValue),
    SigV4(Box<SigV4>),
}

#[derive(Debug)]
pub(super) struct SigV4 {
    region: String,
    service: String,
    provider: SharedCredentialsProvider,
    current: Mutex<Option<Credentials>>,
}

impl Signer {
    pub(super) async fn new(auth: &Auth, server: &Url) -> Result<Self, StorageError> {
        Ok(match auth {
            Auth::None => Self::None,
            Auth::Basic { username, password } => {
                let encoded = BASE64_STANDARD.encode(format!("{username}:{password}"));
                let mut value = HeaderValue::try_from(format!("Basic {encoded}")).map_err(|error| {
                    StorageError::Unavailable("the password cannot be sent".into(), Some(error.into()))
                })?;
                value.set_sensitive(true);
                Self::Basic(value)
            }
            Auth::SigV4 { region, service } => {
                let chain = aws_config::defaults(BehaviorVersion::latest()).load().await;
                let region = region
                    .clone()
                    .or_else(|| region_of_host(server.host_str().unwrap_or_default()))
                    .or_else(|| chain.region().map(ToString::to_string));
                let missing = |what: &str| StorageError::Unavailable(what.into(), None);
                Self::SigV4(Box::new(SigV4 {
                    region: region.ok_or_else(|| missing("no AWS region is known; set `AWS_REGION`"))?,
                    service: service.clone(),
                    provider: chain
                        .credentials_provider()
                        .ok_or_else(|| missing("no AWS credentials are configured"))?,
                    current: Mutex::new(None),
                }))
            }
        })
    }

    pub(super) async fn sign(&self, request: &mut reqwest::Request, body: &[u8]) -> Result<(), Cause> {
        match self {
            Self::None => {}
            Self::Basic(value) => drop(request.headers_mut().insert(header::AUTHORIZATION, value.clone())),
            Self::SigV4(signer) => {
                let credentials = signer.credentials().await?;
                for (name, value) in
                    signature(&credentials, &signer.region, &signer.service, SystemTime::now(), request, body)?
                {
                    request.headers_mut().insert(name, value);
                }
            }
        }
        Ok(())
    }
}

impl SigV4 {
    async fn credentials(&self) -> Result<Credentials, Cause> {
        let mut current = self.current.lock().await;
        let soon = SystemTime::now() + DEFAULT_CREDENTIALS_MARGIN;
        match &*current {
            Some(known) if known.expiry().is_none_or(|end| end > soon) => Ok(known.clone()),
            _ => Ok(current.insert(self.provider.provide_credentials().await?).clone()),
        }
    }
}

/// The headers that sign the request.
fn signature(
    credentials: &Credentials,
    region: &str,
    service: &str,
    time: SystemTime,
    request: &reqwest::Request,
    body: &[u8],
) -> Result<Vec<(HeaderName, HeaderValue)>, Cause> {
    let mut settings = SigningSettings::default();
    // OpenSearch Serverless demands it, and the others allow it.
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let identity = credentials.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(time)
        .settings(settings)
        .build()?
        .into();
    let headers = request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let signable =
        SignableRequest::new(request.method().as_str(), request.url().as_str(), headers, SignableBody::Bytes(body))?;
    let (instructions, _) = sign(signable, &parameters)?.into_parts();
    let signed = instructions.headers().map(|(name, value)| -> Result<_, Cause> {
        let mut header = HeaderValue::try_from(value)?;
        header.set_sensitive(true);
        Ok((HeaderName::try_from(name)?, header))
    });
    signed.collect()
}

/// `search-traces-x.eu-west-1.es.amazonaws.com` and `search-traces-x.aos.eu-west-1.on.aws` name their region.
fn region_of_host(host: &str) -> Option<String> {
    let labels: Vec<&str> = host.split('.').collect();
    let region = labels.windows(3).find_map(|window| match window {
        [region, "es" | "aoss", "amazonaws"] => Some(*region),
        ["aos", region, "on"] => Some(*region),
        _ => None,
    });
    region.map(str::to_owned)
}

#[cfg(test)]
mod tests;
