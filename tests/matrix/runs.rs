//! Runs that end well, and runs in which something fails: what is told, and what is left.

use crate::cloud::Cloud;
use crate::project::{Project, failures, jqs, verdicts};

const NESTED: &str =
    "project: {name: shop, regions: [eu-west-1, us-east-1, ap-south-1], template: templates/entry.yaml}
tests:
  plain: {parameters: {Name: second}}
  nested: {parameters: {TemplateBucket: '$[taskcat_autobucket]', Secret: '$[taskcat_genpass_20S]'}}
  nested-too: {parameters: {TemplateBucket: '$[taskcat_autobucket]'}}
";

#[tokio::test]
async fn every_test_passes_in_every_region_and_nothing_is_left() {
    let cloud = Cloud::start();
    let before = cloud.inventory().await;
    let project = Project::new(NESTED);
    let run = jqs(&cloud).run_in(project.path(), &["test", "run"]).expect(0).says("✓ 9 of 9 passed");
    assert!(!run.stderr.contains("✗"), "{}", run.stderr);
    assert_eq!(run.stderr.matches(" files sent to ").count(), 3, "one bucket for each region, and not for each test");
    let report = project.report();
    assert_eq!(report["cases"].as_array().unwrap().len(), 9);
    assert_eq!(report["remains"].as_array().unwrap().len(), 0);
    for case in report["cases"].as_array().unwrap() {
        let phases: Vec<&str> =
            case["phases"].as_array().unwrap().iter().map(|phase| phase["phase"].as_str().unwrap()).collect();
        assert_eq!(phases, ["preparing", "creating", "asserting", "deleting"]);
        assert_eq!(case["outputs"]["Hidden"], "****");
        assert!(case["events"].as_array().unwrap().len() > 2);
    }
    assert_eq!(cloud.inventory().await, before);
    for file in ["index.html", "junit.xml", "summary.md", "plain-eu-west-1.log", "nested-ap-south-1.log"] {
        assert!(!project.read(&format!("taskcat_outputs/{file}")).is_empty(), "{file}");
    }
    let secret = report["cases"][3]["parameters"]["Secret"].as_str().unwrap();
    assert_eq!(secret, "****");
}

/// One test fails at creation, one at deletion, one at an assertion, one leaves a bucket behind, and one passes.
#[tokio::test]
async fn exactly_what_fails_is_told_with_its_cause_and_cleaned_away() {
    let cloud =
        Cloud::start_with(&[("SHIM_FAIL_LOGICAL", "Queue"), ("SHIM_FAIL_DELETION", "Stuck"), ("SHIM_FAIL_TIMES", "4")]);
    let before = cloud.inventory().await;
    let project = Project::new(
        "project: {name: shop, regions: [eu-west-1], template: templates/entry.yaml}
tests:
  creation: {parameters: {TemplateBucket: '$[taskcat_autobucket]'}}
  deletion: {template: templates/stuck.yaml}
  assertion: {assertions: {outputs: {Shown: third}}}
  leak: {template: templates/bucket.yaml, parameters: {Keep: 'yes'}}
  fine: {}
",
    )
    .with("templates/stuck.yaml", "Description: A topic that stays\nResources: {Stuck: {Type: AWS::SNS::Topic}}\n");
    let program = jqs(&cloud);
    let run =
        program.run_in(project.path(), &["test", "run", "--lint-disable"]).expect(1).says("1 of 5 passed, 4 failed");
    let report = project.report();
    assert_eq!(failures(&report, "creation"), ["creation"]);
    assert_eq!(failures(&report, "deletion"), ["deletion"]);
    assert_eq!(failures(&report, "assertion"), ["assertion"]);
    assert_eq!(failures(&report, "leak"), ["leak"]);
    assert_eq!(failures(&report, "fine"), [""; 0]);
    let run =
        run.says("Child/Queue (AWS::SQS::Queue): Resource handler returned message: \"injected failure for Queue\"");
    let run = run.says("Stuck (AWS::SNS::Topic): Resource handler returned message: \"injected failure for Stuck\"");
    let run = run.says("output `Shown` is `third`: it is `first`").says("the stack is gone and has left arn:aws:s3:::");
    assert!(run.stderr.contains("CREATE_FAILED") && run.stderr.contains("DELETE_FAILED"), "{}", run.stderr);
    assert!(project.read("taskcat_outputs/junit.xml").contains("failures=\"4\""));

    let id = project.run_id();
    program.run_in(project.path(), &["test", "clean", "--run", &id, "--regions", "eu-west-1", "--yes"]).expect(0);
    let again = program.run_in(project.path(), &["test", "clean", "--run", &id, "--regions", "eu-west-1", "--yes"]);
    again.expect(0).says("Nothing of it is there, in 1 regions.");
    assert_eq!(cloud.inventory().await, before);
}

