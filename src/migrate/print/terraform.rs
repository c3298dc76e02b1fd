//! HCL: `aws_ecs_task_definition`, with the containers as ECS's own JSON.

use super::super::definition::{items, ordered, text};
use super::Resource;
use serde_json::Value;
use std::fmt::Write;

const INDENT: &str = "  ";
/// Fields of an object that is written on one line.
const SMALL_MAX: usize = 3;

/// Fields that are attributes of the resource, by their name in ECS's API.
const ATTRIBUTES: [(&str, &str); 10] = [
    ("family", "family"),
    ("requiresCompatibilities", "requires_compatibilities"),
    ("networkMode", "network_mode"),
    ("cpu", "cpu"),
    ("memory", "memory"),
    ("executionRoleArn", "execution_role_arn"),
    ("taskRoleArn", "task_role_arn"),
    ("pidMode", "pid_mode"),
    ("ipcMode", "ipc_mode"),
    ("enableFaultInjection", "enable_fault_injection"),
];
/// Fields that are blocks, one for each item.
const BLOCKS: [(&str, &str); 6] = [
    ("runtimePlatform", "runtime_platform"),
    ("ephemeralStorage", "ephemeral_storage"),
    ("volumes", "volume"),
    ("placementConstraints", "placement_constraints"),
    ("proxyConfiguration", "proxy_configuration"),
    ("inferenceAccelerators", "inference_accelerator"),
];
/// Inside blocks: structures that are blocks again.
const INNER_BLOCKS: [&str; 5] = [
    "authorizationConfig",
    "dockerVolumeConfiguration",
    "efsVolumeConfiguration",
    "fsxWindowsFileServerVolumeConfiguration",
    "s3filesVolumeConfiguration",
];
/// Names that do not follow the rule.
const NAMES: [(&str, &str); 2] = [("configuredAtLaunch", "configure_at_launch"), ("sizeInGiB", "size_in_gib")];

pub(super) fn write(resources: &[Resource]) -> String {
    let mut labels: Vec<String> = Vec::new();
    let written = resources.iter().map(|resource| {
        let mut label = label(&resource.service);
        while labels.contains(&label) {
            label.push('_');
        }
        labels.push(label.clone());
        write_one(resource, &label)
    });
    written.collect::<Vec<_>>().join("\n")
}

fn label(service: &str) -> String {
    let label = service.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_");
    if label.starts_with(|first: char| first.is_ascii_digit()) { format!("_{label}") } else { label }
}

fn write_one(resource: &Resource, label: &str) -> String {
    let body = &resource.body;
    let mut out: String = resource.remarks.iter().map(|remark| format!("# {remark}\n")).collect();
    let _ = writeln!(out, "resource \"aws_ecs_task_definition\" \"{label}\" {{");
    let given =
        ATTRIBUTES.iter().filter_map(|(key, name)| Some((name, body.get(key).filter(|value| !is_empty(value))?)));
    let given: Vec<_> = given.map(|(name, value)| ((*name).to_owned(), expression(value, 1))).collect();
    out.push_str(&aligned(&given, INDENT));
    let containers = body.get("containerDefinitions").map_or_else(|| "[]".to_owned(), |value| expression(value, 1));
    let _ = writeln!(out, "\n{INDENT}container_definitions = jsonencode({containers})");
    for (key, name) in BLOCKS {
        let one = body.get(key).filter(|value| value.is_object());
        for item in items(body, key).iter().chain(one) {
            let _ = write!(out, "\n{}", block(name, key, item, 1));
        }
    }
    let tags = items(body, "tags");
    if !tags.is_empty() {
        let tags = tags.iter().map(|tag| (text(tag, "key").to_owned(), Value::from(text(tag, "value"))));
        let _ = writeln!(out, "\n{INDENT}tags = {}", expression(&Value::Object(tags.collect()), 1));
    }
    let known = |key: &str| {
        ATTRIBUTES.iter().chain(&BLOCKS).any(|(known, _)| *known == key)
            || ["containerDefinitions", "tags"].contains(&key)
    };
    for key in body.as_object().into_iter().flat_map(|fields| fields.keys()).filter(|key| !known(key)) {
        let _ = writeln!(out, "\n{INDENT}# Not written, as this version of jqs does not know it: {key}");
    }
    out.push_str("}\n");
    out
}

