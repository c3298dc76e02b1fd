//! Data is encrypted where it lies and where it travels.

use crate::eval::{Address, Outcome};
use crate::prove::check::{Check, Grain, Problem, Severity, one_part};
use crate::prove::network::balancing::{self, LISTENER};
use crate::prove::network::naming;
use crate::prove::policy;
use crate::prove::scene::Scene;

const DOMAIN: &str = "AWS::OpenSearchService::Domain";
const OLD_DOMAIN: &str = "AWS::Elasticsearch::Domain";
const BUCKET: &str = "AWS::S3::Bucket";

/// A type of resource and the property that must be `true`, for data that lies.
const AT_REST: [(&str, &[&str]); 10] = [
    (DOMAIN, &["EncryptionAtRestOptions", "Enabled"]),
    (OLD_DOMAIN, &["EncryptionAtRestOptions", "Enabled"]),
    ("AWS::DAX::Cluster", &["SSESpecification", "SSEEnabled"]),
    ("AWS::DocDB::DBCluster", &["StorageEncrypted"]),
    ("AWS::EC2::Volume", &["Encrypted"]),
    ("AWS::EFS::FileSystem", &["Encrypted"]),
    ("AWS::ElastiCache::ReplicationGroup", &["AtRestEncryptionEnabled"]),
    ("AWS::Neptune::DBCluster", &["StorageEncrypted"]),
    ("AWS::RDS::DBCluster", &["StorageEncrypted"]),
    ("AWS::RDS::DBInstance", &["StorageEncrypted"]),
];

pub(super) const REST: Check = Check {
    id: "P701",
    title: "data is encrypted at rest",
    severity: Severity::Warning,
    grain: Grain::Values,
    kinds: &[
        DOMAIN,
        OLD_DOMAIN,
        "AWS::DAX::Cluster",
        "AWS::DocDB::DBCluster",
        "AWS::EC2::Volume",
        "AWS::EFS::FileSystem",
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::Neptune::DBCluster",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::SQS::Queue",
    ],
    explanation: "These services store in clear text unless they are told otherwise, and most cannot be changed later. S3, \
        DynamoDB, Keyspaces and MSK always encrypt; SQS does unless it is told not to.",
    parts: one_part,
    run: at_rest,
};

pub(super) const OWN_KEYS: Check = Check {
    id: "P702",
    title: "topics have a key",
    severity: Severity::Info,
    grain: Grain::Values,
    kinds: &["AWS::SNS::Topic"],
    explanation: "A topic without `KmsMasterKeyId` keeps its messages in clear text while it delivers them.",
    parts: one_part,
    run: own_keys,
};

pub(super) const DOMAINS: Check = Check {
    id: "P703",
    title: "domains are reached by TLS alone",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[DOMAIN, OLD_DOMAIN],
    explanation: "`EnforceHTTPS`, a TLS policy that begins with TLS 1.2, and encryption between the nodes.",
    parts: one_part,
    run: domains,
};

pub(super) const LISTENERS: Check = Check {
    id: "P704",
    title: "internet-facing listeners speak TLS",
    severity: Severity::Warning,
    grain: Grain::Values,
    kinds: &[LISTENER],
    explanation: "What crosses the internet in clear text can be read on its way, whoever may send it. Listeners that only \
        redirect are exempt; TCP on port 443 counts as TLS that is passed through.",
    parts: one_part,
    run: listeners,
};

pub(super) const POLICIES: Check = Check {
    id: "P705",
    title: "listeners accept TLS 1.2 and newer only",
    severity: Severity::Warning,
    grain: Grain::Values,
    kinds: &[LISTENER],
    explanation: "Without `SslPolicy`, and with many of the older policies, a listener also accepts TLS 1.0 and 1.1.",
    parts: one_part,
    run: policies,
};

pub(super) const BUCKETS: Check = Check {
    id: "P706",
    title: "buckets refuse what comes without TLS",
    severity: Severity::Info,
    grain: Grain::Values,
    kinds: &[BUCKET],
    explanation: "A bucket policy that denies requests for which `aws:SecureTransport` is false.",
    parts: one_part,
    run: buckets,
};

