//! The actions that a deployment takes: those of `jqs` itself, and those with which CloudFormation makes and removes each type
//! of resource, in the name of whoever deploys. docs/deploy.md has the first part as a table.

/// What `jqs` does itself, whatever it deploys.
pub(super) const OWN: &[&str] = &[
    "cloudformation:CreateChangeSet",
    "cloudformation:CreateStack",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DeleteStack",
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStacks",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:GetTemplate",
    "cloudformation:ListChangeSets",
    "cloudformation:ListStackResources",
    "cloudformation:TagResource",
    "cloudformation:UpdateStack",
    "s3:CreateBucket",
    "s3:GetBucketTagging",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketTagging",
    "s3:PutEncryptionConfiguration",
    "s3:PutObject",
];

/// By type; a type that has no entry is not looked at.
pub(super) const BY_KIND: &[(&str, &[&str])] = &[
    (
        "AWS::ApplicationAutoScaling::ScalableTarget",
        &[
            "application-autoscaling:DeregisterScalableTarget",
            "application-autoscaling:DescribeScalableTargets",
            "application-autoscaling:RegisterScalableTarget",
        ],
    ),
    (
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        &[
            "application-autoscaling:DeleteScalingPolicy",
            "application-autoscaling:DescribeScalingPolicies",
            "application-autoscaling:PutScalingPolicy",
        ],
    ),
    (
        "AWS::APS::Workspace",
        &["aps:CreateWorkspace", "aps:DeleteWorkspace", "aps:DescribeWorkspace", "aps:TagResource"],
    ),
    (
        "AWS::CertificateManager::Certificate",
        &[
            "acm:AddTagsToCertificate",
            "acm:DeleteCertificate",
            "acm:DescribeCertificate",
            "acm:RequestCertificate",
            "route53:ChangeResourceRecordSets",
        ],
    ),
    ("AWS::CloudWatch::Alarm", &["cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms", "cloudwatch:PutMetricAlarm"]),
    (
        "AWS::CloudWatch::Dashboard",
        &["cloudwatch:DeleteDashboards", "cloudwatch:GetDashboard", "cloudwatch:PutDashboard"],
    ),
    ("AWS::EC2::EIP", &["ec2:AllocateAddress", "ec2:CreateTags", "ec2:DescribeAddresses", "ec2:ReleaseAddress"]),
    (
        "AWS::EC2::InternetGateway",
        &["ec2:CreateInternetGateway", "ec2:CreateTags", "ec2:DeleteInternetGateway", "ec2:DescribeInternetGateways"],
    ),
    (
        "AWS::EC2::NatGateway",
        &["ec2:CreateNatGateway", "ec2:CreateTags", "ec2:DeleteNatGateway", "ec2:DescribeNatGateways"],
    ),
    ("AWS::EC2::Route", &["ec2:CreateRoute", "ec2:DeleteRoute", "ec2:DescribeRouteTables"]),
    (
        "AWS::EC2::RouteTable",
        &["ec2:CreateRouteTable", "ec2:CreateTags", "ec2:DeleteRouteTable", "ec2:DescribeRouteTables"],
    ),
    (
        "AWS::EC2::SecurityGroup",
        &[
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:CreateSecurityGroup",
            "ec2:CreateTags",
            "ec2:DeleteSecurityGroup",
            "ec2:DescribeSecurityGroups",
            "ec2:RevokeSecurityGroupEgress",
        ],
    ),
    ("AWS::EC2::SecurityGroupIngress", &["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"]),
    (
        "AWS::EC2::Subnet",
        &[
            "ec2:CreateSubnet",
            "ec2:CreateTags",
            "ec2:DeleteSubnet",
            "ec2:DescribeAvailabilityZones",
            "ec2:DescribeSubnets",
        ],
    ),
    ("AWS::EC2::SubnetRouteTableAssociation", &["ec2:AssociateRouteTable", "ec2:DisassociateRouteTable"]),
    (
        "AWS::EC2::VPC",
        &["ec2:CreateTags", "ec2:CreateVpc", "ec2:DeleteVpc", "ec2:DescribeVpcs", "ec2:ModifyVpcAttribute"],
    ),
    (
        "AWS::EC2::VPCEndpoint",
        &["ec2:CreateTags", "ec2:CreateVpcEndpoint", "ec2:DeleteVpcEndpoints", "ec2:DescribeVpcEndpoints"],
    ),
    ("AWS::EC2::VPCGatewayAttachment", &["ec2:AttachInternetGateway", "ec2:DetachInternetGateway"]),
    (
        "AWS::ECS::Cluster",
        &[
            "ecs:CreateCluster",
            "ecs:DeleteCluster",
            "ecs:DescribeClusters",
            "ecs:PutClusterCapacityProviders",
            "ecs:TagResource",
        ],
    ),
    (
        "AWS::ECS::Service",
        &["ecs:CreateService", "ecs:DeleteService", "ecs:DescribeServices", "ecs:TagResource", "ecs:UpdateService"],
    ),
    (
        "AWS::ECS::TaskDefinition",
        &[
            "ecs:DeregisterTaskDefinition",
            "ecs:DescribeTaskDefinition",
            "ecs:RegisterTaskDefinition",
            "ecs:TagResource",
            "iam:PassRole",
        ],
    ),
    (
        "AWS::ElasticLoadBalancingV2::Listener",
        &[
            "elasticloadbalancing:CreateListener",
            "elasticloadbalancing:DeleteListener",
            "elasticloadbalancing:DescribeListeners",
        ],
    ),
    (
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        &["elasticloadbalancing:CreateRule", "elasticloadbalancing:DeleteRule", "elasticloadbalancing:DescribeRules"],
    ),
    (
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        &[
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:CreateLoadBalancer",
            "elasticloadbalancing:DeleteLoadBalancer",
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:ModifyLoadBalancerAttributes",
        ],
    ),
    (
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        &[
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:CreateTargetGroup",
            "elasticloadbalancing:DeleteTargetGroup",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
            "elasticloadbalancing:ModifyTargetGroupAttributes",
        ],
    ),
    (
        "AWS::IAM::ManagedPolicy",
        &[
            "iam:CreatePolicy",
            "iam:DeletePolicy",
            "iam:GetPolicy",
            "iam:ListEntitiesForPolicy",
            "iam:ListPolicyVersions",
        ],
    ),
    (
        "AWS::IAM::Role",
        &[
            "iam:AttachRolePolicy",
            "iam:CreateRole",
            "iam:DeleteRole",
            "iam:DeleteRolePolicy",
            "iam:DetachRolePolicy",
            "iam:GetRole",
            "iam:PassRole",
            "iam:PutRolePolicy",
            "iam:TagRole",
        ],
    ),
    ("AWS::IAM::ServiceLinkedRole", &["iam:CreateServiceLinkedRole", "iam:GetRole"]),
    (
        "AWS::Logs::LogGroup",
        &[
            "logs:CreateLogGroup",
            "logs:DeleteLogGroup",
            "logs:DescribeLogGroups",
            "logs:PutRetentionPolicy",
            "logs:TagResource",
        ],
    ),
    ("AWS::Logs::MetricFilter", &["logs:DeleteMetricFilter", "logs:DescribeMetricFilters", "logs:PutMetricFilter"]),
    (
        "AWS::Logs::ResourcePolicy",
        &["logs:DeleteResourcePolicy", "logs:DescribeResourcePolicies", "logs:PutResourcePolicy"],
    ),
    ("AWS::OpenSearchService::Domain", &["es:AddTags", "es:CreateDomain", "es:DeleteDomain", "es:DescribeDomain"]),
    (
        "AWS::Route53::HostedZone",
        &[
            "ec2:DescribeVpcs",
            "route53:AssociateVPCWithHostedZone",
            "route53:ChangeTagsForResource",
            "route53:CreateHostedZone",
            "route53:DeleteHostedZone",
            "route53:GetHostedZone",
        ],
    ),
    ("AWS::Route53::RecordSet", &["route53:ChangeResourceRecordSets", "route53:GetHostedZone"]),
    ("AWS::S3::Bucket", &["s3:CreateBucket", "s3:DeleteBucket", "s3:PutLifecycleConfiguration"]),
    ("AWS::S3::BucketPolicy", &["s3:DeleteBucketPolicy", "s3:GetBucketPolicy", "s3:PutBucketPolicy"]),
    (
        "AWS::Scheduler::Schedule",
        &["iam:PassRole", "scheduler:CreateSchedule", "scheduler:DeleteSchedule", "scheduler:GetSchedule"],
    ),
    (
        "AWS::Scheduler::ScheduleGroup",
        &[
            "scheduler:CreateScheduleGroup",
            "scheduler:DeleteScheduleGroup",
            "scheduler:GetScheduleGroup",
            "scheduler:TagResource",
        ],
    ),
    (
        "AWS::ServiceDiscovery::PrivateDnsNamespace",
        &[
            "ec2:DescribeVpcs",
            "route53:CreateHostedZone",
            "route53:DeleteHostedZone",
            "servicediscovery:CreatePrivateDnsNamespace",
            "servicediscovery:DeleteNamespace",
            "servicediscovery:GetNamespace",
            "servicediscovery:GetOperation",
            "servicediscovery:TagResource",
        ],
    ),
    (
        "AWS::ServiceDiscovery::Service",
        &[
            "servicediscovery:CreateService",
            "servicediscovery:DeleteService",
            "servicediscovery:GetService",
            "servicediscovery:TagResource",
        ],
    ),
    (
        "AWS::SNS::Topic",
        &["sns:CreateTopic", "sns:DeleteTopic", "sns:GetTopicAttributes", "sns:Subscribe", "sns:TagResource"],
    ),
    ("AWS::SNS::TopicPolicy", &["sns:SetTopicAttributes"]),
    ("AWS::SQS::Queue", &["sqs:CreateQueue", "sqs:DeleteQueue", "sqs:GetQueueAttributes", "sqs:TagQueue"]),
    ("AWS::SSM::Parameter", &["ssm:AddTagsToResource", "ssm:DeleteParameter", "ssm:GetParameters", "ssm:PutParameter"]),
];

pub(super) fn of_kind(kind: &str) -> &'static [&'static str] {
    BY_KIND.iter().find(|(name, _)| *name == kind).map_or(&[], |(_, actions)| actions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::templates;
    use jqs_cfn::template::{NESTED_STACK, Template};
    use std::collections::BTreeSet;

    #[test]
    fn every_type_of_the_templates_has_its_actions() {
        let bundle = templates::bundle();
        let mut without = BTreeSet::new();
        for (name, _) in bundle.files() {
            let template = Template::read(name, bundle.text(name).expect("text")).expect("a template");
            let kinds = template.resources.into_iter().map(|resource| resource.kind);
            without.extend(kinds.filter(|kind| kind != NESTED_STACK && of_kind(kind).is_empty()));
        }
        assert_eq!(without, BTreeSet::new());
    }
}
