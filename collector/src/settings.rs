//! Everything that can be set, with where it comes from: flags first, then the environment (our names, and Jaeger's where it has one).

mod logs;
mod receivers;
mod tls;

pub use logs::{LogArgs, LogFilter, LogFormat};
pub use receivers::{OptionalPort, ReceiverArgs};
pub use tls::TlsArgs;

use std::{
    net::IpAddr,
    num::{NonZeroU64, NonZeroUsize},
    time::Duration,
};

use bytesize::ByteSize;
use clap::{Args, ValueEnum};

use crate::{
    query::{ParseDurationError, parse_duration},
    receiver::{DEFAULT_IN_FLIGHT_BYTES_MAX, DEFAULT_REQUEST_BYTES_MAX},
    storage::{
        memory::DEFAULT_MEMORY_BYTES_MAX,
        opensearch::{self, Auth, DEFAULT_SIGNING_SERVICE, OpenSearchSettings},
    },
};

/// How long a shutdown may take before what is left is cut off.
pub const DEFAULT_SHUTDOWN_SECONDS_MAX: u64 = 10;
/// Connections that one port keeps open at once.
pub const DEFAULT_CONNECTIONS_MAX: usize = 10_000;
/// How long a client may be silent in the middle of something.
pub const DEFAULT_CLIENT_STALL_SECONDS_MAX: u64 = 30;
/// How much larger than one request the requests in flight must be: a body is held packed, unpacked and, if JSON, as text.
const IN_FLIGHT_PER_REQUEST: usize = 3;

/// Which parts of the program run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Receivers, storage and query in one process
    AllInOne,
    /// Receivers only; the storage is shared with `query`
    Collector,
    /// Query API and web page only
    Query,
}

impl Role {
    pub fn receives(self) -> bool {
        self != Self::Query
    }

