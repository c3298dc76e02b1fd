//! What Jaeger 1.x is told by its environment (its flags in capitals, `_` for every other character), and what it means here.

use std::collections::BTreeSet;

use super::{
    Entry, Origin, Variables,
    fault::{Fault, Place},
    keys::Keys,
};

/// What a name of Jaeger's means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The setting takes the same value.
    Same(&'static str),
    /// `HOST:PORT`: the port is this setting, and the host `listen-host`; without one that stays as it is.
    HostPort(&'static str),
    /// One of a group's TLS files; it counts if the group's `…_TLS_ENABLED` is `true`.
    Tls { key: &'static str, enabled: &'static str },
    /// That it is there and not empty sets another setting to this value.
    Implies(&'static str, &'static str),
    /// It has no meaning here: what to do.
    Without(&'static str),
}

/// Two names say it, and the first one wins.
const LOG_LEVEL: &str = "log-level";

use Meaning::{HostPort, Implies, Same, Tls, Without};

const ONE_TLS: &str = "whether a port speaks TLS is decided by `JQS_TLS_CERT` and `JQS_TLS_KEY`";
const NO_QUEUE: &str = "spans are stored before they are acknowledged; `JQS_IN_FLIGHT_MAX_BYTES` bounds what waits";
const BULK: &str = "bulk requests are sized by themselves; remove it";
const NO_AGENT: &str = "there is no agent; let the clients send to the collector";

/// Every name of Jaeger 1.x that is understood, with its meaning. Those that are variables of our own settings
/// (`ES_SERVER_URLS`, `SPAN_STORAGE_TYPE`, …) are not here.
pub const VARIABLES: &[(&str, Meaning)] = &[
    ("ADMIN_HTTP_HOST_PORT", HostPort("admin-port")),
    ("COLLECTOR_GRPC_SERVER_HOST_PORT", HostPort("jaeger-grpc-port")),
    ("COLLECTOR_HTTP_SERVER_HOST_PORT", HostPort("jaeger-http-port")),
    ("COLLECTOR_OTLP_GRPC_HOST_PORT", HostPort("otlp-grpc-port")),
    ("COLLECTOR_OTLP_HTTP_HOST_PORT", HostPort("otlp-http-port")),
    ("COLLECTOR_ZIPKIN_HOST_PORT", HostPort("zipkin-port")),
    ("HTTP_SERVER_HOST_PORT", HostPort("sampling-http-port")),
    ("PROCESSOR_JAEGER_BINARY_SERVER_HOST_PORT", HostPort("jaeger-binary-port")),
    ("PROCESSOR_JAEGER_COMPACT_SERVER_HOST_PORT", HostPort("jaeger-compact-port")),
    ("PROCESSOR_ZIPKIN_COMPACT_SERVER_HOST_PORT", HostPort("zipkin-compact-port")),
    ("QUERY_HTTP_SERVER_HOST_PORT", HostPort("query-port")),
    ("QUERY_GRPC_SERVER_HOST_PORT", HostPort("query-grpc-port")),
    ("COLLECTOR_OTLP_HTTP_CORS_ALLOWED_ORIGINS", Same("otlp-http-cors-origins")),
    // Rust's own custom, and no word of Jaeger's: it comes first, as whoever sets it looks for a fault.
    ("RUST_LOG", Same(LOG_LEVEL)),
    ("LOG_LEVEL", Same(LOG_LEVEL)),
    ("QUERY_BASE_PATH", Same("base-path")),
    ("QUERY_MAX_CLOCK_SKEW_ADJUSTMENT", Same("max-clock-skew")),
    ("ES_USERNAME", Implies("opensearch-auth", "basic")),
    ("COLLECTOR_GRPC_TLS_CERT", Tls { key: "tls-cert", enabled: "COLLECTOR_GRPC_TLS_ENABLED" }),
    ("COLLECTOR_GRPC_TLS_CLIENT_CA", Tls { key: "tls-client-ca", enabled: "COLLECTOR_GRPC_TLS_ENABLED" }),
    ("COLLECTOR_GRPC_TLS_KEY", Tls { key: "tls-key", enabled: "COLLECTOR_GRPC_TLS_ENABLED" }),
    ("COLLECTOR_HTTP_TLS_CERT", Tls { key: "tls-cert", enabled: "COLLECTOR_HTTP_TLS_ENABLED" }),
    ("COLLECTOR_HTTP_TLS_CLIENT_CA", Tls { key: "tls-client-ca", enabled: "COLLECTOR_HTTP_TLS_ENABLED" }),
    ("COLLECTOR_HTTP_TLS_KEY", Tls { key: "tls-key", enabled: "COLLECTOR_HTTP_TLS_ENABLED" }),
    ("COLLECTOR_OTLP_GRPC_TLS_CERT", Tls { key: "tls-cert", enabled: "COLLECTOR_OTLP_GRPC_TLS_ENABLED" }),
    ("COLLECTOR_OTLP_GRPC_TLS_CLIENT_CA", Tls { key: "tls-client-ca", enabled: "COLLECTOR_OTLP_GRPC_TLS_ENABLED" }),
    ("COLLECTOR_OTLP_GRPC_TLS_KEY", Tls { key: "tls-key", enabled: "COLLECTOR_OTLP_GRPC_TLS_ENABLED" }),
    ("COLLECTOR_OTLP_HTTP_TLS_CERT", Tls { key: "tls-cert", enabled: "COLLECTOR_OTLP_HTTP_TLS_ENABLED" }),
    ("COLLECTOR_OTLP_HTTP_TLS_CLIENT_CA", Tls { key: "tls-client-ca", enabled: "COLLECTOR_OTLP_HTTP_TLS_ENABLED" }),
    ("COLLECTOR_OTLP_HTTP_TLS_KEY", Tls { key: "tls-key", enabled: "COLLECTOR_OTLP_HTTP_TLS_ENABLED" }),
    ("COLLECTOR_ZIPKIN_TLS_CERT", Tls { key: "tls-cert", enabled: "COLLECTOR_ZIPKIN_TLS_ENABLED" }),
    ("COLLECTOR_ZIPKIN_TLS_CLIENT_CA", Tls { key: "tls-client-ca", enabled: "COLLECTOR_ZIPKIN_TLS_ENABLED" }),
    ("COLLECTOR_ZIPKIN_TLS_KEY", Tls { key: "tls-key", enabled: "COLLECTOR_ZIPKIN_TLS_ENABLED" }),
    ("QUERY_HTTP_TLS_CERT", Tls { key: "tls-cert", enabled: "QUERY_HTTP_TLS_ENABLED" }),
    ("QUERY_HTTP_TLS_KEY", Tls { key: "tls-key", enabled: "QUERY_HTTP_TLS_ENABLED" }),
    ("QUERY_HTTP_TLS_CLIENT_CA", Without("the query port asks for no certificate; remove it")),
    ("QUERY_GRPC_TLS_ENABLED", Without(ONE_TLS)),
    ("ADMIN_HTTP_TLS_ENABLED", Without("the admin port has no TLS; keep it inside the network")),
    ("COLLECTOR_NUM_WORKERS", Without(NO_QUEUE)),
    ("COLLECTOR_QUEUE_SIZE", Without(NO_QUEUE)),
    ("COLLECTOR_QUEUE_SIZE_MEMORY", Without(NO_QUEUE)),
    ("COLLECTOR_GRPC_SERVER_MAX_MESSAGE_SIZE", Without("set `JQS_REQUEST_MAX_BYTES`, which holds for every port")),
    ("COLLECTOR_OTLP_GRPC_MAX_MESSAGE_SIZE", Without("set `JQS_REQUEST_MAX_BYTES`, which holds for every port")),
    ("COLLECTOR_TAGS", Without("set `OTEL_RESOURCE_ATTRIBUTES` in what sends")),
    ("COLLECTOR_ZIPKIN_CORS_ALLOWED_ORIGINS", Without("pages in browsers send OTLP: `JQS_OTLP_HTTP_CORS_ORIGINS`")),
    ("MEMORY_MAX_TRACES", Without("memory is capped in bytes: set `JQS_MEMORY_MAX_BYTES`")),
    ("QUERY_ADDITIONAL_HEADERS", Without("set headers in what stands before the query port")),
    ("QUERY_BEARER_TOKEN_PROPAGATION", Without("tokens are not handed on; set `JQS_OPENSEARCH_AUTH`")),
    ("QUERY_STATIC_FILES", Without("the page is built in")),
    ("QUERY_UI_CONFIG", Without("the page has no configuration")),
    ("SAMPLING_CONFIG_TYPE", Without("strategies come from `SAMPLING_STRATEGIES_FILE`")),
    ("SAMPLING_STRATEGIES_RELOAD_INTERVAL", Without("the file is looked at every second")),
    ("ES_BULK_ACTIONS", Without(BULK)),
    ("ES_BULK_FLUSH_INTERVAL", Without(BULK)),
    ("ES_BULK_SIZE", Without(BULK)),
    ("ES_BULK_WORKERS", Without(BULK)),
    ("ES_CREATE_INDEX_TEMPLATES", Without("index templates are put at every start of a role that writes")),
    ("ES_INDEX_DATE_SEPARATOR", Without("the date in the names of indices has dashes")),
    ("ES_MAX_SPAN_AGE", Without("a search looks at what its own time range says")),
    ("ES_PASSWORD_FILE", Without("set `ES_PASSWORD`, or a configuration file with `opensearch-password: ${env:NAME}`")),
    (
        "ES_TLS_CA",
        Without("OpenSearch's certificate must be signed by an authority that the system trusts (`SSL_CERT_FILE`)"),
    ),
    ("ES_TLS_CERT", Without("OpenSearch is not shown a certificate; set `JQS_OPENSEARCH_AUTH`")),
    ("ES_TLS_KEY", Without("OpenSearch is not shown a certificate; set `JQS_OPENSEARCH_AUTH`")),
    ("ES_TLS_SKIP_HOST_VERIFY", Without("certificates are always verified")),
    ("ES_TOKEN_FILE", Without("tokens are not sent; set `JQS_OPENSEARCH_AUTH`")),
    ("ES_USE_ALIASES", Without("indices are made by the day, without aliases")),
    ("ES_USE_ILM", Without("indices are made by the day; `JQS_RETENTION_DAYS` deletes them")),
    ("REPORTER_GRPC_HOST_PORT", Without(NO_AGENT)),
];

/// What the environment says in Jaeger's words of settings that are not `set` above it: entries, faults, and what to warn of.
pub(super) fn read(keys: &Keys, variables: &Variables, set: &BTreeSet<&str>) -> (Vec<Entry>, Vec<Fault>, Vec<String>) {
    let (mut entries, mut faults, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
    let own: Vec<&str> = keys.all().filter_map(|(_, arg)| arg.get_env()?.to_str()).collect();
    for &(name, meaning) in VARIABLES {
        let Some(value) = variables.get(name).filter(|value| !value.is_empty()) else { continue };
        let mut add = |key: &'static str, value: &str| entries.push(Entry::of_variable(key, name, value));
        match meaning {
            Same(key) => add(key, value),
            Implies(key, implied) => add(key, implied),
            HostPort(key) => match host_and_port(value) {
                Some((host, port)) => {
                    add(key, port);
                    if !host.is_empty() {
                        add("listen-host", if host == "localhost" { "127.0.0.1" } else { host });
                    }
                }
                None => faults.push(Fault::new(
                    Place::Variable(name.into()),
                    format!("`{value}` is not `HOST:PORT`, such as `:4317`"),
                )),
            },
            Tls { key, enabled } => match variables.get(enabled).map(String::as_str) {
                Some("true" | "1" | "t" | "TRUE" | "True" | "T") => add(key, value),
                _ => warnings.push(format!("`{name}` has no effect: `{enabled}` is not `true`")),
            },
            Without(_) if own.contains(&name) => {}
            Without(instead) => warnings.push(format!("`{name}` has no effect here: {instead}")),
        }
    }
    entries.retain(|entry| !set.contains(entry.key.as_str()));
    agree(&mut entries, &mut faults);
    (entries, faults, warnings)
}

fn host_and_port(text: &str) -> Option<(&str, &str)> {
    let (host, port) = text.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    port.parse::<u16>().is_ok().then_some((host, port))
}

/// Jaeger has an address and a certificate for each port, and this program one for all: names that differ cannot all be right.
fn agree(entries: &mut Vec<Entry>, faults: &mut Vec<Fault>) {
    let mut kept: Vec<Entry> = Vec::new();
    for entry in entries.drain(..) {
        match kept.iter().find(|other| other.key == entry.key) {
            None => kept.push(entry),
            Some(other) if other.values == entry.values || entry.key == LOG_LEVEL => {}
            Some(other) => {
                let (Origin::Variable(first), Origin::Variable(second)) = (&other.origin, &entry.origin) else {
                    continue;
                };
                let message = format!(
                    "`{first}` and `{second}` say different things of `{}`, which holds for all ports",
                    entry.key
                );
                faults.push(Fault {
                    place: Place::Variable(second.clone()),
                    message,
                    hint: Some(format!("let them agree, or set `{}` itself", entry.key)),
                });
            }
        }
    }
    *entries = kept;
}
