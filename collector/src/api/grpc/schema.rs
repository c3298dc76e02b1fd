//! What the services look like, for clients that ask (server reflection). Written as a table, as no protobuf compiler is needed for
//! anything else.
//!
//! A line is `message NAME: FIELD, …`, `enum NAME: VALUE, …` or `service NAME: METHOD, …`. A field is `name type number`, where `*` before
//! the type repeats it, a type with a dot is a message or, with `#` before it, an enum, and `|` names the `oneof` that it is in. A method
//! is `Name Request Response`, where `*` before the response streams it. A name with a dot lies in the message before the dot; one that
//! ends in `Entry` is the entry of a map.

use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
    FileDescriptorSet, MessageOptions, MethodDescriptorProto, OneofDescriptorProto, ServiceDescriptorProto,
    field_descriptor_proto::{Label, Type},
};

struct File {
    name: &'static str,
    package: &'static str,
    imports: &'static [&'static str],
    lines: &'static str,
}

const TIMESTAMP: &str = "google/protobuf/timestamp.proto";
const DURATION: &str = "google/protobuf/duration.proto";
const COMMON: &str = "opentelemetry/proto/common/v1/common.proto";
const RESOURCE: &str = "opentelemetry/proto/resource/v1/resource.proto";
const TRACE: &str = "opentelemetry/proto/trace/v1/trace.proto";

