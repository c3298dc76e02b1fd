//! The project's own matrix, whole, on the AWS stand-in.

use crate::cloud::{Cloud, elements};
use crate::project::{Project, jqs};
use crate::run::{ACCOUNT, Jqs, Run};
use std::path::{Path, PathBuf};

const REGIONS: [&str; 4] = ["eu-west-1", "us-east-1", "ap-southeast-2", "us-gov-west-1"];
/// The account of the other partition.
const OTHER_ACCOUNT: &str = "210987654321";

#[tokio::test(flavor = "multi_thread")]
async fn our_own_matrix_passes_in_every_region_of_both_partitions() {
    let ground = Ground::new(&[]).await;
    let run = ground.run(Path::new(env!("CARGO_MANIFEST_DIR"))).expect(0).says("33 of 33 passed");
    assert!(!run.stderr.contains("left behind"), "{}", run.stderr);
}

/// Beside the others, one test that fails at creation, one at deletion, one at an assertion, and one that leaves a bucket.
#[tokio::test(flavor = "multi_thread")]
async fn of_our_own_matrix_exactly_what_is_made_to_fail_is_told() {
    let settings = [("SHIM_FAIL_LOGICAL", "Unlucky"), ("SHIM_FAIL_DELETION", "Stuck"), ("SHIM_FAIL_TIMES", "4")];
    let ground = Ground::new(&settings).await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = std::fs::read_to_string(root.join(".taskcat.yml")).unwrap();
    let wrong = "  at-creation: {template: templates/unlucky.yaml, regions: [eu-west-1]}
  at-deletion: {template: templates/stuck.yaml, regions: [us-east-1]}
  at-assertion: {template: templates/fine.yaml, regions: [ap-southeast-2], assertions: {resources: [{type: 'AWS::SNS::Topic', count: 2}]}}
  leaking: {template: templates/bucket.yaml, regions: [eu-west-1], parameters: {Keep: 'yes'}}
";
    let topic = |name: &str| format!("Description: A topic\nResources: {{{name}: {{Type: AWS::SNS::Topic}}}}\n");
    let project = Project::new(&format!("{config}{wrong}"))
        .with("templates/unlucky.yaml", &topic("Unlucky"))
        .with("templates/stuck.yaml", &topic("Stuck"))
        .with("templates/fine.yaml", &topic("Fine"))
        .with(".taskcatignore", "/*\n!/templates/\n");
    for file in walk(&root.join("templates")) {
        let name = file.strip_prefix(root).unwrap().display().to_string();
        std::fs::create_dir_all(project.path().join(&name).parent().unwrap()).unwrap();
        std::fs::copy(&file, project.path().join(&name)).unwrap();
    }
    let run = ground.run(project.path()).expect(1).says("33 of 37 passed, 4 failed");
    for cause in [
        "✗ at-creation in eu-west-1\n  the stack is CREATE_FAILED\n  Unlucky (AWS::SNS::Topic): Resource handler returned message: \"injected failure for Unlucky\"",
        "✗ at-deletion in us-east-1\n  the stack is DELETE_FAILED\n  Stuck (AWS::SNS::Topic): Resource handler returned message: \"injected failure for Stuck\"",
        "✗ at-assertion in ap-southeast-2\n  there are 2 `AWS::SNS::Topic`: there is 1",
        "✗ leaking in eu-west-1\n  the stack is gone and has left arn:aws:s3:::",
    ] {
        assert!(run.stderr.contains(cause), "`{cause}` is not in\n{}", run.stderr);
    }
    let clean = ["test", "clean", "jqs", "--regions", "eu-west-1,us-east-1,ap-southeast-2", "--yes"];
    tokio::task::block_in_place(|| ground.program.run(&clean)).expect(0);
    let gov = ["test", "clean", "jqs", "--profile", "gov", "--regions", "us-gov-west-1", "--yes"];
    for arguments in [&clean[..], &gov] {
        tokio::task::block_in_place(|| ground.program.run(arguments)).expect(0).says("Nothing of it is there");
    }
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

/// Two accounts with what the matrix needs to be there.
struct Ground {
    _cloud: Cloud,
    program: Jqs,
}

impl Ground {
    async fn new(settings: &[(&str, &str)]) -> Self {
        let cloud = Cloud::start_with(settings);
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
                put_parameter(&cloud, (account, region), name, value).await;
            }
        }
        let program = jqs(&cloud);
        let credentials = format!(
            "[default]\naws_access_key_id = {ACCOUNT}\naws_secret_access_key = secret\n\
             [gov]\naws_access_key_id = {OTHER_ACCOUNT}\naws_secret_access_key = secret\n"
        );
        let file = program.home.path().join("credentials").display().to_string();
        std::fs::write(&file, credentials).unwrap();
        // In the environment they would hold for every profile, and the region for every test.
        let program = program.with("AWS_SHARED_CREDENTIALS_FILE", &file).without("AWS_ACCESS_KEY_ID");
        let program = program.without("AWS_SECRET_ACCESS_KEY").without("AWS_REGION");
        Self { _cloud: cloud, program }
    }

    fn run(&self, root: &Path) -> Run {
        let (root, out) = (root.display().to_string(), self.program.home.path().join("out").display().to_string());
        let arguments = ["test", "run", "--project-root", &root, "--output-directory", &out];
        tokio::task::block_in_place(|| self.program.run(&arguments))
    }
}

async fn put_parameter(cloud: &Cloud, (account, region): (&str, &str), name: &str, value: &str) {
    let body = serde_json::json!({"Name": format!("/jqs/test/{name}"), "Value": value, "Type": "String"});
    let scope = format!("Credential={account}/20260101/{region}/ssm/aws4_request, SignedHeaders=host, Signature=0");
    let call = reqwest::Client::new()
        .post(cloud.endpoint())
        .header("authorization", format!("AWS4-HMAC-SHA256 {scope}"))
        .header("x-amz-target", "AmazonSSM.PutParameter")
        .header("content-type", "application/x-amz-json-1.1")
        .body(body.to_string());
    assert!(call.send().await.unwrap().status().is_success());
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
