//! One change of a change set, with what becomes of what is there.

use aws_sdk_cloudformation::types::{RequiresRecreation, ResourceChange, ResourceChangeDetail};
use jqs_cfn::template::NESTED_STACK;
use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
pub struct Change {
    pub action: Action,
    pub logical_id: String,
    pub kind: String,
    pub physical_id: Option<String>,
    /// What becomes of what is there, where it is replaced or removed.
    pub fate: Option<Fate>,
    /// What the change is for: properties, tags, …
    pub properties: Vec<PropertyChange>,
    pub children: Vec<Change>,
}

/// One property, or one attribute such as `Tags`, and its values where AWS tells them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PropertyChange {
    pub name: String,
    pub before: Option<String>,
    pub after: Option<String>,
    /// The resource is replaced for it.
    pub replaces: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    Deleted,
    /// It outlives the change.
    Kept,
    /// A snapshot of it does.
    Snapshot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Add,
    Modify,
    /// Replaced only if a value turns out another one.
    MayReplace,
    Replace,
    Remove,
    Import,
    Unknown,
}

impl From<&ResourceChange> for Change {
    fn from(change: &ResourceChange) -> Self {
        let replacement = change.replacement().map(|replacement| replacement.as_str());
        let action = match (change.action().map(|action| action.as_str()), replacement) {
            (Some("Add"), _) => Action::Add,
            (Some("Remove"), _) => Action::Remove,
            (Some("Import"), _) => Action::Import,
            (Some("Modify"), Some("True")) => Action::Replace,
            // A nested stack is updated in place; what is replaced in it is its own children's business.
            (Some("Modify"), Some("Conditional")) if change.resource_type() == Some(NESTED_STACK) => Action::Modify,
            (Some("Modify"), Some("Conditional")) => Action::MayReplace,
            (Some("Modify"), _) => Action::Modify,
            _ => Action::Unknown,
        };
        let mut properties: Vec<PropertyChange> = change.details().iter().filter_map(property).collect();
        properties.sort();
        properties.dedup();
        let fate = match change.policy_action().map(|policy| policy.as_str()) {
            Some("Retain" | "ReplaceAndRetain") => Some(Fate::Kept),
            Some("Snapshot" | "ReplaceAndSnapshot") => Some(Fate::Snapshot),
            Some(_) => Some(Fate::Deleted),
            None => matches!(action, Action::Remove | Action::Replace).then_some(Fate::Deleted),
        };
        Self {
            action,
            logical_id: change.logical_resource_id().unwrap_or_default().to_owned(),
            kind: change.resource_type().unwrap_or_default().to_owned(),
            physical_id: change.physical_resource_id().filter(|id| !id.is_empty()).map(str::to_owned),
            fate,
            properties,
            children: Vec::new(),
        }
    }
}

fn property(detail: &ResourceChangeDetail) -> Option<PropertyChange> {
    let target = detail.target()?;
    let attribute = target.attribute().map(|attribute| attribute.as_str())?;
    let path = target.path().map(|path| path.trim_start_matches('/').trim_start_matches("Properties/"));
    let name = path.or(target.name()).filter(|name| !name.is_empty()).unwrap_or(attribute);
    let value = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    Some(PropertyChange {
        name: name.to_owned(),
        before: value(target.before_value()),
        after: value(target.after_value()),
        replaces: target.requires_recreation() == Some(&RequiresRecreation::Always),
    })
}
