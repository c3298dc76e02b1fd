//! One request in every encoding, by both of OTLP's transports: it is stored whichever it comes in.

use std::{io::Write as _, sync::Arc};

use axum::{Router, body::Body};
use flate2::{
    Compression,
    write::{GzEncoder, ZlibEncoder},
};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message as _;
use tower::ServiceExt as _;

use super::*;
use crate::storage::{TraceReader as _, memory::MemoryStorage};

const BYTES_MAX: usize = 1 << 20;

fn request() -> Vec<u8> {
    let span = Span { trace_id: vec![1; 16], span_id: vec![2; 8], ..Default::default() };
    let scope_spans = vec![ScopeSpans { spans: vec![span], ..Default::default() }];
    ExportTraceServiceRequest { resource_spans: vec![ResourceSpans { scope_spans, ..Default::default() }] }
        .encode_to_vec()
}

fn packed(encoding: &str, body: &[u8]) -> Vec<u8> {
    match encoding {
        "gzip" => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(body).expect("packs");
            encoder.finish().expect("packs")
        }
        "deflate" | "zlib" => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(body).expect("packs");
            encoder.finish().expect("packs")
        }
        "zstd" => zstd::encode_all(body, 1).expect("packs"),
        "snappy" => snap::raw::Encoder::new().compress_vec(body).expect("packs"),
        "x-snappy-framed" => {
            let mut encoder = snap::write::FrameEncoder::new(Vec::new());
            encoder.write_all(body).expect("packs");
            encoder.into_inner().expect("packs")
        }
        _ => body.to_vec(),
    }
}

struct Sent {
    status: StatusCode,
    grpc_status: Option<String>,
    is_stored: bool,
}

async fn send(router: impl FnOnce(Intake) -> Router, request: http::request::Builder, body: Vec<u8>) -> Sent {
    let storage = Arc::new(MemoryStorage::new(BYTES_MAX));
    let intake = Intake::new(storage.clone(), Admission::new(3 * BYTES_MAX), BYTES_MAX);
    let request: Request<Body> = request.body(body.into()).expect("a request");
    let response = router(intake).oneshot(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let trailers = body.collect().await.expect("a body").trailers().cloned().unwrap_or_default();
    let grpc_status = parts.headers.get("grpc-status").or(trailers.get("grpc-status"));
    Sent {
        status: parts.status,
        grpc_status: grpc_status.map(|status| status.to_str().expect("a number").to_owned()),
        is_stored: storage.services().await.expect("services").len() == 1,
    }
}

#[tokio::test]
async fn every_encoding_is_taken_over_http() {
    for encoding in ["identity", "gzip", "zstd", "deflate", "zlib", "snappy", "x-snappy-framed"] {
        let builder = Request::post("/v1/traces").header("content-type", "application/x-protobuf");
        let router = |intake| otlp_http::router(intake, &[]).expect("a router");
        let sent = send(router, builder.header("content-encoding", encoding), packed(encoding, &request())).await;
        assert!(sent.status == StatusCode::OK && sent.is_stored, "{encoding}: {}", sent.status);
    }
}

#[tokio::test]
async fn every_encoding_is_taken_over_grpc_and_others_are_named() {
    for (encoding, status) in [("identity", "0"), ("gzip", "0"), ("zstd", "0"), ("deflate", "0"), ("br", "12")] {
        let message = packed(encoding, &request());
        let mut body = vec![u8::from(encoding != "identity")];
        body.extend((message.len() as u32).to_be_bytes());
        body.extend(message);
        let builder = Request::post("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
            .header("content-type", "application/grpc")
            .header("grpc-encoding", encoding);
        let sent = send(otlp_grpc::router, builder, body).await;
        assert_eq!((sent.grpc_status.as_deref(), sent.is_stored), (Some(status), status == "0"), "{encoding}");
    }
}
