//! The containers that stay: where they are told to send spans.

use super::super::definition::{items, text, variable};
use super::super::destination::Destination;
use super::super::find::{Kind, Sidecar, TRACE_PORTS, mapped_ports};
use super::super::variables::{Address, Protocol, Transport, protocol};
use super::{Change, Rewrite};
use serde_json::{Value, json};

const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];
const XRAY_DAEMON: &str = "xray";
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const PROTOCOLS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
/// They would have the client send in clear, whatever the URL says.
const INSECURE: [&str; 2] = ["OTEL_EXPORTER_OTLP_INSECURE", "OTEL_EXPORTER_OTLP_TRACES_INSECURE"];
/// What else an SDK sends to `OTEL_EXPORTER_OTLP_ENDPOINT`, unless told not to.
const OTHER_SIGNALS: [&str; 2] = ["OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER"];

pub(super) struct Clients<'a> {
    destination: &'a Destination,
    /// Names under which the other containers know the sidecars, links apart.
    names: Vec<String>,
    /// The one transport that the sidecars' ports are for.
    transport: Option<Transport>,
    /// A sidecar took X-Ray's protocol, and no daemon of its own does.
    takes_xray: bool,
    speaks_only_jaeger: bool,
}

impl<'a> Clients<'a> {
    pub(super) fn new(destination: &'a Destination, sidecars: &[Sidecar], gone: &[Value], kept: &[Value]) -> Self {
        let own = |container: &Value| [text(container, "name").to_owned(), text(container, "hostname").to_owned()];
        let mut transports = gone.iter().flat_map(mapped_ports).filter_map(Transport::of_port);
        let first = transports.next();
        let is_collector = |each: &Sidecar| matches!(each.kind, Kind::OpenTelemetry | Kind::AwsOpenTelemetry);
        let has_daemon = kept.iter().any(|container| text(container, "image").contains(XRAY_DAEMON));
        Self {
            destination,
            names: gone.iter().flat_map(own).filter(|name| !name.is_empty()).collect(),
            transport: first.filter(|first| transports.all(|each| each == *first)),
            takes_xray: sidecars.iter().any(is_collector) && !has_daemon,
            speaks_only_jaeger: sidecars.iter().all(|each| each.kind == Kind::JaegerAgent),
        }
    }

    pub(super) fn redirect(&self, kept: &mut [Value], rewrite: &mut Rewrite) {
        let mut is_told = false;
        for container in kept.iter_mut() {
            let names = self.names_in(container);
            is_told |= self.variables(container, &names, rewrite);
            is_told |= self.secrets(container, rewrite);
            is_told |= mentions(container, &names, rewrite);
            is_told |= self.default(container, rewrite);
        }
        if !is_told {
            let all = kept.iter().map(|each| text(each, "name")).collect::<Vec<_>>().join(", ");
            let why =
                "nothing in the task definition says where its spans go, and clients send to `localhost` by themselves";
            let remedy = if self.speaks_only_jaeger {
                "switch its client to OTLP, with `OTEL_EXPORTER_OTLP_ENDPOINT` and `OTEL_EXPORTER_OTLP_PROTOCOL`"
            } else {
                "set `OTEL_EXPORTER_OTLP_ENDPOINT` and `OTEL_EXPORTER_OTLP_PROTOCOL` in the container that sends"
            };
            rewrite.obstacle(&all, why, remedy);
        }
    }

    /// With what this container calls the sidecars that it links to.
    fn names_in(&self, container: &Value) -> Vec<String> {
        let links = items(container, "links").iter().filter_map(Value::as_str);
        let aliases =
            links.filter_map(|link| link.split_once(':')).filter(|(name, _)| self.names.iter().any(|own| own == name));
        self.names.iter().cloned().chain(aliases.map(|(_, alias)| alias.to_owned())).collect()
    }

    fn variables(&self, container: &mut Value, names: &[String], rewrite: &mut Rewrite) -> bool {
        let mut is_told = false;
        let name = text(container, "name").to_owned();
        for each in items(&container.clone(), "environment") {
            let (key, before) = (text(each, "name"), text(each, "value"));
            let Some(protocol) = protocol(key) else { continue };
            if protocol == Protocol::XRay && !self.takes_xray {
                continue;
            }
            is_told |= protocol != Protocol::OtlpOther && protocol != Protocol::JaegerSampling;
            let address = Address::read(before);
            if !address.is_inside(names) {
                continue;
            }
            if protocol.is_taken() {
                let url = self.url(container, protocol, &address, key, rewrite);
                self.set(container, key, address.below(url), "the shared service takes it", rewrite);
                self.beside(container, protocol, rewrite);
                continue;
            }
            let message = format!("`{key}` has it send {}, which the collector does not take yet", protocol.title());
            rewrite.obstacle(&name, message, protocol.remedy());
            if matches!(protocol, Protocol::OtlpOther | Protocol::XRay) {
                continue;
            }
            self.set(container, key, address.at(&self.destination.host), "where the shared service is", rewrite);
        }
        is_told
    }

