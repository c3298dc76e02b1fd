//! What is to be done about causes that are known. AWS has words for each of them and no code, so that words must do; a cause
//! that is not known gets no advice.

/// Any of the `words`: all parts of one of them stand in the text. Which comes first in the table wins: what is more
/// particular stands before what it leads to.
struct Known {
    words: &'static [&'static [&'static str]],
    /// `{stack}` is the name of the stack, `{action}` what somebody was not allowed to do.
    remedy: &'static str,
}

const KNOWN: &[Known] = &[
    Known {
        words: &[
            &["exec format error"],
            &["does not contain descriptor matching platform"],
            &["no match for platform"],
        ],
        remedy: "the image is for another architecture than the tasks: deploy with the `-P CpuArchitecture` that it was built for (ARM64 or X86_64), or build and push it for this one",
    },
    Known {
        words: &[&["not authorized to perform: es:ESHttp"], &["no permissions for [indices:"]],
        remedy: "the domain does not let the task's role in: its access policy was changed, or it is not the domain of this stack; `jqs drift --name {stack}` shows what was changed by hand",
    },
    Known {
        words: &[&["explicit deny", "not authorized to perform"]],
        remedy: "{action} is denied by a policy above, such as a service control policy or a permissions boundary: only who administers the account can allow it",
    },
    Known {
        words: &[&["not authorized to perform"]],
        remedy: "{action} is not allowed: CloudFormation makes everything with the permissions of whoever runs `jqs`, and tasks act with their roles; docs/deploy.md lists what is needed",
    },
    Known {
        words: &[&["toomanyrequests"], &["pull rate limit"]],
        remedy: "the registry of the image asks for fewer pulls: put the image into ECR with `jqs image push`",
    },
    Known {
        words: &[
            &["ResourceInitializationError", "i/o timeout"],
            &["ResourceInitializationError", "connection issue"],
            &["ResourceInitializationError", "context deadline exceeded"],
            &["CannotPullContainerError", "i/o timeout"],
            &["CannotPullContainerError", "connection issue"],
            &["CannotPullContainerError", "context deadline exceeded"],
            &["CannotPullContainerError", "Client.Timeout exceeded"],
        ],
        remedy: "the tasks find no way to ECR, S3 or CloudWatch Logs: their subnets need a route to a NAT gateway, or `-P CreateVpcEndpoints=Yes`",
    },
    Known {
        words: &[
            &["CannotPull", "not found"],
            &["CannotPull", "manifest unknown"],
            &["CannotPull", "repository does not exist"],
        ],
        remedy: "the image is not in its registry: `jqs image push` puts it there, `--image` and `--image-tag` choose another",
    },
    Known {
        words: &[&["OutOfMemoryError"]],
        remedy: "the task needed more memory than it has: give it more (`-P MemoryTaskMemory`, `-P CollectorMemory`, `-P QueryMemory`)",
    },
    Known {
        words: &[&["Capacity is unavailable at this time"]],
        remedy: "Fargate has no room in these zones now: try later, or `-P CapacityProvider=FARGATE` where it was Spot",
    },
    Known {
        words: &[&["you must enable a service-linked role", "OpenSearch"]],
        remedy: "the account has had no domain in a VPC before: `jqs deploy --name {stack} -P CreateOpenSearchServiceLinkedRole=Yes`",
    },
    Known {
        words: &[&["AWSServiceRoleForAmazonOpenSearchService has been taken"]],
        remedy: "the account has that role already: `jqs deploy --name {stack} -P CreateOpenSearchServiceLinkedRole=No`",
    },
    Known {
        words: &[&["Unable to assume the service linked role"]],
        remedy: "AWS makes this role with the first use of the service in an account, and is sometimes a moment late: deploy again",
    },
    Known {
        words: &[&["exactly two subnets"], &["exactly three subnets"]],
        remedy: "the number of `OpenSearchInstanceCount` decides on two or three zones: give as many private subnets, in different zones",
    },
    Known {
        words: &[&["Invalid instance type"], &["InvalidTypeException"]],
        remedy: "this region does not offer that type of node: choose another `-P OpenSearchInstanceType`",
    },
    Known {
        words: &[&["parameter availabilityZone is invalid"], &["does not support the availability zone"]],
        remedy: "not every service is in every zone of the region: choose subnets in the zones that are named, or another region",
    },
    Known {
        words: &[&["conflicting DNS domain"]],
        remedy: "the VPC has such an endpoint already: `-P CreateVpcEndpoints=No` uses it",
    },
    Known {
        words: &[&["The CIDR '", "conflicts"], &["The CIDR '", "is invalid"]],
        remedy: "the ranges of the subnets must lie in that of the VPC and not overlap: see `VPCCIDR` and `PrivateSubnet1CIDR` and its like in docs/templates.md",
    },
    Known {
        words: &[
            &["Certificate is in FAILED status"],
            &["certificate", "must have a fully-qualified domain name"],
            &["Certificate", "not found", "ElasticLoadBalancing"],
        ],
        remedy: "the certificate is not issued in this region: see in ACM what it waits for, as a rule its DNS record; the zone of `PublicHostedZoneId` must be the one that the domain's name servers answer for",
    },
    Known {
        words: &[
            &["ServiceLimitExceeded"],
            &["LimitExceeded"],
            &["QuotaExceeded"],
            &["The maximum number of"],
            &["would exceed the limit"],
            &["Cannot exceed quota"],
            &["reached the limit"],
        ],
        remedy: "a quota of the account is used up: remove what is not needed any more, or ask for more in Service Quotas",
    },
    Known {
        words: &[&["already exists"], &["HandlerErrorCode: AlreadyExists"]],
        remedy: "something of that name is there already, perhaps left behind by an earlier deployment: remove it, or choose another `-P EnvironmentName`",
    },
    Known {
        words: &[&["Rate exceeded"], &["HandlerErrorCode: Throttling"]],
        remedy: "AWS had too many requests from this account at that moment: deploy again",
    },
    Known {
        words: &[&["security token", "is expired"], &["security token", "has expired"]],
        remedy: "CloudFormation works with the credentials that it was given, and these ended in its midst: sign in again, and deploy again",
    },
    Known {
        words: &[
            &["failed ELB health checks"],
            &["failed container health checks"],
            &["Health checks failed"],
            &["is unhealthy in (target-group"],
        ],
        remedy: "the task runs and does not answer its health check: `jqs logs --name {stack}` tells why, `--on-failure keep` leaves it there to look at",
    },
    Known {
        words: &[&["exit code 137"]],
        remedy: "the task was killed, as a rule for want of memory: give it more (`-P MemoryTaskMemory`, `-P CollectorMemory`, `-P QueryMemory`)",
    },
    Known {
        words: &[&["Circuit Breaker was triggered"], &["Exceeded attempts to wait"]],
        remedy: "the tasks did not become steady: `jqs logs --name {stack}` tells what they say, `--on-failure keep` leaves them there to look at",
    },
];

/// What to do, by the first known cause that any of the texts speaks of.
pub(crate) fn remedy<'a>(stack: &str, texts: impl Iterator<Item = &'a str>) -> Option<String> {
    let texts: Vec<&str> = texts.collect();
    let is_in = |words: &[&str], text: &str| words.iter().all(|part| text.contains(part));
    let (known, text) = KNOWN.iter().find_map(|known| {
        let text = texts.iter().find(|text| known.words.iter().any(|words| is_in(words, text)))?;
        Some((known, text))
    })?;
    let action = denied_action(text).map_or_else(|| "what was asked for".to_owned(), |action| format!("`{action}`"));
    Some(known.remedy.replace("{stack}", stack).replace("{action}", &action))
}

