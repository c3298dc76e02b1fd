//! How long CloudFormation typically takes, by type of resource and by what is done to it.

use crate::change_set::Action;
use jqs_cfn::template::NESTED_STACK;

/// Seconds to create, to update and to delete one. What is not here takes `DEFAULT_SECONDS` each time.
const TYPICAL: [(&str, [u64; 3]); 24] = [
    ("AWS::APS::Workspace", [35, 20, 10]),
    ("AWS::CertificateManager::Certificate", [180, 10, 10]),
    ("AWS::EC2::EIP", [16, 5, 10]),
    ("AWS::EC2::InternetGateway", [16, 5, 15]),
    ("AWS::EC2::NatGateway", [110, 5, 65]),
    ("AWS::EC2::Route", [6, 5, 10]),
    ("AWS::EC2::SecurityGroup", [6, 5, 5]),
    ("AWS::EC2::Subnet", [5, 5, 10]),
    ("AWS::EC2::VPC", [14, 5, 5]),
    ("AWS::EC2::VPCEndpoint", [75, 30, 60]),
    ("AWS::ECS::Cluster", [10, 5, 5]),
    ("AWS::ECS::Service", [120, 180, 150]),
    ("AWS::ECS::TaskDefinition", [3, 3, 3]),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", [150, 10, 25]),
    ("AWS::IAM::Policy", [17, 10, 5]),
    ("AWS::IAM::Role", [18, 10, 5]),
    ("AWS::KMS::Key", [25, 10, 5]),
    ("AWS::Logs::LogGroup", [4, 4, 4]),
    ("AWS::OpenSearchService::Domain", [1_080, 1_200, 600]),
    ("AWS::Route53::HostedZone", [40, 5, 40]),
    ("AWS::Route53::RecordSet", [40, 40, 40]),
    ("AWS::S3::Bucket", [22, 10, 5]),
    ("AWS::ServiceDiscovery::PrivateDnsNamespace", [75, 10, 40]),
    ("AWS::ServiceDiscovery::Service", [5, 5, 5]),
];
pub const DEFAULT_SECONDS: u64 = 8;

pub fn seconds(kind: &str, action: Action) -> u64 {
    let known = TYPICAL.iter().find(|(name, _)| *name == kind).map(|(_, seconds)| *seconds);
    let [create, update, delete] = known.unwrap_or([DEFAULT_SECONDS; 3]);
    match action {
        Action::Add | Action::Import => create,
        Action::Remove => delete,
        Action::Replace => create + delete,
        Action::Modify | Action::MayReplace | Action::Unknown => update,
    }
}

/// The same for a resource in that state. A nested stack takes as long as what is in it.
pub fn seconds_in(kind: &str, status: &str) -> Option<u64> {
    if kind == NESTED_STACK {
        return None;
    }
    let action = match status.split('_').next() {
        Some("CREATE" | "IMPORT") => Action::Add,
        Some("DELETE") => Action::Remove,
        _ => Action::Modify,
    };
    Some(seconds(kind, action))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_tells_what_is_done() {
        let service = |status| seconds_in("AWS::ECS::Service", status);
        assert_eq!(service("CREATE_IN_PROGRESS"), Some(120));
        assert_eq!(service("UPDATE_IN_PROGRESS"), Some(180));
        assert_eq!(service("DELETE_IN_PROGRESS"), Some(150));
        assert_eq!(seconds_in("Custom::Thing", "CREATE_IN_PROGRESS"), Some(DEFAULT_SECONDS));
        assert_eq!(seconds_in(NESTED_STACK, "CREATE_IN_PROGRESS"), None);
    }
}