/// Each after those that it imports.
const FILES: &[File] = &[
    File {
        name: TIMESTAMP,
        package: "google.protobuf",
        imports: &[],
        lines: "message Timestamp: seconds int64 1, nanos int32 2",
    },
    File {
        name: DURATION,
        package: "google.protobuf",
        imports: &[],
        lines: "message Duration: seconds int64 1, nanos int32 2",
    },
    File {
        name: COMMON,
        package: "opentelemetry.proto.common.v1",
        imports: &[],
        lines: "
message AnyValue: string_value string 1 |value, bool_value bool 2 |value, int_value int64 3 |value, double_value double 4 |value, array_value .opentelemetry.proto.common.v1.ArrayValue 5 |value, kvlist_value .opentelemetry.proto.common.v1.KeyValueList 6 |value, bytes_value bytes 7 |value
message ArrayValue: values *.opentelemetry.proto.common.v1.AnyValue 1
message KeyValueList: values *.opentelemetry.proto.common.v1.KeyValue 1
message KeyValue: key string 1, value .opentelemetry.proto.common.v1.AnyValue 2
message InstrumentationScope: name string 1, version string 2, attributes *.opentelemetry.proto.common.v1.KeyValue 3, dropped_attributes_count uint32 4
message EntityRef: schema_url string 1, type string 2, id_keys *string 3, description_keys *string 4",
    },
    File {
        name: RESOURCE,
        package: "opentelemetry.proto.resource.v1",
        imports: &[COMMON],
        lines: "message Resource: attributes *.opentelemetry.proto.common.v1.KeyValue 1, dropped_attributes_count uint32 2, entity_refs *.opentelemetry.proto.common.v1.EntityRef 3",
    },
    File {
        name: TRACE,
        package: "opentelemetry.proto.trace.v1",
        imports: &[COMMON, RESOURCE],
        lines: "
message TracesData: resource_spans *.opentelemetry.proto.trace.v1.ResourceSpans 1
message ResourceSpans: resource .opentelemetry.proto.resource.v1.Resource 1, scope_spans *.opentelemetry.proto.trace.v1.ScopeSpans 2, schema_url string 3
message ScopeSpans: scope .opentelemetry.proto.common.v1.InstrumentationScope 1, spans *.opentelemetry.proto.trace.v1.Span 2, schema_url string 3
message Span: trace_id bytes 1, span_id bytes 2, trace_state string 3, parent_span_id bytes 4, flags fixed32 16, name string 5, kind #.opentelemetry.proto.trace.v1.Span.SpanKind 6, start_time_unix_nano fixed64 7, end_time_unix_nano fixed64 8, attributes *.opentelemetry.proto.common.v1.KeyValue 9, dropped_attributes_count uint32 10, events *.opentelemetry.proto.trace.v1.Span.Event 11, dropped_events_count uint32 12, links *.opentelemetry.proto.trace.v1.Span.Link 13, dropped_links_count uint32 14, status .opentelemetry.proto.trace.v1.Status 15
enum Span.SpanKind: SPAN_KIND_UNSPECIFIED, SPAN_KIND_INTERNAL, SPAN_KIND_SERVER, SPAN_KIND_CLIENT, SPAN_KIND_PRODUCER, SPAN_KIND_CONSUMER
message Span.Event: time_unix_nano fixed64 1, name string 2, attributes *.opentelemetry.proto.common.v1.KeyValue 3, dropped_attributes_count uint32 4
message Span.Link: trace_id bytes 1, span_id bytes 2, trace_state string 3, attributes *.opentelemetry.proto.common.v1.KeyValue 4, dropped_attributes_count uint32 5, flags fixed32 6
message Status: message string 2, code #.opentelemetry.proto.trace.v1.Status.StatusCode 3
enum Status.StatusCode: STATUS_CODE_UNSET, STATUS_CODE_OK, STATUS_CODE_ERROR",
    },
    File {
        name: "query_service.proto",
        package: "jaeger.api_v3",
        imports: &[DURATION, TIMESTAMP, TRACE],
        lines: "
message GetTraceRequest: trace_id string 1, start_time .google.protobuf.Timestamp 2, end_time .google.protobuf.Timestamp 3, raw_traces bool 4
message TraceQueryParameters: service_name string 1, operation_name string 2, attributes *.jaeger.api_v3.TraceQueryParameters.AttributesEntry 3, start_time_min .google.protobuf.Timestamp 4, start_time_max .google.protobuf.Timestamp 5, duration_min .google.protobuf.Duration 6, duration_max .google.protobuf.Duration 7, search_depth int32 8, raw_traces bool 9
message TraceQueryParameters.AttributesEntry: key string 1, value string 2
message FindTracesRequest: query .jaeger.api_v3.TraceQueryParameters 1
message GetServicesRequest:
message GetServicesResponse: services *string 1
message GetOperationsRequest: service string 1, span_kind string 2
message Operation: name string 1, span_kind string 2
message GetOperationsResponse: operations *.jaeger.api_v3.Operation 1
message GetDependenciesRequest: start_time .google.protobuf.Timestamp 1, end_time .google.protobuf.Timestamp 2
message DependenciesResponse: dependencies *.jaeger.api_v3.Dependency 1
message Dependency: parent string 1, child string 2, call_count uint64 3
message ServiceSummary: name string 1, span_count int32 2, error_span_count int32 3
message TraceSummary: trace_id string 1, root_service_name string 2, root_operation_name string 3, min_start_time_unix_nano fixed64 4, max_end_time_unix_nano fixed64 5, span_count int32 6, error_span_count int32 7, orphan_span_count int32 8, services *.jaeger.api_v3.ServiceSummary 9
message FindTraceSummariesRequest: query .jaeger.api_v3.TraceQueryParameters 1
message FindTraceSummariesResponse: summaries *.jaeger.api_v3.TraceSummary 1
service QueryService: GetTrace .jaeger.api_v3.GetTraceRequest *.opentelemetry.proto.trace.v1.TracesData, FindTraces .jaeger.api_v3.FindTracesRequest *.opentelemetry.proto.trace.v1.TracesData, GetServices .jaeger.api_v3.GetServicesRequest .jaeger.api_v3.GetServicesResponse, GetOperations .jaeger.api_v3.GetOperationsRequest .jaeger.api_v3.GetOperationsResponse, GetDependencies .jaeger.api_v3.GetDependenciesRequest .jaeger.api_v3.DependenciesResponse, FindTraceSummaries .jaeger.api_v3.FindTraceSummariesRequest *.jaeger.api_v3.FindTraceSummariesResponse",
    },
    File {
        name: "model.proto",
        package: "jaeger.api_v2",
        imports: &[DURATION, TIMESTAMP],
        lines: "
enum ValueType: STRING, BOOL, INT64, FLOAT64, BINARY
message KeyValue: key string 1, v_type #.jaeger.api_v2.ValueType 2, v_str string 3, v_bool bool 4, v_int64 int64 5, v_float64 double 6, v_binary bytes 7
message Log: timestamp .google.protobuf.Timestamp 1, fields *.jaeger.api_v2.KeyValue 2
enum SpanRefType: CHILD_OF, FOLLOWS_FROM
message SpanRef: trace_id bytes 1, span_id bytes 2, ref_type #.jaeger.api_v2.SpanRefType 3
message Process: service_name string 1, tags *.jaeger.api_v2.KeyValue 2
message Span: trace_id bytes 1, span_id bytes 2, operation_name string 3, references *.jaeger.api_v2.SpanRef 4, flags uint32 5, start_time .google.protobuf.Timestamp 6, duration .google.protobuf.Duration 7, tags *.jaeger.api_v2.KeyValue 8, logs *.jaeger.api_v2.Log 9, process .jaeger.api_v2.Process 10, process_id string 11, warnings *string 12
message DependencyLink: parent string 1, child string 2, call_count uint64 3, source string 4",
    },
    File {
        name: "query.proto",
        package: "jaeger.api_v2",
        imports: &[DURATION, TIMESTAMP, "model.proto"],
        lines: "
message GetTraceRequest: trace_id bytes 1, start_time .google.protobuf.Timestamp 2, end_time .google.protobuf.Timestamp 3, raw_traces bool 4
message SpansResponseChunk: spans *.jaeger.api_v2.Span 1
message ArchiveTraceRequest: trace_id bytes 1, start_time .google.protobuf.Timestamp 2, end_time .google.protobuf.Timestamp 3
message ArchiveTraceResponse:
message TraceQueryParameters: service_name string 1, operation_name string 2, tags *.jaeger.api_v2.TraceQueryParameters.TagsEntry 3, start_time_min .google.protobuf.Timestamp 4, start_time_max .google.protobuf.Timestamp 5, duration_min .google.protobuf.Duration 6, duration_max .google.protobuf.Duration 7, search_depth int32 8, raw_traces bool 9
message TraceQueryParameters.TagsEntry: key string 1, value string 2
message FindTracesRequest: query .jaeger.api_v2.TraceQueryParameters 1
message GetServicesRequest:
message GetServicesResponse: services *string 1
message GetOperationsRequest: service string 1, span_kind string 2
message Operation: name string 1, span_kind string 2
message GetOperationsResponse: operationNames *string 1, operations *.jaeger.api_v2.Operation 2
message GetDependenciesRequest: start_time .google.protobuf.Timestamp 1, end_time .google.protobuf.Timestamp 2
message GetDependenciesResponse: dependencies *.jaeger.api_v2.DependencyLink 1
service QueryService: GetTrace .jaeger.api_v2.GetTraceRequest *.jaeger.api_v2.SpansResponseChunk, ArchiveTrace .jaeger.api_v2.ArchiveTraceRequest .jaeger.api_v2.ArchiveTraceResponse, FindTraces .jaeger.api_v2.FindTracesRequest *.jaeger.api_v2.SpansResponseChunk, GetServices .jaeger.api_v2.GetServicesRequest .jaeger.api_v2.GetServicesResponse, GetOperations .jaeger.api_v2.GetOperationsRequest .jaeger.api_v2.GetOperationsResponse, GetDependencies .jaeger.api_v2.GetDependenciesRequest .jaeger.api_v2.GetDependenciesResponse",
    },
    File {
        name: "grpc/health/v1/health.proto",
        package: "grpc.health.v1",
        imports: &[],
        lines: "
message HealthCheckRequest: service string 1
message HealthCheckResponse: status #.grpc.health.v1.HealthCheckResponse.ServingStatus 1
enum HealthCheckResponse.ServingStatus: UNKNOWN, SERVING, NOT_SERVING, SERVICE_UNKNOWN
service Health: Check .grpc.health.v1.HealthCheckRequest .grpc.health.v1.HealthCheckResponse",
    },
];