#[tokio::test]
async fn what_passes_by_itself_is_tried_again_and_told() {
    let reason = [("SHIM_FAIL_LOGICAL", "Topic"), ("SHIM_FAIL_TIMES", "1"), ("SHIM_FAIL_REASON", "Rate exceeded")];
    let cloud = Cloud::start_with(&reason);
    let project = Project::new(
        "project: {name: shop, regions: [eu-west-1], template: templates/entry.yaml}\ntests: {plain: {}}\n",
    );
    let run = jqs(&cloud).run_in(project.path(), &["test", "run"]).expect(0);
    run.says("trying again: a service was asked too often: Resource handler returned message: \"Rate exceeded\"")
        .says("1 of 1 passed, 1 retry");
    assert_eq!(project.report()["cases"][0]["retries"][0]["phase"], "creating");
}

#[tokio::test]
async fn a_bucket_that_is_not_empty_does_not_keep_its_stack() {
    let cloud = Cloud::start();
    let before = cloud.inventory().await;
    let hook = "#!/usr/bin/env python3
import json, os, sys, urllib.request
given = json.load(sys.stdin)
url = f\"{os.environ['AWS_ENDPOINT_URL']}/{given['outputs']['Name']}/key\"
scope = 'Credential=123456789012/20260101/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=0'
request = urllib.request.Request(url, data=b'x', method='PUT', headers={'authorization': 'AWS4-HMAC-SHA256 ' + scope})
for version in range(2):
    urllib.request.urlopen(request)
";
    let project = Project::new(
        "project: {name: shop, regions: [eu-west-1], template: templates/bucket.yaml}
tests: {filled: {posthooks: [{run: [python3, fill.py]}]}}
",
    )
    .with("fill.py", hook);
    jqs(&cloud).run_in(project.path(), &["test", "run", "--lint-disable"]).expect(0);
    assert_eq!(cloud.inventory().await, before);
}

/// TaskCat takes it for a pass.
#[test]
fn a_stack_that_somebody_else_deletes_is_a_failure() {
    let cloud = Cloud::start();
    let hook = "import json, os, sys, urllib.parse, urllib.request
given = json.load(sys.stdin)
scope = 'Credential=123456789012/20260101/eu-west-1/cloudformation/aws4_request, SignedHeaders=host, Signature=0'
form = urllib.parse.urlencode({'Action': 'DeleteStack', 'Version': '2010-05-15', 'StackName': given['stack_id']})
headers = {'authorization': 'AWS4-HMAC-SHA256 ' + scope, 'content-type': 'application/x-www-form-urlencoded'}
urllib.request.urlopen(urllib.request.Request(os.environ['AWS_ENDPOINT_URL'], data=form.encode(), headers=headers))
";
    let config = "project: {name: shop, regions: [eu-west-1], template: templates/entry.yaml}
tests: {plain: {posthooks: [{run: [python3, delete.py]}, sleep 1]}}
";
    let project = Project::new(config).with("delete.py", hook);
    jqs(&cloud).run_in(project.path(), &["test", "run"]).expect(1).says("somebody else has deleted it");
}