fn at_rest(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let kind = scene.kind(at);
    let properties = scene.cursor(at);
    if kind == "AWS::SQS::Queue" {
        let is_off = properties.get("SqsManagedSseEnabled")?.value()?.as_bool() == Some(false);
        let has_key = !properties.get("KmsMasterKeyId")?.is_absent()?;
        let problem = (is_off && !has_key).then(|| Problem::new("rest", "the queue is told not to encrypt"));
        return Ok(problem.into_iter().collect());
    }
    let Some((_, path)) = AT_REST.iter().find(|(of, _)| *of == kind) else { return Ok(Vec::new()) };
    // Members of a cluster take over what the cluster says.
    let value = properties.at(path)?.value()?;
    if value.as_bool() == Some(true) || !value.is_known() || !properties.get("DBClusterIdentifier")?.is_absent()? {
        return Ok(Vec::new());
    }
    Ok(vec![Problem::new("rest", format!("`{}` is not true", path.join("."))).at(scene.span(at, path[0]))])
}

fn own_keys(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let is_absent = scene.cursor(at).get("KmsMasterKeyId")?.is_absent()?;
    let problem = is_absent.then(|| Problem::new("key", "it has no `KmsMasterKeyId`"));
    Ok(problem.into_iter().collect())
}

fn domains(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let properties = scene.cursor(at);
    let mut problems = Vec::new();
    for path in [["DomainEndpointOptions", "EnforceHTTPS"], ["NodeToNodeEncryptionOptions", "Enabled"]] {
        let value = properties.at(&path)?.value()?;
        if value.is_known() && value.as_bool() != Some(true) {
            problems.push(
                Problem::new(path.join("."), format!("`{}` is not true", path.join("."))).at(scene.span(at, path[0])),
            );
        }
    }
    let policy = properties.at(&["DomainEndpointOptions", "TLSSecurityPolicy"])?.value()?;
    let is_current = policy.as_text().is_some_and(|name| name.contains("TLS-1-2") || name.contains("TLS-1-3"));
    if policy.is_known() && !is_current {
        let name = policy.as_text().unwrap_or("the default policy");
        let hint = "use `Policy-Min-TLS-1-2-PFS-2023-10`";
        let message = format!("{name} accepts TLS older than 1.2");
        problems.push(Problem::new("policy", message).hint(hint).at(scene.span(at, "DomainEndpointOptions")));
    }
    Ok(problems)
}

fn listeners(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let Some(balancer) = balancing::balancer_of(scene, at)? else { return Ok(Vec::new()) };
    let listener = scene.cursor(at);
    if !balancing::is_internet_facing(&scene.cursor(&balancer))? || balancing::forwards(scene, at)?.is_empty() {
        return Ok(Vec::new());
    }
    let Some(protocol) = listener.get("Protocol")?.text()? else { return Ok(Vec::new()) };
    let port = listener.get("Port")?.value()?;
    let is_passed_through = protocol == "TCP" && port.as_text() == Some("443");
    if !matches!(&*protocol, "TCP" | "HTTP") || is_passed_through {
        return Ok(Vec::new());
    }
    let message = format!("listener {port} faces the internet and speaks {protocol}");
    Ok(vec![Problem::new("clear text", message).at(scene.span(at, "Protocol"))])
}

fn policies(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let listener = scene.cursor(at);
    if !matches!(listener.get("Protocol")?.text()?.as_deref(), Some("TLS" | "HTTPS")) {
        return Ok(Vec::new());
    }
    let policy = listener.get("SslPolicy")?.value()?;
    if !policy.is_known() || policy.as_text().is_some_and(accepts_only_current) {
        return Ok(Vec::new());
    }
    let message = match policy.as_text() {
        Some(name) => format!("{name} accepts TLS older than 1.2"),
        None => "without `SslPolicy` it accepts TLS 1.0".to_owned(),
    };
    let hint = "use `ELBSecurityPolicy-TLS13-1-2-2021-06` or newer";
    Ok(vec![Problem::new("policy", message).hint(hint).at(scene.span(at, "SslPolicy"))])
}

fn accepts_only_current(policy: &str) -> bool {
    ["TLS13-1-2-", "TLS13-1-3-", "TLS-1-2-", "FS-1-2-"].iter().any(|part| policy.contains(part))
}

fn buckets(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    for policy in naming(scene, "AWS::S3::BucketPolicy", "Bucket", at)? {
        let statements = policy::statements(&scene.cursor(policy).get("PolicyDocument")?)?;
        let refuses = |each: &policy::Statement| !each.is_allow && each.has_any_condition(&["aws:securetransport"]);
        if statements.iter().any(refuses) {
            return Ok(Vec::new());
        }
    }
    Ok(vec![Problem::new("transport", "no policy denies requests without TLS")])
}

