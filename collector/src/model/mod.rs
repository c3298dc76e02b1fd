//! The internal model is OTLP's own: a batch keeps the encoded spans it came with, and is decoded only where somebody looks inside.

mod attribute;
mod batch;
mod id;
mod trace;
mod view;
pub(crate) mod wire;
mod writer;

pub use attribute::{encoded_attributes, is_regular_attribute};
pub use batch::{BatchError, ContextRef, DEFAULT_SPAN_PARTS_MAX, SpanBatch, SpanRef};
pub use id::{ParseIdError, SpanId, TraceId};
pub use trace::{ServiceSummary, Trace, TraceSummary, service_name, summarize};
pub use view::{SpanView, messages, resource_has_attribute, scope_has_attribute, span_has_attribute, status};
pub use writer::{BatchWriter, EventWriter, ResourceWriter, SpanWriter, Value};

/// The service name of a resource that carries no usable `service.name` (the name Jaeger's own OTLP translation uses).
pub const MISSING_SERVICE_NAME: &str = "OTLPResourceNoServiceName";

/// The attribute in which a span's warnings travel, a list of texts, as Jaeger's storage and clients know it.
pub(crate) const WARNINGS_ATTRIBUTE: &str = "@jaeger@warnings";
