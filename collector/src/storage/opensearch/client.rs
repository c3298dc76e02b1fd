//! A thin HTTP client: several servers tried in turn, requests compressed and signed, answers bounded.

use std::{
    io::Write as _,
    sync::atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderValue, Method, StatusCode, header};
use reqwest::Url;
use serde::de::DeserializeOwned;

use super::{OpenSearchSettings, auth::Signer};
use crate::storage::StorageError;

/// Smaller bodies are sent as they are.
const DEFAULT_COMPRESSED_BYTES_MIN: usize = 1_024;
/// More than this is compressed or parsed on a thread of its own.
const DEFAULT_INLINE_BYTES_MAX: usize = 32 * 1_024;
/// How much of an error's body is shown.
const DEFAULT_REASON_CHARS_MAX: usize = 500;

#[derive(Debug, thiserror::Error)]
pub(super) enum ClientError {
    #[error("OpenSearch at `{server}` cannot be reached")]
    Unreachable { server: String, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("OpenSearch answered {status} to `{path}`: {reason}")]
    Refused { status: StatusCode, path: String, reason: String },
    #[error("OpenSearch's answer has more than {0} bytes")]
    AnswerTooLarge(usize),
    #[error("OpenSearch's answer cannot be read")]
    Malformed(#[source] serde_json::Error),
    #[error("OpenSearch's answer is incomplete: {0}")]
    Incomplete(String),
    #[error("the request to OpenSearch cannot be signed")]
    Unsigned(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ClientError {
    /// Whether the same request may succeed in a moment.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Unsigned(_) | Self::Incomplete(_) => true,
            Self::Refused { status, .. } => is_transient(*status),
            Self::AnswerTooLarge(_) | Self::Malformed(_) => false,
        }
    }
}

pub(super) fn is_transient(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
}

impl From<ClientError> for StorageError {
    fn from(error: ClientError) -> Self {
        let text = error.to_string();
        match &error {
            ClientError::Refused { status: StatusCode::TOO_MANY_REQUESTS, .. } => Self::Busy(text),
            _ => Self::Unavailable(
                text,
                std::error::Error::source(&error).is_some().then(|| error.into_cause()).flatten(),
            ),
        }
    }
}

impl ClientError {
    fn into_cause(self) -> Option<Box<dyn std::error::Error + Send + Sync>> {
        match self {
            Self::Unreachable { source, .. } | Self::Unsigned(source) => Some(source),
            Self::Malformed(source) => Some(source.into()),
            Self::Refused { .. } | Self::AnswerTooLarge(_) | Self::Incomplete(_) => None,
        }
    }
}

#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    servers: Vec<Url>,
    /// The server that answered last.
    current: AtomicUsize,
    signer: Signer,
    answer_bytes_max: usize,
}

