//! Templates as they are, but for what is to outlive its stack.

use super::made::text;
use crate::bundle::Bundle;
use crate::error::{Error, ErrorKind, Result};
use crate::template::{Node, Span, Value, parse, to_yaml};

/// What becomes of one resource of a file.
#[derive(Debug, Clone, Copy)]
pub struct Retained<'a> {
    pub file: &'a str,
    pub logical_id: &'a str,
    /// Parameters that a nested stack gets instead of those that are written.
    pub parameters: &'a [(&'a str, &'a str)],
}

/// The bundle in which these resources have the `DeletionPolicy` `Retain`. A file that is changed loses its comments.
pub fn retaining(bundle: &Bundle, retained: &[Retained<'_>]) -> Result<Bundle> {
    let mut files = Vec::new();
    for (name, bytes) in bundle.files() {
        let own: Vec<&Retained<'_>> = retained.iter().filter(|one| one.file == name).collect();
        if own.is_empty() {
            files.push((name.to_owned(), bytes.to_vec()));
            continue;
        }
        let mut root = parse(name, bundle.text(name)?)?;
        for one in own {
            retain(&mut root, one).ok_or_else(|| {
                Error::new(ErrorKind::Template, format!("`{name}` has no resource `{}` to be kept", one.logical_id))
            })?;
        }
        files.push((name.to_owned(), to_yaml(&root).into_bytes()));
    }
    Ok(Bundle::new(files))
}

fn retain(root: &mut Node, one: &Retained<'_>) -> Option<()> {
    let resource = child(child(root, "Resources")?, one.logical_id)?;
    set(resource, "DeletionPolicy", "Retain")?;
    for (parameter, value) in one.parameters {
        set(child(child(resource, "Properties")?, "Parameters")?, parameter, value)?;
    }
    Some(())
}

fn child<'a>(node: &'a mut Node, key: &str) -> Option<&'a mut Node> {
    let Value::Mapping(entries) = &mut node.value else { return None };
    entries.iter_mut().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
}

fn set(node: &mut Node, key: &str, value: &str) -> Option<()> {
    let value = text(value, Span::default());
    if let Some(there) = child(node, key) {
        *there = value;
        return Some(());
    }
    let Value::Mapping(entries) = &mut node.value else { return None };
    entries.push((text(key, Span::default()), value));
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Template;

    const ENTRY: &str = "\
Resources:
  Network:
    Type: AWS::CloudFormation::Stack
    DeletionPolicy: Delete
    Properties: {TemplateURL: ./vpc.yaml, Parameters: {Nat: !Ref Nat}}
  Other: {Type: AWS::SNS::Topic}
Parameters: {Nat: {Type: String, Default: one}}
";

    fn bundle() -> Bundle {
        let vpc = "Resources: {Topic: {Type: AWS::SNS::Topic}}\n".to_owned();
        Bundle::new([("entry.yaml".to_owned(), ENTRY.into()), ("vpc.yaml".to_owned(), vpc.into())])
    }

    #[test]
    fn what_is_to_be_kept_is_retained_and_nothing_else_changes() {
        let network = Retained { file: "entry.yaml", logical_id: "Network", parameters: &[("Nat", "none")] };
        let other = Retained { file: "entry.yaml", logical_id: "Other", parameters: &[] };
        let changed = retaining(&bundle(), &[network, other]).expect("a bundle");
        let template = Template::read("entry.yaml", changed.text("entry.yaml").expect("text")).expect("a template");
        assert!(template.resources.iter().all(|resource| resource.deletion_policy.as_deref() == Some("Retain")));
        let properties = template.resources[0].properties().expect("properties");
        let nat = properties.get("Parameters").and_then(|parameters| parameters.get("Nat")).and_then(Node::text);
        assert_eq!(nat, Some("none"));
        assert_eq!(changed.text("vpc.yaml").ok(), bundle().text("vpc.yaml").ok());
        assert_ne!(changed.prefix(), bundle().prefix());
        let again = retaining(&changed, &[network, other]).expect("a bundle");
        assert_eq!(again.prefix(), changed.prefix(), "the same once more changes nothing");
    }

    #[test]
    fn what_is_not_there_cannot_be_kept() {
        let absent = Retained { file: "entry.yaml", logical_id: "Storage", parameters: &[] };
        let error = retaining(&bundle(), &[absent]).expect_err("no such resource");
        assert_eq!(error.to_string(), "`entry.yaml` has no resource `Storage` to be kept");
    }
}
