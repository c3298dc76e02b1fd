//! A fault for each rule of the checklist: it is refuted by the fault, in every format of the report, and not without it.

use crate::{Files, templates};
use jqs_cfn::diagnostic::Findings;
use jqs_cfn::eval::StackTree;
use jqs_cfn::lint::{self, Ruleset, Source};
use jqs_cfn::prove::checklist::{Checklist, RULES, Rule, Verdict};
use jqs_cfn::prove::{self, Check, Options, Proof, checks, report};
use std::collections::BTreeSet;

const EXISTING: &str = "jaeger-existing-vpc.yaml";
const NEW: &str = "jaeger-new-vpc.yaml";
const CLUSTER: &str = "modules/cluster.yaml";
const DOMAIN: &str = "modules/opensearch.yaml";
const MEMORY: &str = "modules/memory.yaml";
const SERVICES: &str = "modules/collector-query.yaml";
const BALANCER: &str = "modules/network-load-balancer.yaml";

/// A rule, an entry, a file that it nests, a text in it, and what takes its place.
const FAULTS: [(&str, &str, &str, &str, &str); 30] = [
    ("Q101", EXISTING, DOMAIN, "!If [ThreeZones, 3, 2]", "3"),
    (
        "Q102",
        EXISTING,
        MEMORY,
        "Value: !GetAtt AllInOneService.Name",
        "Value: !GetAtt AllInOneService.Name\n    Export: {Name: !Ref ClusterName}\n  Again:\n    Value: again\n    Export: {Name: !Ref ClusterName}",
    ),
    ("Q201", EXISTING, DOMAIN, "- id: P001\n", "- id: P999\n"),
    ("Q202", EXISTING, CLUSTER, "arn:${AWS::Partition}:ecr:${AWS::Region}", "arn:aws:ecr:${AWS::Region}"),
    ("Q203", NEW, "modules/vpc.yaml", "AvailabilityZone: !Select [0, !GetAZs '']", "AvailabilityZone: eu-west-1a"),
    ("Q301", NEW, "modules/endpoints.yaml", ".ecr.dkr", ".ecr.nothing"),
    ("Q302", EXISTING, DOMAIN, "ToPort: 443, SourceSecurityGroupId", "ToPort: 442, SourceSecurityGroupId"),
    (
        "Q303",
        EXISTING,
        DOMAIN,
        "FromPort: 443, ToPort: 443, SourceSecurityGroupId: !Ref TaskSecurityGroupID",
        "FromPort: 9200, ToPort: 9200, CidrIp: 0.0.0.0/0",
    ),
    ("Q304", EXISTING, DOMAIN, "Policy-Min-TLS-1-2-PFS-2023-10", "Policy-Min-TLS-1-0-2019-07"),
    ("Q401", EXISTING, MEMORY, "{Name: SPAN_STORAGE_TYPE, Value: memory}", "{Name: DB_PASSWORD, Value: swordfish}"),
    ("Q402", EXISTING, CLUSTER, "AssumeRolePolicyDocument:", "RoleName: tasks\n      AssumeRolePolicyDocument:"),
    ("Q403", EXISTING, CLUSTER, "Action: ecr:GetAuthorizationToken", "Action: ecr:*"),
    ("Q404", EXISTING, DOMAIN, "Principal: {AWS: !GetAtt CollectorRole.Arn}", "Principal: {AWS: '*'}"),
    ("Q501", EXISTING, MEMORY, "      BasePath: {default: Base path}\n", ""),
    ("Q502", EXISTING, MEMORY, "    Description: Names of the ECS services, comma-separated\n", ""),
    ("Q503", EXISTING, MEMORY, "    ConstraintDescription: a path that begins with a slash.\n", ""),
    (
        "Q601",
        EXISTING,
        CLUSTER,
        "Outputs:\n",
        "  More:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: ./more.yaml}\nOutputs:\n",
    ),
    ("Q602", EXISTING, MEMORY, "Image: !Ref ImageUri", "Image: jaegertracing/jaeger:latest"),
    ("Q701", EXISTING, EXISTING, "Cluster.Outputs.LogGroupName", "Cluster.Outputs.LogGroup"),
    ("Q702", EXISTING, EXISTING, "        TraceRetentionDays: !Ref TraceRetentionDays\n", ""),
    (
        "Q801",
        EXISTING,
        DOMAIN,
        "NodeToNodeEncryptionOptions: {Enabled: true}",
        "NodeToNodeEncryptionOptions: {Enabled: false}",
    ),
    (
        "Q802",
        EXISTING,
        DOMAIN,
        "    DeletionPolicy: Delete\n    UpdateReplacePolicy: Retain\n    UpdatePolicy:",
        "    UpdatePolicy:",
    ),
    ("Q803", EXISTING, CLUSTER, "      RetentionInDays: !Ref LogRetentionDays\n", ""),
    ("Q804", EXISTING, SERVICES, "        DeploymentCircuitBreaker: {Enable: true, Rollback: true}\n", ""),
    ("Q805", EXISTING, BALANCER, "HealthCheckProtocol: HTTP\n", "HealthCheckProtocol: TCP\n"),
    ("Q806", EXISTING, DOMAIN, "VolumeType: gp3", "VolumeType: gp2"),
    ("Q807", EXISTING, MEMORY, "      PropagateTags: SERVICE\n", ""),
    ("Q901", EXISTING, CLUSTER, "GroupDescription: Tasks of jqs", "GroupDescription: Tasks of jqs\n      Colour: red"),
    ("Q902", EXISTING, MEMORY, "Image: !Ref ImageUri", "Image: jaegertracing/jaeger:latest # jqs:ignore J5001"),
    ("Q903", EXISTING, MEMORY, "Conditions:\n", "Conditions:\n  IsArm: !Equals [!Ref CpuArchitecture, ARM64]\n"),
];

