//! The project's own matrix, whole, on the AWS stand-in.

use crate::cloud::{Cloud, elements};
use crate::project::jqs;
use crate::run::ACCOUNT;

const REGIONS: [&str; 4] = ["eu-west-1", "us-east-1", "ap-southeast-2", "us-gov-west-1"];
/// The account of the other partition.
const OTHER_ACCOUNT: &str = "210987654321";

#[tokio::test(flavor = "multi_thread")]
async fn our_own_matrix_passes_in_every_region_of_both_partitions() {
    let cloud = Cloud::start();
    let zone = hosted_zone(&cloud).await;
    for region in REGIONS {
        let account = if region.starts_with("us-gov-") { OTHER_ACCOUNT } else { ACCOUNT };
        for (name, value) in [
            ("VPCID", "vpc-0aaaaaaaaaaaaaaa1"),
            ("VPCCIDR", "10.0.0.0/16"),
            ("PrivateSubnetIDs", "subnet-0aaaaaaaaaaaaaaa1,subnet-0aaaaaaaaaaaaaaa2"),
            ("PublicSubnetIDs", "subnet-0aaaaaaaaaaaaaaa3,subnet-0aaaaaaaaaaaaaaa4"),
            ("CertificateArn", &format!("arn:aws:acm:{region}:{account}:certificate/0123")),
            ("DomainName", "example.com"),
            ("PublicHostedZoneId", &zone),
            ("KmsKeyArn", &format!("arn:aws:kms:{region}:{account}:key/0123")),
        ] {
            let body = serde_json::json!({"Name": format!("/jqs/test/{name}"), "Value": value, "Type": "String"});
            let scope =
                format!("Credential={account}/20260101/{region}/ssm/aws4_request, SignedHeaders=host, Signature=0");
            let call = reqwest::Client::new()
                .post(cloud.endpoint())
                .header("authorization", format!("AWS4-HMAC-SHA256 {scope}"))
                .header("x-amz-target", "AmazonSSM.PutParameter")
                .header("content-type", "application/x-amz-json-1.1")
                .body(body.to_string());
            assert!(call.send().await.unwrap().status().is_success());
        }
    }
    let program = jqs(&cloud);
    let home = program.home.path();
    let credentials = format!(
        "[default]\naws_access_key_id = {ACCOUNT}\naws_secret_access_key = secret\n\
         [gov]\naws_access_key_id = {OTHER_ACCOUNT}\naws_secret_access_key = secret\n"
    );
    let file = home.join("credentials").display().to_string();
    std::fs::write(&file, credentials).unwrap();
    let out = home.join("out").display().to_string();
    // In the environment they would hold for every profile.
    let program = program
        .with("AWS_SHARED_CREDENTIALS_FILE", &file)
        .without("AWS_ACCESS_KEY_ID")
        .without("AWS_SECRET_ACCESS_KEY");
    let program = program.without("AWS_REGION");
    let arguments = ["test", "run", "--project-root", env!("CARGO_MANIFEST_DIR"), "--output-directory", &out];
    let run = tokio::task::block_in_place(|| program.run(&arguments)).expect(0).says("33 of 33 passed");
    assert!(!run.stderr.contains("left behind"), "{}", run.stderr);
}

async fn hosted_zone(cloud: &Cloud) -> String {
    let scope =
        format!("Credential={ACCOUNT}/20260101/us-east-1/route53/aws4_request, SignedHeaders=host, Signature=0");
    let answer = reqwest::Client::new()
        .post(format!("{}/2013-04-01/hostedzone", cloud.endpoint()))
        .header("authorization", format!("AWS4-HMAC-SHA256 {scope}"))
        .header("content-type", "application/xml")
        .body("<CreateHostedZoneRequest><Name>example.com</Name><CallerReference>one</CallerReference></CreateHostedZoneRequest>")
        .send();
    let text = answer.await.unwrap().text().await.unwrap();
    elements(&text, "Id").remove(0).rsplit('/').next().unwrap().to_owned()
}
