//! The AWS stand-in for one test, and what it holds.

use crate::run::{ACCOUNT, Jqs, REGION};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) struct Cloud {
    data: tempfile::TempDir,
    pub(crate) port: u16,
}

impl Cloud {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// With settings of the stand-in, such as the resource that fails.
    pub(crate) fn start_with(settings: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let port = free_port();
        let mut command = Command::new(script("start.sh"));
        command.arg(port.to_string()).arg(data.path()).envs(settings.iter().copied());
        command.env("SHIM_RECORD", data.path().join("record.jsonl"));
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "the AWS stand-in does not start: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Self { data, port }
    }

    /// What every resource was made with, on a line of JSON each.
    pub(crate) fn record(&self) -> PathBuf {
        self.data.path().join("record.jsonl")
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn jqs(&self) -> Jqs {
        jqs_at(&self.endpoint())
    }

    async fn config(&self) -> aws_config::SdkConfig {
        let credentials = aws_sdk_s3::config::Credentials::new(ACCOUNT, "secret", None, None, "test");
        aws_config::defaults(aws_config::BehaviorVersion::latest())
            .endpoint_url(self.endpoint())
            .region(aws_config::Region::new(REGION))
            .credentials_provider(credentials)
            .load()
            .await
    }

    pub(crate) async fn cloudformation(&self) -> aws_sdk_cloudformation::Client {
        aws_sdk_cloudformation::Client::new(&self.config().await)
    }

    pub(crate) async fn s3(&self) -> aws_sdk_s3::Client {
        aws_sdk_s3::Client::new(&self.config().await)
    }

    pub(crate) async fn ecr(&self) -> aws_sdk_ecr::Client {
        aws_sdk_ecr::Client::new(&self.config().await)
    }

    pub(crate) async fn ecs(&self) -> aws_sdk_ecs::Client {
        aws_sdk_ecs::Client::new(&self.config().await)
    }

    pub(crate) async fn balancers(&self) -> aws_sdk_elasticloadbalancingv2::Client {
        aws_sdk_elasticloadbalancingv2::Client::new(&self.config().await)
    }

    pub(crate) async fn logs(&self) -> aws_sdk_cloudwatchlogs::Client {
        aws_sdk_cloudwatchlogs::Client::new(&self.config().await)
    }

    /// All that this account has in the region, of the kinds that the templates make.
    pub(crate) async fn inventory(&self) -> Vec<String> {
        let mut found = Vec::new();
        let stacks = self.cloudformation().await.describe_stacks().send().await.unwrap();
        let live = stacks.stacks().iter().filter(|stack| stack.stack_status().unwrap().as_str() != "DELETE_COMPLETE");
        found.extend(live.map(|stack| format!("stack {}", stack.stack_name().unwrap())));
        let buckets = self.s3().await.list_buckets().send().await.unwrap();
        found.extend(buckets.buckets().iter().map(|bucket| format!("bucket {}", bucket.name().unwrap())));
        let clusters = self.ecs().await.list_clusters().send().await.unwrap();
        found.extend(clusters.cluster_arns().iter().map(|arn| format!("cluster {arn}")));
        let balancers = self.balancers().await;
        let all = balancers.describe_load_balancers().send().await.unwrap();
        found.extend(all.load_balancers().iter().map(|one| format!("balancer {}", one.load_balancer_name().unwrap())));
        let groups = balancers.describe_target_groups().send().await.unwrap();
        found.extend(groups.target_groups().iter().map(|one| format!("targets {}", one.target_group_name().unwrap())));
        for (service, action, version, element) in [
            ("ec2", "DescribeVpcs", "2016-11-15", "vpcId"),
            ("ec2", "DescribeSubnets", "2016-11-15", "subnetId"),
            ("ec2", "DescribeSecurityGroups", "2016-11-15", "groupId"),
            ("ec2", "DescribeRouteTables", "2016-11-15", "routeTableId"),
            ("ec2", "DescribeAddresses", "2016-11-15", "allocationId"),
            ("ec2", "DescribeNatGateways", "2016-11-15", "natGatewayId"),
            ("iam", "ListRoles", "2010-05-08", "RoleName"),
        ] {
            let answer = self.query(service, action, version, "").await;
            found.extend(elements(&answer, element).into_iter().map(|id| format!("{element} {id}")));
        }
        found.sort();
        found.dedup();
        found
    }

    /// What EC2 answers to a call with parameters in the form of a query: the texts of an element.
    pub(crate) async fn ec2_all(&self, action: &str, parameters: &str, element: &str) -> Vec<String> {
        elements(&self.query("ec2", action, "2016-11-15", parameters).await, element)
    }

    /// The first of them, for what makes or changes one thing.
    pub(crate) async fn ec2(&self, action: &str, parameters: &str, element: &str) -> String {
        self.ec2_all(action, parameters, element).await.into_iter().next().unwrap_or_default()
    }

    /// A call of a service for which no SDK crate is worth its build: unsigned, as the stand-in does not check.
    pub(crate) async fn query(&self, service: &str, action: &str, version: &str, parameters: &str) -> String {
        let scope = format!("{ACCOUNT}/20260101/{REGION}/{service}/aws4_request");
        let authorization = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        let answer = reqwest::Client::new()
            .post(self.endpoint())
            .header("authorization", authorization)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("Action={action}&Version={version}&{parameters}"))
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{service} {action}: {}", answer.status());
        answer.text().await.unwrap()
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        Command::new(script("stop.sh")).arg(self.data.path()).status().ok();
    }
}

pub(crate) fn jqs_at(endpoint: &str) -> Jqs {
    Jqs::new(&[
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", ACCOUNT),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ])
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/services/aws").join(name)
}

pub(crate) fn elements(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open).skip(1).filter_map(|rest| Some(rest.split_once(&close)?.0.to_owned())).collect()
}
