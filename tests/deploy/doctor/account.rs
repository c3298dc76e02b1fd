//! Who asks, where, and what they may do; the roles of services; the image; the stack that is there.

use super::Report;
use crate::cloud::Cloud;
use crate::fake::{Fake, Said};
use crate::run::{ACCOUNT, Jqs, REGION};
use crate::snapshot;
use aws_sdk_ecr::types::ImageTagMutability;
use std::io::{Read, Write};
use std::net::TcpListener;

const OPENSEARCH_ROLE: &str = "AWSServiceRoleForAmazonOpenSearchService";

#[tokio::test]
async fn an_account_that_is_fit_is_told_so() {
    let cloud = Cloud::start();
    let before = cloud.inventory().await;
    let run = cloud.jqs().run(&["doctor", "--storage", "opensearch", "--skip-image-check"]).expect(0);
    snapshot!("doctor", run.shown());
    assert_eq!(cloud.inventory().await, before, "nothing was made");
    let report = Report::of(&cloud.jqs(), &[], 0);
    assert_eq!((&report.0["is_fit"], &report.0["summary"]["failed"]), (&true.into(), &0.into()));
    report.expect("templates", "ok", "checks hold");
}

/// With credentials that end in so many minutes, as a container gets them.
fn ending_in(jqs: Jqs, minutes: i64) -> Jqs {
    let end = jiff::Timestamp::from_second(jiff::Timestamp::now().as_second() + minutes * 60).unwrap();
    let keys = serde_json::json!({"AccessKeyId": "AKIAFAKE", "SecretAccessKey": "s", "Token": "t", "Expiration": end.to_string()});
    let body = keys.to_string();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/keys", listener.local_addr().unwrap());
    // It ends with the process.
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            assert!(stream.read(&mut [0; 4096]).unwrap() > 0, "it asks");
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
            write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
        }
    });
    jqs.with("AWS_CONTAINER_CREDENTIALS_FULL_URI", &address)
}

#[test]
fn credentials_are_there_and_last() {
    let fake = Fake::start();
    let report = Report::of(&fake.jqs(), &[], 0);
    report.expect("credentials", "ok", "user/tester, with keys from the environment");
    Report::of(&ending_in(fake.without_credentials(), 300), &[], 0).expect("credentials", "ok", ", until 20");
    Report::of(&ending_in(fake.without_credentials(), 10), &[], 0).expect("credentials", "warning", "minutes left");
    let none = fake.without_credentials().run(&["doctor"]).expect(1).says("`jqs deploy` would fail");
    assert!(none.stdout.contains("✗ Credentials") && none.stdout.contains("aws sso login"), "{}", none.stdout);
}

#[test]
fn a_region_that_is_not_enabled_is_told_from_bad_credentials() {
    let fake = Fake::start();
    Report::of(&fake.jqs(), &[], 0).expect("region", "ok", "eu-west-1 is open to every account");
    fake.world().account.closed_regions = vec![REGION];
    let report = Report::of(&fake.jqs(), &[], 1);
    report.expect("region", "failed", "us-east-1 takes the credentials and eu-west-1 does not");
    report.expect("region", "failed", "aws account enable-region --region-name eu-west-1");
    fake.world().account.closed_regions.push("us-east-1");
    Report::of(&fake.jqs(), &[], 1).expect("credentials", "failed", "InvalidClientTokenId");

    let fake = Fake::start();
    let closed = "<regionInfo><item><regionName>eu-west-1</regionName><optInStatus>not-opted-in</optInStatus></item></regionInfo>";
    fake.says("DescribeRegions", Said::Xml(closed));
    Report::of(&fake.jqs(), &[], 1).expect("region", "failed", "eu-west-1 is not enabled for the account");
}

