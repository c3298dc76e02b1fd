//! Serves one port: HTTP/1.1 and HTTP/2 (gRPC is the latter), with TLS or without, with limits on everything that a stranger can open.

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto::Builder,
        graceful::{GracefulShutdown, Watcher},
    },
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;
use tower_http::timeout::RequestBodyTimeout;

use super::{
    patience::Patient,
    tls::{DEFAULT_TLS_HANDSHAKE_SECONDS_MAX, Tls},
};

/// Requests that one HTTP/2 connection may have open at once.
const DEFAULT_STREAMS_PER_CONNECTION_MAX: u32 = 256;
/// HTTP/2 flow-control windows: large enough that one batch of spans needs no round trip in between.
const DEFAULT_STREAM_WINDOW_BYTES: u32 = 1 << 20;
const DEFAULT_CONNECTION_WINDOW_BYTES: u32 = 8 << 20;
/// A silent HTTP/2 peer is asked whether it lives, and dropped if it does not answer.
const DEFAULT_KEEP_ALIVE_SECONDS: u64 = 60;
/// After an error that accepting meets (out of file descriptors), before it tries again.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(50);

/// What a port allows its clients.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) connections_max: usize,
    /// How long a client may take for the head of a request, and be silent in its body or deaf to the answer.
    pub(super) stall_max: Duration,
}

type Service = TowerToHyperService<RequestBodyTimeout<Router>>;

pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<Arc<Tls>>,
    limits: Limits,
    stopping: CancellationToken,
) -> io::Result<()> {
    let Limits { connections_max, stall_max } = limits;
    let connections = Arc::new(Semaphore::new(connections_max));
    let graceful = GracefulShutdown::new();
    let builder = builder(stall_max);
    let service = TowerToHyperService::new(RequestBodyTimeout::new(router, stall_max));
    loop {
        // With every place taken the next client waits in the kernel's queue.
        let accepted = tokio::select! {
            () = stopping.cancelled() => break,
            accepted = accept(&listener, &connections) => accepted,
        };
        let Some((stream, place)) = accepted else {
            tokio::time::sleep(ACCEPT_BACKOFF).await;
            continue;
        };
        let (service, builder) = (service.clone(), builder.clone());
        let (watcher, stopping) = (graceful.watcher(), stopping.clone());
        let tls = tls.clone();
        tokio::spawn(async move {
            match tls {
                None => talk(Patient::new(stream, stall_max), service, &builder, watcher).await,
                Some(tls) => {
                    let handshake = Duration::from_secs(DEFAULT_TLS_HANDSHAKE_SECONDS_MAX);
                    let secured = tokio::select! {
                        () = stopping.cancelled() => return,
                        secured = tokio::time::timeout(handshake, tls.acceptor().accept(stream)) => secured,
                    };
                    match secured {
                        Ok(Ok(stream)) => talk(Patient::new(stream, stall_max), service, &builder, watcher).await,
                        Ok(Err(error)) => tracing::debug!(error = &error as &dyn std::error::Error, "no TLS"),
                        Err(_) => tracing::debug!("a client took too long to agree on TLS"),
                    }
                }
            }
            drop(place);
        });
    }
    drop(listener);
    graceful.shutdown().await;
    Ok(())
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    service: Service,
    builder: &Builder<TokioExecutor>,
    watcher: Watcher,
) {
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    // A connection that breaks is its client's affair.
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(error = &*error, "connection ended");
    }
}

async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = connections.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => {
            // Small batches must not wait for the acknowledgement of the ones before them.
            let _ = stream.set_nodelay(true);
            Some((stream, place))
        }
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "cannot accept a connection");
            None
        }
    }
}

fn builder(stall_max: Duration) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(stall_max);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(DEFAULT_STREAMS_PER_CONNECTION_MAX)
        .initial_stream_window_size(DEFAULT_STREAM_WINDOW_BYTES)
        .initial_connection_window_size(DEFAULT_CONNECTION_WINDOW_BYTES)
        .keep_alive_interval(Duration::from_secs(DEFAULT_KEEP_ALIVE_SECONDS));
    builder
}
