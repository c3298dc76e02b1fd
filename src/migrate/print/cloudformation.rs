//! YAML: `AWS::ECS::TaskDefinition`.

use super::super::show::yaml;
use super::Resource;
use jqs_cfn::Result;
use serde_json::{Map, Value, json};

/// Maps whose keys are somebody's own.
const MAPS: [&str; 4] = ["dockerLabels", "options", "driverOpts", "labels"];
/// Names that do not follow the rule.
const NAMES: [(&str, &str); 4] = [
    ("efsVolumeConfiguration", "EFSVolumeConfiguration"),
    ("fsxWindowsFileServerVolumeConfiguration", "FSxWindowsFileServerVolumeConfiguration"),
    ("iam", "IAM"),
    ("s3filesVolumeConfiguration", "S3FilesVolumeConfiguration"),
];

pub(super) fn write(resources: &[Resource]) -> Result<String> {
    let mut all = Map::new();
    let mut remarks = String::new();
    for resource in resources {
        let mut name: String =
            resource.service.split(|letter: char| !letter.is_ascii_alphanumeric()).map(capital).collect();
        name.push_str("TaskDefinition");
        while all.contains_key(&name) {
            name.push('2');
        }
        remarks.extend(resource.remarks.iter().map(|remark| format!("# {name}: {remark}\n")));
        all.insert(name, json!({"Type": "AWS::ECS::TaskDefinition", "Properties": properties(&resource.body, "")}));
    }
    Ok(format!("{remarks}{}", yaml(&json!({"Resources": all}))?))
}

/// `of`: what ECS calls the structure that this is.
fn properties(value: &Value, of: &str) -> Value {
    match value {
        Value::Object(fields) => {
            let field = |(key, value): (&String, &Value)| {
                let inside = if MAPS.contains(&key.as_str()) && value.is_object() {
                    value.clone()
                } else {
                    properties(value, key)
                };
                (name(key, of), inside)
            };
            Value::Object(fields.iter().filter(|(_, value)| !is_empty(value)).map(field).collect())
        }
        Value::Array(items) => items.iter().map(|item| properties(item, of)).collect(),
        other => other.clone(),
    }
}

fn is_empty(value: &Value) -> bool {
    matches!(value, Value::Null) || value.as_array().is_some_and(Vec::is_empty)
}

fn name(key: &str, of: &str) -> String {
    match (of, key) {
        ("proxyConfiguration", "properties") => "ProxyConfigurationProperties".to_owned(),
        ("efsVolumeConfiguration", "fileSystemId") => "FilesystemId".to_owned(),
        _ => NAMES.iter().find(|(known, _)| *known == key).map_or_else(|| capital(key), |(_, name)| (*name).to_owned()),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}
