//! What needs no AWS: proof, lint, the matrix itself, configurations and policies.

use crate::project::{PLAIN, Project};
use crate::run::Jqs;
use std::time::Duration;

/// Nothing of this calls anybody: there is nobody at this address.
fn jqs() -> Jqs {
    Jqs::new(&[("AWS_ENDPOINT_URL", "http://127.0.0.1:1"), ("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x")])
}

#[test]
fn a_project_is_proven_in_its_regions() {
    let project = Project::new(PLAIN);
    let run = jqs().run_in(project.path(), &["test", "prove"]).expect(0);
    assert!(run.stdout.contains("plain (templates/entry.yaml): "), "{}", run.stdout);
    assert!(run.stdout.contains("in 2 regions"), "{}", run.stdout);
    let missing =
        Project::new("project: {name: shop, regions: [eu-west-1], template: templates/new.yaml}\ntests: {one: {}}\n")
            .with("templates/new.yaml", "Description: No such type there\nResources: {Sub: {Type: AWS::SNS::Topik}}\n");
    jqs().run_in(missing.path(), &["test", "prove", "--format", "junit", "--out", "proof.xml"]);
    assert!(missing.read("proof.xml").contains("<testsuites"));
}

#[test]
fn our_own_matrix_is_proven() {
    let root = env!("CARGO_MANIFEST_DIR");
    let run = jqs().run(&["test", "prove", "--project-root", root]).expect(0);
    assert!(
        run.stdout.lines().filter(|line| line.contains("0 findings") || line.contains(" accepted")).count() > 6,
        "{}",
        run.stdout
    );
    jqs().run(&["test", "lint", "--project-root", root]).expect(0);
    let shown = jqs().run(&["test", "show", "--project-root", root, "--json"]).expect(0);
    let tests: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    let regions: std::collections::BTreeSet<&str> = tests
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|test| test["regions"].as_array().unwrap())
        .filter_map(|region| region.as_str())
        .collect();
    let partitions: std::collections::BTreeSet<&str> =
        regions.iter().map(|region| jqs_cfn::region::partition(region)).collect();
    assert!(tests.as_array().unwrap().len() >= 6 && regions.len() >= 4 && partitions.len() >= 2, "{regions:?}");
}

#[test]
fn the_matrix_is_shown_with_who_says_so() {
    let project = Project::new(PLAIN).with(".taskcat_overrides.yml", "Flag: false\n");
    let run = jqs().run_in(project.path(), &["test", "show", "-P", "Count=5"]).expect(0);
    for line in
        ["./.taskcat_overrides.yml:1:1", "Count  5", "the command line", "./.taskcat.yml:3:24", "eu-west-1, us-east-1"]
    {
        assert!(run.stdout.contains(line), "`{line}` is not in\n{}", run.stdout);
    }
}

#[test]
fn wrong_configurations_are_told_with_their_places_and_exit_2() {
    let project = Project::new("project: {nam: shop}\ntests: {plain: {template: none.yaml}}\n");
    for command in [&["test", "run"][..], &["test", "prove"], &["test", "lint"], &["test", "show"]] {
        let run = jqs().run_in(project.path(), command).expect(2);
        run.says("./.taskcat.yml:1:11: `project` has no key `nam`: did you mean `name`?").says("there is no template");
    }
}

#[test]
fn a_configuration_is_generated_and_not_written_over() {
    let project = Project::new(PLAIN);
    std::fs::remove_file(project.path().join(".taskcat.yml")).unwrap();
    jqs().run_in(project.path(), &["test", "generate-config", "--regions", "eu-west-1"]).expect(0);
    jqs().run_in(project.path(), &["test", "generate-config"]).expect(2).says("is there already");
    jqs().run_in(project.path(), &["test", "prove"]).expect(0);
}

#[test]
fn a_policy_has_what_the_types_need_and_nothing_else() {
    let project = Project::new(PLAIN);
    let run = jqs().run_in(project.path(), &["test", "generate-iam-policy"]).expect(0);
    let policy: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let text = policy.to_string();
    for action in ["sns:CreateTopic", "sns:DeleteTopic", "cloudformation:CreateStack", "s3:PutObject"] {
        assert!(text.contains(action), "{action}");
    }
    for other in ["dynamodb:", "\"*:*\"", "iam:CreateRole"] {
        assert!(!text.contains(other), "{other} is for types that no template has");
    }
    let own = jqs().run(&["test", "generate-iam-policy", "--project-root", env!("CARGO_MANIFEST_DIR")]).expect(0);
    assert!(own.stdout.contains("ecs:CreateService") && own.stdout.contains("es:CreateDomain"), "{}", own.stderr);
}

#[test]
fn help_has_examples_everywhere_and_costs_nothing() {
    let run = jqs().run(&["test", "--help"]).expect(0);
    let commands: Vec<&str> = run
        .stdout
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| !line.is_empty())
        // Long descriptions go on below, further to the right.
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert_eq!(commands.len(), 16);
    for command in commands {
        let (run, usage) = jqs().run_measured(&["test", command, "--help"]);
        assert!(run.stdout.contains("Examples:"), "{command}");
        assert!(usage.time < Duration::from_millis(500), "{command} takes {:?}", usage.time);
    }
}
