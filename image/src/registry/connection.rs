//! One repository of one registry: requests with credentials where they belong, and again when it is worth it.

use super::challenge::{self, Challenge};
use super::credentials::Credentials;
use super::error::{Error, Fault, Result};
use super::reference::Reference;
use reqwest::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use serde::Deserialize;
use std::time::Duration;
use tokio::sync::RwLock;

pub const DEFAULT_ATTEMPTS_MAX: u32 = 5;
pub const DEFAULT_CONNECT_TIMEOUT_SECONDS: u64 = 10;
/// How long a registry may be silent: it checks a layer before it answers.
pub const DEFAULT_ANSWER_TIMEOUT_SECONDS: u64 = 120;
/// Before the second attempt; each one after waits twice as long.
pub const DEFAULT_RETRY_DELAY: Duration = Duration::from_millis(500);
/// What a registry may ask to be waited for.
const DEFAULT_RETRY_AFTER_MAX: Duration = Duration::from_secs(30);
/// An answer that is not a layer is a few hundred bytes.
const DEFAULT_ANSWER_BYTES_MAX: usize = 1024 * 1024;
const DETAIL_CHARACTERS_MAX: usize = 300;

#[derive(Debug, Clone)]
pub struct RegistryOptions {
    pub credentials: Credentials,
    /// Speak unencrypted HTTP to a registry that is not on this machine.
    pub insecure: bool,
    /// Where the registry is, when it is not where the reference says.
    pub endpoint: Option<String>,
    pub retry_delay: Duration,
}

#[derive(Debug)]
pub struct Registry {
    client: Client,
    /// Ends in `/v2/REPOSITORY/`.
    base: Url,
    reference: Reference,
    credentials: Credentials,
    retry_delay: Duration,
    /// What the last challenge was answered with.
    authorization: RwLock<Option<HeaderValue>>,
}