    /// The URL of the shared service for the transport that the client speaks.
    fn url(
        &self,
        container: &Value,
        protocol: Protocol,
        address: &Address<'_>,
        key: &str,
        rewrite: &mut Rewrite,
    ) -> &str {
        let of_variable = PROTOCOLS.iter().find_map(|name| Transport::of_name(variable(container, name)?));
        let transport = of_variable.or_else(|| Transport::of_address(address)).or(self.transport);
        match transport {
            Some(Transport::Grpc) => &self.destination.grpc,
            Some(Transport::Http) => &self.destination.http,
            None => {
                let name = text(container, "name");
                let message =
                    format!("nothing tells whether it sends {} over gRPC or HTTP to `{key}`", protocol.title());
                rewrite.obstacle(name, message, "set `OTEL_EXPORTER_OTLP_PROTOCOL` (taken for HTTP with `--force`)");
                &self.destination.http
            }
        }
    }

    /// A value that is a secret may name the sidecar as well: `jqs` does not read it.
    fn secrets(&self, container: &mut Value, rewrite: &mut Rewrite) -> bool {
        let mut is_told = false;
        let name = text(container, "name").to_owned();
        for secret in items(&container.clone(), "secrets") {
            let (key, source) = (text(secret, "name"), text(secret, "valueFrom"));
            let Some(protocol) = protocol(key) else { continue };
            is_told |= protocol != Protocol::OtlpOther && protocol != Protocol::JaegerSampling;
            let is_host = key.ends_with("_AGENT_HOST");
            let value = if protocol.is_taken() {
                let url = self.url(container, protocol, &Address::read(""), key, rewrite).to_owned();
                let is_whole = protocol == Protocol::OtlpTraces && url == self.destination.http;
                if is_whole { format!("{url}/v1/traces") } else { url }
            } else {
                let message = format!(
                    "the secret `{key}` has it send {}, which the collector does not take yet",
                    protocol.title()
                );
                rewrite.obstacle(&name, message, protocol.remedy());
                if !is_host {
                    continue;
                }
                self.destination.host.clone()
            };
            remove(container, "secrets", key);
            rewrite.changes.push(Change {
                container: name.clone(),
                part: "secrets",
                name: key.to_owned(),
                before: Some(source.to_owned()),
                after: None,
                reason: "a variable takes its place".to_owned(),
            });
            self.set(container, key, value, "the place of the shared service is no secret", rewrite);
            if protocol.is_taken() {
                rewrite.notes.push(format!(
                    "`{name}`: the value of the secret `{key}` is not read, and taken to name the sidecar"
                ));
                self.beside(container, protocol, rewrite);
            }
        }
        is_told
    }

    /// A container that an SDK runs in, as its variables show, sends to `localhost` unless told otherwise.
    fn default(&self, container: &mut Value, rewrite: &mut Rewrite) -> bool {
        let keys = items(container, "environment").iter().chain(items(container, "secrets"));
        let keys: Vec<String> = keys.map(|each| text(each, "name").to_owned()).collect();
        let sends = |key: &String| {
            protocol(key).is_some_and(|protocol| !matches!(protocol, Protocol::OtlpOther | Protocol::JaegerSampling))
        };
        if !keys.iter().any(|key| key.starts_with("OTEL_")) || keys.iter().any(sends) {
            return false;
        }
        if variable(container, "OTEL_SDK_DISABLED") == Some("true") {
            return false;
        }
        let name = text(container, "name").to_owned();
        let exporters = variable(container, "OTEL_TRACES_EXPORTER").unwrap_or("otlp").to_owned();
        let mut is_told = false;
        for exporter in exporters.split(',').map(str::trim) {
            let protocol = match exporter {
                "otlp" => Protocol::Otlp,
                "jaeger" => Protocol::JaegerCollector,
                "zipkin" => Protocol::Zipkin,
                _ => continue,
            };
            is_told = true;
            if !protocol.is_taken() {
                let message = format!(
                    "`OTEL_TRACES_EXPORTER={exporters}` has it send {}, which the collector does not take yet",
                    protocol.title()
                );
                rewrite.obstacle(&name, message, protocol.remedy());
                continue;
            }
            let url = self.url(container, protocol, &Address::read(""), ENDPOINT, rewrite).to_owned();
            self.set(container, ENDPOINT, url, "without it an SDK sends to `localhost`", rewrite);
            self.beside(container, protocol, rewrite);
        }
        is_told
    }