#[tokio::test]
async fn what_has_failed_is_kept_if_wanted_with_the_bucket_that_it_needs() {
    let cloud = Cloud::start_with(&[("SHIM_FAIL_LOGICAL", "Queue"), ("SHIM_FAIL_TIMES", "1")]);
    let project = Project::new(
        "project: {name: shop, regions: [eu-west-1], template: templates/entry.yaml}
tests: {nested: {parameters: {TemplateBucket: '$[taskcat_autobucket]'}}, plain: {}}
",
    );
    let program = jqs(&cloud);
    let run = program.run_in(project.path(), &["test", "run", "--keep-failed"]).expect(1);
    run.says("left behind:").says("which a stack there may need");
    let listed = program.run_in(project.path(), &["test", "list", "--regions", "eu-west-1"]).expect(0);
    assert!(listed.stdout.contains("nested") && !listed.stdout.contains("plain"), "{}", listed.stdout);
    program.run_in(project.path(), &["test", "retry"]).expect(0).says("1 of 2 again, 1 have passed before.");
    assert_eq!(verdicts(&project.report()), ["nested eu-west-1 passed", "plain eu-west-1 passed"]);
    let clean = program.run_in(project.path(), &["test", "clean", "shop", "--regions", "eu-west-1", "--yes"]);
    clean.expect(0).says("Nothing of it is there");
}

#[tokio::test]
async fn a_users_own_bucket_keeps_what_is_in_it_and_gets_nothing_twice() {
    let cloud = Cloud::start();
    let s3 = cloud.s3().await;
    let place = aws_sdk_s3::types::CreateBucketConfiguration::builder().location_constraint("eu-west-1".into()).build();
    s3.create_bucket().bucket("own-bucket").create_bucket_configuration(place).send().await.unwrap();
    for key in ["shop/templates/old.yaml", "other"] {
        s3.put_object().bucket("own-bucket").key(key).body(b"mine".to_vec().into()).send().await.unwrap();
    }
    let project = Project::new(
        "project: {name: shop, regions: [eu-west-1], template: templates/entry.yaml, s3_bucket: own-bucket}
tests: {nested: {parameters: {TemplateBucket: '$[taskcat_autobucket]'}}}
",
    )
    .with(".taskcatignore", "*.log\n")
    .with("left-out.log", "");
    let program = jqs(&cloud);
    program.run_in(project.path(), &["test", "run"]).expect(0).says("3 files sent to `own-bucket`");
    program.run_in(project.path(), &["test", "run"]).expect(0).says("0 files sent to `own-bucket`, 3 were there");
    let listed = s3.list_objects_v2().bucket("own-bucket").send().await.unwrap();
    let keys: Vec<&str> = listed.contents().iter().filter_map(|object| object.key()).collect();
    assert_eq!(
        keys,
        [
            "other",
            "shop/templates/bucket.yaml",
            "shop/templates/child.yaml",
            "shop/templates/entry.yaml",
            "shop/templates/old.yaml"
        ]
    );
}

#[tokio::test]
async fn a_run_of_the_tests_that_are_named_in_the_regions_that_are_named() {
    let cloud = Cloud::start();
    let project = Project::new(NESTED);
    let arguments = ["test", "run", "--test-names", "plain", "--regions", "us-east-2", "--json"];
    let run = jqs(&cloud).run_in(project.path(), &arguments).expect(0);
    assert_eq!(run.records("result")[0]["passed"], 1);
    assert_eq!(run.records("finished")[0]["region"], "us-east-2");
    let unknown = jqs(&cloud).run_in(project.path(), &["test", "run", "--test-names", "plan"]).expect(2);
    unknown.says("there is no test `plan`").says("did you mean `plain`?");
}

#[tokio::test]
async fn nothing_is_made_where_the_budget_or_the_proof_forbids_it() {
    let cloud = Cloud::start();
    let before = cloud.inventory().await;
    let vpc = "Description: A gateway\nResources:
  Address: {Type: AWS::EC2::EIP, Properties: {Domain: vpc}}
  Gateway: {Type: AWS::EC2::NatGateway, Properties: {SubnetId: subnet-0aaaaaaaaaaaaaaa1, AllocationId: !GetAtt Address.AllocationId}}
";
    let costly = "project: {name: shop, regions: [eu-west-1], template: templates/vpc.yaml, limits: {budget: 0.01}}\ntests: {one: {}}\n";
    let project = Project::new(costly).with("templates/vpc.yaml", vpc);
    let program = jqs(&cloud);
    program.run_in(project.path(), &["test", "run", "-l", "--no-prove"]).expect(2).says("more than its budget of 0.01");
    let wrong = Project::new("project: {name: shop, regions: [eu-west-1], template: templates/task.yaml}\ntests: {one: {parameters: {Memory: 8192}}}\n").with(
        "templates/task.yaml",
        "Description: A task\nParameters: {Memory: {Type: String, Default: '512', Description: MiB}}\nResources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      Cpu: '256'
      Memory: !Ref Memory
      ContainerDefinitions: [{Name: one, Image: one}]\n",
    );
    program.run_in(wrong.path(), &["test", "run"]).expect(1).says("The proof has failed, and nothing was made.");
    assert_eq!(cloud.inventory().await, before);
}