#[cfg(test)]
mod tests {
    use crate::prove::tests::findings;

    fn found(kind: &str, properties: &str, id: &str) -> Vec<String> {
        let text = format!("Resources: {{R: {{Type: '{kind}', Properties: {{{properties}}}}}}}");
        findings(&[("t.yaml", &text)], id)
    }

    #[test]
    fn data_at_rest_in_clear_text_is_found() {
        assert_eq!(found("AWS::EFS::FileSystem", "", "P701"), ["R: `Encrypted` is not true []"]);
        assert!(found("AWS::EFS::FileSystem", "Encrypted: true", "P701").is_empty());
        assert!(found("AWS::RDS::DBInstance", "DBClusterIdentifier: x", "P701").is_empty(), "its cluster says so");
        assert_eq!(found("AWS::SQS::Queue", "SqsManagedSseEnabled: false", "P701").len(), 1);
        assert!(found("AWS::SQS::Queue", "", "P701").is_empty());
        assert_eq!(found("AWS::SNS::Topic", "", "P702"), ["R: it has no `KmsMasterKeyId` []"]);
    }

    #[test]
    fn domains_that_accept_clear_text_or_old_tls_are_found() {
        let kind = "AWS::OpenSearchService::Domain";
        let right = "NodeToNodeEncryptionOptions: {Enabled: true}, DomainEndpointOptions: {EnforceHTTPS: true, TLSSecurityPolicy: Policy-Min-TLS-1-2-PFS-2023-10}";
        assert!(found(kind, right, "P703").is_empty());
        let old = right.replace("Policy-Min-TLS-1-2-PFS-2023-10", "Policy-Min-TLS-1-0-2019-07");
        assert_eq!(found(kind, &old, "P703"), ["R: Policy-Min-TLS-1-0-2019-07 accepts TLS older than 1.2 []"]);
        assert_eq!(found(kind, "", "P703").len(), 3);
    }

    #[test]
    fn listeners_in_clear_text_are_found_where_they_face_the_internet() {
        let text = "
Parameters: {Scheme: {Type: String, Default: internal, AllowedValues: [internal, internet-facing]}}
Resources:
  Balancer: {Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer', Properties: {Type: network, Scheme: !Ref Scheme}}
  Group: {Type: 'AWS::ElasticLoadBalancingV2::TargetGroup'}
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties: {LoadBalancerArn: !Ref Balancer, Port: 80, Protocol: TCP, DefaultActions: [{Type: forward, TargetGroupArn: !Ref Group}]}
";
        let expected = ["Listener: listener 80 faces the internet and speaks TCP [Scheme=internet-facing]"];
        assert_eq!(findings(&[("t.yaml", text)], "P704"), expected);
        assert!(findings(&[("t.yaml", &text.replace("Protocol: TCP", "Protocol: TLS"))], "P704").is_empty());
        assert!(
            findings(
                &[("t.yaml", &text.replace("forward", "redirect").replace(", TargetGroupArn: !Ref Group", ""))],
                "P704"
            )
            .is_empty()
        );
    }

    #[test]
    fn old_tls_of_listeners_is_found() {
        let kind = "AWS::ElasticLoadBalancingV2::Listener";
        assert_eq!(found(kind, "Protocol: HTTPS", "P705"), ["R: without `SslPolicy` it accepts TLS 1.0 []"]);
        assert_eq!(found(kind, "Protocol: TLS, SslPolicy: ELBSecurityPolicy-TLS13-1-1-2021-06", "P705").len(), 1);
        assert!(found(kind, "Protocol: TLS, SslPolicy: ELBSecurityPolicy-TLS13-1-2-2021-06", "P705").is_empty());
        assert!(found(kind, "Protocol: TCP", "P705").is_empty());
    }

    #[test]
    fn buckets_without_a_policy_on_transport_are_mentioned() {
        assert_eq!(found("AWS::S3::Bucket", "", "P706").len(), 1);
        let text = "
Resources:
  B: {Type: 'AWS::S3::Bucket'}
  P:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref B
      PolicyDocument: {Statement: [{Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*', Condition: {Bool: {'aws:SecureTransport': 'false'}}}]}
";
        assert!(findings(&[("t.yaml", text)], "P706").is_empty());
    }
}
