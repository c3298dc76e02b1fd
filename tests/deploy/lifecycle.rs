//! From nothing to a deployment and back.

use crate::cloud::Cloud;
use crate::run::Run;
use crate::snapshot;
use aws_sdk_elasticloadbalancingv2::types::TargetDescription;

const DEPLOY: [&str; 3] = ["deploy", "--yes", "--skip-image-check"];

pub(crate) fn deploy<'a>(more: &[&'a str]) -> Vec<&'a str> {
    DEPLOY.iter().copied().chain(more.iter().copied()).collect()
}

fn status_of(run: &Run) -> String {
    run.records("result")[0]["status"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_trial_is_deployed_changed_and_removed_without_a_trace() {
    let cloud = Cloud::start();
    let jqs = cloud.jqs();
    let before = cloud.inventory().await;

    let first = jqs.run(&deploy(&["--storage", "memory"])).expect(0);
    snapshot!("deploy_new_vpc_memory", first.shown_at_the_top());
    snapshot!("status_without_targets", jqs.run(&["status"]).expect(1).shown());

    let again = jqs.run(&deploy(&["--storage", "memory"])).expect(0).says("jaeger is up to date: nothing to change");
    assert_eq!(again.stdout, first.stdout, "the outputs are printed all the same");

    let changed = jqs.run(&deploy(&["--json", "-P", "LogRetentionDays=7"])).expect(0);
    assert_eq!(status_of(&changed), "UPDATE_COMPLETE");
    assert!(!changed.records("plan")[0]["changes"].as_array().unwrap().is_empty());
    assert!(changed.records("event").iter().any(|event| event["logical_id"] == "LogGroup"), "{}", changed.stdout);
    jqs.run(&deploy(&["-P", "LogRetentionDays=7"])).expect(0).says("nothing to change");
    jqs.run(&deploy(&[])).expect(0).says("nothing to change");

    let url = jqs.run(&["outputs", "JaegerURL"]).expect(0);
    assert!(url.stdout.starts_with("http") && url.stdout.lines().count() == 1, "{}", url.stdout);
    jqs.run(&["outputs", "Nothing"]).expect(1).says("has no output `Nothing`").says("`JaegerURL`");

    snapshot!("teardown", jqs.run(&["teardown", "--yes"]).expect(0).shown_at_the_top());
    assert_eq!(cloud.inventory().await, before);
    jqs.run(&["teardown", "--yes"]).expect(0).says("There is no stack `jaeger`").says("Nothing is left.");
    jqs.run(&["status"]).expect(1).says("there is no stack `jaeger` in `eu-west-1`");
}

#[tokio::test]
async fn opensearch_goes_into_a_new_vpc() {
    let cloud = Cloud::start();
    let jqs = cloud.jqs();
    let before = cloud.inventory().await;
    let run = jqs.run(&deploy(&["--storage", "opensearch", "--json"])).expect(0);
    let outputs = &run.records("result")[0]["outputs"];
    assert_eq!(outputs["StorageBackend"], "opensearch");
    assert_eq!(outputs["ServiceNames"].as_str().unwrap().split(',').count(), 2, "{outputs}");
    jqs.run(&["redeploy"]).expect(0).says("collector: ").says("query: ");
    jqs.run(&["teardown", "--yes"]).expect(0).says("Nothing is left.");
    assert_eq!(cloud.inventory().await, before);
}

#[tokio::test]
async fn what_outlives_the_stack_is_named_before_and_after() {
    let cloud = Cloud::start_with(&[("SHIM_WITHOUT_ROLES", "AWSServiceRoleForAmazonOpenSearchService")]);
    let jqs = cloud.jqs();
    jqs.run(&deploy(&["--storage", "opensearch", "-P", "CreateOpenSearchServiceLinkedRole=Yes"])).expect(0);
    jqs.run(&["redeploy", "--recreate"]).expect(2).says("outlives the stack and may not be made twice");
    let plan = jqs.run(&["teardown", "--json"]).expect(2);
    let (kept, goes) = (&plan.records("plan")[0]["kept"], &plan.records("plan")[0]["resources"]);
    assert_eq!(kept[0]["kind"], "AWS::IAM::ServiceLinkedRole", "{kept}");
    assert!(!goes.to_string().contains("ServiceLinkedRole"), "{goes}");
    let run = jqs.run(&["teardown", "--yes"]).expect(0).says("stays, as its template says");
    let run = run.says("these are left").says("AWS::IAM::ServiceLinkedRole");
    assert!(!run.stderr.contains("Nothing is left"), "{}", run.stderr);
}

#[tokio::test]
async fn both_storages_go_into_an_existing_vpc_and_share_the_bucket() {
    let cloud = Cloud::start();
    let jqs = cloud.jqs();
    let before = cloud.inventory().await;
    jqs.run(&deploy(&["--name", "host"])).expect(0);
    let resources = jqs.run(&["teardown", "--name", "host", "--json"]).expect(2);
    let plan = resources.records("plan")[0]["resources"].clone();
    let id = |kind: &str, name: &str| {
        let all = plan.as_array().unwrap();
        let found = all.iter().find(|one| one["kind"] == kind && one["path"].to_string().contains(name));
        found.unwrap()["physical_id"].as_str().unwrap().to_owned()
    };
    let vpc = id("AWS::EC2::VPC", "VPC");
    let subnet = |name: &str| id("AWS::EC2::Subnet", name);
    let subnets = [subnet("PrivateSubnet1"), subnet("PrivateSubnet2")].join(",");
    let place = ["--vpc", &vpc, "--vpc-cidr", "10.0.0.0/16", "--private-subnets", &subnets];

    for storage in ["memory", "opensearch"] {
        let arguments = deploy(&[&["--name", "guest", "--storage", storage, "--json"][..], &place].concat());
        let run = jqs.run(&arguments).expect(0);
        assert_eq!(run.records("result")[0]["outputs"]["StorageBackend"], storage);
        jqs.run(&deploy(&["--name", "guest"])).expect(0).says("existing VPC").says("nothing to change");
        let gone = jqs.run(&["teardown", "--yes", "--name", "guest"]).expect(0);
        gone.says("stays: `host` uses it");
    }
    jqs.run(&deploy(&[&["--name", "host"][..], &place].concat())).expect(2).says("the stack has a VPC of its own");
    jqs.run(&["teardown", "--yes", "--name", "host"]).expect(0);
    assert_eq!(cloud.inventory().await, before);
}

#[tokio::test]
async fn redeploy_restarts_changes_the_image_or_makes_it_anew() {
    let cloud = Cloud::start();
    let jqs = cloud.jqs();
    jqs.run(&deploy(&["-P", "LogRetentionDays=14"])).expect(0);

    snapshot!("redeploy", jqs.run(&["redeploy"]).expect(0).shown());

    let image = "registry.example.com/team/jqs:0.2.0";
    jqs.run(&["redeploy", "--image", image]).expect(2).says("nobody can be asked");
    let run = jqs.run(&["redeploy", "--image", image, "--yes", "--json"]).expect(0);
    assert_eq!(run.records("result")[0]["outputs"]["ImageUri"], image);
    assert!(jqs.run(&["status", "--json"]).expect(1).stdout.contains(image), "the service runs the new image");

    let id = |run: &Run| serde_json::from_str::<serde_json::Value>(&run.stdout).unwrap()["stack"]["id"].clone();
    let old = id(&jqs.run(&["status", "--json"]));
    jqs.run(&["redeploy", "--recreate"]).expect(2).says("will be deleted and made again");
    jqs.run(&["redeploy", "--recreate", "--yes"]).expect(0).says("DELETE_COMPLETE").says("CREATE_COMPLETE");
    let new = jqs.run(&["status", "--json"]);
    assert_ne!(id(&new), old);
    let stack = serde_json::from_str::<serde_json::Value>(&new.stdout).unwrap()["stack"].clone();
    assert_eq!(stack["parameters"]["LogRetentionDays"], "14", "the same parameters");
    assert_eq!(stack["parameters"]["ImageUri"], image);
}

#[tokio::test]
async fn status_is_well_once_targets_are() {
    let cloud = Cloud::start();
    let jqs = cloud.jqs();
    jqs.run(&deploy(&[])).expect(0);
    let balancers = cloud.balancers().await;
    let groups = balancers.describe_target_groups().send().await.unwrap();
    for group in groups.target_groups() {
        let target = TargetDescription::builder().id("10.0.0.10").port(16686).build();
        let call = balancers.register_targets().target_group_arn(group.target_group_arn().unwrap());
        call.targets(target).send().await.unwrap();
    }
    let run = jqs.run(&["status"]).expect(0);
    snapshot!("status", run.shown());
}

#[tokio::test]
async fn the_bucket_is_private_encrypted_and_for_tls_only() {
    let cloud = Cloud::start();
    cloud.jqs().run(&deploy(&[])).expect(0);
    let (s3, bucket) = (cloud.s3().await, "jqs-123456789012-eu-west-1");
    let block = s3.get_public_access_block().bucket(bucket).send().await.unwrap();
    let block = block.public_access_block_configuration().unwrap();
    assert_eq!((block.block_public_acls(), block.block_public_policy()), (Some(true), Some(true)));
    assert_eq!((block.ignore_public_acls(), block.restrict_public_buckets()), (Some(true), Some(true)));
    let policy = s3.get_bucket_policy().bucket(bucket).send().await.unwrap();
    assert!(policy.policy().unwrap().contains("aws:SecureTransport"));
    let controls = s3.get_bucket_ownership_controls().bucket(bucket).send().await.unwrap();
    let rule = &controls.ownership_controls().unwrap().rules()[0];
    assert_eq!(rule.object_ownership().as_str(), "BucketOwnerEnforced");
    let encryption = s3.get_bucket_encryption().bucket(bucket).send().await.unwrap();
    assert_eq!(encryption.server_side_encryption_configuration().unwrap().rules().len(), 1);
    let tags = s3.get_bucket_tagging().bucket(bucket).send().await.unwrap();
    assert_eq!(tags.tag_set()[0].key(), "jqs:purpose");
}