fn is_empty(value: &Value) -> bool {
    matches!(value, Value::Null) || value.as_str() == Some("") || value.as_array().is_some_and(Vec::is_empty)
}

/// `of`: what ECS calls it.
fn block(name: &str, of: &str, value: &Value, depth: usize) -> String {
    let indent = INDENT.repeat(depth);
    let inside = INDENT.repeat(depth + 1);
    let (mut attributes, mut blocks) = (Vec::new(), String::new());
    for (key, value) in value.as_object().map(ordered).unwrap_or_default() {
        match (of, key.as_str()) {
            // The folder of the instance that is mounted.
            ("volumes", "host") => {
                let path = value.get("sourcePath").map(|path| ("host_path".to_owned(), expression(path, depth + 1)));
                attributes.extend(path);
            }
            // A list of pairs there, a map here.
            ("proxyConfiguration", "properties") => {
                let pairs = value.as_array().into_iter().flatten();
                let pairs = pairs.map(|pair| (text(pair, "name").to_owned(), Value::from(text(pair, "value"))));
                attributes.push((snake(key), expression(&Value::Object(pairs.collect()), depth + 1)));
            }
            (_, key) if INNER_BLOCKS.contains(&key) => blocks.push_str(&block(&snake(key), key, value, depth + 1)),
            (_, key) => attributes.push((snake(key), expression(value, depth + 1))),
        }
    }
    let between = if attributes.is_empty() || blocks.is_empty() { "" } else { "\n" };
    format!("{indent}{name} {{\n{}{between}{blocks}{indent}}}\n", aligned(&attributes, &inside))
}

/// One assignment a line, with the signs of neighbours below each other, as `terraform fmt` has it.
fn aligned(pairs: &[(String, String)], indent: &str) -> String {
    let mut out = String::new();
    let is_short = |pair: &(String, String)| !pair.1.contains('\n');
    for group in pairs.chunk_by(|one, other| is_short(one) && is_short(other)) {
        let width = group.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        out.extend(group.iter().map(|(name, value)| format!("{indent}{name:<width$} = {value}\n")));
    }
    out
}

fn snake(key: &str) -> String {
    if let Some((_, name)) = NAMES.iter().find(|(known, _)| *known == key) {
        return (*name).to_owned();
    }
    let letters = key.chars().flat_map(|letter| {
        let upper = letter.is_ascii_uppercase();
        upper.then_some('_').into_iter().chain(std::iter::once(letter.to_ascii_lowercase()))
    });
    letters.collect()
}

/// Lists and objects over lines, the small ones on one.
fn expression(value: &Value, depth: usize) -> String {
    let (indent, end) = (INDENT.repeat(depth + 1), INDENT.repeat(depth));
    match value {
        Value::Object(fields) if fields.is_empty() => "{}".to_owned(),
        Value::Array(items) if items.is_empty() => "[]".to_owned(),
        Value::Object(fields) => {
            let fields = ordered(fields);
            let pairs: Vec<(String, String)> =
                fields.iter().map(|(name, value)| (key(name), expression(value, depth + 1))).collect();
            if fields.len() <= SMALL_MAX && fields.iter().all(|(_, value)| is_scalar(value)) {
                let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name} = {value}")).collect();
                return format!("{{ {} }}", pairs.join(", "));
            }
            format!("{{\n{}{end}}}", aligned(&pairs, &indent))
        }
        Value::Array(items) if items.iter().all(is_scalar) => {
            format!("[{}]", items.iter().map(|item| expression(item, depth)).collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            let lines: String =
                items.iter().map(|item| format!("{indent}{},\n", expression(item, depth + 1))).collect();
            format!("[\n{lines}{end}]")
        }
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

fn is_scalar(value: &Value) -> bool {
    !value.is_object() && !value.is_array()
}

fn key(name: &str) -> String {
    let is_identifier = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter));
    if is_identifier { name.to_owned() } else { quoted(name) }
}

/// A text in which nothing is an expression.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out.replace("${", "$${").replace("%{", "%%{")
}
