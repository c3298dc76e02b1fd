//! What goes on between a deployment and its end.

use crate::cloud::{Cloud, jqs_at};
use crate::lifecycle::deploy;
use crate::run::{ACCOUNT, Jqs, REGION, finish};
use std::time::Duration;

#[tokio::test]
async fn stacks_of_every_region_are_listed_and_no_others() {
    let cloud = Cloud::start();
    let jqs = cloud.jqs();
    jqs.run(&["list"]).expect(0).says("No stack of `jqs`");
    jqs.run(&deploy(&[])).expect(0);
    jqs.run(&deploy(&["--name", "other", "--region", "us-east-1"])).expect(0);
    let template = "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}";
    let client = cloud.cloudformation().await;
    client.create_stack().stack_name("foreign").template_body(template).send().await.unwrap();
    let run = jqs.run(&["list", "--json"]).expect(0);
    let found: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let places: Vec<(&str, &str)> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["region"].as_str().unwrap(), one["name"].as_str().unwrap()))
        .collect();
    assert_eq!(places, [("eu-west-1", "jaeger"), ("us-east-1", "other")]);
    let here = jqs.run(&["list", "--regions", "eu-west-1"]).expect(0);
    assert!(here.stdout.starts_with("eu-west-1  jaeger  CREATE_COMPLETE  memory"), "{}", here.stdout);
    assert_eq!(here.stdout.lines().count(), 1);
    jqs.run(&["list", "--regions", "eu-moon-1"]).expect(2).says("eu-moon-1");
}

#[test]
fn a_profile_may_name_a_program_that_gives_credentials() {
    let cloud = Cloud::start();
    let jqs = Jqs::new(&[("AWS_ENDPOINT_URL", &cloud.endpoint()), ("AWS_REGION", REGION)]);
    let given = format!(r#"{{"Version": 1, "AccessKeyId": "{ACCOUNT}", "SecretAccessKey": "secret"}}"#);
    let file = jqs.home.path().join("given.json");
    std::fs::write(&file, given).unwrap();
    std::fs::create_dir(jqs.home.path().join(".aws")).unwrap();
    let profile = format!("[profile work]\ncredential_process = cat {}\n", file.display());
    std::fs::write(jqs.home.path().join(".aws/config"), profile).unwrap();
    jqs.run(&["list", "--regions", REGION, "--profile", "work"]).expect(0).says("No stack of `jqs`");
}

#[tokio::test]
async fn watching_comes_back_to_what_goes_on() {
    let cloud = Cloud::start_with(&[("SHIM_DELAY_MS", "150")]);
    let jqs = cloud.jqs();
    let child = jqs.start(&deploy(&[]));
    let endpoint = cloud.endpoint();
    let watching = tokio::task::spawn_blocking(move || {
        let other = jqs_at(&endpoint);
        let mut run = other.run(&["watch"]);
        while run.stderr.contains("there is no stack") || run.stderr.contains("REVIEW_IN_PROGRESS") {
            std::thread::sleep(Duration::from_millis(100));
            run = other.run(&["watch"]);
        }
        run
    });
    finish(child).expect(0);
    watching.await.unwrap().expect(0).says("jaeger is CREATE_COMPLETE");
    jqs.run(&["watch"]).expect(0).says("Nothing goes on with `jaeger`: it is in CREATE_COMPLETE.");
    jqs.run(&["rollback"]).expect(1).says("there is nothing to roll back");
    jqs.run(&["drift"]).expect(0).says("jaeger is as it was made: ").says(" stacks compared");
}

/// The names below `Commands:` in a help, and those below them.
fn verbs(jqs: &Jqs, above: &[&str]) -> Vec<Vec<String>> {
    let help = jqs.run(&[above, &["--help"]].concat()).expect(0).stdout;
    assert!(help.contains("Examples:"), "`jqs {}` has no examples", above.join(" "));
    let Some((_, list)) = help.split_once("Commands:\n") else { return Vec::new() };
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names = lines
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next().filter(|_| !line.starts_with("   ")));
    let names = names.filter(|name| *name != "help").map(|name| [above, &[name]].concat());
    names
        .flat_map(|path| {
            let own = path.iter().map(|part| (*part).to_owned()).collect();
            std::iter::once(own).chain(verbs(jqs, &path)).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn every_help_has_examples_and_what_is_mistyped_is_known() {
    let jqs = Jqs::new(&[]);
    let all = verbs(&jqs, &[]);
    for some in ["deploy", "image push", "config show", "migrate"] {
        assert!(all.iter().any(|path| path.join(" ") == some), "{some} in {all:?}");
    }
    jqs.run(&["stauts"]).expect(2).says("a similar subcommand exists: 'status'");
}

#[test]
fn shells_and_man_know_every_verb() {
    let jqs = Jqs::new(&[]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let text = jqs.run(&["completions", shell]).expect(0).stdout;
        assert!(["teardown", "rollback", "plan-out"].iter().all(|word| text.contains(word)), "{shell}");
    }
    let folder = jqs.home.path().join("man");
    jqs.run(&["man", folder.to_str().unwrap()]).expect(0).says("the pages are in");
    let page = std::fs::read_to_string(folder.join("jqs-deploy.1")).unwrap();
    assert!(page.contains(".TH") && page.contains("on\\-failure"), "{page}");
    jqs.run(&["completions", "tcsh"]).expect(2).says("possible values");
}
