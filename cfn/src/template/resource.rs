//! The resources of a template, with every attribute that CloudFormation knows.

use super::reading::Reading;
use super::{Node, Span, Value};

pub const NESTED_STACK: &str = "AWS::CloudFormation::Stack";

#[derive(Debug, Clone)]
pub struct Resource {
    pub logical_id: String,
    pub kind: String,
    pub condition: Option<String>,
    pub depends_on: Vec<String>,
    /// The text of `TemplateURL`, where the resource is a nested stack: the pattern of `Fn::Sub`, not its result.
    pub template_url: Option<String>,
    pub deletion_policy: Option<String>,
    pub update_replace_policy: Option<String>,
    /// Its whole body.
    pub body: Node,
    /// Of its logical id.
    pub span: Span,
}

impl Resource {
    /// It outlives its stack.
    pub fn is_retained(&self) -> bool {
        matches!(self.deletion_policy.as_deref(), Some("Retain" | "RetainExceptOnCreate"))
    }

    /// The file that a nested stack names below the common prefix of the bundle.
    pub fn nested_file(&self) -> Option<&str> {
        self.template_url.as_deref()?.rsplit_once("${TemplatePrefix}").map(|(_, file)| file)
    }

    pub fn properties(&self) -> Option<&Node> {
        self.body.get("Properties")
    }

    pub fn metadata(&self) -> Option<&Node> {
        self.body.get("Metadata")
    }

    /// Signals that its creation waits for.
    pub fn creation_policy(&self) -> Option<&Node> {
        self.body.get("CreationPolicy")
    }

    /// How its parts are replaced.
    pub fn update_policy(&self) -> Option<&Node> {
        self.body.get("UpdatePolicy")
    }
}

/// `Description` is taken and not used; `Version` is one of custom resources.
const ATTRIBUTES: [&str; 12] = [
    "Condition",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "Description",
    "Fn::Transform",
    "Metadata",
    "Properties",
    "Type",
    "UpdatePolicy",
    "UpdateReplacePolicy",
    "Version",
];
/// CloudFormation's limit for logical ids.
const LOGICAL_ID_CHARACTERS: usize = 255;

pub(super) fn read(reading: &mut Reading<'_>, (key, body): &(Node, Node)) -> Option<Resource> {
    let logical_id = reading.name_of(key, "resource")?;
    if !logical_id.chars().all(|character| character.is_ascii_alphanumeric())
        || logical_id.len() > LOGICAL_ID_CHARACTERS
    {
        reading.fault(key, format!("the logical id `{logical_id}` has more than letters and digits, or too many"));
    }
    reading.mapping(body, &format!("the resource `{logical_id}`"))?;
    if !reading.has_macros() {
        reading.only(body, &ATTRIBUTES, "a resource");
    }
    let kind = reading.text(body, "Type");
    if body.get("Type").is_none() {
        reading.fault(key, format!("the resource `{logical_id}` has no `Type`"));
    }
    for attribute in ["CreationPolicy", "Metadata", "Properties", "UpdatePolicy"] {
        if let Some(node) = body.get(attribute) {
            reading.mapping(node, &format!("`{attribute}`"));
        }
    }
    let kind = kind?;
    let url = body.get("Properties").and_then(|properties| properties.get("TemplateURL"));
    if kind == NESTED_STACK && url.is_none() {
        reading.fault(key, format!("the nested stack `{logical_id}` has no `TemplateURL`"));
    }
    Some(Resource {
        condition: reading.text(body, "Condition"),
        depends_on: reading.texts(body, "DependsOn"),
        template_url: url.filter(|_| kind == NESTED_STACK).and_then(pattern),
        deletion_policy: policy(reading, body, "DeletionPolicy"),
        update_replace_policy: policy(reading, body, "UpdateReplacePolicy"),
        body: body.clone(),
        span: key.span,
        logical_id,
        kind,
    })
}

/// With `AWS::LanguageExtensions`, a policy may be the value of a parameter, which is not known here.
fn policy(reading: &mut Reading<'_>, body: &Node, key: &str) -> Option<String> {
    let node = body.get(key)?;
    if matches!(node.value, Value::Mapping(_)) && reading.has_macros() {
        return None;
    }
    let policy = reading.text(body, key)?;
    let is_known = matches!(policy.as_str(), "Delete" | "Retain" | "RetainExceptOnCreate" | "Snapshot");
    if !is_known || (key == "UpdateReplacePolicy" && policy == "RetainExceptOnCreate") {
        reading.fault(node, format!("`{key}` cannot be `{policy}`"));
    }
    Some(policy)
}

/// The text of a literal or of a `Fn::Sub`, with or without its own variables.
fn pattern(node: &Node) -> Option<String> {
    if let Some(text) = node.text() {
        return Some(text.to_owned());
    }
    let argument = node.get("Fn::Sub")?;
    argument.text().or_else(|| argument.items().first()?.text()).map(str::to_owned)
}
