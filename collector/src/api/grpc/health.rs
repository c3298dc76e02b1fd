//! `grpc.health.v1.Health` (<https://github.com/grpc/grpc/blob/master/doc/health-checking.md>): whoever can ask is served. `Watch` is not
//! there, which clients take as a server that is not watched.

use axum::{Router, extract::Request, routing::post};
use prost::Message;
use tonic::Status;

use super::{call, v2, v3};

const SERVING: i32 = 1;
const NAME: &str = "grpc.health.v1.Health";

#[derive(Clone, PartialEq, Message)]
struct HealthCheckRequest {
    #[prost(string, tag = "1")]
    service: String,
}

#[derive(Clone, PartialEq, Message)]
struct HealthCheckResponse {
    #[prost(int32, tag = "1")]
    status: i32,
}

pub(super) fn router() -> Router {
    Router::new()
        .route("/grpc.health.v1.Health/Check", post(async |request: Request| call::answer(request, check).await))
}

/// The empty name stands for the whole server.
async fn check(request: HealthCheckRequest) -> Result<[HealthCheckResponse; 1], Status> {
    if ["", NAME, v2::NAME, v3::NAME].contains(&request.service.as_str()) {
        return Ok([HealthCheckResponse { status: SERVING }]);
    }
    Err(Status::not_found(format!("there is no service `{}`", request.service)))
}