    pub fn answers(self) -> bool {
        self != Self::Collector
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StorageKind {
    /// In this process, capped in bytes, gone with it
    Memory,
    /// In OpenSearch, in Jaeger's own indices
    #[value(alias = "elasticsearch")]
    Opensearch,
}

/// All that a process which serves can be told. Each flag is a key of the configuration file as well.
#[derive(Args, Clone, Debug)]
pub struct ProcessArgs {
    #[command(flatten)]
    pub serve: ServeArgs,

    #[command(flatten)]
    pub logs: LogArgs,
}

/// The flags of a running server. `--help` is the reference of every setting.
#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
    /// Address to listen on; `0.0.0.0` or `::` for every interface
    #[arg(long, value_name = "ADDRESS", env = "JQS_LISTEN_HOST", default_value = "127.0.0.1")]
    pub listen_host: IpAddr,

    /// Where traces are kept
    #[arg(long, value_enum, env = "SPAN_STORAGE_TYPE", default_value = "memory")]
    pub storage: StorageKind,

    /// What stored traces may take with `--storage memory`; the least recently written ones make room. A request may take half of it, and one trace an eighth
    #[arg(long, value_name = "SIZE", env = "JQS_MEMORY_MAX_BYTES", default_value_t = ByteSize(DEFAULT_MEMORY_BYTES_MAX as u64))]
    pub memory_max_bytes: ByteSize,

    /// Port of the query API and the web page
    #[arg(long, value_name = "PORT", env = "JQS_QUERY_PORT", default_value_t = 16686)]
    pub query_port: u16,

    /// Port of the query API over gRPC, or `off`
    #[arg(long, value_name = "PORT", env = "JQS_QUERY_GRPC_PORT", default_value = "16685")]
    pub query_grpc_port: OptionalPort,

    /// Port of the health check (`/status`: whether it takes requests; `/live`: that it lives)
    #[arg(long, value_name = "PORT", env = "JQS_HEALTH_PORT", default_value_t = 13133)]
    pub health_port: u16,

    /// Port of the admin endpoint that Jaeger 1.x had (`/`, `/metrics`)
    #[arg(long, value_name = "PORT", env = "JQS_ADMIN_PORT", default_value_t = 14269)]
    pub admin_port: u16,

    /// Port of our own metrics in Prometheus' format (`/metrics`)
    #[arg(long, value_name = "PORT", env = "JQS_METRICS_PORT", default_value_t = 8888)]
    pub metrics_port: u16,

    /// Path under which the query API and the page are served, such as `/jaeger`
    #[arg(long, value_name = "PATH", env = "JQS_BASE_PATH", default_value = "/")]
    pub base_path: String,

    /// Clocks of two hosts are taken to differ by at most this, and spans are moved accordingly when they are shown; 0 leaves them
    #[arg(long, value_name = "DURATION", env = "JQS_MAX_CLOCK_SKEW", default_value = "0s")]
    pub max_clock_skew: Nanoseconds,

    /// Largest request after decompression; larger ones are refused
    #[arg(long, value_name = "SIZE", env = "JQS_REQUEST_MAX_BYTES", default_value_t = ByteSize(DEFAULT_REQUEST_BYTES_MAX as u64))]
    pub request_max_bytes: ByteSize,

    /// What all requests in flight may hold together; beyond it senders are told to retry
    #[arg(long, value_name = "SIZE", env = "JQS_IN_FLIGHT_MAX_BYTES", default_value_t = ByteSize(DEFAULT_IN_FLIGHT_BYTES_MAX as u64))]
    pub in_flight_max_bytes: ByteSize,

    /// Connections that one port keeps open at once
    #[arg(long, value_name = "COUNT", env = "JQS_MAX_CONNECTIONS", default_value_t = NonZeroUsize::new(DEFAULT_CONNECTIONS_MAX).unwrap_or(NonZeroUsize::MIN))]
    pub max_connections: NonZeroUsize,

    /// Seconds that a client may take for the head of a request, or be silent in its body, or not read its answer, before it is left
    #[arg(long, value_name = "SECONDS", env = "JQS_CLIENT_STALL_SECONDS", default_value_t = NonZeroU64::new(DEFAULT_CLIENT_STALL_SECONDS_MAX).unwrap_or(NonZeroU64::MIN))]
    pub client_stall_seconds: NonZeroU64,

    /// Seconds that a shutdown may take to finish what was begun
    #[arg(long, value_name = "SECONDS", env = "JQS_SHUTDOWN_SECONDS", default_value_t = DEFAULT_SHUTDOWN_SECONDS_MAX)]
    pub shutdown_seconds: u64,

    // These come last: the heading of a group goes on to whatever follows it.
    #[command(flatten)]
    pub receivers: ReceiverArgs,

    #[command(flatten)]
    pub tls: TlsArgs,

    #[command(flatten)]
    pub opensearch: OpenSearchArgs,
}

/// OpenSearch as the storage of a server.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "With --storage opensearch")]
pub struct OpenSearchArgs {
    #[command(flatten)]
    pub server: OpenSearchServerArgs,

    /// Age in days at which traces are deleted, whole days at a time [default: never]
    #[arg(long = "opensearch-retention-days", value_name = "DAYS", env = "JQS_RETENTION_DAYS")]
    pub retention_days: Option<u32>,

    /// Primary shards of each new index
    #[arg(long = "opensearch-shards", value_name = "COUNT", env = "ES_NUM_SHARDS", default_value_t = opensearch::DEFAULT_SHARDS)]
    pub shards: u32,

    /// Replicas of each shard
    #[arg(long = "opensearch-replicas", value_name = "COUNT", env = "ES_NUM_REPLICAS", default_value_t = opensearch::DEFAULT_REPLICAS)]
    pub replicas: u32,
}

/// How to reach OpenSearch. The names of the environment are Jaeger's where it has one.
#[derive(Args, Clone, Debug)]
pub struct OpenSearchServerArgs {
    /// Addresses of the cluster, tried in turn
    #[arg(long = "opensearch-urls", value_name = "URL,URL", env = "ES_SERVER_URLS", hide_env_values = true, value_delimiter = ',', default_value = opensearch::DEFAULT_SERVER)]
    pub urls: Vec<String>,

    /// How requests are authenticated
    #[arg(long = "opensearch-auth", value_enum, env = "JQS_OPENSEARCH_AUTH", default_value = "none")]
    pub auth: OpenSearchAuth,

    /// User for `--opensearch-auth basic`
    #[arg(long = "opensearch-username", value_name = "NAME", env = "ES_USERNAME", default_value = "")]
    pub username: String,

