//! Which containers of a task are tracing sidecars, and why.

use super::definition::{containers, is_essential, items, text};
use serde::Serialize;
use serde_json::Value;

/// Ports at which tracing agents and collectors listen.
pub(crate) const TRACE_PORTS: [i64; 11] = [4317, 4318, 5775, 5778, 6831, 6832, 9411, 14250, 14268, 55680, 55681];

/// Images by the last part of their name, as a mirror keeps it too.
const IMAGES: [(&str, Kind); 6] = [
    ("jaeger-agent", Kind::JaegerAgent),
    ("opentelemetry-collector", Kind::OpenTelemetry),
    ("opentelemetry-collector-contrib", Kind::OpenTelemetry),
    ("aws-otel-collector", Kind::AwsOpenTelemetry),
    ("all-in-one", Kind::JaegerAllInOne),
    ("jaeger", Kind::Jaeger),
];
/// Names that others use as well: these need their owner's name before them, or a port that tells.
const COMMON_NAMES: [&str; 2] = ["all-in-one", "jaeger"];
const JAEGER_OWNER: &str = "jaegertracing";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// The agent of Jaeger v1.
    JaegerAgent,
    /// All of Jaeger v1 in one.
    JaegerAllInOne,
    /// Jaeger v2.
    Jaeger,
    OpenTelemetry,
    AwsOpenTelemetry,
    /// What somebody named with `--sidecar`.
    Named,
}

impl Kind {
    const fn title(self) -> &'static str {
        match self {
            Self::JaegerAgent => "the agent of Jaeger v1",
            Self::JaegerAllInOne => "Jaeger v1, all in one",
            Self::Jaeger => "Jaeger v2",
            Self::OpenTelemetry => "an OpenTelemetry collector",
            Self::AwsOpenTelemetry => "AWS's OpenTelemetry collector",
            Self::Named => "named with `--sidecar`",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Sidecar {
    pub(crate) container: String,
    pub(crate) image: String,
    pub(crate) kind: Kind,
    /// Why it was taken for one.
    pub(crate) reason: String,
}

/// What looks like a sidecar and stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Spared {
    pub(crate) container: String,
    pub(crate) image: String,
    pub(crate) reason: String,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    pub(crate) sidecars: Vec<Sidecar>,
    pub(crate) spared: Vec<Spared>,
}

/// What a service sends others to: its load balancers, registries and Service Connect.
#[derive(Debug, Clone, Default)]
pub(crate) struct Exposed {
    pub(crate) containers: Vec<String>,
    /// Names of port mappings.
    pub(crate) ports: Vec<String>,
}

impl Exposed {
    fn has(&self, container: &Value) -> bool {
        let mut names = items(container, "portMappings").iter().map(|port| text(port, "name"));
        self.containers.iter().any(|name| name == text(container, "name"))
            || names.any(|name| self.ports.iter().any(|exposed| exposed == name))
    }
}

/// `named`: containers that somebody calls sidecars, whatever their image.
pub(crate) fn find(body: &Value, exposed: &Exposed, named: &[String]) -> Findings {
    let all = containers(body);
    let mut found = Findings::default();
    for container in all {
        let (name, image) = (text(container, "name").to_owned(), text(container, "image").to_owned());
        let spare = |reason: &str| Spared { container: name.clone(), image: image.clone(), reason: reason.to_owned() };
        let Some((kind, why)) = judge(container, named) else {
            if let Some(port) = trace_port(container).filter(|_| all.len() > 1 && !exposed.has(container)) {
                let text =
                    format!("maps the port {port}, but its image is not a known one: `--sidecar {name}` takes it");
                found.spared.push(spare(&text));
            }
            continue;
        };
        if exposed.has(container) {
            found.spared.push(spare("the service sends others to it: it is no sidecar"));
        } else if all.len() == 1 {
            found.spared.push(spare("it is the only container: a service of its own"));
        } else {
            let reason = format!("{}: {why}", kind.title());
            found.sidecars.push(Sidecar { container: name, image, kind, reason });
        }
    }
    let is_taken = |container: &Value| found.sidecars.iter().any(|each| each.container == text(container, "name"));
    if !all.iter().any(|container| is_essential(container) && !is_taken(container)) {
        let reason = "no other container of the task is essential: it is what the service is for";
        let spared = found.sidecars.drain(..).map(|each| Spared {
            container: each.container,
            image: each.image,
            reason: reason.to_owned(),
        });
        found.spared.extend(spared);
    }
    found
}

/// What a container is, and what tells it.
fn judge(container: &Value, named: &[String]) -> Option<(Kind, String)> {
    let image = text(container, "image");
    let repository = repository(image);
    let (owners, last) = repository.rsplit_once('/').unwrap_or(("", repository));
    let known = IMAGES.iter().find(|(name, _)| *name == last).map(|(_, kind)| *kind);
    let port = trace_port(container);
    let is_common = COMMON_NAMES.contains(&last);
    match known {
        Some(kind) if !is_common || owners.split('/').any(|owner| owner == JAEGER_OWNER) => {
            Some((kind, format!("its image is `{image}`")))
        }
        Some(kind) if port.is_some() => {
            let port = port.unwrap_or_default();
            Some((kind, format!("its image is called `{last}` and it maps the port {port}")))
        }
        _ if named.iter().any(|name| name == text(container, "name")) => {
            Some((Kind::Named, format!("its image is `{image}`")))
        }
        _ => None,
    }
}

/// The name without tag and digest. A colon before the last slash is of a registry's port.
fn repository(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or_default();
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => image,
    }
}

