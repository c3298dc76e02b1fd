//! Which address reaches which port: from the internet through load balancers to tasks, and within the VPC from load
//! balancers to tasks and from tasks to what they store in.

mod exposure;
mod inside;

#[cfg(test)]
mod tests;

use crate::prove::check::{Check, Grain, Severity, one_part};
use crate::prove::network::balancing::{BALANCER, LISTENER, SERVICE, TARGET_GROUP};
use crate::prove::network::groups::{GROUP, RULE_INGRESS};

const DOMAIN: &str = "AWS::OpenSearchService::Domain";
const OLD_DOMAIN: &str = "AWS::Elasticsearch::Domain";

pub(super) const CLEAR_TEXT: Check = Check {
    id: "P501",
    title: "what the whole internet reaches is encrypted",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[LISTENER],
    explanation: "A listener of an internet-facing load balancer that 0.0.0.0/0 or ::/0 may reach must speak TLS. A range that \
        the user chooses counts as a deliberate list of who may come, and TCP on port 443 as TLS that is passed through.",
    parts: one_part,
    run: exposure::clear_text,
};

pub(super) const ANONYMOUS: Check = Check {
    id: "P502",
    title: "what the whole internet reaches asks who one is",
    severity: Severity::Warning,
    grain: Grain::Values,
    kinds: &[LISTENER],
    explanation: "Behind a listener that everybody may reach, traces can be read, or written, by everybody, unless the load \
        balancer signs people in (OIDC, Cognito, client certificates). Where that is meant, accept it with a reason.",
    parts: one_part,
    run: exposure::anonymous,
};

pub(super) const ADMINISTRATION: Check = Check {
    id: "P503",
    title: "the internet reaches no port of administration or storage",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[GROUP, RULE_INGRESS],
    explanation: "No security group admits 0.0.0.0/0 or ::/0 on the ports of SSH, remote desktops, the Docker API, databases or \
        file systems.",
    parts: one_part,
    run: exposure::administration,
};

pub(super) const TARGETS: Check = Check {
    id: "P504",
    title: "load balancers reach their targets, and their health checks",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[TARGET_GROUP],
    explanation: "The security groups of the load balancer must let out, and those of the tasks let in, both the traffic and \
        the health checks; so must network ACLs. Otherwise every task is found ill, and the deployment fails.",
    parts: one_part,
    run: inside::targets,
};

pub(super) const STORAGE: Check = Check {
    id: "P505",
    title: "tasks reach the domain that they are told of",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[SERVICE],
    explanation: "Where the environment of a container names a domain in a VPC, the security groups of its service must let out, \
        and those of the domain let in, port 443.",
    parts: one_part,
    run: inside::storage,
};

pub(super) const PUBLIC_TASKS: Check = Check {
    id: "P506",
    title: "tasks are not themselves open to the internet",
    severity: Severity::Warning,
    grain: Grain::Values,
    kinds: &[SERVICE],
    explanation: "A task with a public address and a security group that admits everybody is reached around the load balancer, \
        and around its TLS.",
    parts: one_part,
    run: exposure::tasks,
};

pub(super) const PUBLIC_STORAGE: Check = Check {
    id: "P507",
    title: "what stores data has no public endpoint",
    severity: Severity::Warning,
    grain: Grain::Values,
    kinds: &[DOMAIN, OLD_DOMAIN, "AWS::RDS::DBInstance", "AWS::Redshift::Cluster"],
    explanation: "A domain outside of a VPC, or a database that is publicly accessible, is guarded by its policy or password \
        alone.",
    parts: one_part,
    run: exposure::storage,
};

pub(super) const PUBLIC_SUBNETS: Check = Check {
    id: "P508",
    title: "internet-facing load balancers lie in public subnets",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[BALANCER],
    explanation: "An internet-facing load balancer in a subnet without a route to an internet gateway gets public addresses \
        that answer nobody.",
    parts: one_part,
    run: exposure::public_subnets,
};

pub(super) const ENDPOINTS: Check = Check {
    id: "P509",
    title: "tasks reach the endpoints of AWS services",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &["AWS::EC2::VPCEndpoint"],
    explanation: "An interface endpoint takes over the name of its service in the whole VPC: where its security group does not \
        admit the tasks on port 443, they lose that service even if there is a NAT gateway.",
    parts: one_part,
    run: inside::endpoints,
};
