//! Findings that the author of a template accepts, with a reason, where the resource is written:
//! `Metadata: {jqs: {ignore: [{id: P502, reason: …}]}}`. They are counted and shown, never dropped. Without a reason nothing
//! is accepted.

use crate::eval::{Address, StackTree};
use crate::template::Node;

/// Why findings of this check are accepted of a resource; for a whole stack its template's own metadata say so.
pub(super) fn reason(tree: &StackTree, at: &Address, id: &str) -> Option<String> {
    let program = &tree.stack(at.stack).program;
    let body = match program.resource(&at.logical_id) {
        Some(resource) => &resource.body,
        None => &program.template.root,
    };
    let ignored = body.get("Metadata")?.get("jqs")?.get("ignore")?;
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::text).map(|text| text.trim().to_owned());
    let found = ignored.items().iter().find(|entry| text(entry, "id").as_deref() == Some(id))?;
    text(found, "reason").filter(|reason| !reason.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::prove::tests::proof_of;
    use crate::prove::{Severity, report};

    fn zones(metadata: &str) -> String {
        format!(
            "Resources:
  S:
    Type: AWS::EC2::Subnet
    Metadata: {{jqs: {{ignore: [{metadata}]}}}}
    Properties: {{AvailabilityZone: !Select [2, !GetAZs '']}}
"
        )
    }

    #[test]
    fn what_is_accepted_with_a_reason_is_shown_and_no_longer_counts_against_the_template() {
        let proof = proof_of(&[("t.yaml", &zones("{id: P001, reason: 'not in us-west-1'}"))], "P001");
        assert_eq!(proof.worst(), None);
        assert_eq!(proof.findings[0].accepted.as_deref(), Some("not in us-west-1"));
        assert!(proof.checks.iter().all(|proven| proven.findings == 0));
        assert_eq!(proof.checks.iter().map(|proven| proven.accepted).sum::<usize>(), 1);
        let html = report::html(std::slice::from_ref(&proof));
        assert!(html.contains("class=\"accepted\"") && html.contains("Because not in us-west-1"), "{html}");
        let text = report::text(&[proof], false);
        assert!(text.contains("accepted[P001]") && text.contains("because  not in us-west-1"), "{text}");
        assert!(text.contains("proven, 1 finding accepted"), "{text}");
    }

    #[test]
    fn without_a_reason_or_for_another_check_nothing_is_accepted() {
        for metadata in ["{id: P001}", "{id: P001, reason: ' '}", "{id: P002, reason: other}"] {
            let proof = proof_of(&[("t.yaml", &zones(metadata))], "P001");
            assert_eq!(proof.worst(), Some(Severity::Error), "{metadata}");
        }
    }
}