fn trace_port(container: &Value) -> Option<i64> {
    mapped_ports(container).find(|port| TRACE_PORTS.contains(port))
}

pub(crate) fn mapped_ports(container: &Value) -> impl Iterator<Item = i64> {
    items(container, "portMappings").iter().filter_map(|port| port.get("containerPort")?.as_i64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn task(containers: &Value) -> Value {
        json!({"family": "shop", "containerDefinitions": containers})
    }

    fn found(containers: &Value) -> Findings {
        find(&task(containers), &Exposed::default(), &[])
    }

    fn beside_shop(image: &str, port: i64) -> Findings {
        let side = json!({"name": "side", "image": image, "portMappings": [{"containerPort": port}]});
        found(&json!([{"name": "shop", "image": "shop:1"}, side]))
    }

    #[test]
    fn images_are_known_by_the_end_of_their_name_in_any_registry() {
        let mirror = "111122223333.dkr.ecr.eu-west-1.amazonaws.com";
        for (image, kind) in [
            ("jaegertracing/jaeger-agent:1.60", Kind::JaegerAgent),
            ("docker.io/jaegertracing/jaeger-agent", Kind::JaegerAgent),
            ("jaegertracing/all-in-one:1.60", Kind::JaegerAllInOne),
            ("jaegertracing/jaeger:2.9.0", Kind::Jaeger),
            ("cr.jaegertracing.io/jaegertracing/jaeger:2.9.0", Kind::Jaeger),
            ("otel/opentelemetry-collector:0.120.0", Kind::OpenTelemetry),
            ("otel/opentelemetry-collector-contrib", Kind::OpenTelemetry),
            ("amazon/aws-otel-collector:latest", Kind::AwsOpenTelemetry),
            ("public.ecr.aws/aws-observability/aws-otel-collector:v0.43.0", Kind::AwsOpenTelemetry),
            (&format!("{mirror}/jaeger-agent@sha256:{}", "0".repeat(64)), Kind::JaegerAgent),
            (&format!("{mirror}/docker-hub/jaegertracing/jaeger:2.9.0"), Kind::Jaeger),
            ("registry.example.com:5000/otel/opentelemetry-collector", Kind::OpenTelemetry),
        ] {
            let sidecars = beside_shop(image, 80).sidecars;
            assert_eq!(sidecars.len(), 1, "{image}");
            assert_eq!((sidecars[0].kind, sidecars[0].container.as_str()), (kind, "side"), "{image}");
            assert!(sidecars[0].reason.contains(image), "{}", sidecars[0].reason);
        }
    }

    #[test]
    fn a_name_that_others_use_needs_a_port_that_tells() {
        for image in ["mirror/all-in-one:3", "jaeger"] {
            assert!(beside_shop(image, 80).sidecars.is_empty(), "{image}");
            let sidecars = beside_shop(image, 6831).sidecars;
            assert!(sidecars[0].reason.contains("maps the port 6831"), "{image}: {sidecars:?}");
        }
        for image in ["jaeger-agent-proxy", "opentelemetry-collector-builder", "jaeger-ui", "shop"] {
            assert!(beside_shop(image, 80) == Findings::default(), "{image}");
        }
    }

    #[test]
    fn a_port_alone_is_a_hint_and_never_takes_a_container() {
        let hint = beside_shop("tracing-gateway:2", 4317);
        assert!(hint.sidecars.is_empty());
        assert!(hint.spared[0].reason.contains("`--sidecar side` takes it"), "{:?}", hint.spared);
        let body = task(&json!([
            {"name": "shop", "image": "shop:1"},
            {"name": "side", "image": "tracing-gateway:2"},
        ]));
        let named = find(&body, &Exposed::default(), &["side".to_owned()]);
        assert_eq!((named.sidecars[0].kind, named.sidecars[0].container.as_str()), (Kind::Named, "side"));
    }

    #[test]
    fn what_the_service_is_for_is_never_taken() {
        let agent = json!({"name": "side", "image": "jaegertracing/jaeger-agent:1.60", "portMappings": [{"name": "otlp", "containerPort": 4317}]});
        let shop = json!({"name": "shop", "image": "shop:1"});
        let alone = found(&json!([agent]));
        assert!(alone.sidecars.is_empty() && alone.spared[0].reason.contains("only container"), "{alone:?}");

        let helper = json!({"name": "logs", "image": "fluent-bit", "essential": false});
        let gateway = found(&json!([agent, helper]));
        assert!(gateway.sidecars.is_empty() && gateway.spared[0].reason.contains("what the service is for"));

        let both = task(&json!([shop, agent]));
        for exposed in [
            Exposed { containers: vec!["side".to_owned()], ports: Vec::new() },
            Exposed { containers: Vec::new(), ports: vec!["otlp".to_owned()] },
        ] {
            let found = find(&both, &exposed, &["side".to_owned()]);
            assert!(found.sidecars.is_empty() && found.spared[0].reason.contains("sends others to it"), "{found:?}");
        }
    }

    #[test]
    fn every_sidecar_of_a_task_is_found() {
        let two = found(&json!([
            {"name": "agent", "image": "jaegertracing/jaeger-agent"},
            {"name": "shop", "image": "shop:1"},
            {"name": "otel", "image": "otel/opentelemetry-collector"},
        ]));
        let names: Vec<&str> = two.sidecars.iter().map(|each| each.container.as_str()).collect();
        assert_eq!(names, ["agent", "otel"]);
    }
}
