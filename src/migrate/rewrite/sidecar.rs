//! What a sidecar does besides handing on traces, and so would end with it.

use super::super::definition::{items, text};
use super::super::find::Kind;
use super::Rewrite;
use jqs_cfn::template;
use serde_json::Value;

/// Variables that hold the configuration of an OpenTelemetry collector.
const CONFIGURATIONS: [&str; 3] = ["AOT_CONFIG_CONTENT", "OTELCOL_CONFIG", "OTEL_CONFIG"];
/// Where AWS's image keeps configurations: this one carries traces alone.
const OWN_FOLDER: &str = "/etc/ecs/";
const OWN_FOR_TRACES: &str = "/etc/ecs/ecs-xray.yaml";
const OWN_DEFAULT: &str = "/etc/ecs/ecs-default-config.yaml";

pub(super) fn examine(container: &Value, kind: Kind, rewrite: &mut Rewrite) {
    let name = text(container, "name");
    match kind {
        Kind::JaegerAgent => {}
        Kind::JaegerAllInOne | Kind::Jaeger => {
            rewrite.notes.push(format!("the traces that `{name}` holds, and its page, go with it"));
        }
        Kind::OpenTelemetry | Kind::AwsOpenTelemetry | Kind::Named => collector(container, kind, rewrite),
    }
}

fn collector(container: &Value, kind: Kind, rewrite: &mut Rewrite) {
    let name = text(container, "name");
    let remedy = "see to it that something else takes over what it does besides";
    let inline = items(container, "environment").iter().find(|each| is_configuration(text(each, "name")));
    if let Some(variable) = inline {
        match beyond_traces(text(variable, "value")) {
            Ok(more) if more.is_empty() => {}
            Ok(more) => {
                let more = more.join(", ");
                rewrite.obstacle(name, format!("its configuration has pipelines for more than traces: {more}"), remedy);
            }
            Err(()) => unread(name, &format!("`{}`, which is no YAML", text(variable, "name")), rewrite),
        }
        return;
    }
    if let Some(secret) = items(container, "secrets").iter().find(|each| is_configuration(text(each, "name"))) {
        return unread(name, &format!("`{}`, a secret", text(secret, "valueFrom")), rewrite);
    }
    let file = items(container, "command").iter().filter_map(Value::as_str).find_map(configuration_file);
    match (kind, file) {
        (Kind::AwsOpenTelemetry, Some(OWN_FOR_TRACES)) => {}
        (Kind::AwsOpenTelemetry, file) if file.is_none_or(|file| file.starts_with(OWN_FOLDER)) => {
            let file = file.unwrap_or(OWN_DEFAULT);
            rewrite.obstacle(name, format!("its configuration `{file}` carries metrics too"), remedy);
        }
        (_, Some(file)) => unread(name, &format!("`{file}`"), rewrite),
        (_, None) => unread(name, "its image", rewrite),
    }
}

fn is_configuration(name: &str) -> bool {
    CONFIGURATIONS.contains(&name)
}

fn unread(name: &str, place: &str, rewrite: &mut Rewrite) {
    rewrite.notes.push(format!(
        "the configuration of `{name}` is in {place} and was not read: look whether it carries metrics or logs, which would end"
    ));
}

fn configuration_file(argument: &str) -> Option<&str> {
    argument.strip_prefix("--config=").or_else(|| argument.starts_with('/').then_some(argument))
}

/// The pipelines of a collector's configuration that are not for traces.
fn beyond_traces(text: &str) -> Result<Vec<String>, ()> {
    let root = template::parse("configuration", text).map_err(|_| ())?;
    let pipelines = root.get("service").and_then(|service| service.get("pipelines"));
    let names = pipelines.ok_or(())?.entries().iter().filter_map(|(key, _)| key.text());
    Ok(names.filter(|name| name.split('/').next() != Some("traces")).map(str::to_owned).collect())
}
