//! One running server: bind every port, serve, drain under a deadline.

mod admin;
mod http;
mod patience;
mod purpose;
mod tls;

use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, UdpSocket},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use self::{
    admin::{Health, HealthState},
    tls::Secured,
};
pub use self::{
    purpose::Purpose,
    tls::{DEFAULT_TLS_HANDSHAKE_SECONDS_MAX, DEFAULT_TLS_RELOAD_SECONDS, TlsError},
};
use crate::{
    api::{self, ApiState, BasePathError},
    query::{QueryOptions, QueryService},
    receiver::{
        Admission, Intake,
        jaeger::{self, udp},
        otlp_grpc, otlp_http, zipkin,
    },
    sampling::{self, Sampling, StrategiesError},
    settings::{OptionalPort, Settings},
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
    #[error(transparent)]
    Strategies(#[from] StrategiesError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Origin(#[from] otlp_http::OriginError),
    #[error(
        "cannot listen on {address} for {purpose}; is another program using the port? (choose another with `{flag}`{or_none})"
    )]
    Bind {
        address: SocketAddr,
        purpose: &'static str,
        flag: &'static str,
        /// How to do without it.
        or_none: &'static str,
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

pub struct Server {
    settings: Settings,
    storage: Storage,
    admission: Arc<Admission>,
    health: Health,
    sampling: Arc<Sampling>,
    tls: Secured,
    ports: Vec<Port>,
}

struct Port {
    endpoint: Endpoint,
    door: Door,
}

enum Door {
    Connections(TcpListener, axum::Router),
    Packets(UdpSocket, udp::Encoding, Intake),
}

impl Server {
    /// Opens the storage and every port. Nothing is served yet, but clients can connect.
    pub async fn bind(settings: Settings) -> Result<Self, StartError> {
        telemetry::metrics();
        let storage = storage::open(&settings).await?;
        let admission = Admission::new(settings.args.in_flight_max_bytes.as_u64() as usize);
        let sampling = Arc::new(Sampling::open(settings.args.receivers.strategies_file.clone(), settings.role)?);
        let tls = Secured::open(&settings)?;
        let health = Health::default();
        let mut server = Self { settings, storage, admission, health, sampling, tls, ports: Vec::new() };
        server.bind_ports().await?;
        Ok(server)
    }

    async fn bind_ports(&mut self) -> Result<(), StartError> {
        let args = self.settings.args.clone();
        let intake =
            Intake::new(self.storage.writer.clone(), self.admission.clone(), args.request_max_bytes.as_u64() as usize);
        if self.settings.role.receives() {
            self.open(Purpose::OtlpGrpc, args.receivers.otlp_grpc_port, otlp_grpc::router(intake.clone())).await?;
            let otlp_http = otlp_http::router(intake.clone(), &args.receivers.otlp_http_cors_origins)?;
            self.open(Purpose::OtlpHttp, args.receivers.otlp_http_port, otlp_http).await?;
            self.bind_receivers(&intake).await?;
        }
        if self.settings.role.answers() {
            let options = QueryOptions { clock_skew_max: args.max_clock_skew.into(), ..QueryOptions::default() };
            let query = QueryService::new(self.storage.reader.clone(), options);
            let state = ApiState::new(query, &self.settings.base_path)?;
            if let OptionalPort(Some(port)) = args.query_grpc_port {
                self.open(Purpose::QueryGrpc, port, api::grpc::router(state.clone())).await?;
            }
            self.open(Purpose::Query, args.query_port, api::router(state)).await?;
        }
        self.open(Purpose::Health, args.health_port, admin::health_router(self.health.clone())).await?;
        self.open(Purpose::Admin, args.admin_port, admin::router(self.health.clone())).await?;
        self.open(Purpose::Metrics, args.metrics_port, admin::metrics_router()).await
    }

    /// The ways in that are Jaeger's and Zipkin's own, each unless it is switched off.
    async fn bind_receivers(&mut self, intake: &Intake) -> Result<(), StartError> {
        let ports = self.settings.args.receivers.clone();
        let sampling = || sampling::Served { sampling: self.sampling.clone(), intake: intake.clone() };
        let (strategies, calls) = (sampling::http_router(sampling()), sampling::grpc_router(sampling()));
        let jaeger_grpc = jaeger::grpc::router(intake.clone()).merge(calls.clone());
        let jaeger_http = jaeger::http::router(intake.clone()).merge(sampling::collector_router(sampling()));
        for (purpose, port, router) in [
            (Purpose::JaegerGrpc, ports.jaeger_grpc_port, jaeger_grpc),
            (Purpose::JaegerHttp, ports.jaeger_http_port, jaeger_http),
            (Purpose::Zipkin, ports.zipkin_port, zipkin::router(intake.clone())),
            (Purpose::SamplingHttp, ports.sampling_http_port, strategies),
            (Purpose::SamplingGrpc, ports.sampling_grpc_port, calls),
        ] {
            if let OptionalPort(Some(port)) = port {
                self.open(purpose, port, router).await?;
            }
        }
        for (purpose, port, encoding) in [
            (Purpose::JaegerCompact, ports.jaeger_compact_port, udp::Encoding::Compact),
            (Purpose::JaegerBinary, ports.jaeger_binary_port, udp::Encoding::Binary),
            (Purpose::ZipkinCompact, ports.zipkin_compact_port, udp::Encoding::Compact),
        ] {
            if let OptionalPort(Some(port)) = port {
                self.open_udp(purpose, port, encoding, intake.clone()).await?;
            }
        }
        Ok(())
    }

    async fn open_udp(
        &mut self,
        purpose: Purpose,
        port: u16,
        encoding: udp::Encoding,
        intake: Intake,
    ) -> Result<(), StartError> {
        let address = SocketAddr::new(self.settings.args.listen_host, port);
        let fail = |source| purpose.cannot_listen(address, source);
        let socket = UdpSocket::bind(address).await.map_err(fail)?;
        let address = socket.local_addr().map_err(fail)?;
        self.ports
            .push(Port { endpoint: Endpoint { purpose, address }, door: Door::Packets(socket, encoding, intake) });
        Ok(())
    }

    async fn open(&mut self, purpose: Purpose, port: u16, router: axum::Router) -> Result<(), StartError> {
        let address = SocketAddr::new(self.settings.args.listen_host, port);
        let fail = |source| purpose.cannot_listen(address, source);
        let listener = TcpListener::bind(address).await.map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        self.ports.push(Port { endpoint: Endpoint { purpose, address }, door: Door::Connections(listener, router) });
        Ok(())
    }

    pub fn endpoints(&self) -> Vec<Endpoint> {
        self.ports.iter().map(|port| port.endpoint).collect()
    }

    pub fn address(&self, purpose: Purpose) -> Option<SocketAddr> {
        self.ports.iter().find(|port| port.endpoint.purpose == purpose).map(|port| port.endpoint.address)
    }

    /// Whether clients of this port speak TLS.
    pub fn is_secured(&self, purpose: Purpose) -> bool {
        self.tls.of(purpose).is_some()
    }

    /// Serves until `stop` is ready, then accepts nothing new, finishes what was begun and returns.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), RunError> {
        let shutdown_max = self.settings.shutdown_max();
        let limits = http::Limits {
            connections_max: self.settings.args.max_connections.get(),
            stall_max: Duration::from_secs(self.settings.args.client_stall_seconds.get()),
        };
        let (stopping, ended) = (CancellationToken::new(), CancellationToken::new());
        let (mut servers, mut told) = (JoinSet::new(), JoinSet::new());
        for Port { endpoint, door } in self.ports {
            let for_operators = endpoint.purpose.is_for_operators();
            let (set, stopping) = if for_operators { (&mut told, &ended) } else { (&mut servers, &stopping) };
            let (stopping, tls) = (stopping.clone(), self.tls.of(endpoint.purpose));
            set.spawn(async move {
                let served = match door {
                    Door::Connections(listener, router) => http::serve(listener, router, tls, limits, stopping).await,
                    Door::Packets(socket, encoding, intake) => {
                        udp::serve(socket, encoding, intake, stopping).await;
                        Ok(())
                    }
                };
                served.map_err(|source| (endpoint.address.port(), source))
            });
        }
        let mut reloading = JoinSet::new();
        reloading.spawn(self.sampling.keep_fresh());
        for tls in [self.tls.receivers, self.tls.query].into_iter().flatten() {
            reloading.spawn(tls.keep_fresh());
        }
        let gauges = tokio::spawn(keep_gauges(self.storage.clone(), self.admission.clone()));
        self.health.set(HealthState::Ready);
        let failure = tokio::select! {
            () = stop => None,
            Some(ended) = servers.join_next() => ended.ok().and_then(Result::err),
            Some(ended) = told.join_next() => ended.ok().and_then(Result::err),
        };
        self.health.set(HealthState::Stopping);
        stopping.cancel();
        let drained = tokio::time::timeout(shutdown_max, async { while servers.join_next().await.is_some() {} }).await;
        ended.cancel();
        // Whoever asks how it is gets the answer that is being written, and no more.
        let _ = tokio::time::timeout(LAST_ANSWERS_MAX, async { while told.join_next().await.is_some() {} }).await;
        gauges.abort();
        drop(reloading);
        match (failure, drained) {
            (Some((port, source)), _) => Err(RunError::Serve { port, source }),
            (None, Err(_)) => Err(RunError::ShutdownDeadline(shutdown_max)),
            (None, Ok(())) => Ok(()),
        }
    }
}

/// How long the ports for operators go on when everything else has ended.
const LAST_ANSWERS_MAX: Duration = Duration::from_millis(500);
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
