//! Where TaskCat fails its users, and this does not. What is shown elsewhere is named there: hooks when the stack is up, and
//! assertions (`asserted`), leaks, kept buckets, foreign keys, stacks deleted by somebody else and causes (`runs`), pauses and limits
//! (`many`, `runs`), parameters and tokens (units of `config` and `pseudo`), functions without Docker (units of `package`).

use crate::cloud::{Cloud, elements, jqs_at};
use crate::project::{PLAIN, Project, jqs};
use crate::run::{ACCOUNT, Jqs};

#[test]
fn a_nested_template_that_cannot_be_read_fails_the_lint() {
    let program = Jqs::new(&[]);
    let project = Project::new(PLAIN).with("templates/child.yaml", "Resources: {Queue: {Type: [}\n");
    let run = program.run_in(project.path(), &["test", "lint"]).expect(1);
    assert!(run.stdout.contains("templates/child.yaml"), "{}", run.stdout);
    let wrong = Project::new(PLAIN).with("templates/child.yaml", "Resources: {Queue: {Type: AWS::SQS::Queu}}\n");
    let run = program.run_in(wrong.path(), &["test", "lint"]).expect(1);
    assert!(run.stdout.contains("AWS::SQS::Queu"), "{}", run.stdout);
}

/// What it says of the templates is one thing, a run that does not want to know it is another.
#[test]
fn a_template_that_cannot_be_read_does_not_break_off_a_run_that_is_not_to_look_at_it() {
    let cloud = Cloud::start();
    let project = Project::new(PLAIN).with("templates/child.yaml", "Resources: {Queue: {Type: [}\n");
    jqs(&cloud).run_in(project.path(), &["test", "run", "--lint-disable", "--no-prove"]).expect(0);
}

#[test]
fn a_template_that_nests_itself_ends_the_lint_with_an_error() {
    let circle = "Description: Itself\nResources:
  Child: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: 'https://bucket.s3.eu-west-1.amazonaws.com/shop/templates/child.yaml'}}\n";
    let project = Project::new(PLAIN).with("templates/child.yaml", circle);
    let run = Jqs::new(&[]).run_in(project.path(), &["test", "lint"]).expect(1);
    assert!(run.stdout.contains("child.yaml"), "{}", run.stdout);
}

#[test]
fn parameters_with_numbers_and_booleans_reach_the_stack() {
    let cloud = Cloud::start();
    let project = Project::new(
        "project: {name: shop, regions: [eu-west-1], template: templates/entry.yaml}
tests: {one: {parameters: {Count: 7, Flag: false, Name: '$[taskcat_account_id]'}}}
",
    );
    jqs(&cloud).run_in(project.path(), &["test", "deploy"]).expect(0);
    let shown = &project.report()["cases"][0]["parameters"];
    assert_eq!(
        (shown["Count"].as_str(), shown["Flag"].as_str(), shown["Name"].as_str()),
        (Some("7"), Some("false"), Some(ACCOUNT))
    );
    jqs(&cloud).run_in(project.path(), &["test", "delete", "shop", "--regions", "eu-west-1", "--yes"]).expect(0);
}

#[tokio::test]
async fn secrets_and_presigned_urls_work() {
    let cloud = Cloud::start();
    let s3 = cloud.s3().await;
    let place = aws_sdk_s3::types::CreateBucketConfiguration::builder().location_constraint("eu-west-1".into()).build();
    s3.create_bucket().bucket("content").create_bucket_configuration(place).send().await.unwrap();
    s3.put_object().bucket("content").key("a/key").body(b"text".to_vec().into()).send().await.unwrap();
    let client = reqwest::Client::new();
    let call = |service: &'static str, target: &'static str, body: &'static str| {
        let scope =
            format!("Credential={ACCOUNT}/20260101/eu-west-1/{service}/aws4_request, SignedHeaders=host, Signature=0");
        client
            .post(cloud.endpoint())
            .header("authorization", format!("AWS4-HMAC-SHA256 {scope}"))
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.1")
            .body(body)
            .send()
    };
    let secret = r#"{"Name": "shop/secret", "SecretString": "of the manager"}"#;
    assert!(call("secretsmanager", "secretsmanager.CreateSecret", secret).await.unwrap().status().is_success());
    let parameter = r#"{"Name": "/shop/name", "Value": "of the store", "Type": "String"}"#;
    assert!(call("ssm", "AmazonSSM.PutParameter", parameter).await.unwrap().status().is_success());
    let project = Project::new(
        "project: {name: shop, regions: [eu-west-1], template: templates/entry.yaml}
tests:
  secret: {parameters: {Name: '$[taskcat_secretsmanager_shop/secret]'}, assertions: {outputs: {Shown: of the manager}}}
  stored: {parameters: {Name: '$[taskcat_ssm_/shop/name]'}, assertions: {outputs: {Shown: of the store}}}
  url: {parameters: {Name: '$[taskcat_presignedurl],content,a/key,60'}, assertions: {outputs: {Shown: {answers: {contains: text, within: 5s}}}}}
  content: {parameters: {Name: '$[taskcat_getlicensecontent]/content/a/key'}, assertions: {outputs: {Shown: text}}}
  zones: {parameters: {Name: '$[taskcat_genaz_2]'}, assertions: {outputs: {Shown: 'eu-west-1a,eu-west-1b'}}}
",
    );
    let (path, program) = (project.path().to_owned(), jqs(&cloud));
    let arguments = ["test", "run", "--test-names", "secret,stored,content,zones"];
    tokio::task::spawn_blocking(move || program.run_in(&path, &arguments)).await.unwrap().expect(0);
    // The stand-in takes signed addresses of credentials alone that it has given out itself.
    cloud.query("iam", "CreateUser", "2010-05-08", "UserName=tester").await;
    let keys = cloud.query("iam", "CreateAccessKey", "2010-05-08", "UserName=tester").await;
    let one = |name: &str| elements(&keys, name).remove(0);
    let program = jqs(&cloud)
        .with("AWS_ACCESS_KEY_ID", &one("AccessKeyId"))
        .with("AWS_SECRET_ACCESS_KEY", &one("SecretAccessKey"));
    let path = project.path().to_owned();
    let work = move || program.run_in(&path, &["test", "run", "--test-names", "url"]);
    tokio::task::spawn_blocking(work).await.unwrap().expect(0);
}

/// No profile is named anywhere: the environment's credentials are taken, which TaskCat does not do.
#[test]
fn credentials_of_the_environment_are_enough() {
    let cloud = Cloud::start();
    let project = Project::new(PLAIN);
    let program = jqs_at(&cloud.endpoint()).with("AWS_SESSION_TOKEN", "token").with("AWS_CONFIG_FILE", "/dev/null");
    program.run_in(project.path(), &["test", "run"]).expect(0);
}

#[test]
fn the_report_needs_no_network_and_can_be_made_again() {
    let cloud = Cloud::start();
    let project = Project::new(PLAIN);
    let program = jqs(&cloud);
    program.run_in(project.path(), &["test", "run"]).expect(0);
    let page = project.read("taskcat_outputs/index.html");
    for loaded in ["src=", "<script", "@import", "<link"] {
        assert!(!page.contains(loaded), "{loaded}");
    }
    assert!(page.contains("TopicArn"), "outputs are in it");
    let again = program.run_in(project.path(), &["test", "report", "--format", "html"]).expect(0);
    assert_eq!(again.stdout.trim_end(), page.trim_end());
    let short = program.run_in(project.path(), &["test", "report"]).expect(0);
    assert!(short.stdout.starts_with("## ✅ `shop`: 2 of 2 passed"), "{}", short.stdout);
}