    /// Password for `--opensearch-auth basic`; better given in the environment
    #[arg(
        long = "opensearch-password",
        value_name = "PASSWORD",
        env = "ES_PASSWORD",
        hide_env_values = true,
        default_value = "",
        hide_default_value = true
    )]
    pub password: String,

    /// Set before the names of all indices, with a dash
    #[arg(long = "opensearch-index-prefix", value_name = "PREFIX", env = "ES_INDEX_PREFIX", default_value = "")]
    pub index_prefix: String,
}

impl OpenSearchServerArgs {
    /// Settings that reach the server; everything else in them is the default.
    pub fn settings(&self) -> OpenSearchSettings {
        let auth = match self.auth {
            OpenSearchAuth::None => Auth::None,
            OpenSearchAuth::Basic => Auth::Basic { username: self.username.clone(), password: self.password.clone() },
            OpenSearchAuth::Sigv4 => Auth::SigV4 { region: None, service: DEFAULT_SIGNING_SERVICE.into() },
        };
        OpenSearchSettings {
            servers: self.urls.clone(),
            auth,
            index_prefix: self.index_prefix.clone(),
            ..OpenSearchSettings::default()
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OpenSearchAuth {
    /// No authentication
    None,
    /// User and password
    Basic,
    /// AWS Signature Version 4, with the credentials of the AWS SDK's chain
    Sigv4,
}

/// A duration as Jaeger writes it: `250ms`, `1.5s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nanoseconds(pub u64);

impl std::str::FromStr for Nanoseconds {
    type Err = ParseDurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_duration(text).map(Self)
    }
}

impl From<Nanoseconds> for Duration {
    fn from(Nanoseconds(nanoseconds): Nanoseconds) -> Self {
        Self::from_nanos(nanoseconds)
    }
}

/// A setting that cannot stand.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    #[error(
        "the role `{role}` needs a storage that it shares with other processes, and `memory` lives in one: \
         run `all-in-one`, or choose another `--storage`"
    )]
    StorageNotShared { role: &'static str },
    #[error(
        "`--in-flight-max-bytes` ({in_flight}) must be at least {IN_FLIGHT_PER_REQUEST} times `--request-max-bytes` ({request}), \
         or the largest requests would be turned away for ever"
    )]
    InFlightTooSmall { in_flight: ByteSize, request: ByteSize },
    #[error("`--base-path` must start with `/` and hold only letters, digits and `-_./~`, not `{0}`")]
    BasePath(String),
}

/// Settings that have been checked against each other.
#[derive(Clone, Debug)]
pub struct Settings {
    pub role: Role,
    pub args: ServeArgs,
    /// Without the slash at its end; empty for the root.
    pub base_path: String,
}

impl Settings {
    pub fn new(role: Role, args: ServeArgs) -> Result<Self, SettingsError> {
        if role != Role::AllInOne && args.storage == StorageKind::Memory {
            let role = if role == Role::Query { "query" } else { "collector" };
            return Err(SettingsError::StorageNotShared { role });
        }
        let (in_flight, request) = (args.in_flight_max_bytes, args.request_max_bytes);
        if in_flight.as_u64() < request.as_u64().saturating_mul(IN_FLIGHT_PER_REQUEST as u64) {
            return Err(SettingsError::InFlightTooSmall { in_flight, request });
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_./~".contains(c);
        if !args.base_path.starts_with('/') || !args.base_path.chars().all(allowed) {
            return Err(SettingsError::BasePath(args.base_path));
        }
        let base_path = args.base_path.trim_end_matches('/').to_string();
        Ok(Self { role, args, base_path })
    }

    /// What the OpenSearch backend is told.
    pub fn opensearch(&self) -> OpenSearchSettings {
        let OpenSearchArgs { server, retention_days, shards, replicas } = &self.args.opensearch;
        OpenSearchSettings {
            read_only: !self.role.receives(),
            retention_days: *retention_days,
            shards: *shards,
            replicas: *replicas,
            ..server.settings()
        }
    }

    pub fn shutdown_max(&self) -> Duration {
        Duration::from_secs(self.args.shutdown_seconds)
    }
}
