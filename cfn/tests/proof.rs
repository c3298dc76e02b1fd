//! What is proven of our own templates is refuted as soon as one line of them is wrong.

use jqs_cfn::eval::{Folder, Library, StackTree};
use jqs_cfn::prove::{self, Check, Options, Proof, Severity, checks};
use std::collections::BTreeMap;
use std::path::Path;

const EXISTING_VPC: &str = "jaeger-existing-vpc.yaml";
const NEW_VPC: &str = "jaeger-new-vpc.yaml";

/// The templates with one of them changed.
struct Changed {
    templates: Folder,
    texts: BTreeMap<String, String>,
}

impl Library for Changed {
    fn text(&self, name: &str) -> jqs_cfn::Result<Option<String>> {
        match self.texts.get(name) {
            Some(text) => Ok(Some(text.clone())),
            None => self.templates.text(name),
        }
    }
}

fn templates() -> Folder {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../templates");
    Folder::open(&root).expect("our templates")
}

fn proof(library: &dyn Library, entry: &str, wanted: impl Fn(&Check) -> bool) -> Proof {
    let tree = StackTree::open(library, entry).expect("valid templates");
    let checks: Vec<&Check> = checks::ALL.iter().filter(|check| wanted(check)).collect();
    prove::prove(&tree, &checks, &Options::default())
}

fn told(proof: &Proof) -> Vec<String> {
    let open = proof.open().filter(|finding| finding.check.severity > Severity::Info);
    open.map(|finding| format!("{}: {}: {}", finding.check.id, finding.path, finding.problem.message)).collect()
}

#[test]
fn our_templates_are_right_in_every_case() {
    for entry in [EXISTING_VPC, NEW_VPC] {
        let found = told(&proof(&templates(), entry, |_| true));
        assert!(found.is_empty(), "{entry}: {found:#?}");
    }
}

/// A file, a text in it, what it becomes, and the check that refutes it.
const CHANGES: [(&str, &str, &str, &str, &str); 11] = [
    (NEW_VPC, "modules/vpc.yaml", "!Ref PublicSubnet2CIDR, !Select [1,", "!Ref PublicSubnet2CIDR, !Select [0,", "P301"),
    (
        EXISTING_VPC,
        "modules/opensearch.yaml",
        "ToPort: 443, SourceSecurityGroupId",
        "ToPort: 442, SourceSecurityGroupId",
        "P505",
    ),
    (EXISTING_VPC, "modules/opensearch.yaml", "EnforceHTTPS: true", "EnforceHTTPS: false", "P703"),
    (EXISTING_VPC, "modules/opensearch.yaml", "aws:Source", "aws:Other", "P604"),
    (EXISTING_VPC, "modules/opensearch.yaml", "!If [OneNode, false, true]", "true", "P211"),
    (
        EXISTING_VPC,
        "modules/collector-query.yaml",
        "ContainerName: collector, ContainerPort: 4317",
        "ContainerName: collector, ContainerPort: 4319",
        "P401",
    ),
    (EXISTING_VPC, "modules/collector-query.yaml", "Rollback: true", "Rollback: false", "P804"),
    (
        EXISTING_VPC,
        "modules/network-load-balancer.yaml",
        "HealthCheckPort: '13133'",
        "HealthCheckPort: '13134'",
        "P402",
    ),
    (
        EXISTING_VPC,
        "modules/network-load-balancer.yaml",
        "ToPort: 13133\n      SourceSecurityGroupId",
        "ToPort: 13132\n      SourceSecurityGroupId",
        "P504",
    ),
    (
        EXISTING_VPC,
        "modules/network-load-balancer.yaml",
        "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "ELBSecurityPolicy-2016-08",
        "P705",
    ),
    (
        EXISTING_VPC,
        EXISTING_VPC,
        "Assert: !Not [!Equals [!Ref Certificate, Disabled]]",
        "Assert: !Equals [a, a]",
        "P501",
    ),
];

#[test]
fn one_wrong_line_is_found() {
    for (entry, file, right, wrong, id) in CHANGES {
        let text = templates().text(file).expect("a readable folder").expect("a template");
        assert!(text.contains(right), "{file} has no `{right}`");
        let texts = BTreeMap::from([(file.to_owned(), text.replace(right, wrong))]);
        let found = told(&proof(&Changed { templates: templates(), texts }, entry, |check| check.id == id));
        assert!(!found.is_empty(), "{file}: `{wrong}` passes {id}");
    }
}
