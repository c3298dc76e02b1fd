//! `jqs prove --checklist` as it is called: formats, exit codes, and what it costs. What refutes which rule is tested with
//! the engine.

use crate::run::Jqs;
use jqs_cfn::prove::checklist::RULES;
use std::path::Path;

/// The proof finds nothing in it. The linter misses a description, which is a warning.
const UNDESCRIBED: &str = "Resources: {Handle: {Type: 'AWS::CloudFormation::WaitConditionHandle'}}\n";

fn written(jqs: &Jqs, text: &str) -> String {
    let file = jqs.home.path().join("t.yaml");
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn a_refuted_rule_fails_by_the_severity_of_what_refutes_it() {
    let jqs = Jqs::new(&[]);
    let file = written(&jqs, UNDESCRIBED);
    jqs.run(&["prove", &file]).expect(0);
    let run = jqs.run(&["prove", &file, "--checklist"]).expect(1);
    assert!(run.stdout.contains("\n✗ Q502  "), "{}", run.stdout);
    jqs.run(&["prove", &file, "--checklist", "--fail-on", "error"]).expect(0);
    let unknown = UNDESCRIBED.replace("'}", "', Properties: {Colour: red}}");
    let file = written(&jqs, &unknown);
    let run = jqs.run(&["prove", &file, "--checklist", "--fail-on", "error"]).expect(1);
    assert!(run.stdout.contains("\n✗ Q901  "), "{}", run.stdout);
}

#[test]
fn what_is_accepted_with_a_reason_does_not_fail() {
    let jqs = Jqs::new(&[]);
    let file = written(&jqs, &format!("# jqs:ignore J3008 only for a test\n{UNDESCRIBED}"));
    let run = jqs.run(&["prove", &file, "--checklist", "--json"]).expect(0);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let rules = document["proofs"][0]["checklist"].as_array().unwrap();
    let described = rules.iter().find(|rule| rule["id"] == "Q502").unwrap();
    assert_eq!(described["verdict"], "accepted");
    assert_eq!(described["evidence"][0]["accepted"], "only for a test");
}

#[test]
fn every_format_has_the_checklist_where_it_is_asked_for() {
    let jqs = Jqs::new(&[]);
    let file = written(&jqs, UNDESCRIBED);
    let out = jqs.home.path().join("report");
    for (format, refuted) in [
        ("text", "✗ Q502  "),
        ("json", "\"verdict\": \"refuted\""),
        ("junit", "name=\"Q502 templates, parameters and outputs are described\">\n      <failure "),
        ("html", "<td class=\"bad\">refuted</td>"),
    ] {
        let arguments = ["prove", &file, "--format", format, "--out", out.to_str().unwrap()];
        let run = jqs.run(&[&arguments[..], &["--checklist"]].concat()).expect(1);
        assert!(run.stderr.contains("1 refuted"), "{}", run.stderr);
        assert!(std::fs::read_to_string(&out).unwrap().contains(refuted), "{format}");
        jqs.run(&arguments).expect(0);
        assert!(!std::fs::read_to_string(&out).unwrap().contains("Q502"), "{format}");
    }
}

/// The linter's schemas alone take more memory than a whole proof.
#[test]
fn without_the_checklist_nobody_pays_for_the_linter() {
    let jqs = Jqs::new(&[]);
    let file = written(&jqs, UNDESCRIBED);
    let (_, proof) = jqs.run_measured(&["prove", &file]);
    let (_, checked) = jqs.run_measured(&["prove", &file, "--checklist"]);
    assert!(proof.peak_bytes * 2 < checked.peak_bytes, "{} and {} bytes", proof.peak_bytes, checked.peak_bytes);
}

#[test]
fn each_rule_is_listed_explained_and_documented() {
    let jqs = Jqs::new(&[]);
    let list = jqs.run(&["prove", "--list"]).expect(0).stdout;
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/prove.md")).unwrap();
    let names = |ids: &[&str]| if ids.is_empty() { "–".to_owned() } else { ids.join(", ") };
    for rule in RULES {
        assert!(list.contains(rule.id), "{}", rule.id);
        let row = format!("| {} | {} | {} | {} |", rule.id, rule.title, names(rule.checks), names(rule.lint_rules));
        assert!(page.contains(&row), "docs/prove.md has no row `{row}`");
    }
    let run = jqs.run(&["prove", "--explain", "Q402"]).expect(0);
    assert_eq!(run.stdout, "Q402: IAM resources have no names of their own\n\nChecks: P607\nLint rules: J4001\n");
    jqs.run(&["prove", "--explain", "Q999"]).expect(2).says("there is no check `Q999`");
}