#[tokio::test]
async fn limits_let_few_stacks_be_there_at_the_same_time() {
    let cloud = Cloud::start_with(&[("SHIM_DELAY_MS", "300")]);
    let project = Project::new(
        "project: {name: shop, regions: [eu-west-1], template: templates/entry.yaml, limits: {stacks_per_region: 1}}
tests: {a: {}, b: {}, c: {}}
",
    );
    jqs(&cloud).run_in(project.path(), &["test", "run"]).expect(0);
    let report = project.report();
    let mut spans: Vec<(jiff::Timestamp, f64)> = Vec::new();
    for case in report["cases"].as_array().unwrap() {
        let phases = case["phases"].as_array().unwrap();
        let began = phases[1]["started"].as_str().unwrap().parse().unwrap();
        spans.push((began, phases.iter().skip(1).map(|phase| phase["seconds"].as_f64().unwrap()).sum()));
    }
    spans.sort_by_key(|(began, _)| *began);
    for pair in spans.windows(2) {
        let gap = pair[1].0.duration_since(pair[0].0).as_secs_f64();
        assert!(gap >= pair[0].1 - 0.05, "one began {gap} s after another that took {} s", pair[0].1);
    }
}

#[tokio::test]
async fn what_takes_too_long_is_told_and_deleted() {
    let cloud = Cloud::start_with(&[("SHIM_DELAY_MS", "4000")]);
    let before = cloud.inventory().await;
    let config = "project: {name: shop, regions: [eu-west-1], template: templates/entry.yaml, limits: {case_time: 1s}}
tests: {slow: {}}
";
    let project = Project::new(config);
    let run = jqs(&cloud).run_in(project.path(), &["test", "run"]).expect(1);
    run.says("it has not ended within the 1 seconds that a case may take");
    assert_eq!(failures(&project.report(), "slow"), ["timed_out"]);
    assert_eq!(cloud.inventory().await, before);
}

#[test]
fn an_output_of_another_stack_is_a_parameter() {
    let cloud = Cloud::start();
    let first = Project::new(
        "project: {name: shop, regions: [eu-west-1], template: templates/entry.yaml}\ntests: {one: {stack_name: tCaT-first, parameters: {Name: told}}}\n",
    );
    jqs(&cloud).run_in(first.path(), &["test", "deploy"]).expect(0);
    let second = Project::new(
        "project: {name: other, regions: [eu-west-1], template: templates/entry.yaml}\ntests: {two: {parameters: {Name: '$[taskcat_output_tCaT-first.Shown]!'}, assertions: {outputs: {Shown: told!}}}}\n",
    );
    jqs(&cloud).run_in(second.path(), &["test", "run"]).expect(0);
    jqs(&cloud).run_in(first.path(), &["test", "delete", "shop", "--regions", "eu-west-1", "--yes"]).expect(0);
}

#[test]
fn a_nested_stack_is_made_again_by_itself() {
    let cloud = Cloud::start();
    let project = Project::new(
        "project: {name: shop, regions: [eu-west-1], template: templates/entry.yaml}\ntests: {one: {stack_name: tCaT-first, parameters: {TemplateBucket: '$[taskcat_autobucket]'}}}\n",
    );
    jqs(&cloud).run_in(project.path(), &["test", "deploy"]).expect(0);
    let run = jqs(&cloud).run_in(project.path(), &["test", "retry", "eu-west-1", "tCaT-first", "Child"]).expect(0);
    run.says("tCaT-first-Child is CREATE_COMPLETE");
    jqs(&cloud).run_in(project.path(), &["test", "delete", "shop", "--regions", "eu-west-1", "--yes"]).expect(0);
}
