//! Rules that are written in AWS's Guard language: ours below `rules/`, and what the user adds. The name of a rule is its id.

use super::catalog;
use super::walk;
use crate::diagnostic::{Diagnostic, Severity};
use crate::error::{Error, ErrorKind, Result};
use crate::template::{Meaning, Node, Value};
use guard_translator::{GuardFinding, GuardRuleFile};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::sync::LazyLock;

const OWN: [(&str, &str); 7] = [
    ("jqs/access.guard", include_str!("rules/access.guard")),
    ("jqs/balancing.guard", include_str!("rules/balancing.guard")),
    ("jqs/containers.guard", include_str!("rules/containers.guard")),
    ("jqs/data.guard", include_str!("rules/data.guard")),
    ("jqs/identity.guard", include_str!("rules/identity.guard")),
    ("jqs/logs.guard", include_str!("rules/logs.guard")),
    ("jqs/tls.guard", include_str!("rules/tls.guard")),
];

pub(super) struct GuardRules {
    files: Vec<RuleFile>,
}

struct RuleFile {
    guard: GuardRuleFile,
    /// The types of the resources that the rules ask for; nothing where they may ask for anything. Guard copies what it is
    /// given again and again, so it gets no more than that.
    types: Option<BTreeSet<String>>,
}

impl GuardRules {
    pub(super) fn load(users: &[(String, String)]) -> Result<Self> {
        let own = OWN.iter().map(|(name, text)| RuleFile::read(name, text, Some(named_types(text))));
        let users = users.iter().map(|(name, text)| RuleFile::read(name, text, None));
        Ok(Self { files: own.chain(users).collect::<Result<_>>()? })
    }

    pub(super) fn check(&self, file: &str, root: &Node) -> Vec<Diagnostic> {
        let whole = LazyLock::new(|| json(root));
        let mut found = Vec::new();
        for rules in &self.files {
            let findings = match &rules.types {
                None => rules.guard.evaluate(&whole),
                Some(types) => match resources_of(types, root) {
                    Some(part) => rules.guard.evaluate(&part),
                    None => continue,
                },
            };
            match findings {
                Ok(findings) => found.extend(findings.into_iter().map(|finding| converted(file, root, finding))),
                Err(error) => found.push(catalog::finding("J0004", file, walk::locate(root, &[]), error)),
            }
        }
        found
    }
}

impl RuleFile {
    fn read(name: &str, text: &str, types: Option<BTreeSet<String>>) -> Result<Self> {
        let guard = GuardRuleFile::parse(name, text)
            .map_err(|error| Error::new(ErrorKind::Usage, "cannot load the Guard rules").because(error))?;
        Ok(Self { guard, types })
    }
}

/// The types that a text of ours names, in quotes: each of its queries begins with them.
fn named_types(text: &str) -> BTreeSet<String> {
    let begun = text.split("'AWS::").skip(1).filter_map(|rest| rest.split_once('\''));
    begun.map(|(name, _)| format!("AWS::{name}")).collect()
}

/// A template of the resources of these types, if there are any.
fn resources_of(types: &BTreeSet<String>, root: &Node) -> Option<Json> {
    let is_wanted =
        |resource: &Node| resource.get("Type").and_then(Node::text).is_some_and(|name| types.contains(name));
    let resources = root.get("Resources").map(Node::entries).unwrap_or_default().iter();
    let wanted = resources.filter(|(_, resource)| is_wanted(resource));
    let wanted: serde_json::Map<String, Json> =
        wanted.filter_map(|(name, resource)| Some((name.text()?.to_owned(), json(resource)))).collect();
    (!wanted.is_empty()).then(|| serde_json::json!({"Resources": wanted}))
}

fn json(node: &Node) -> Json {
    match &node.value {
        Value::Scalar(scalar) => match scalar.meaning() {
            Meaning::Null => Json::Null,
            Meaning::Bool(truth) => truth.into(),
            Meaning::Number => {
                let number = serde_json::from_str(&scalar.decimal());
                number.map_or_else(|_| scalar.text.clone().into(), Json::Number)
            }
            Meaning::Text => scalar.text.clone().into(),
        },
        Value::Sequence(items) => items.iter().map(json).collect(),
        Value::Mapping(entries) => {
            entries.iter().filter_map(|(key, value)| Some((key.text()?.to_owned(), json(value)))).collect()
        }
    }
}

