//! One running server: bind every port, serve, drain under a deadline.

mod admin;
mod http;

use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use self::admin::{Health, HealthState};
use crate::{
    api::{self, ApiState, BasePathError},
    query::{QueryOptions, QueryService},
    receiver::{Admission, Intake, otlp_grpc, otlp_http},
    settings::Settings,
    storage::{self, Storage, StorageError},
    telemetry,
};

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the storage cannot be opened")]
    Storage(#[from] StorageError),
    #[error(transparent)]
    BasePath(#[from] BasePathError),
    #[error(
        "cannot listen on {address} for {purpose}; is another program using the port? (choose another with `{flag}`)"
    )]
    Bind {
        address: SocketAddr,
        purpose: &'static str,
        flag: &'static str,
        #[source]
        source: std::io::Error,
    },
}

/// What did not end well.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("the server on port {port} ended")]
    Serve {
        port: u16,
        #[source]
        source: std::io::Error,
    },
    #[error("requests were still running {0:?} after the shutdown began; they were cut off")]
    ShutdownDeadline(Duration),
}

/// One port and what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub purpose: Purpose,
    pub address: SocketAddr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    OtlpGrpc,
    OtlpHttp,
    Query,
    Health,
    Admin,
    Metrics,
}

pub struct Server {
    settings: Settings,
    storage: Storage,
    admission: Arc<Admission>,
    health: Health,
    ports: Vec<Port>,
}

struct Port {
    endpoint: Endpoint,
    listener: TcpListener,
    router: axum::Router,
}

impl Server {
    /// Opens the storage and every port. Nothing is served yet, but clients can connect.
    pub async fn bind(settings: Settings) -> Result<Self, StartError> {
        telemetry::metrics();
        let storage = storage::open(&settings).await?;
        let admission = Admission::new(settings.args.in_flight_max_bytes.as_u64() as usize);
        let mut server = Self { settings, storage, admission, health: Health::default(), ports: Vec::new() };
        server.bind_ports().await?;
        Ok(server)
    }

    async fn bind_ports(&mut self) -> Result<(), StartError> {
        let args = self.settings.args.clone();
        let intake =
            Intake::new(self.storage.writer.clone(), self.admission.clone(), args.request_max_bytes.as_u64() as usize);
        if self.settings.role.receives() {
            self.open(Purpose::OtlpGrpc, args.otlp_grpc_port, otlp_grpc::router(intake.clone())).await?;
            self.open(Purpose::OtlpHttp, args.otlp_http_port, otlp_http::router(intake)).await?;
        }
        if self.settings.role.answers() {
            let options = QueryOptions { clock_skew_max: args.max_clock_skew.into(), ..QueryOptions::default() };
            let query = QueryService::new(self.storage.reader.clone(), options);
            let state = ApiState::new(query, &self.settings.base_path)?;
            self.open(Purpose::Query, args.query_port, api::router(state)).await?;
        }
        self.open(Purpose::Health, args.health_port, admin::health_router(self.health.clone())).await?;
        self.open(Purpose::Admin, args.admin_port, admin::router(self.health.clone())).await?;
        self.open(Purpose::Metrics, args.metrics_port, admin::metrics_router()).await
    }

    async fn open(&mut self, purpose: Purpose, port: u16, router: axum::Router) -> Result<(), StartError> {
        let address = SocketAddr::new(self.settings.args.listen_host, port);
        let fail = |source| StartError::Bind { address, purpose: purpose.name(), flag: purpose.flag(), source };
        let listener = TcpListener::bind(address).await.map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        self.ports.push(Port { endpoint: Endpoint { purpose, address }, listener, router });
        Ok(())
    }

    pub fn endpoints(&self) -> Vec<Endpoint> {
        self.ports.iter().map(|port| port.endpoint).collect()
    }

    pub fn address(&self, purpose: Purpose) -> Option<SocketAddr> {
        self.ports.iter().find(|port| port.endpoint.purpose == purpose).map(|port| port.endpoint.address)
    }

    /// Serves until `stop` is ready, then accepts nothing new, finishes what was begun and returns.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), RunError> {
        let shutdown_max = self.settings.shutdown_max();
        let connections_max = self.settings.args.max_connections.get();
        let stopping = CancellationToken::new();
        let mut servers = JoinSet::new();
        for Port { endpoint, listener, router } in self.ports {
            let served = http::serve(listener, router, connections_max, stopping.clone());
            servers.spawn(async move { served.await.map_err(|source| (endpoint.address.port(), source)) });
        }
        let gauges = tokio::spawn(keep_gauges(self.storage.clone(), self.admission.clone()));
        self.health.set(HealthState::Ready);
        let failure = tokio::select! {
            () = stop => None,
            Some(ended) = servers.join_next() => ended.ok().and_then(Result::err),
        };
        self.health.set(HealthState::Stopping);
        stopping.cancel();
        let drained = tokio::time::timeout(shutdown_max, async { while servers.join_next().await.is_some() {} }).await;
        gauges.abort();
        match (failure, drained) {
            (Some((port, source)), _) => Err(RunError::Serve { port, source }),
            (None, Err(_)) => Err(RunError::ShutdownDeadline(shutdown_max)),
            (None, Ok(())) => Ok(()),
        }
    }
}

const GAUGE_INTERVAL: Duration = Duration::from_secs(1);

async fn keep_gauges(storage: Storage, admission: Arc<Admission>) {
    let mut ticks = tokio::time::interval(GAUGE_INTERVAL);
    loop {
        ticks.tick().await;
        if let Some(memory) = &storage.memory {
            telemetry::set_memory_usage(memory.usage());
        }
        telemetry::set_in_flight(admission.used());
        telemetry::metrics().run_upkeep();
    }
}

impl Purpose {
    pub fn name(self) -> &'static str {
        match self {
            Self::OtlpGrpc => "OTLP gRPC",
            Self::OtlpHttp => "OTLP HTTP",
            Self::Query => "the query API and the page",
            Self::Health => "health",
            Self::Admin => "admin",
            Self::Metrics => "metrics",
        }
    }

    fn flag(self) -> &'static str {
        match self {
            Self::OtlpGrpc => "--otlp-grpc-port",
            Self::OtlpHttp => "--otlp-http-port",
            Self::Query => "--query-port",
            Self::Health => "--health-port",
            Self::Admin => "--admin-port",
            Self::Metrics => "--metrics-port",
        }
    }
}