/// The templates once for each rule, in folders of their names, with the rule's fault.
fn planted() -> Files {
    let clean = templates();
    let mut files = Files::new();
    for (id, _, file, from, to) in FAULTS {
        assert!(clean[file].contains(from), "{id}: {file} has no longer `{from}`");
        let of_rule = clean.iter().map(|(name, text)| match name == file {
            true => (format!("{id}/{name}"), text.replace(from, to)),
            false => (format!("{id}/{name}"), text.clone()),
        });
        files.extend(of_rule);
    }
    files
}

fn linted(files: &Files, names: impl Iterator<Item = String>) -> Findings {
    let sources: Vec<Source> = names.map(|name| Source { text: files[&name].clone(), name }).collect();
    let options = lint::Options { ruleset: Some(Ruleset::QuickStart), ..lint::Options::default() };
    lint::findings(&sources, files, &options).expect("the linter")
}

fn proof(files: &Files, entry: &str, wanted: impl Fn(&Check) -> bool, findings: &Findings) -> Proof {
    let tree = StackTree::open(files, entry).unwrap_or_else(|error| panic!("{entry}: {error}"));
    let checks: Vec<&Check> = checks::ALL.iter().filter(|check| wanted(check)).collect();
    let mut proof = prove::prove(&tree, &checks, &Options::default());
    proof.checklist = Some(Checklist::of(&tree, &proof, findings));
    proof
}

/// The verdict on a rule as each format gives it.
fn refuted_in(rule: &Rule, proof: Proof) -> [(&'static str, bool); 4] {
    let proofs = [proof];
    let line = format!("{}  {}", rule.id, rule.title);
    let document: serde_json::Value = serde_json::from_str(&report::json(&proofs)).expect("JSON");
    let entries = document["proofs"][0]["checklist"].as_array().expect("a checklist");
    let junit = report::junit(&proofs);
    let case = junit.split("<testcase ").find(|case| case.contains(&format!("name=\"{} ", rule.id)));
    let html = report::html(&proofs);
    let row = html.split("<tr>").find(|row| row.starts_with(&format!("<td>{}</td>", rule.id)));
    [
        ("text", report::text(&proofs, false).contains(&format!("\n✗ {line}\n        "))),
        ("json", entries.iter().any(|entry| entry["id"] == rule.id && entry["verdict"] == "refuted")),
        ("junit", case.is_some_and(|case| case.contains("<failure "))),
        ("html", row.is_some_and(|row| row.contains("<td class=\"bad\">refuted</td>"))),
    ]
}

#[test]
fn a_fault_refutes_its_rule_in_every_format() {
    assert!(RULES.iter().map(|rule| rule.id).eq(FAULTS.iter().map(|fault| fault.0)), "a fault for each rule, in order");
    let files = planted();
    let found = linted(&files, FAULTS.iter().map(|(id, _, file, ..)| format!("{id}/{file}")));
    let mut missed = Vec::new();
    for ((id, entry, ..), rule) in FAULTS.into_iter().zip(RULES) {
        let folder = format!("{id}/");
        let open = found.open.iter().filter(|one| one.file.starts_with(&folder)).cloned().collect();
        let of_rule = found.accepted.iter().filter(|one| one.diagnostic.file.starts_with(&folder)).cloned();
        let findings = Findings { open, accepted: of_rule.collect() };
        let proof = proof(&files, &format!("{id}/{entry}"), |check| rule.checks.contains(&check.id), &findings);
        let formats = refuted_in(rule, proof);
        missed.extend(formats.into_iter().filter(|(_, is_refuted)| !is_refuted).map(|(format, _)| (id, format)));
    }
    assert!(missed.is_empty(), "not refuted: {missed:?}");
}

#[test]
fn our_own_templates_keep_every_rule() {
    let files = templates();
    for entry in [NEW, EXISTING] {
        let tree = StackTree::open(&files, entry).expect("our templates");
        let names: BTreeSet<String> = tree.stacks().iter().map(|stack| stack.file().to_owned()).collect();
        let findings = linted(&files, names.into_iter());
        let proof = proof(&files, entry, |_| true, &findings);
        let checklist = proof.checklist.as_ref().expect("a checklist");
        let broken: Vec<&str> = checklist
            .entries
            .iter()
            .filter(|entry| !matches!(entry.verdict, Verdict::Proven | Verdict::Accepted))
            .map(|entry| entry.rule.id)
            .collect();
        assert!(broken.is_empty(), "{entry}: {broken:?}");
    }
}