impl Registry {
    /// Makes no connection yet.
    pub fn open(reference: &Reference, options: RegistryOptions) -> Result<Self> {
        let action = format!("reach the registry of `{reference}`");
        let endpoint = options.endpoint.unwrap_or_else(|| {
            let scheme = if options.insecure || reference.is_local() { "http" } else { "https" };
            format!("{scheme}://{}", reference.host())
        });
        let base = format!("{}/v2/{}/", endpoint.trim_end_matches('/'), reference.repository);
        let base = Url::parse(&base)
            .map_err(|_| Error::new(&action, Fault::Protocol(format!("`{endpoint}` is no address"))))?;
        let is_local = base.host_str().is_some_and(super::reference::is_local);
        if base.scheme() != "https" && !options.insecure && !is_local {
            return Err(Error::new(&action, Fault::Protocol(format!("`{endpoint}` is unencrypted"))));
        }
        let client = Client::builder()
            .user_agent(concat!("jqs/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(DEFAULT_CONNECT_TIMEOUT_SECONDS))
            .read_timeout(Duration::from_secs(DEFAULT_ANSWER_TIMEOUT_SECONDS))
            .build()
            .map_err(|error| Error::new(&action, Fault::Unreachable(error)))?;
        Ok(Self {
            client,
            base,
            reference: reference.clone(),
            credentials: options.credentials,
            retry_delay: options.retry_delay,
            authorization: RwLock::new(None),
        })
    }

    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.base.scheme() == "https"
    }

    pub(super) fn url(&self, action: &str, path: &str) -> Result<Url> {
        self.base.join(path).map_err(|_| Error::new(action, Fault::Protocol(format!("`{path}` is no address"))))
    }

    /// Again after what may pass: a lost connection, a registry that is busy or ill.
    pub(super) async fn retrying<T>(&self, operation: impl AsyncFn() -> Result<T>) -> Result<T> {
        let mut delay = self.retry_delay;
        for _ in 1..DEFAULT_ATTEMPTS_MAX {
            match operation().await {
                Err(error) if error.is_transient() => {
                    tracing::debug!(%error, "trying again");
                    let asked = error.retry_after.unwrap_or_default().min(DEFAULT_RETRY_AFTER_MAX);
                    tokio::time::sleep(delay.max(asked)).await;
                    delay *= 2;
                }
                settled => return settled,
            }
        }
        operation().await
    }

    /// One request; a second one when the registry asks who it is. Any answer but a good one is an error.
    pub(super) async fn request(
        &self,
        action: &str,
        method: Method,
        url: &Url,
        fill: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response> {
        let send = async || {
            let mut request = fill(self.client.request(method.clone(), url.clone()));
            // A place to send to may be of another host: the credentials are not for it.
            if url.origin() == self.base.origin()
                && let Some(authorization) = self.authorization.read().await.clone()
            {
                request = request.header(AUTHORIZATION, authorization);
            }
            request.send().await.map_err(|error| Error::new(action, Fault::Unreachable(error)))
        };
        let mut answer = send().await?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            let challenges = answer.headers().get_all(WWW_AUTHENTICATE).iter().filter_map(|one| one.to_str().ok());
            let challenge = challenges.filter_map(challenge::parse).next();
            if let Some(challenge) = challenge.filter(|_| url.origin() == self.base.origin()) {
                let authorization = self.answer_to(action, challenge).await?;
                *self.authorization.write().await = Some(authorization);
                answer = send().await?;
            }
        }
        if answer.status().is_success() { Ok(answer) } else { Err(refusal(action, answer).await) }
    }

    async fn answer_to(&self, action: &str, challenge: Challenge) -> Result<HeaderValue> {
        let value = match (challenge, &self.credentials) {
            (Challenge::Basic, Credentials::Anonymous) => {
                let text = "it asks for a username and a password".to_owned();
                return Err(Error::new(action, Fault::Unauthorized(text)));
            }
            (Challenge::Basic, Credentials::Basic { .. }) => self.credentials.header().unwrap_or_default(),
            (Challenge::Bearer { realm, service }, _) => self.token(action, &realm, service.as_deref()).await?,
        };
        let mut value = HeaderValue::from_str(&value)
            .map_err(|_| Error::new(action, Fault::Protocol("its token cannot be sent back".to_owned())))?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// A token for this repository, from whom the registry trusts.
    async fn token(&self, action: &str, realm: &str, service: Option<&str>) -> Result<String> {
        #[derive(Deserialize)]
        struct Granted {
            token: Option<String>,
            access_token: Option<String>,
        }
        let fault = |text: String| Error::new(action, Fault::Protocol(text));
        let mut url = Url::parse(realm).map_err(|_| fault(format!("`{realm}`, where tokens are, is no address")))?;
        if self.is_encrypted() && url.scheme() != "https" {
            return Err(fault(format!("`{realm}`, where tokens are, is unencrypted")));
        }
        let scope = format!("repository:{}:pull,push", self.reference.repository);
        url.query_pairs_mut().append_pair("scope", &scope);
        if let Some(service) = service {
            url.query_pairs_mut().append_pair("service", service);
        }
        let mut request = self.client.get(url);
        if let Some(basic) = self.credentials.header() {
            request = request.header(AUTHORIZATION, basic);
        }
        let answer = request.send().await.map_err(|error| Error::new(action, Fault::Unreachable(error)))?;
        if !answer.status().is_success() {
            return Err(refusal(action, answer).await);
        }
        let granted: Granted = serde_json::from_slice(&read(answer).await)
            .map_err(|error| fault(format!("what it says is a token cannot be understood ({error})")))?;
        let token = granted.token.or(granted.access_token).ok_or_else(|| fault("it grants no token".to_owned()))?;
        Ok(format!("Bearer {token}"))
    }
}

async fn refusal(action: &str, answer: Response) -> Error {
    let status = answer.status();
    let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let detail = detail(&read(answer).await);
    let fault = match status {
        StatusCode::UNAUTHORIZED => Fault::Unauthorized(detail),
        _ => Fault::Refused { status, detail },
    };
    let mut error = Error::new(action, fault);
    error.retry_after = retry_after.map(Duration::from_secs);
    error
}

/// As much of a body as is worth reading; what is cut off cannot be understood and is shown as it is.
async fn read(mut answer: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(part)) = answer.chunk().await {
        body.extend_from_slice(&part);
        if body.len() > DEFAULT_ANSWER_BYTES_MAX {
            break;
        }
    }
    body
}

/// The codes and messages of OCI's errors, or the beginning of what stands there instead.
fn detail(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Envelope {
        errors: Vec<One>,
    }
    #[derive(Deserialize)]
    struct One {
        code: String,
        #[serde(default)]
        message: String,
    }
    let text = match serde_json::from_slice::<Envelope>(body) {
        Ok(envelope) => {
            let texts = envelope.errors.iter().map(|one| format!("{} ({})", one.message.trim(), one.code));
            texts.collect::<Vec<_>>().join("; ")
        }
        Err(_) => String::from_utf8_lossy(body).trim().to_owned(),
    };
    if text.is_empty() { "it does not say why".to_owned() } else { text.chars().take(DETAIL_CHARACTERS_MAX).collect() }
}
