//! A task definition as ECS's API writes it: the JSON of its answer, so that what this version does not know is kept too.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Which revision a service ran before: what `--undo` goes back to.
pub(crate) const TAG_FROM: &str = "jqs:migrated-from";

/// What `DescribeTaskDefinition` tells and `RegisterTaskDefinition` does not take.
const TOLD_ONLY: [&str; 9] = [
    "compatibilities",
    "deleteRequestedAt",
    "deregisteredAt",
    "registeredAt",
    "registeredBy",
    "requiresAttributes",
    "revision",
    "status",
    "taskDefinitionArn",
];
/// Tags that only AWS sets.
const RESERVED_TAGS: &str = "aws:";
/// What a reader looks for first.
const FIRST_KEYS: [&str; 5] = ["type", "family", "name", "key", "image"];

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Definition {
    pub(crate) arn: String,
    pub(crate) is_active: bool,
    /// What registers the same again, without tags.
    pub(crate) body: Value,
    pub(crate) tags: BTreeMap<String, String>,
}

impl Definition {
    /// Reads the answer of `DescribeTaskDefinition`; nothing where it holds none.
    pub(crate) fn read(answer: &Value) -> Option<Self> {
        let told = answer.get("taskDefinition")?.as_object()?;
        let body: Map<String, Value> = told
            .iter()
            .filter(|(key, value)| !TOLD_ONLY.contains(&key.as_str()) && !value.is_null())
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let tags = items(answer, "tags").iter().map(|tag| (text(tag, "key").to_owned(), text(tag, "value").to_owned()));
        Some(Self {
            arn: told.get("taskDefinitionArn")?.as_str()?.to_owned(),
            is_active: told.get("status").and_then(Value::as_str) != Some("INACTIVE"),
            body: Value::Object(body),
            tags: tags.collect(),
        })
    }

    /// The revision that this one was made from by a migration.
    pub(crate) fn migrated_from(&self) -> Option<&str> {
        self.tags.get(TAG_FROM).map(String::as_str)
    }

    pub(crate) fn family(&self) -> &str {
        text(&self.body, "family")
    }

    /// The tags of a revision that is made from this one.
    pub(crate) fn tags_of_successor(&self) -> BTreeMap<String, String> {
        let mut tags = self.tags.clone();
        tags.retain(|key, _| !key.to_lowercase().starts_with(RESERVED_TAGS));
        tags.insert(TAG_FROM.to_owned(), self.arn.clone());
        tags
    }
}

/// What `RegisterTaskDefinition` is sent.
pub(crate) fn registration(body: &Value, tags: &BTreeMap<String, String>) -> Value {
    let mut request = body.clone();
    if let Some(fields) = request.as_object_mut() {
        let tags = tags.iter().map(|(key, value)| serde_json::json!({"key": key, "value": value}));
        fields.insert("tags".to_owned(), tags.collect());
    }
    request
}

pub(crate) fn containers(body: &Value) -> &[Value] {
    items(body, "containerDefinitions")
}

pub(crate) fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Of a container: a variable that is set in the definition itself.
pub(crate) fn variable<'a>(container: &'a Value, name: &str) -> Option<&'a str> {
    let found = items(container, "environment").iter().find(|each| text(each, "name") == name);
    found.map(|each| text(each, "value"))
}

/// ECS takes a container for essential that does not say.
pub(crate) fn is_essential(container: &Value) -> bool {
    container.get("essential").and_then(Value::as_bool).unwrap_or(true)
}

/// The same with its keys in the order in which they are read: names first.
pub(crate) struct Ordered<'a>(pub(crate) &'a Value);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (key, value) in ordered(fields) {
                    map.serialize_entry(key, &Self(value))?;
                }
                map.end()
            }
            Value::Array(items) => {
                let mut sequence = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    sequence.serialize_element(&Self(item))?;
                }
                sequence.end()
            }
            other => other.serialize(serializer),
        }
    }
}

pub(crate) fn ordered(fields: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let rank = |key: &str| {
        let first = FIRST_KEYS.iter().position(|first| first.eq_ignore_ascii_case(key));
        first.unwrap_or(FIRST_KEYS.len())
    };
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_by(|one, other| (rank(one.0), one.0).cmp(&(rank(other.0), other.0)));
    fields
}

/// A revision as ECS describes it, with every field that `RegisterTaskDefinition` takes and some that it only tells.
#[cfg(test)]
pub(super) fn described() -> Value {
    serde_json::from_str(include_str!("described.json")).expect("JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Every field of `RegisterTaskDefinition`, as ECS documents it.
    const REGISTERED: [&str; 18] = [
        "containerDefinitions",
        "cpu",
        "enableFaultInjection",
        "ephemeralStorage",
        "executionRoleArn",
        "family",
        "inferenceAccelerators",
        "ipcMode",
        "memory",
        "networkMode",
        "pidMode",
        "placementConstraints",
        "proxyConfiguration",
        "requiresCompatibilities",
        "runtimePlatform",
        "tags",
        "taskRoleArn",
        "volumes",
    ];

    #[test]
    fn what_is_described_is_registered_again_without_losing_a_field() {
        let answer = described();
        let read = Definition::read(&answer).expect("a definition");
        let request = registration(&read.body, &read.tags);
        for field in REGISTERED {
            let before = if field == "tags" { &answer[field] } else { &answer["taskDefinition"][field] };
            assert!(!before.is_null(), "the example has a `{field}`");
            let is_same = match field {
                "tags" => items(&request, field).len() == items(&answer, field).len(),
                _ => request[field] == *before,
            };
            assert!(is_same, "`{field}` is registered as it was described");
        }
        assert_eq!(request["anotherOfALaterVersion"], json!([1, 2]), "and so is what nobody knows yet");
        for field in TOLD_ONLY {
            assert!(request.get(field).is_none(), "`{field}` is only told");
        }
        let known = REGISTERED.len() + 1;
        assert_eq!(request.as_object().map(Map::len), Some(known));
    }

    #[test]
    fn tags_go_to_the_successor_without_those_of_aws() {
        let read = Definition::read(&described()).expect("a definition");
        let tags = read.tags_of_successor();
        assert_eq!(tags.get("team").map(String::as_str), Some("shop"));
        assert_eq!(tags.get(TAG_FROM), Some(&read.arn));
        assert_eq!(tags.len(), 2, "{tags:?}");
        assert!(read.is_active && read.migrated_from().is_none() && read.family() == "shop");
    }

    #[test]
    fn an_answer_without_a_definition_is_none() {
        for answer in
            [json!({}), json!({"taskDefinition": null}), json!({"taskDefinition": {"family": "x"}}), json!([])]
        {
            assert_eq!(Definition::read(&answer), None, "{answer}");
        }
        let inactive = json!({"taskDefinition": {"taskDefinitionArn": "a", "status": "INACTIVE"}});
        assert!(!Definition::read(&inactive).expect("a definition").is_active);
    }

    #[test]
    fn names_come_first() {
        let text =
            serde_json::to_string(&Ordered(&json!({"cpu": 1, "name": "x", "image": "y", "b": [{"a": 1, "name": 2}]})));
        assert_eq!(text.expect("JSON"), r#"{"name":"x","image":"y","b":[{"name":2,"a":1}],"cpu":1}"#);
    }
}