pub(super) fn files() -> FileDescriptorSet {
    FileDescriptorSet { file: FILES.iter().map(file).collect() }
}

fn file(source: &File) -> FileDescriptorProto {
    let mut file = FileDescriptorProto {
        name: Some(source.name.into()),
        package: Some(source.package.into()),
        dependency: source.imports.iter().map(|name| (*name).into()).collect(),
        syntax: Some("proto3".into()),
        ..FileDescriptorProto::default()
    };
    for line in source.lines.lines().filter(|line| !line.is_empty()) {
        let (head, items) = line.split_once(':').unwrap_or((line, ""));
        let (what, name) = head.split_once(' ').unwrap_or((head, ""));
        let (outer, name) = name.rsplit_once('.').unwrap_or(("", name));
        let items: Vec<&str> = items.split(',').map(str::trim).filter(|item| !item.is_empty()).collect();
        let outer = file.message_type.iter_mut().find(|message| message.name() == outer);
        match (what, outer) {
            ("message", None) => file.message_type.push(message(name, &items)),
            ("message", Some(outer)) => outer.nested_type.push(message(name, &items)),
            ("enum", Some(outer)) => outer.enum_type.push(enumeration(name, &items)),
            ("enum", None) => file.enum_type.push(enumeration(name, &items)),
            _ => file.service.push(service(name, &items)),
        }
    }
    file
}

