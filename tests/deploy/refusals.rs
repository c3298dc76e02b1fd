//! Where somebody or something says no: nothing may be left behind.

use crate::cloud::Cloud;
use crate::run::{ACCOUNT, REGION};
use crate::snapshot;
use aws_sdk_ecr::types::{ImageIdentifier, ImageTagMutability};

#[tokio::test]
async fn without_a_terminal_and_without_yes_nothing_happens() {
    let cloud = Cloud::start();
    let run = cloud.jqs().run(&["deploy", "--skip-image-check"]).expect(2);
    snapshot!("nobody_can_be_asked", run.shown());
    let held = cloud.inventory().await;
    assert!(!held.iter().any(|one| one.starts_with("stack ")), "{held:?}");
}

#[tokio::test]
async fn a_no_on_the_terminal_removes_the_change_set() {
    let cloud = Cloud::start();
    let jqs = cloud.jqs();
    let run = jqs.run_on_terminal(&["deploy", "--skip-image-check"], "n\n").expect(2);
    assert!(run.stdout.contains("Make these changes to `jaeger`? [y/N]"), "{}", run.stdout);
    assert!(run.stdout.contains("Nothing was deployed"), "{}", run.stdout);
    let held = cloud.inventory().await;
    assert!(!held.iter().any(|one| one.starts_with("stack ")), "{held:?}");

    jqs.run(&["deploy", "--skip-image-check", "--yes"]).expect(0);
    jqs.run_on_terminal(&["deploy", "--skip-image-check", "-P", "LogRetentionDays=7"], "n\n").expect(2);
    let sets = cloud.cloudformation().await.list_change_sets().stack_name("jaeger").send().await.unwrap();
    let open = sets.summaries().iter().filter(|set| set.execution_status().unwrap().as_str() == "AVAILABLE").count();
    assert_eq!(open, 0, "{sets:?}");
}

#[tokio::test]
async fn a_yes_on_the_terminal_shows_the_tree_and_deploys() {
    let cloud = Cloud::start();
    let run = cloud.jqs().run_on_terminal(&["deploy", "--skip-image-check"], "y\n").expect(0);
    assert!(run.stdout.contains("✓ Network"), "{}", run.stdout);
    assert!(run.stdout.contains("jaeger is CREATE_COMPLETE"), "{}", run.stdout);
}

#[tokio::test]
async fn an_image_that_is_not_there_stops_the_deployment() {
    let cloud = Cloud::start();
    let jqs = cloud.jqs();
    let before = cloud.inventory().await;
    snapshot!("no_repository", jqs.run(&["deploy", "--yes"]).expect(1).shown());
    assert_eq!(cloud.inventory().await, before, "nothing was made");

    let ecr = cloud.ecr().await;
    let repository = ecr.create_repository().repository_name("jqs").image_tag_mutability(ImageTagMutability::Mutable);
    repository.send().await.unwrap();
    jqs.run(&["deploy", "--yes"]).expect(1).says("the repository has no such image");

    let manifest = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":[]}"#;
    ecr.put_image().repository_name("jqs").image_manifest(manifest).image_tag("9.9.9").send().await.unwrap();
    jqs.run(&["deploy", "--yes"]).expect(1).says("the repository has no such image");
    jqs.run(&["deploy", "--yes", "--image-tag", "9.9.9"]).expect(0);
    let image = format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/jqs:9.9.9");
    jqs.run(&["redeploy", "--yes", "--image", &image]).expect(0);
    ecr.batch_delete_image()
        .repository_name("jqs")
        .image_ids(ImageIdentifier::builder().image_tag("9.9.9").build())
        .send()
        .await
        .unwrap();
    jqs.run(&["redeploy", "--yes", "--image", &image]).expect(1).says("is not in ECR");
}

#[tokio::test]
async fn a_stack_of_somebody_else_is_left_alone() {
    let cloud = Cloud::start();
    let template = "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}";
    let call = cloud.cloudformation().await.create_stack().stack_name("jaeger").template_body(template);
    call.send().await.unwrap();
    let jqs = cloud.jqs();
    for command in [vec!["deploy", "--yes"], vec!["teardown", "--yes"], vec!["redeploy"]] {
        jqs.run(&command).expect(2).says("the stack `jaeger` was not made by `jqs`");
    }
    assert!(cloud.inventory().await.contains(&"stack jaeger".to_owned()));
}
