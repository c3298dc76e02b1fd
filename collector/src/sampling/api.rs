//! `/sampling` over HTTP, and `jaeger.api_v2.SamplingManager/GetSamplingStrategy` over gRPC.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Query, State},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use http::{StatusCode, header};
use prost::Message;
use serde_json::{Map, Value, json};

use super::{Sampling, Strategy, strategies::Sampler};
use crate::{
    model::wire::{Cursor, Field, Slice, WireError},
    receiver::{DecodeError, Intake, Transport, grpc},
};

const VIA: Transport = Transport { receiver: "sampling", transport: "grpc" };

/// What answers need: the strategies, and the limits on requests.
#[derive(Clone)]
pub struct Served {
    pub sampling: Arc<Sampling>,
    pub intake: Intake,
}

/// Port 5778. The agent of Jaeger 1.x answered for baggage as well: there are no restrictions.
pub fn http_router(served: Served) -> Router {
    let none = async || Json(json!([]));
    Router::new()
        .route("/", get(strategy))
        .route("/sampling", get(strategy))
        .route("/api/sampling", get(strategy))
        .route("/baggageRestrictions", get(none))
        .with_state(served)
}

/// Port 14268 beside the spans.
pub fn collector_router(served: Served) -> Router {
    Router::new().route("/api/sampling", get(strategy)).with_state(served)
}

pub fn grpc_router(served: Served) -> Router {
    Router::new().route("/jaeger.api_v2.SamplingManager/GetSamplingStrategy", post(call)).with_state(served)
}

async fn strategy(State(served): State<Served>, Query(pairs): Query<Vec<(String, String)>>) -> Response {
    let mut services = pairs.iter().filter(|(key, _)| key == "service").map(|(_, service)| service);
    let (Some(service), None) = (services.next().filter(|service| !service.is_empty()), services.next()) else {
        return (StatusCode::BAD_REQUEST, "'service' parameter must be provided once\n").into_response();
    };
    let body = json_of(&served.sampling.strategy(service));
    ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// Protobuf's JSON mapping with defaults written out and absent messages left out, as Jaeger's clients read it.
fn json_of(strategy: &Strategy) -> Value {
    let mut body = Map::new();
    let kind = match strategy.sampler {
        Sampler::Probabilistic(rate) => {
            body.insert("probabilisticSampling".into(), json!({ "samplingRate": rate }));
            "PROBABILISTIC"
        }
        Sampler::RateLimiting(traces) => {
            body.insert("rateLimitingSampling".into(), json!({ "maxTracesPerSecond": traces }));
            "RATE_LIMITING"
        }
    };
    body.insert("strategyType".into(), kind.into());
    if !strategy.operations.is_empty() {
        let operations: Vec<Value> = strategy
            .operations
            .iter()
            .map(|(operation, rate)| {
                json!({ "operation": operation, "probabilisticSampling": { "samplingRate": rate } })
            })
            .collect();
        body.insert(
            "operationSampling".into(),
            json!({
                "defaultSamplingProbability": default_rate(strategy.sampler),
                "defaultLowerBoundTracesPerSecond": 0.0,
                "perOperationStrategies": operations,
                "defaultUpperBoundTracesPerSecond": 0.0,
            }),
        );
    }
    Value::Object(body)
}

/// For the operations that have none of their own.
fn default_rate(sampler: Sampler) -> f64 {
    match sampler {
        Sampler::Probabilistic(rate) => rate,
        Sampler::RateLimiting(_) => super::DEFAULT_RATE,
    }
}

async fn call(State(served): State<Served>, request: axum::extract::Request) -> Response {
    let sampling = served.sampling;
    grpc::unary(&served.intake, VIA, request, async move |body| {
        let service = service_of(&body).map_err(DecodeError::Protobuf)?;
        Ok(SamplingStrategyResponse::from(&sampling.strategy(service)))
    })
    .await
}

/// `message SamplingStrategyParameters { string serviceName = 1 }`
fn service_of(body: &[u8]) -> Result<&str, WireError> {
    let mut service = "";
    let mut cursor = Cursor::new(Slice { bytes: body, offset: 0 });
    while let Some((number, field)) = cursor.next()? {
        if let (1, Field::Bytes(name)) = (number, field) {
            service = name.text()?;
        }
    }
    Ok(service)
}

/// `sampling.proto` of jaegertracing/jaeger-idl.
#[derive(Clone, PartialEq, Message)]
struct SamplingStrategyResponse {
    #[prost(int32, tag = "1")]
    strategy_type: i32,
    #[prost(message, optional, tag = "2")]
    probabilistic_sampling: Option<ProbabilisticSamplingStrategy>,
    #[prost(message, optional, tag = "3")]
    rate_limiting_sampling: Option<RateLimitingSamplingStrategy>,
    #[prost(message, optional, tag = "4")]
    operation_sampling: Option<PerOperationSamplingStrategies>,
}

#[derive(Clone, PartialEq, Message)]
struct ProbabilisticSamplingStrategy {
    #[prost(double, tag = "1")]
    sampling_rate: f64,
}

#[derive(Clone, PartialEq, Message)]
struct RateLimitingSamplingStrategy {
    #[prost(int32, tag = "1")]
    max_traces_per_second: i32,
}

#[derive(Clone, PartialEq, Message)]
struct OperationSamplingStrategy {
    #[prost(string, tag = "1")]
    operation: String,
    #[prost(message, optional, tag = "2")]
    probabilistic_sampling: Option<ProbabilisticSamplingStrategy>,
}

#[derive(Clone, PartialEq, Message)]
struct PerOperationSamplingStrategies {
    #[prost(double, tag = "1")]
    default_sampling_probability: f64,
    #[prost(double, tag = "2")]
    default_lower_bound_traces_per_second: f64,
    #[prost(message, repeated, tag = "3")]
    per_operation_strategies: Vec<OperationSamplingStrategy>,
    #[prost(double, tag = "4")]
    default_upper_bound_traces_per_second: f64,
}

impl From<&Strategy> for SamplingStrategyResponse {
    fn from(strategy: &Strategy) -> Self {
        let rate = |sampling_rate| Some(ProbabilisticSamplingStrategy { sampling_rate });
        let mut response = match strategy.sampler {
            Sampler::Probabilistic(sampling_rate) => {
                Self { probabilistic_sampling: rate(sampling_rate), ..Self::default() }
            }
            Sampler::RateLimiting(max_traces_per_second) => Self {
                strategy_type: 1,
                rate_limiting_sampling: Some(RateLimitingSamplingStrategy { max_traces_per_second }),
                ..Self::default()
            },
        };
        response.operation_sampling = (!strategy.operations.is_empty()).then(|| PerOperationSamplingStrategies {
            default_sampling_probability: default_rate(strategy.sampler),
            per_operation_strategies: strategy
                .operations
                .iter()
                .map(|(operation, sampling_rate)| OperationSamplingStrategy {
                    operation: operation.clone(),
                    probabilistic_sampling: rate(*sampling_rate),
                })
                .collect(),
            ..PerOperationSamplingStrategies::default()
        });
        response
    }
}
