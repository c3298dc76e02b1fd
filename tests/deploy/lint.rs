//! `jqs lint` as it is called: paths, formats, exit codes. What the rules find is tested with the engine.

use crate::run::Jqs;
use crate::snapshot;
use jqs_cfn::diagnostic::Diagnostic;
use jqs_cfn::eval::{Folder, Library};
use jqs_cfn::lint::{self, Options, Source};
use std::path::Path;

const BROKEN_CHILD: &str = "Resources:\n  Topic: [\n";
const PARENT: &str = "\
Resources:
  Child:
    Type: AWS::CloudFormation::Stack
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties: {TemplateURL: !Sub 'https://${AWS::StackName}.s3.${AWS::URLSuffix}/modules/child.yaml'}
";

/// A folder with a template that nests a broken one, and with what is no template.
fn project(jqs: &Jqs) -> String {
    let folder = jqs.home.path().join("project");
    std::fs::create_dir_all(folder.join("modules")).unwrap();
    std::fs::write(folder.join("parent.yaml"), PARENT).unwrap();
    std::fs::write(folder.join("modules/child.yaml"), BROKEN_CHILD).unwrap();
    std::fs::write(folder.join("compose.yaml"), "services: {}\n").unwrap();
    folder.to_str().unwrap().to_owned()
}

#[test]
fn our_own_templates_are_clean() {
    let run = Jqs::new(&[]).run(&["lint"]).expect(0);
    assert!(run.stdout.starts_with("no findings in "), "{}", run.stdout);
}

/// The program loads the schemas of what it lints alone. The engine, in this process, loads all.
#[test]
fn less_is_loaded_and_the_same_is_found() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Folder::open(root).unwrap();
    let text = |name: &str| folder.text(name).unwrap().unwrap();
    let names = |below: &str| Folder::open(&root.join(below)).unwrap().names().unwrap();
    let broken = names("tests/lint/broken").into_iter().map(|name| format!("tests/lint/broken/{name}"));
    // Transforms may bring any type, so nothing is left out for them.
    let files: Vec<String> = broken.filter(|name| !text(name).contains("Transform:")).collect();
    assert!(files.len() > 100, "{}", files.len());
    let sources: Vec<Source> = files.iter().map(|name| Source { name: name.clone(), text: text(name) }).collect();
    let found = lint::lint(&sources, &folder, &Options::default()).unwrap();
    let mut arguments = vec!["lint", "--json", "--severity", "info"];
    arguments.extend(files.iter().map(String::as_str));
    let run = Jqs::new(&[]).run_in(root, &arguments).expect(1);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let shown = |one: &Diagnostic| (one.file.clone(), one.rule.clone(), one.span.start.line, one.message.clone());
    let expected: Vec<_> = found.iter().map(shown).collect();
    let findings = document["findings"].as_array().unwrap().iter();
    let findings = findings.map(|one| {
        let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
        (text("file"), text("rule"), one["line"].as_u64().unwrap_or_default() as u32, text("message"))
    });
    assert_eq!(findings.collect::<Vec<_>>(), expected);
}

#[test]
fn a_nested_template_that_cannot_be_read_fails_the_run() {
    let jqs = Jqs::new(&[]);
    let folder = project(&jqs);
    let run = jqs.run(&["lint", &folder]).expect(1);
    snapshot!("lint_pretty", run.stdout.replace(&folder, "FOLDER"));
    // The parent alone is enough to learn of it.
    let parent = format!("{folder}/parent.yaml");
    let run = jqs.run(&["lint", &parent, "--format", "github"]).expect(1);
    assert!(run.stdout.contains("title=J1002::"), "{}", run.stdout);
}

#[test]
fn thresholds_decide_what_is_shown_and_what_fails() {
    let jqs = Jqs::new(&[]);
    let file = jqs.home.path().join("t.yaml");
    std::fs::write(&file, "Parameters: {Unused: {Type: String}}\nResources: {Topic: {Type: 'AWS::SNS::Topic'}}\n")
        .unwrap();
    let file = file.to_str().unwrap();
    jqs.run(&["lint", file]).expect(1);
    let run = jqs.run(&["lint", file, "--fail-on", "error"]).expect(0);
    assert!(run.stdout.contains("warning[W2001]"), "{}", run.stdout);
    let run = jqs.run(&["lint", file, "--severity", "error"]).expect(0);
    assert_eq!(run.stdout, "no findings in 1 file\n");
    let run = jqs.run(&["lint", file, "--json"]).expect(1);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["findings"][0]["rule"], "W2001");
    assert_eq!(document["counts"]["warning"], 1);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let jqs = Jqs::new(&[]);
    let folder = project(&jqs);
    for (arguments, text) in [
        (vec!["nobody.yaml".to_owned()], "there is no file `nobody.yaml`"),
        (vec![format!("{folder}/compose.yaml")], "is no template: it has no `Resources`"),
        (vec![folder.clone(), "--regions".to_owned(), "eu-wset-1".to_owned()], "did you mean `eu-west-1`?"),
        (vec![folder.clone(), "--rules".to_owned(), folder.clone()], "has no files that end in `.guard`"),
        (vec!["--explain".to_owned(), "J10033".to_owned()], "did you mean `J1003`?"),
    ] {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        jqs.run(&[&["lint"][..], &arguments].concat()).expect(2).says(text);
    }
}

#[test]
fn rules_are_listed_explained_and_documented() {
    let jqs = Jqs::new(&[]);
    let run = jqs.run(&["lint", "--explain", "J1003"]).expect(0);
    assert!(
        run.stdout.starts_with("J1003: A parameter of a nested stack is missing\nerror, ruleset default, from jqs\n")
    );
    jqs.run(&["lint", "--explain", "E3002"]).expect(0);
    let run = jqs.run(&["lint", "--list-rules", "--json"]).expect(0);
    let rules: Vec<serde_json::Value> = serde_json::from_str(&run.stdout).unwrap();
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lint.md")).unwrap();
    for rule in rules.iter().filter(|rule| rule["origin"] == "jqs") {
        let text = |key: &str| rule[key].as_str().unwrap().to_owned();
        let row = format!("| {} | {} | {} | {} |", text("id"), text("severity"), text("ruleset"), text("title"));
        assert!(page.contains(&row), "docs/lint.md has no row `{row}`");
    }
}

/// The example of docs/lint.md, as it stands there.
#[test]
fn the_rule_in_the_documentation_works() {
    let jqs = Jqs::new(&[]);
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lint.md")).unwrap();
    let rule = page.split("```guard\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let folder = jqs.home.path().join("rules");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("company.guard"), rule).unwrap();
    let file = jqs.home.path().join("t.yaml");
    std::fs::write(&file, "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n    Properties: {}\n").unwrap();
    let run = jqs.run(&["lint", file.to_str().unwrap(), "--rules", folder.to_str().unwrap()]).expect(1);
    assert!(run.stdout.contains("error[COMPANY_TAGS]: every resource of ours has tags"), "{}", run.stdout);
}