/// `ecs:CreateCluster` of "… is not authorized to perform: ecs:CreateCluster on resource: …".
fn denied_action(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("not authorized to perform: ")?;
    rest.split(|letter: char| letter.is_whitespace() || letter == ',').next().filter(|action| action.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What AWS says, and what of the advice must be there.
    const SAID: &[(&str, &str)] = &[
        (
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref 111122223333.dkr.ecr.eu-west-1.amazonaws.com/jqs:0.2.0: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/jqs:0.2.0: not found",
            "`jqs image push` puts it there",
        ),
        (
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref registry.example.com/jqs:1: pull access denied, repository does not exist or may require authorization",
            "`jqs image push` puts it there",
        ),
        (
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): image Manifest does not contain descriptor matching platform 'linux/arm64'",
            "another architecture",
        ),
        ("exec /jqs-collector: exec format error", "another architecture"),
        (
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed caused by: Post \"https://api.ecr.eu-west-1.amazonaws.com/\": dial tcp 192.0.2.7:443: i/o timeout. Please check your task network configuration.",
            "no way to ECR",
        ),
        (
            "CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: httpReadSeeker: failed open: failed to do request: Get \"https://prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com/1\": dial tcp 192.0.2.8:443: i/o timeout",
            "no way to ECR",
        ),
        (
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: RequestError: send request failed caused by: Post \"https://logs.eu-west-1.amazonaws.com/\": dial tcp 192.0.2.9:443: i/o timeout : exit status 1",
            "no way to ECR",
        ),
        ("toomanyrequests: You have reached your pull rate limit.", "fewer pulls"),
        ("container `collector`: OutOfMemoryError: Container killed due to memory usage, exit code 137", "more memory"),
        ("container `query`: exit code 137", "for want of memory"),
        (
            "(service collector) was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone.",
            "no room in these zones",
        ),
        (
            "Resource handler returned message: \"Invalid request provided: Before you can proceed, you must enable a service-linked role to give Amazon OpenSearch Service permissions to access your VPC. (Service: OpenSearch, Status Code: 400, Request ID: 1)\" (RequestToken: 2, HandlerErrorCode: InvalidRequest)",
            "CreateOpenSearchServiceLinkedRole=Yes",
        ),
        (
            "Resource handler returned message: \"Service role name AWSServiceRoleForAmazonOpenSearchService has been taken in this account, please try a different suffix. (Service: Iam, Status Code: 400, Request ID: 1)\" (RequestToken: 2, HandlerErrorCode: InvalidRequest)",
            "CreateOpenSearchServiceLinkedRole=No",
        ),
        (
            "Resource handler returned message: \"Invalid request provided: CreateCluster Invalid Request: Unable to assume the service linked role. Please verify that the ECS service linked role exists. (Service: AmazonECS; Status Code: 400; Error Code: InvalidParameterException)\"",
            "first use of the service",
        ),
        (
            "Resource handler returned message: \"Invalid request provided: You must specify exactly two subnets because you've set zone count to two. (Service: OpenSearch, Status Code: 400)\"",
            "as many private subnets",
        ),
        (
            "Resource handler returned message: \"Invalid request provided: Invalid instance type: t2.micro.search (Service: OpenSearch, Status Code: 409, Request ID: 1)\" (RequestToken: 2, HandlerErrorCode: InvalidRequest)",
            "OpenSearchInstanceType",
        ),
        (
            "Value (us-east-1e) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: us-east-1a, us-east-1b.",
            "not every service is in every zone",
        ),
        (
            "private-dns-enabled cannot be set because there is already a conflicting DNS domain for logs.eu-west-1.amazonaws.com in the VPC vpc-0abc",
            "CreateVpcEndpoints=No",
        ),
        (
            "The CIDR '10.0.1.0/24' conflicts with another subnet (Service: Ec2, Status Code: 400, Request ID: 1)",
            "not overlap",
        ),
        ("The CIDR '10.9.1.0/24' is invalid. (Service: Ec2, Status Code: 400, Request ID: 1)", "not overlap"),
        ("DNS Record Set is not available. Certificate is in FAILED status.", "the certificate is not issued"),
        (
            "The certificate 'arn:aws:acm:eu-west-1:111122223333:certificate/1' must have a fully-qualified domain name, a supported signature, and a supported key size. (Service: ElasticLoadBalancingV2, Status Code: 400)",
            "the certificate is not issued",
        ),
        (
            "Resource handler returned message: \"The maximum number of VPCs has been reached. (Service: Ec2, Status Code: 400, Request ID: 1)\" (RequestToken: 2, HandlerErrorCode: ServiceLimitExceeded)",
            "Service Quotas",
        ),
        (
            "Performing this operation would exceed the limit of 5 NAT gateways (Service: AmazonEC2; Status Code: 400; Error Code: NatGatewayLimitExceeded)",
            "Service Quotas",
        ),
        ("You've reached the limit on the number of vCPUs you can run concurrently", "Service Quotas"),
        (
            "Resource of type 'AWS::Logs::LogGroup' with identifier '{\"/properties/LogGroupName\":\"/jqs/traces\"}' already exists.",
            "something of that name",
        ),
        (
            "Resource handler returned message: \"User: arn:aws:iam::111122223333:user/dev is not authorized to perform: ecs:CreateCluster on resource: * because no identity-based policy allows the ecs:CreateCluster action (Service: AmazonECS; Status Code: 400; Error Code: AccessDeniedException)\" (HandlerErrorCode: AccessDenied)",
            "`ecs:CreateCluster` is not allowed",
        ),
        (
            "User: arn:aws:iam::111122223333:user/dev is not authorized to perform: es:CreateDomain on resource: * with an explicit deny in a service control policy",
            "`es:CreateDomain` is denied by a policy above",
        ),
        (
            "{\"Message\":\"User: arn:aws:sts::111122223333:assumed-role/collector/1 is not authorized to perform: es:ESHttpPut because no resource-based policy allows the es:ESHttpPut action\"}",
            "does not let the task's role in",
        ),
        (
            "Resource handler returned message: \"Rate exceeded (Service: Lambda, Status Code: 429, Request ID: 1)\" (RequestToken: 2, HandlerErrorCode: Throttling)",
            "too many requests",
        ),
        (
            "The security token included in the request is expired (Service: Ec2, Status Code: 400, Request ID: 1)",
            "sign in again",
        ),
        (
            "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/query/1)",
            "does not answer its health check",
        ),
        (
            "(service query) (port 16686) is unhealthy in (target-group arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/query/1) due to (reason Health checks failed)",
            "does not answer its health check",
        ),
        ("Task failed container health checks", "does not answer its health check"),
        (
            "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.\" (RequestToken: 1, HandlerErrorCode: GeneralServiceException)",
            "did not become steady",
        ),
        (
            "Resource handler returned message: \"Exceeded attempts to wait\" (RequestToken: 1, HandlerErrorCode: NotStabilized)",
            "did not become steady",
        ),
    ];

    #[test]
    fn every_known_cause_is_told_by_the_words_of_aws() {
        for (said, expected) in SAID {
            let told = remedy("jaeger", std::iter::once(*said)).unwrap_or_default();
            assert!(told.contains(expected), "{said}\n{told}");
            assert!(!told.contains('{'), "{told}");
        }
        for known in KNOWN {
            let is_tested = |text: &&str| known.words.iter().any(|words| words.iter().all(|part| text.contains(part)));
            assert!(SAID.iter().map(|(said, _)| *said).any(|text| is_tested(&text)), "{}", known.remedy);
        }
    }

    #[test]
    fn what_is_more_particular_wins() {
        let texts = ["ECS Deployment Circuit Breaker was triggered", "exec /jqs-collector: exec format error"];
        let told = remedy("jaeger", texts.into_iter()).expect("known");
        assert!(told.contains("another architecture"), "{told}");
    }

    #[test]
    fn an_unknown_cause_gets_no_advice() {
        for said in ["Policy document is malformed (Service: Iam)", "Resource creation cancelled", ""] {
            assert_eq!(remedy("jaeger", std::iter::once(said)), None, "{said}");
        }
    }
}