    /// What goes with an endpoint: whether the way is encrypted, and what else is sent to it.
    fn beside(&self, container: &mut Value, protocol: Protocol, rewrite: &mut Rewrite) {
        if self.destination.is_encrypted() {
            for key in INSECURE {
                if variable(container, key).is_some_and(|value| value.eq_ignore_ascii_case("true")) {
                    self.set(container, key, "false".to_owned(), "the way to the shared service is encrypted", rewrite);
                }
            }
        }
        let open = OTHER_SIGNALS.iter().filter(|key| variable(container, key) != Some("none"));
        let open: Vec<String> = open.map(|key| format!("`{key}=none`")).collect();
        if protocol == Protocol::Otlp && !open.is_empty() {
            rewrite.notes.push(format!(
                "`{}`: `{ENDPOINT}` is for metrics and logs too, which the collector refuses: where its SDK sends them, set {}",
                text(container, "name"),
                open.join(" and ")
            ));
        }
    }

    fn set(&self, container: &mut Value, key: &str, value: String, reason: &str, rewrite: &mut Rewrite) {
        let before = variable(container, key).map(str::to_owned);
        if before.as_deref() == Some(value.as_str()) {
            return;
        }
        let name = text(container, "name").to_owned();
        if let Some(list) = container.get_mut("environment").and_then(Value::as_array_mut) {
            match list.iter_mut().find(|each| text(each, "name") == key) {
                Some(each) => each["value"] = json!(value),
                None => list.push(json!({"name": key, "value": value})),
            }
        } else {
            container["environment"] = json!([{"name": key, "value": value}]);
        }
        let (key, reason) = (key.to_owned(), reason.to_owned());
        rewrite.changes.push(Change {
            container: name,
            part: "environment",
            name: key,
            before,
            after: Some(value),
            reason,
        });
    }
}

fn remove(container: &mut Value, part: &str, key: &str) {
    let Some(fields) = container.as_object_mut() else { return };
    let Some(list) = fields.get_mut(part).and_then(Value::as_array_mut) else { return };
    list.retain(|each| text(each, "name") != key);
    if list.is_empty() {
        fields.remove(part);
    }
}

/// Addresses of a sidecar inside other texts: nobody but their owner knows what they are for.
fn mentions(container: &Value, names: &[String], rewrite: &mut Rewrite) -> bool {
    let name = text(container, "name");
    let mut places: Vec<(String, &str)> = Vec::new();
    for each in items(container, "environment") {
        if protocol(text(each, "name")).is_none() {
            places.push((format!("the variable `{}`", text(each, "name")), text(each, "value")));
        }
    }
    let health = container.get("healthCheck");
    for (what, list) in [
        ("its command", items(container, "command")),
        ("its entry point", items(container, "entryPoint")),
        ("its health check", health.map_or(&[][..], |health| items(health, "command"))),
    ] {
        places.extend(list.iter().filter_map(Value::as_str).map(|argument| (what.to_owned(), argument)));
    }
    let mut found = false;
    for (place, text) in places {
        let hosts = LOOPBACK.into_iter().chain(names.iter().map(String::as_str));
        if let Some(address) = hosts.filter_map(|host| mentioned(text, host)).next() {
            found = true;
            let remedy = "write where it is to send instead; `--force` leaves it as it is";
            rewrite.obstacle(name, format!("{place} names the sidecar's address `{address}`"), remedy);
        }
    }
    if !items(container, "environmentFiles").is_empty() {
        rewrite
            .notes
            .push(format!("`{name}`: its files of variables are not read; what the definition sets counts over them"));
    }
    found
}

/// `HOST:PORT` with a port for traces, not as a part of something longer.
fn mentioned(text: &str, host: &str) -> Option<String> {
    TRACE_PORTS.iter().map(|port| format!("{host}:{port}")).find(|address| {
        text.match_indices(address.as_str()).any(|(start, found)| {
            let before = text[..start].chars().next_back();
            let after = text[start + found.len()..].chars().next();
            !before.is_some_and(|letter| letter.is_alphanumeric() || "-_.".contains(letter))
                && !after.is_some_and(|letter| letter.is_ascii_digit())
        })
    })
}