#[test]
fn permissions_are_simulated_where_that_is_possible() {
    let fake = Fake::start();
    let allowed = Report::of(&fake.jqs(), &["--storage", "opensearch"], 0);
    allowed.expect("permissions", "ok", "policies of the organization and of the session are not seen");

    fake.world().account.conditional = vec!["iam:PassRole"];
    Report::of(&fake.jqs(), &[], 0).expect("permissions", "warning", "on conditions: iam:PassRole");
    fake.world().account.denied = vec!["ec2:CreateVpc", "es:CreateDomain"];
    let memory = Report::of(&fake.jqs(), &[], 1);
    memory.expect("permissions", "failed", "actions are denied: ec2:CreateVpc");
    assert_eq!(memory.finding("permissions")["details"], serde_json::json!(["ec2:CreateVpc"]), "it makes no domain");
    Report::of(&fake.jqs(), &["--storage", "opensearch"], 1).expect("permissions", "failed", "es:CreateDomain");

    fake.world().account.denied.clear();
    fake.world().account.conditional.clear();
    for (arn, verdict, words) in [
        ("arn:aws:sts::123456789012:assumed-role/deployer/me", "ok", "are allowed"),
        ("arn:aws:iam::123456789012:root", "unchecked", "does not simulate the root user"),
        ("arn:aws:sts::123456789012:federated-user/me", "unchecked", "IAM does not simulate"),
    ] {
        fake.world().account.arn = arn.to_owned();
        Report::of(&fake.jqs(), &[], 0).expect("permissions", verdict, words);
    }
    let fake = Fake::start();
    fake.says("SimulatePrincipalPolicy", Said::Refusal(403, "AccessDenied", "not authorized"));
    Report::of(&fake.jqs(), &[], 0).expect("permissions", "unchecked", "may not `iam:SimulatePrincipalPolicy`");
}

#[tokio::test]
async fn roles_of_services_are_there_or_made() {
    let opensearch = ["--storage", "opensearch"];
    let making = ["--storage", "opensearch", "-P", "CreateOpenSearchServiceLinkedRole=Yes"];
    let cloud = Cloud::start();
    let report = Report::of(&cloud.jqs(), &opensearch, 0);
    for id in ["role-ecs", "role-elb", "role-autoscaling", "role-opensearch"] {
        report.expect(id, "ok", "is there");
    }
    Report::of(&cloud.jqs(), &making, 1).expect("role-opensearch", "failed", "an account has it once");

    let all = [
        OPENSEARCH_ROLE,
        "AWSServiceRoleForApplicationAutoScaling_ECSService",
        "AWSServiceRoleForECS",
        "AWSServiceRoleForElasticLoadBalancing",
    ];
    let cloud = Cloud::start_with(&[("SHIM_WITHOUT_ROLES", &all.join(","))]);
    let report = Report::of(&cloud.jqs(), &opensearch, 1);
    for id in ["role-ecs", "role-elb", "role-autoscaling"] {
        report.expect(id, "warning", "aws iam create-service-linked-role --aws-service-name");
    }
    report.expect("role-opensearch", "failed", "-P CreateOpenSearchServiceLinkedRole=Yes");
    Report::of(&cloud.jqs(), &making, 0).expect("role-opensearch", "ok", "will be made");
}

