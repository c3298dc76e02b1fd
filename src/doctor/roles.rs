//! The roles by which AWS's services act in the account. An account has each once, and some have to be there beforehand.

use super::Subject;
use super::finding::{About, Finding};
use jqs_stacks::query::IAM;
use std::sync::Arc;

struct ServiceRole {
    about: About,
    role: &'static str,
    service: &'static str,
    /// The resource whose creation needs it.
    kind: &'static str,
}

pub(super) const ROLES: About = About { id: "roles", title: "Roles of services" };

const SERVICE_ROLES: [ServiceRole; 3] = [
    ServiceRole {
        about: About { id: "role-ecs", title: "Role of ECS" },
        role: "AWSServiceRoleForECS",
        service: "ecs.amazonaws.com",
        kind: "AWS::ECS::Cluster",
    },
    ServiceRole {
        about: About { id: "role-elb", title: "Role of load balancing" },
        role: "AWSServiceRoleForElasticLoadBalancing",
        service: "elasticloadbalancing.amazonaws.com",
        kind: "AWS::ElasticLoadBalancingV2::LoadBalancer",
    },
    ServiceRole {
        about: About { id: "role-autoscaling", title: "Role of auto scaling" },
        role: "AWSServiceRoleForApplicationAutoScaling_ECSService",
        service: "ecs.application-autoscaling.amazonaws.com",
        kind: "AWS::ApplicationAutoScaling::ScalableTarget",
    },
];

const OPENSEARCH: About = About { id: "role-opensearch", title: "Role of OpenSearch" };
const OPENSEARCH_ROLE: &str = "AWSServiceRoleForAmazonOpenSearchService";

pub(super) async fn check(subject: Arc<Subject>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for role in SERVICE_ROLES.iter().filter(|role| subject.adds(role.kind)) {
        findings.push(match is_there(&subject, role.about, role.role).await {
            Ok(true) => role.about.ok(format!("{} is there", role.role)),
            // AWS makes it along the way, which now and then comes too late for what needs it.
            Ok(false) => role.about.warning(format!("{} is not there yet", role.role)).advice(format!(
                "AWS makes it with the first that needs it, if you may `iam:CreateServiceLinkedRole`; to be sure: {}",
                command(role.service)
            )),
            Err(finding) => finding,
        });
    }
    if subject.adds("AWS::OpenSearchService::Domain") {
        findings.push(opensearch(&subject).await);
    }
    findings
}

/// A domain in a VPC does not come to be without it, and the template makes it when told to.
async fn opensearch(subject: &Subject) -> Finding {
    let is_made = subject.adds("AWS::IAM::ServiceLinkedRole");
    match (is_there(subject, OPENSEARCH, OPENSEARCH_ROLE).await, is_made) {
        (Err(finding), _) => finding,
        (Ok(true), false) => OPENSEARCH.ok(format!("{OPENSEARCH_ROLE} is there")),
        (Ok(false), true) => OPENSEARCH.ok(format!("{OPENSEARCH_ROLE} will be made")),
        (Ok(true), true) => OPENSEARCH
            .failed(format!("{OPENSEARCH_ROLE} is there already, and an account has it once"))
            .advice("leave out `CreateOpenSearchServiceLinkedRole`, or set it to No"),
        (Ok(false), false) => OPENSEARCH
            .failed(format!("{OPENSEARCH_ROLE} is not there, without which no domain comes to be in a VPC"))
            .advice(format!(
                "`-P CreateOpenSearchServiceLinkedRole=Yes` makes it with the stack; or {}",
                command("opensearchservice.amazonaws.com")
            )),
    }
}

async fn is_there(subject: &Subject, about: About, role: &str) -> Result<bool, Finding> {
    match subject.query.query(IAM, "GetRole", &[("RoleName", role)]).await {
        Ok(_) => Ok(true),
        Err(refusal) if refusal.is("NoSuchEntity") => Ok(false),
        Err(refusal) => Err(about.unanswered(refusal)),
    }
}

fn command(service: &str) -> String {
    format!("`aws iam create-service-linked-role --aws-service-name {service}`")
}