fn message(name: &str, items: &[&str]) -> DescriptorProto {
    let mut message = DescriptorProto { name: Some(name.into()), ..DescriptorProto::default() };
    if name.ends_with("Entry") {
        message.options = Some(MessageOptions { map_entry: Some(true), ..MessageOptions::default() });
    }
    for item in items {
        let mut words = item.split(' ');
        let mut next = || words.next().unwrap_or_default();
        let (name, kind, number, choice) = (next(), next(), next(), next());
        let (label, kind) = match kind.strip_prefix('*') {
            Some(kind) => (Label::Repeated, kind),
            None => (Label::Optional, kind),
        };
        let (kind, type_name) = match kind.strip_prefix('#') {
            Some(name) => (Type::Enum, Some(name.to_string())),
            None if kind.starts_with('.') => (Type::Message, Some(kind.to_string())),
            None => (Type::from_str_name(&format!("TYPE_{}", kind.to_uppercase())).unwrap_or(Type::Bytes), None),
        };
        let choice = choice.strip_prefix('|').map(|name| {
            let known = message.oneof_decl.iter().position(|one| one.name() == name);
            known.unwrap_or_else(|| {
                message.oneof_decl.push(OneofDescriptorProto { name: Some(name.into()), options: None });
                message.oneof_decl.len() - 1
            })
        });
        message.field.push(FieldDescriptorProto {
            name: Some(name.into()),
            number: number.parse().ok(),
            label: Some(label as i32),
            r#type: Some(kind as i32),
            type_name,
            oneof_index: choice.and_then(|at| i32::try_from(at).ok()),
            ..FieldDescriptorProto::default()
        });
    }
    message
}

fn enumeration(name: &str, items: &[&str]) -> EnumDescriptorProto {
    let value = |(name, number): (&&str, i32)| EnumValueDescriptorProto {
        name: Some((*name).into()),
        number: Some(number),
        options: None,
    };
    EnumDescriptorProto {
        name: Some(name.into()),
        value: items.iter().zip(0..).map(value).collect(),
        ..EnumDescriptorProto::default()
    }
}

fn service(name: &str, items: &[&str]) -> ServiceDescriptorProto {
    let method = |item: &&str| {
        let mut words = item.split(' ');
        let mut next = || words.next().unwrap_or_default();
        let (name, request, response) = (next(), next(), next());
        MethodDescriptorProto {
            name: Some(name.into()),
            input_type: Some(request.into()),
            output_type: Some(response.trim_start_matches('*').into()),
            server_streaming: Some(response.starts_with('*')),
            ..MethodDescriptorProto::default()
        }
    };
    ServiceDescriptorProto { name: Some(name.into()), method: items.iter().map(method).collect(), options: None }
}
