//! The query API over gRPC (port 16685): `jaeger.api_v2.QueryService`, `jaeger.api_v3.QueryService`, `grpc.health.v1.Health` and server reflection, with which clients
//! such as `grpcurl` need no files of their own.

mod call;
mod chunks;
mod health;
mod messages;
mod model;
mod schema;
mod v2;
mod v3;

use axum::{Router, response::Response};
use tonic::Status;
use tonic_reflection::server::{Builder, Error as ReflectionError};

use super::ApiState;

pub use call::DEFAULT_QUESTION_BYTES_MAX;
pub use chunks::DEFAULT_CHUNK_BYTES_MAX;

pub fn router(state: ApiState) -> Router {
    let router = Router::new().merge(v2::router()).merge(v3::router()).with_state(state).merge(health::router());
    match reflection() {
        Ok(reflection) => router.merge(reflection),
        // Written by ourselves, and tested.
        Err(_) => router,
    }
    .fallback(unknown)
}

/// Both versions of it: `grpcurl` asks for the newer one, and older clients for `v1alpha`.
fn reflection() -> Result<Router, ReflectionError> {
    let files = || Builder::configure().register_file_descriptor_set(schema::files());
    Ok(Router::new()
        .route_service("/grpc.reflection.v1.ServerReflection/{method}", files().build_v1()?)
        .route_service("/grpc.reflection.v1alpha.ServerReflection/{method}", files().build_v1alpha()?))
}

/// A call of a method that is not there (HTTP status 200, as gRPC wants it).
async fn unknown(uri: http::Uri) -> Response {
    Status::unimplemented(format!("there is no method `{}`", uri.path())).into_http()
}