/// Guard gives the path of the deepest value that is there, and knows no severities.
fn converted(file: &str, root: &Node, finding: GuardFinding) -> Diagnostic {
    let path: Vec<String> = finding.path.iter().flat_map(|path| path.split('/')).map(str::to_owned).collect();
    let message = match (&finding.custom_message, &finding.missing_query) {
        (Some(message), _) => message.trim_end_matches('.').to_owned(),
        (None, Some(missing)) => format!("the check `{}` failed: there is no `{missing}`", finding.check),
        (None, None) => format!("the check `{}` failed", finding.check),
    };
    Diagnostic {
        severity: catalog::own(&finding.rule_name).map_or(Severity::Error, |rule| rule.severity),
        rule: finding.rule_name,
        file: file.to_owned(),
        span: walk::locate(root, &path),
        path,
        message,
        hint: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template;
    use std::path::Path;

    /// The variable parses, since Guard looks for it only when it comes to need it.
    const NOBODYS_VARIABLE: &str = "rule ANYTHING { %nobody !empty }";

    #[test]
    fn rules_that_cannot_be_evaluated_are_a_finding_and_the_others_go_on() {
        let topics = "rule TOPICS { AWS::SNS::Topic { Properties.TopicName exists <<give it a name>> } }";
        let users = [("first.guard", NOBODYS_VARIABLE), ("second.guard", topics)];
        let users = users.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let rules = GuardRules::load(&users).expect("rules that parse");
        let text = "# Topics\nResources:\n  Topic: {Type: 'AWS::SNS::Topic', Properties: {}}\n";
        let found = rules.check("t.yaml", &template::parse("t.yaml", text).expect("a template"));
        let ids: Vec<&str> = found.iter().map(|one| one.rule.as_str()).collect();
        assert_eq!(ids, ["J0004", "TOPICS"]);
        assert!(found[0].message.contains("'first.guard'") && found[0].message.contains("nobody"), "{found:?}");
        assert_eq!((found[0].severity, found[0].span.start.line), (Severity::Error, 2));
    }

    #[test]
    fn a_finding_without_a_path_is_at_the_top_of_the_template() {
        let text = "rule NONE { some Resources.*.Type == 'Nothing' }\nrule BOTH {\n    NONE\n}\n";
        let users = [("own.guard".to_owned(), text.to_owned())];
        let rules = GuardRules::load(&users).expect("rules that parse");
        let text = "Resources:\n  Topic: {Type: 'AWS::SNS::Topic'}\n";
        let found = rules.check("t.yaml", &template::parse("t.yaml", text).expect("a template"));
        let dependent = found.iter().find(|one| one.rule == "BOTH").expect("the rule that depends on the other");
        assert!(dependent.path.is_empty() && dependent.span.start.line == 1, "{dependent:?}");
    }

    /// What Guard finds in the resources that a file of rules names is what it finds in the whole template.
    #[test]
    fn rules_of_ours_ask_for_nothing_but_the_types_that_they_name() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/lint/broken");
        let rules = GuardRules::load(&[]).expect("rules");
        let mut found_any = BTreeSet::new();
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("a file").path();
            let text = if path.is_file() { std::fs::read_to_string(&path).unwrap_or_default() } else { String::new() };
            let Ok(root) = template::parse("t.yaml", &text) else { continue };
            if root.get("Resources").is_none() {
                continue;
            }
            let whole = json(&root);
            for file in &rules.files {
                let of_whole = file.guard.evaluate(&whole).expect("evaluated");
                let part = file.types.as_ref().and_then(|types| resources_of(types, &root));
                let of_part = part.map(|part| file.guard.evaluate(&part).expect("evaluated")).unwrap_or_default();
                assert_eq!(of_part, of_whole, "{}", path.display());
                found_any.extend(of_whole.into_iter().map(|finding| finding.rule_name));
            }
        }
        let all: BTreeSet<String> =
            rules.files.iter().flat_map(|file| file.guard.rules()).map(|rule| rule.name.clone()).collect();
        assert_eq!(found_any, all, "a template breaks each rule");
    }
}
