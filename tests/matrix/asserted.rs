//! Assertions and hooks: each kind met, and each kind missed.

use crate::cloud::Cloud;
use crate::project::{Project, jqs};

const ASSERTED: &str = "project: {name: shop, regions: [eu-west-1], template: templates/entry.yaml}
tests:
  one:
    parameters: {Name: first, TemplateBucket: '$[taskcat_autobucket]'}
    assertions:
      outputs: {Shown: first, TopicArn: {matches: '^arn:aws:sns:eu-west-1:'}}
      resources:
        - {type: 'AWS::SQS::Queue', count: 1}
        - {type: 'AWS::SNS::Topic', count: {min: 1, max: 2}}
        - {logical_id: Child/Queue}
        - {logical_id: Topic, properties: {DisplayName: first}}
      commands: ['test \"$OUTPUT_Shown\" = first', {run: [python3, -c, 'import os; assert os.environ[\"AWS_REGION\"] == \"eu-west-1\"']}]
      idempotent: true
      no_drift: true
      updates:
        - {name: renaming, parameters: {Name: other}, not_replaced: ['*'], changes: [Topic], outputs: {Shown: other}}
";

#[test]
fn all_that_is_asserted_holds() {
    let cloud = Cloud::start();
    let project = Project::new(ASSERTED);
    jqs(&cloud).run_in(project.path(), &["test", "run"]).expect(0);
    let report = project.report();
    let names: Vec<&str> =
        report["cases"][0]["assertions"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "output `Shown` is `first`",
            "output `TopicArn` matches `^arn:aws:sns:eu-west-1:`",
            "there is 1 `AWS::SQS::Queue`",
            "there are 1 to 2 `AWS::SNS::Topic`",
            "there is `Child/Queue`",
            "`DisplayName` of `Topic` is \"first\"",
            "command `test \"$OUTPUT_Shown\" = first`",
            "command `python3 -c import os; assert os.environ[\"AWS_REGION\"] == \"eu…`",
            "a second deployment changes nothing",
            "nothing has drifted",
            "renaming replaces nothing",
            "renaming changes `Topic`",
            "renaming succeeds",
            "output `Shown` is `other`",
        ]
    );
}

#[test]
fn each_that_does_not_hold_says_what_was_found() {
    let cloud = Cloud::start();
    let project = Project::new(
        "project: {name: shop, regions: [eu-west-1], template: templates/entry.yaml}
tests:
  one:
    assertions:
      outputs: {Shown: third, TopicArn: {matches: '^http'}, None: x, Hidden: other}
      resources:
        - {type: 'AWS::SQS::Queue', count: 1}
        - {logical_id: Topic, properties: {DisplayName: third}}
      commands: ['echo the reason >&2; exit 3']
      updates: [{parameters: {Name: first}}]
",
    );
    let run = jqs(&cloud).run_in(project.path(), &["test", "run"]).expect(1);
    for text in [
        "output `Shown` is `third`: it is `first`",
        "output `TopicArn` matches `^http`: it is `arn:aws:sns",
        "output `None`: the stack has no such output; it has Hidden, Shown, TopicArn",
        "output `Hidden` is `other`: it is another value",
        "there is 1 `AWS::SQS::Queue`: there are 0",
        "`DisplayName` of `Topic` is \"third\": it is \"first\"",
        "ended with exit code 3: the reason",
        "update 1: it would change nothing",
    ] {
        assert!(run.stderr.contains(text), "`{text}` is not in\n{}", run.stderr);
    }
    assert!(!run.stderr.contains("a-secret"), "{}", run.stderr);
    assert!(!project.read("taskcat_outputs/report.json").contains("a-secret"));
}

#[tokio::test]
async fn a_url_among_the_outputs_is_asked_until_it_answers() {
    let cloud = Cloud::start();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        for answered in 0.. {
            let (mut client, _) = listener.accept().await.unwrap();
            let _ = client.read(&mut [0; 2048]).await;
            let status = if answered < 2 { "503 Service Unavailable" } else { "200 OK" };
            let text = format!("HTTP/1.1 {status}\r\ncontent-length: 5\r\nconnection: close\r\n\r\nready");
            let _ = client.write_all(text.as_bytes()).await;
        }
    });
    let url = format!("http://127.0.0.1:{port}");
    let config = format!(
        "project: {{name: shop, regions: [eu-west-1], template: templates/entry.yaml}}
tests:
  one:
    parameters: {{Name: '{url}'}}
    assertions: {{outputs: {{Shown: {{answers: {{path: /ok, contains: ready, within: 20s}}}}}}}}
  two:
    parameters: {{Name: '{url}'}}
    assertions: {{outputs: {{Shown: {{answers: {{status: 404, within: 1s}}}}}}}}
"
    );
    let project = Project::new(&config);
    let (path, program) = (project.path().to_owned(), jqs(&cloud));
    let run = tokio::task::spawn_blocking(move || program.run_in(&path, &["test", "run"])).await.unwrap().expect(1);
    assert!(run.stderr.contains("1 of 2 passed"), "{}", run.stderr);
    assert!(run.stderr.contains("answers with 404: `http"), "{}", run.stderr);
}

/// TaskCat runs them before the stack is there.
#[test]
fn hooks_run_before_and_when_the_stack_is_up_with_json_both_ways() {
    let cloud = Cloud::start();
    let project = Project::new(
        "project: {name: shop, regions: [eu-west-1], template: templates/entry.yaml}
tests:
  one:
    prehooks: [{type: naming, config: {name: from-a-hook}}]
    posthooks: [{run: [python3, after.py]}]
    assertions: {outputs: {Shown: from-a-hook}}
",
    )
    .with(
        ".taskcat/hooks/naming",
        "#!/usr/bin/env python3\nimport json, sys\ngiven = json.load(sys.stdin)\nassert given['outputs'] == {} and given['region'] == 'eu-west-1'\n\
         print(json.dumps({'parameters': {'Name': given['config']['name']}}))\n",
    )
    .with(
        "after.py",
        "import json, os, sys\ngiven = json.load(sys.stdin)\nassert given['outputs']['Shown'] == os.environ['OUTPUT_Shown'] == 'from-a-hook'\n\
         assert given['stack_id'].startswith('arn:')\nopen('after.txt', 'w').write(given['stack_name'])\n",
    );
    use std::os::unix::fs::PermissionsExt as _;
    let hook = project.path().join(".taskcat/hooks/naming");
    std::fs::set_permissions(hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    jqs(&cloud).run_in(project.path(), &["test", "run"]).expect(0);
    assert!(project.read("after.txt").starts_with("tCaT-shop-one-"));
}

#[test]
fn a_hook_that_fails_is_told_and_nothing_is_left() {
    let cloud = Cloud::start();
    let project = Project::new(
        "project: {name: shop, regions: [eu-west-1], template: templates/entry.yaml}
tests:
  before: {prehooks: ['echo not today >&2; exit 1']}
  slow: {posthooks: [{run: sleep 60, timeout: 1s}]}
  none: {prehooks: [{type: unheard-of}]}
",
    );
    let run = jqs(&cloud).run_in(project.path(), &["test", "run"]).expect(1);
    let run = run.says("ended with exit code 1: not today").says("has not ended within 1 seconds");
    let run = run.says("`taskcat-plugin-unheard-of` is to be in `.taskcat/hooks/` or on the PATH");
    assert!(run.stderr.contains("3 failed"), "{}", run.stderr);
    let list = jqs(&cloud).run_in(project.path(), &["test", "list", "--regions", "eu-west-1"]).expect(0);
    assert_eq!(list.stdout, "");
}
