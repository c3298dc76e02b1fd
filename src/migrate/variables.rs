//! The environment variables by which clients are told where to send spans, and what becomes of their values.

/// What a variable makes its client send, or ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// OTLP, for whatever signals the client has.
    Otlp,
    OtlpTraces,
    /// OTLP for metrics, logs or profiles.
    OtlpOther,
    JaegerAgent,
    JaegerCollector,
    JaegerSampling,
    Zipkin,
    XRay,
}

impl Protocol {
    /// The collector has a receiver for it.
    pub(super) const fn is_taken(self) -> bool {
        matches!(self, Self::Otlp | Self::OtlpTraces)
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Otlp | Self::OtlpTraces => "OTLP",
            Self::OtlpOther => "metrics, logs or profiles",
            Self::JaegerAgent => "Jaeger's UDP protocol",
            Self::JaegerCollector => "Jaeger's own protocol",
            Self::JaegerSampling => "Jaeger's remote sampling",
            Self::Zipkin => "Zipkin's protocol",
            Self::XRay => "X-Ray's protocol",
        }
    }

    /// What somebody must do where the collector does not take it.
    pub(super) const fn remedy(self) -> &'static str {
        match self {
            Self::Otlp | Self::OtlpTraces => "nothing",
            Self::OtlpOther => "send them elsewhere",
            Self::JaegerAgent | Self::JaegerCollector | Self::Zipkin => "switch its client to OTLP",
            Self::JaegerSampling => {
                "set its sampling in the client, for instance `OTEL_TRACES_SAMPLER=parentbased_traceidratio`"
            }
            Self::XRay => "switch its client to OTLP, or keep a daemon of X-Ray's own",
        }
    }
}

/// What the variable of that name is for; nothing for one that tells no place.
pub(super) fn protocol(name: &str) -> Option<Protocol> {
    Some(match name {
        "OTEL_EXPORTER_OTLP_ENDPOINT" => Protocol::Otlp,
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" => Protocol::OtlpTraces,
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"
        | "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"
        | "OTEL_EXPORTER_OTLP_PROFILES_ENDPOINT" => Protocol::OtlpOther,
        "JAEGER_AGENT_HOST" | "JAEGER_AGENT_PORT" => Protocol::JaegerAgent,
        "JAEGER_ENDPOINT" => Protocol::JaegerCollector,
        "JAEGER_SAMPLING_ENDPOINT" => Protocol::JaegerSampling,
        "OTEL_EXPORTER_ZIPKIN_ENDPOINT" => Protocol::Zipkin,
        "AWS_XRAY_DAEMON_ADDRESS" => Protocol::XRay,
        _ if name.starts_with("OTEL_EXPORTER_JAEGER_AGENT_") => Protocol::JaegerAgent,
        _ if name.starts_with("OTEL_EXPORTER_JAEGER_") => Protocol::JaegerCollector,
        _ if name.starts_with("JAEGER_SAMPLER_") => Protocol::JaegerSampling,
        _ => return None,
    })
}

/// The two ways in which OTLP is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Grpc,
    Http,
}

impl Transport {
    pub(super) fn of_name(protocol: &str) -> Option<Self> {
        match protocol {
            "grpc" => Some(Self::Grpc),
            "http/protobuf" | "http/json" => Some(Self::Http),
            _ => None,
        }
    }

    /// The ports of OTLP, and those that it had before.
    pub(super) fn of_port(port: i64) -> Option<Self> {
        match port {
            4317 | 55680 => Some(Self::Grpc),
            4318 | 55681 => Some(Self::Http),
            _ => None,
        }
    }

    pub(super) fn of_address(address: &Address<'_>) -> Option<Self> {
        let of_path = address.path.ends_with("/v1/traces").then_some(Self::Http);
        of_path.or_else(|| Self::of_port(address.port?.parse().ok()?))
    }
}

/// `[SCHEME://]HOST[:PORT][PATH]`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address<'a> {
    pub(super) scheme: Option<&'a str>,
    pub(super) host: &'a str,
    pub(super) port: Option<&'a str>,
    pub(super) path: &'a str,
}