#[tokio::test]
async fn the_image_must_be_there_for_the_processor() {
    let cloud = Cloud::start();
    let jqs = cloud.jqs();
    let looked =
        |arguments: &[&str], code| Report::read(&jqs.run(&[&["doctor", "--json"], arguments].concat()).expect(code));
    looked(&[], 1).expect("image", "failed", "the repository is not there").expect("image", "failed", "make static");
    Report::of(&jqs, &[], 0).expect("image", "unchecked", "you asked not to look");
    looked(&["--image", "registry.example.com/jqs:1"], 0).expect("image", "unchecked", "is not in ECR");

    let ecr = cloud.ecr().await;
    let repository = ecr.create_repository().repository_name("jqs").image_tag_mutability(ImageTagMutability::Mutable);
    repository.send().await.unwrap();
    let index = |architectures: &[&str]| {
        let members = architectures.iter().map(|name| {
            serde_json::json!({
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": format!("sha256:{:064}", 0),
                "size": 2,
                "platform": {"architecture": name, "os": "linux"},
            })
        });
        let media_type = "application/vnd.oci.image.index.v1+json";
        serde_json::json!({"schemaVersion": 2, "mediaType": media_type, "manifests": members.collect::<Vec<_>>()})
    };
    for (tag, architectures) in [("both", &["amd64", "arm64"][..]), ("one", &["amd64"])] {
        let image = ecr.put_image().repository_name("jqs").image_tag(tag);
        image.image_manifest(index(architectures).to_string()).send().await.unwrap();
    }
    looked(&["--image-tag", "both"], 0).expect("image", "ok", "is there for amd64 and arm64");
    looked(&["--image-tag", "one"], 1).expect("image", "failed", "-P CpuArchitecture=X86_64");
    looked(&["--image-tag", "one", "-P", "CpuArchitecture=X86_64"], 0).expect("image", "ok", "is there for amd64");
    let uri = format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/jqs:none");
    looked(&["--image", &uri], 1).expect("image", "failed", "has no such image");
}

#[test]
fn every_state_of_the_stack_has_its_way_out() {
    let fake = Fake::start();
    Report::of(&fake.jqs(), &[], 0).expect("stack", "ok", "will be made");
    let fake = Fake::deployed();
    for (state, code, verdict, words) in [
        ("UPDATE_COMPLETE", 0, "ok", "can be updated"),
        ("REVIEW_IN_PROGRESS", 0, "warning", "`jqs deploy --name jaeger` makes it"),
        ("UPDATE_IN_PROGRESS", 0, "warning", "jqs watch --name jaeger"),
        ("UPDATE_FAILED", 0, "warning", "jqs rollback --name jaeger"),
        ("ROLLBACK_COMPLETE", 1, "failed", "replaces the failed stack"),
        ("CREATE_FAILED", 1, "failed", "replaces the failed stack"),
        ("DELETE_FAILED", 1, "failed", "`--force` it leaves behind"),
        ("UPDATE_ROLLBACK_FAILED", 1, "failed", "goes on with the rollback"),
    ] {
        fake.world().find_mut("jaeger").unwrap().status = state.to_owned();
        Report::of(&fake.jqs(), &[], code).expect("stack", verdict, words).expect("stack", verdict, state);
    }
}

#[test]
fn what_nobody_answers_is_not_taken_for_well_or_ill() {
    let fake = Fake::start();
    for operation in ["DescribeRegions", "DescribeVpcs", "DescribeAddresses", "GetRole"] {
        fake.says(operation, Said::Refusal(403, "UnauthorizedOperation", "You are not authorized to do this."));
    }
    fake.says("GetServiceQuota", Said::Refusal(400, "AccessDeniedException", "not authorized"));
    let report = Report::of(&fake.jqs(), &[], 0);
    for (id, words) in [
        ("region", "ec2:DescribeRegions"),
        ("vpc-range", "ec2:DescribeVpcs"),
        ("role-ecs", "iam:GetRole"),
        ("quota-vpcs", "servicequotas:GetServiceQuota"),
    ] {
        report.expect(id, "unchecked", words);
    }
    let run = fake.jqs().run(&["deploy", "--yes", "--skip-image-check"]).expect(0);
    run.says("could not be checked (`jqs doctor` tells why)").says("jaeger is CREATE_COMPLETE");
}

#[tokio::test]
async fn findings_of_the_prover_are_told() {
    let cloud = Cloud::start();
    let arguments =
        ["--vpc-cidr", "10.0.0.0/16", "-P", "PublicSubnet1CIDR=10.9.0.0/24", "-P", "PublicSubnet2CIDR=10.0.1.0/24"];
    let more = ["-P", "PrivateSubnet1CIDR=10.0.2.0/24", "-P", "PrivateSubnet2CIDR=10.0.3.0/24"];
    let report = Report::of(&cloud.jqs(), &[&arguments[..], &more].concat(), 1);
    report.expect("templates", "failed", "PublicSubnet1");
}
