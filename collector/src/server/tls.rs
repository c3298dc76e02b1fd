//! TLS for the ports that clients send to and ask (RFC 8446; TLS 1.2 and 1.3), with client certificates where that is wanted.
//! The files are read again when they change, so that a certificate is renewed without a restart.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use parking_lot::RwLock;
use rustls::{
    RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use tokio_rustls::TlsAcceptor;

use super::Purpose;
use crate::settings::Settings;

/// How long a client may take to agree on keys.
pub const DEFAULT_TLS_HANDSHAKE_SECONDS_MAX: u64 = 10;
/// How often the files are looked at.
pub const DEFAULT_TLS_RELOAD_SECONDS: u64 = 5;

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read `{path}`: {source}", path = path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("`{path}` holds no {what} in PEM", path = path.display())]
    Content { path: PathBuf, what: &'static str },
    #[error("the certificate in `{cert}` and the key in `{key}` cannot be used: {source}", cert = cert.display(), key = key.display())]
    Pair {
        cert: PathBuf,
        key: PathBuf,
        #[source]
        source: rustls::Error,
    },
    #[error("the authority in `{path}` cannot be used: {why}", path = path.display())]
    Authority { path: PathBuf, why: String },
}

/// Where the certificate of this server is, and that of the authority which signs those of the clients.
#[derive(Clone, Debug)]
struct TlsFiles {
    cert: PathBuf,
    key: PathBuf,
    client_ca: Option<PathBuf>,
}

pub(super) struct Tls {
    files: TlsFiles,
    current: RwLock<Current>,
}

struct Current {
    contents: Contents,
    config: Arc<ServerConfig>,
}

#[derive(PartialEq, Eq)]
struct Contents {
    cert: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

impl Tls {
    fn open(files: TlsFiles) -> Result<Self, TlsError> {
        let contents = files.read()?;
        let config = Arc::new(files.config(&contents)?);
        Ok(Self { files, current: RwLock::new(Current { contents, config }) })
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current.read().config.clone())
    }

    /// Files that are broken change nothing, and are told of once.
    pub(super) async fn keep_fresh(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(Duration::from_secs(DEFAULT_TLS_RELOAD_SECONDS));
        let mut refused = String::new();
        loop {
            ticks.tick().await;
            let tls = self.clone();
            match tokio::task::spawn_blocking(move || tls.reload()).await {
                Ok(Ok(true)) => tracing::info!(cert = %self.files.cert.display(), "the certificate has changed"),
                Ok(Ok(false)) => refused.clear(),
                Ok(Err(error)) if refused != error.to_string() => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "the certificate stays as it was");
                    refused = error.to_string();
                }
                _ => {}
            }
        }
    }

    fn reload(&self) -> Result<bool, TlsError> {
        let contents = self.files.read()?;
        if contents == self.current.read().contents {
            return Ok(false);
        }
        let config = Arc::new(self.files.config(&contents)?);
        *self.current.write() = Current { contents, config };
        Ok(true)
    }
}

impl TlsFiles {
    fn read(&self) -> Result<Contents, TlsError> {
        let read = |path: &Path| std::fs::read(path).map_err(|source| TlsError::Read { path: path.to_owned(), source });
        Ok(Contents {
            cert: read(&self.cert)?,
            key: read(&self.key)?,
            client_ca: self.client_ca.as_deref().map(read).transpose()?,
        })
    }

    fn config(&self, contents: &Contents) -> Result<ServerConfig, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let pair = |source| TlsError::Pair { cert: self.cert.clone(), key: self.key.clone(), source };
        let builder =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(pair)?;
        let builder = match (&self.client_ca, &contents.client_ca) {
            (Some(path), Some(authority)) => builder.with_client_cert_verifier(verifier(path, authority)?),
            _ => builder.with_no_client_auth(),
        };
        let key = PrivateKeyDer::from_pem_slice(&contents.key)
            .map_err(|_| TlsError::Content { path: self.key.clone(), what: "private key" })?;
        let mut config = builder.with_single_cert(certificates(&self.cert, &contents.cert)?, key).map_err(pair)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let fail = || TlsError::Content { path: path.to_owned(), what: "certificate" };
    found.ok().filter(|found| !found.is_empty()).ok_or_else(fail)
}

fn verifier(path: &Path, pem: &[u8]) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let fail = |why: String| TlsError::Authority { path: path.to_owned(), why };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path, pem)? {
        roots.add(certificate).map_err(|error| fail(error.to_string()))?;
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| fail(error.to_string()))
}

/// The two sorts of ports that may have TLS: probes and scrapers never need it.
#[derive(Clone, Default)]
pub(super) struct Secured {
    /// With certificates of the clients, if an authority is named.
    pub(super) receivers: Option<Arc<Tls>>,
    /// Browsers have none.
    pub(super) query: Option<Arc<Tls>>,
}

impl Secured {
    pub(super) fn open(settings: &Settings) -> Result<Self, TlsError> {
        let args = &settings.args.tls;
        let (Some(cert), Some(key)) = (args.cert.clone(), args.key.clone()) else { return Ok(Self::default()) };
        let files = TlsFiles { cert, key, client_ca: None };
        Ok(Self {
            receivers: Some(Arc::new(Tls::open(TlsFiles { client_ca: args.client_ca.clone(), ..files.clone() })?)),
            query: Some(Arc::new(Tls::open(files)?)),
        })
    }

    pub(super) fn of(&self, purpose: Purpose) -> Option<Arc<Tls>> {
        match purpose {
            Purpose::Health | Purpose::Admin | Purpose::Metrics => None,
            Purpose::JaegerCompact | Purpose::JaegerBinary | Purpose::ZipkinCompact => None,
            Purpose::Query | Purpose::QueryGrpc => self.query.clone(),
            _ => self.receivers.clone(),
        }
    }
}