impl Client {
    pub(super) async fn new(settings: &OpenSearchSettings) -> Result<Self, StorageError> {
        let unusable = |what: String| StorageError::Unavailable(what, None);
        let servers = settings.servers.iter().map(|text| {
            let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
            url.ok_or_else(|| {
                unusable("an OpenSearch server must be a URL such as `https://search.example.com`".into())
            })
        });
        let servers = servers.collect::<Result<Vec<_>, _>>()?;
        let first = servers.first().ok_or_else(|| unusable("no OpenSearch server is named".into()))?;
        let signer = Signer::new(&settings.auth, first).await?;
        let http = reqwest::Client::builder()
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.request_timeout)
            .tcp_nodelay(true)
            .build()
            .map_err(|error| StorageError::Unavailable("the HTTP client cannot be built".into(), Some(error.into())))?;
        Ok(Self { http, servers, current: AtomicUsize::new(0), signer, answer_bytes_max: settings.answer_bytes_max })
    }

    /// Sends a request to the first server that can be reached, from the one that answered last.
    pub(super) async fn send<T: DeserializeOwned + Send + 'static>(
        &self,
        method: Method,
        path: &str,
        content_type: &'static str,
        body: Bytes,
    ) -> Result<T, ClientError> {
        let request = Prepared::new(method, path, content_type, body).await;
        let first = self.current.load(Ordering::Relaxed);
        let mut outcome = Err(ClientError::Incomplete("no server is named".into()));
        for turn in 0..self.servers.len() {
            let at = (first + turn) % self.servers.len();
            outcome = self.send_to(&self.servers[at], &request).await;
            if !matches!(&outcome, Err(ClientError::Unreachable { .. })) {
                self.current.store(at, Ordering::Relaxed);
                break;
            }
        }
        let answer = outcome?;
        let size = answer.len();
        off_thread(size, move || serde_json::from_slice(&answer).map_err(ClientError::Malformed)).await?
    }

    async fn send_to(&self, server: &Url, request: &Prepared<'_>) -> Result<Vec<u8>, ClientError> {
        let mut url = server.clone();
        let (path, query) =
            request.path.split_once('?').map_or((request.path, None), |(path, query)| (path, Some(query)));
        url.set_path(&format!("{}/{path}", server.path().trim_end_matches('/')));
        url.set_query(query);
        let mut outgoing = reqwest::Request::new(request.method.clone(), url);
        outgoing.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(request.content_type));
        if request.compressed {
            outgoing.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        self.signer.sign(&mut outgoing, &request.body).await.map_err(ClientError::Unsigned)?;
        *outgoing.body_mut() = Some(request.body.clone().into());

        let name = server.host_str().unwrap_or_default();
        let unreachable = |error: reqwest::Error| ClientError::Unreachable {
            server: server.port().map_or_else(|| name.into(), |port| format!("{name}:{port}")),
            // The URL may hold a password.
            source: error.without_url().into(),
        };
        let mut response = self.http.execute(outgoing).await.map_err(unreachable)?;
        let status = response.status();
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if answer.len() + chunk.len() > self.answer_bytes_max {
                return Err(ClientError::AnswerTooLarge(self.answer_bytes_max));
            }
            answer.extend_from_slice(&chunk);
        }
        if status.is_success() {
            return Ok(answer);
        }
        Err(ClientError::Refused { status, path: path.into(), reason: reason(&answer) })
    }
}

struct Prepared<'a> {
    method: Method,
    path: &'a str,
    content_type: &'static str,
    body: Bytes,
    compressed: bool,
}

impl<'a> Prepared<'a> {
    async fn new(method: Method, path: &'a str, content_type: &'static str, body: Bytes) -> Self {
        let plain = body.clone();
        let packed = match body.len() {
            size if size < DEFAULT_COMPRESSED_BYTES_MIN => None,
            size => off_thread(size, move || compress(&body).ok()).await.ok().flatten(),
        };
        let compressed = packed.is_some();
        Self { method, path, content_type, body: packed.unwrap_or(plain), compressed }
    }
}

/// Does work on `size` bytes where it holds up no other task.
async fn off_thread<T: Send + 'static>(
    size: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ClientError> {
    if size < DEFAULT_INLINE_BYTES_MAX {
        return Ok(work());
    }
    let stopped = |_| ClientError::Incomplete("the program is stopping".into());
    tokio::task::spawn_blocking(work).await.map_err(stopped)
}

fn compress(body: &[u8]) -> std::io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish().map(Bytes::from)
}

/// The reason in OpenSearch's error, or the beginning of whatever else came.
fn reason(answer: &[u8]) -> String {
    let parsed: Option<serde_json::Value> = serde_json::from_slice(answer).ok();
    let text = parsed.as_ref().and_then(|body| {
        body.pointer("/error/reason").or_else(|| body.get("error")).or_else(|| body.get("message"))?.as_str()
    });
    text.map_or_else(|| String::from_utf8_lossy(answer), Into::into).chars().take(DEFAULT_REASON_CHARS_MAX).collect()
}
