//! Health, admin and metrics ports: readiness as Jaeger v2 tells it (13133 `/status`) and liveness (`/live`), the admin port of Jaeger 1.x (14269), Prometheus (8888).

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Instant,
};

use axum::{Json, Router, extract::State, response::IntoResponse, routing::get};
use http::{StatusCode, header};
use jiff::Timestamp;
use serde::Serialize;

use crate::telemetry;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HealthState {
    Starting = 0,
    Ready = 1,
    Stopping = 2,
}

/// Whether this process takes requests, shared by everyone who asks.
#[derive(Clone)]
pub(super) struct Health(Arc<HealthInner>);

struct HealthInner {
    state: AtomicU8,
    started: Timestamp,
    started_at: Instant,
}

impl Default for Health {
    fn default() -> Self {
        let state = AtomicU8::new(HealthState::Starting as u8);
        Self(Arc::new(HealthInner { state, started: Timestamp::now(), started_at: Instant::now() }))
    }
}

impl Health {
    pub(super) fn set(&self, state: HealthState) {
        self.0.state.store(state as u8, Ordering::Relaxed);
    }

    fn state(&self) -> HealthState {
        match self.0.state.load(Ordering::Relaxed) {
            0 => HealthState::Starting,
            1 => HealthState::Ready,
            _ => HealthState::Stopping,
        }
    }

    fn code(&self) -> StatusCode {
        if self.state() == HealthState::Ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
    }
}

#[derive(Serialize)]
struct HealthV2 {
    start_time: String,
    healthy: bool,
    status: &'static str,
    status_time: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HealthV1 {
    status: &'static str,
    up_since: String,
    uptime: String,
}

pub(super) fn health_router(health: Health) -> Router {
    // That it answers is the answer: an orchestrator that starts it anew for being busy with its start or its end loses spans.
    let live = async || Json(serde_json::json!({ "live": true }));
    Router::new().route("/status", get(health_v2)).route("/live", get(live)).with_state(health)
}

async fn health_v2(State(health): State<Health>) -> impl IntoResponse {
    let status = match health.state() {
        HealthState::Starting => "StatusStarting",
        HealthState::Ready => "StatusOK",
        HealthState::Stopping => "StatusStopping",
    };
    let body = HealthV2 {
        start_time: health.0.started.to_string(),
        healthy: health.state() == HealthState::Ready,
        status,
        status_time: Timestamp::now().to_string(),
    };
    (health.code(), Json(body))
}

pub(super) fn router(health: Health) -> Router {
    Router::new().route("/", get(health_v1)).with_state(health).merge(metrics_router())
}

async fn health_v1(State(health): State<Health>) -> impl IntoResponse {
    let ready = health.state() == HealthState::Ready;
    let body = HealthV1 {
        status: if ready { "Server available" } else { "Server not available" },
        up_since: health.0.started.to_string(),
        uptime: format!("{:.3}s", health.0.started_at.elapsed().as_secs_f64()),
    };
    (health.code(), Json(body))
}

pub(super) fn metrics_router() -> Router {
    Router::new().route("/metrics", get(render_metrics))
}

async fn render_metrics() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], telemetry::metrics().render())
}