impl<'a> Address<'a> {
    pub(super) fn read(value: &'a str) -> Self {
        let value = value.trim();
        let (scheme, rest) = match value.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, value),
        };
        let (place, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        // An IPv6 address is in brackets, unless there is no port behind it.
        let end = place.find(']').unwrap_or_default();
        let (host, port) = match place[end..].rfind(':') {
            Some(colon) if place.matches(':').count() == 1 || end > 0 => {
                (&place[..end + colon], Some(&place[end + colon + 1..]))
            }
            _ => (place, None),
        };
        Self { scheme, host: host.trim_matches(['[', ']']), port, path }
    }

    /// It names this task itself, or one of these containers of it.
    pub(super) fn is_inside(&self, names: &[String]) -> bool {
        let is_loopback = matches!(self.host, "localhost" | "::1" | "0.0.0.0") || self.host.starts_with("127.");
        is_loopback || names.iter().any(|name| name == self.host)
    }

    /// The same at another host.
    pub(super) fn at(&self, host: &str) -> String {
        let scheme = self.scheme.map_or_else(String::new, |scheme| format!("{scheme}://"));
        let port = self.port.map_or_else(String::new, |port| format!(":{port}"));
        format!("{scheme}{host}{port}{}", self.path)
    }

    /// The same path at another URL. Who wrote no scheme gets none, unless the way is encrypted.
    pub(super) fn below(&self, url: &str) -> String {
        let base = match self.scheme {
            None => url.strip_prefix("http://").unwrap_or(url),
            Some(_) => url,
        };
        format!("{base}{}", if self.path == "/" { "" } else { self.path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_with_and_without_their_parts() {
        for (text, scheme, host, port, path) in [
            ("http://localhost:4317", Some("http"), "localhost", Some("4317"), ""),
            ("localhost", None, "localhost", None, ""),
            ("127.0.0.1:6831", None, "127.0.0.1", Some("6831"), ""),
            ("http://[::1]:4318/v1/traces", Some("http"), "::1", Some("4318"), "/v1/traces"),
            ("[::1]", None, "::1", None, ""),
            ("::1", None, "::1", None, ""),
            (" https://otel/x:y ", Some("https"), "otel", None, "/x:y"),
            ("6831", None, "6831", None, ""),
            ("", None, "", None, ""),
        ] {
            assert_eq!(Address::read(text), Address { scheme, host, port, path }, "{text}");
        }
    }

    #[test]
    fn inside_is_this_machine_and_the_sidecars_names() {
        let names = ["agent".to_owned()];
        for (text, expected) in [
            ("localhost:1", true),
            ("http://127.0.0.2", true),
            ("http://agent:4317", true),
            ("http://agents:4317", false),
            ("http://traces.example.com:4317", false),
            ("4317", false),
            ("", false),
        ] {
            assert_eq!(Address::read(text).is_inside(&names), expected, "{text}");
        }
    }

    #[test]
    fn addresses_move_with_their_paths() {
        let read = Address::read;
        assert_eq!(read("http://localhost:14268/api/traces").at("traces"), "http://traces:14268/api/traces");
        assert_eq!(read("localhost:6831").at("traces"), "traces:6831");
        assert_eq!(read("http://localhost:4318/v1/traces").below("https://traces"), "https://traces/v1/traces");
        assert_eq!(read("http://localhost:4317/").below("http://traces:4317"), "http://traces:4317");
        assert_eq!(read("localhost:4317").below("http://traces:4317"), "traces:4317");
        assert_eq!(read("localhost:4317").below("https://traces:443"), "https://traces:443");
    }

    #[test]
    fn the_collector_takes_otlp_for_traces_and_nothing_else_yet() {
        for (name, expected) in [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", Some(true)),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", Some(true)),
            ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", Some(false)),
            ("OTEL_EXPORTER_JAEGER_ENDPOINT", Some(false)),
            ("OTEL_EXPORTER_JAEGER_AGENT_HOST", Some(false)),
            ("OTEL_EXPORTER_ZIPKIN_ENDPOINT", Some(false)),
            ("JAEGER_AGENT_HOST", Some(false)),
            ("JAEGER_AGENT_PORT", Some(false)),
            ("JAEGER_ENDPOINT", Some(false)),
            ("JAEGER_SAMPLER_MANAGER_HOST_PORT", Some(false)),
            ("JAEGER_SERVICE_NAME", None),
            ("OTEL_SERVICE_NAME", None),
        ] {
            assert_eq!(protocol(name).map(Protocol::is_taken), expected, "{name}");
        }
    }
}
