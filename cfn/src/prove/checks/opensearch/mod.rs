//! A domain is one that OpenSearch Service accepts: nodes, zones, masters and volumes fit together. Source: "Configuring a
//! multi-AZ domain", "Dedicated master nodes" and "Quotas" of the OpenSearch Service developer guide.

mod warm;

use crate::eval::{Address, Outcome};
use crate::prove::check::{Check, Grain, Problem, Severity, one_part};
use crate::prove::scene::Scene;

pub(super) use warm::WARM;

pub(super) const DOMAIN: &str = "AWS::OpenSearchService::Domain";

/// OpenSearch Service's default where zone awareness is on.
const ZONES_DEFAULT: i64 = 2;
/// GiB of a volume, whatever its instance.
const VOLUME_LEAST: i64 = 10;
/// The most GiB that the smallest instance types take.
const VOLUMES: [(&str, i64); 2] = [("t3.small.search", 100), ("t3.medium.search", 200)];

pub(super) const ZONES: Check = Check {
    id: "P211",
    title: "each zone of a domain has a data node",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[DOMAIN],
    explanation: "A domain needs at least one data node in each of its zones, and with two zones an even number.",
    parts: one_part,
    run: zones,
};

pub(super) const SUBNETS: Check = Check {
    id: "P212",
    title: "a domain has a subnet for each zone",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[DOMAIN],
    explanation: "OpenSearch Service takes exactly as many subnets as a domain has zones: one without zone awareness.",
    parts: one_part,
    run: subnets,
};

pub(super) const MASTERS: Check = Check {
    id: "P213",
    title: "dedicated masters are three or five",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[DOMAIN],
    explanation: "Two masters cannot elect one when they lose each other, and a single one is no gain.",
    parts: one_part,
    run: masters,
};

pub(super) const SPREAD: Check = Check {
    id: "P214",
    title: "data nodes spread evenly over three zones",
    severity: Severity::Warning,
    grain: Grain::Values,
    kinds: &[DOMAIN],
    explanation: "With a number that three does not divide, one zone holds more of the shards, and fills up first.",
    parts: one_part,
    run: spread,
};

pub(super) const VOLUMES_FIT: Check = Check {
    id: "P215",
    title: "volumes have a size that their instance takes",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[DOMAIN],
    explanation: "A volume has 10 GiB at least; t3.small takes 100 GiB and t3.medium 200 GiB at most. Sizes that the user writes \
        out are left to the user.",
    parts: one_part,
    run: volumes,
};

pub(super) const SERVICE_ROLE: Check = Check {
    id: "P216",
    title: "the service-linked role of OpenSearch is made",
    severity: Severity::Info,
    grain: Grain::Values,
    kinds: &[DOMAIN],
    explanation: "A domain in a VPC needs the role AWSServiceRoleForAmazonOpenSearchService, which an account has once. Where \
        the templates do not make it, it must be there beforehand.",
    parts: one_part,
    run: service_role,
};

pub(super) const SMALL_TYPES: Check = Check {
    id: "P217",
    title: "instance types support what the domain asks for",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[DOMAIN],
    explanation: "The old types t2 and m3 know no encryption at rest.",
    parts: one_part,
    run: small_types,
};

pub(super) const LOGS: Check = Check {
    id: "P218",
    title: "domains publish their error and slow logs",
    severity: Severity::Warning,
    grain: Grain::Structure,
    kinds: &[DOMAIN],
    explanation: "Without them nobody learns why a domain is slow or red: `ES_APPLICATION_LOGS`, `INDEX_SLOW_LOGS` and \
        `SEARCH_SLOW_LOGS`. Audit logs need fine-grained access control, and are demanded only where it is on.",
    parts: one_part,
    run: logs,
};

/// The number of data nodes and of zones, where both are known.
fn nodes_and_zones(scene: &Scene<'_>, at: &Address) -> Outcome<Option<(i64, i64)>> {
    let cluster = scene.cursor(at).get("ClusterConfig")?;
    let nodes = cluster.get("InstanceCount")?.value()?;
    let nodes = if nodes.is_absent() { Some(1) } else { nodes.as_integer() };
    let aware = cluster.get("ZoneAwarenessEnabled")?.value()?;
    let zones = match aware.as_bool() {
        Some(true) => {
            let zones = cluster.at(&["ZoneAwarenessConfig", "AvailabilityZoneCount"])?.value()?;
            if zones.is_absent() { Some(ZONES_DEFAULT) } else { zones.as_integer() }
        }
        Some(false) => Some(1),
        None => aware.is_absent().then_some(1),
    };
    Ok(nodes.zip(zones))
}

fn zones(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let Some((nodes, zones)) = nodes_and_zones(scene, at)? else { return Ok(Vec::new()) };
    let message = match (nodes, zones) {
        _ if nodes < zones => format!("{nodes} data nodes cannot spread over {zones} zones"),
        (_, 2) if nodes % 2 == 1 => format!("two zones need an even number of data nodes, not {nodes}"),
        _ => return Ok(Vec::new()),
    };
    Ok(vec![Problem::new("zones", message).at(scene.span(at, "ClusterConfig"))])
}

fn spread(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let Some((nodes, 3)) = nodes_and_zones(scene, at)? else { return Ok(Vec::new()) };
    if nodes < 3 || nodes % 3 == 0 {
        return Ok(Vec::new());
    }
    let message = format!("{nodes} data nodes do not spread evenly over three zones");
    Ok(vec![Problem::new("spread", message).at(scene.span(at, "ClusterConfig"))])
}

fn subnets(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let ids = scene.cursor(at).at(&["VPCOptions", "SubnetIds"])?;
    let given = ids.values()?;
    // One unknown value may stand for a whole list.
    let is_open = given.iter().any(|id| !id.is_known() && id.resource().is_none());
    let Some((_, zones)) = nodes_and_zones(scene, at)?.filter(|_| !given.is_empty() && !is_open) else {
        return Ok(Vec::new());
    };
    if i64::try_from(given.len()) == Ok(zones) {
        return Ok(Vec::new());
    }
    let message = format!("the domain has {zones} zones and {} subnets", given.len());
    Ok(vec![Problem::new("subnets", message).at(ids.span)])
}

fn masters(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let cluster = scene.cursor(at).get("ClusterConfig")?;
    if !cluster.get("DedicatedMasterEnabled")?.is_true()? {
        return Ok(Vec::new());
    }
    let count = cluster.get("DedicatedMasterCount")?.value()?;
    if !count.is_known() || matches!(count.as_integer(), Some(3 | 5)) {
        return Ok(Vec::new());
    }
    let message = match count.as_text() {
        Some(count) => format!("it has {count} dedicated masters"),
        None => "it does not say how many dedicated masters it has".to_owned(),
    };
    Ok(vec![Problem::new("masters", message).at(scene.span(at, "ClusterConfig"))])
}

fn volumes(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let options = scene.cursor(at).get("EBSOptions")?;
    let size = options.get("VolumeSize")?;
    if !options.get("EBSEnabled")?.is_true()? || size.is_free_choice()? {
        return Ok(Vec::new());
    }
    let Some(gibibytes) = size.integer()? else { return Ok(Vec::new()) };
    let kind = scene.cursor(at).at(&["ClusterConfig", "InstanceType"])?.text()?.unwrap_or_default();
    let most = VOLUMES.iter().find(|(name, _)| *name == kind).map(|(_, most)| *most);
    let message = match most {
        _ if gibibytes < VOLUME_LEAST => format!("a volume has {VOLUME_LEAST} GiB at least, not {gibibytes}"),
        Some(most) if gibibytes > most => format!("{kind} takes volumes of {most} GiB at most, not {gibibytes}"),
        _ => return Ok(Vec::new()),
    };
    Ok(vec![Problem::new("volume", message).at(size.span)])
}

fn service_role(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    if scene.cursor(at).get("VPCOptions")?.is_absent()? {
        return Ok(Vec::new());
    }
    for role in scene.existing("AWS::IAM::ServiceLinkedRole")? {
        let service = scene.property(role, "AWSServiceName")?;
        if service.as_text().is_some_and(|name| name.starts_with("opensearchservice.") || name.starts_with("es.")) {
            return Ok(Vec::new());
        }
    }
    let message = "the account must have the role AWSServiceRoleForAmazonOpenSearchService beforehand";
    Ok(vec![Problem::new("service-linked role", message)])
}

fn small_types(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let properties = scene.cursor(at);
    if !properties.at(&["EncryptionAtRestOptions", "Enabled"])?.is_true()? {
        return Ok(Vec::new());
    }
    let cluster = properties.get("ClusterConfig")?;
    let mut problems = Vec::new();
    for property in ["InstanceType", "DedicatedMasterType"] {
        let kind = cluster.get(property)?;
        if let Some(name) = kind.text()?.filter(|name| name.starts_with("t2.") || name.starts_with("m3.")) {
            problems.push(Problem::new(property, format!("{name} knows no encryption at rest")).at(kind.span));
        }
    }
    Ok(problems)
}

fn logs(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let domain = scene.cursor(at);
    let is_fine_grained = domain.at(&["AdvancedSecurityOptions", "Enabled"])?.value()?.as_bool() == Some(true);
    let mut wanted = vec!["ES_APPLICATION_LOGS", "INDEX_SLOW_LOGS", "SEARCH_SLOW_LOGS"];
    wanted.extend(is_fine_grained.then_some("AUDIT_LOGS"));
    let options = domain.get("LogPublishingOptions")?;
    let mut problems = Vec::new();
    for name in wanted {
        let enabled = options.at(&[name, "Enabled"])?.value()?;
        if enabled.is_absent() || enabled.as_bool() == Some(false) {
            problems.push(Problem::new(name, format!("the domain does not publish `{name}`")));
        }
    }
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use crate::prove::tests::findings;

    fn found(properties: &str, id: &str) -> Vec<String> {
        let text = format!(
            "
Parameters: {{Nodes: {{Type: Number, Default: 2, AllowedValues: [1, 2, 3, 4]}}, Size: {{Type: Number, Default: 20, MinValue: 1, MaxValue: 5000}}}}
Conditions: {{Three: !Equals [!Ref Nodes, 3], One: !Equals [!Ref Nodes, 1]}}
Resources: {{D: {{Type: 'AWS::OpenSearchService::Domain', Properties: {{{properties}}}}}}}"
        );
        findings(&[("t.yaml", &text)], id)
    }

    #[test]
    fn nodes_and_zones_fit_in_every_case_or_the_case_is_found() {
        let right = "ClusterConfig: {InstanceCount: !Ref Nodes, ZoneAwarenessEnabled: !If [One, false, true], ZoneAwarenessConfig: {AvailabilityZoneCount: !If [Three, 3, 2]}}";
        assert!(found(right, "P211").is_empty());
        let always = right.replace("!If [One, false, true]", "true");
        assert_eq!(found(&always, "P211"), ["D: 1 data nodes cannot spread over 2 zones [Nodes=1]"]);
        let two = right.replace("!If [Three, 3, 2]", "2");
        assert_eq!(found(&two, "P211"), ["D: two zones need an even number of data nodes, not 3 [Nodes=3]"]);
        let three = right.replace("!If [Three, 3, 2]", "3");
        assert_eq!(found(&three, "P214"), ["D: 4 data nodes do not spread evenly over three zones [Nodes=4]"]);
    }

    #[test]
    fn logs_that_are_not_published_are_found() {
        assert_eq!(found("EngineVersion: OpenSearch_2.19", "P218").len(), 3);
        let two = "LogPublishingOptions: {ES_APPLICATION_LOGS: {Enabled: true}, INDEX_SLOW_LOGS: {Enabled: true}}";
        assert_eq!(found(two, "P218"), ["D: the domain does not publish `SEARCH_SLOW_LOGS` []"]);
        let audited = "AdvancedSecurityOptions: {Enabled: true}";
        assert!(found(audited, "P218").contains(&"D: the domain does not publish `AUDIT_LOGS` []".to_owned()));
    }

    #[test]
    fn a_domain_has_as_many_subnets_as_zones() {
        let domain =
            |zones: &str| format!("VPCOptions: {{SubnetIds: [a, b]}}, ClusterConfig: {{InstanceCount: 2, {zones}}}");
        assert!(found(&domain("ZoneAwarenessEnabled: true"), "P212").is_empty());
        assert_eq!(found(&domain(""), "P212"), ["D: the domain has 1 zones and 2 subnets []"]);
    }

    #[test]
    fn masters_volumes_and_types_are_those_that_the_service_takes() {
        let masters = |count: &str| format!("ClusterConfig: {{DedicatedMasterEnabled: true{count}}}");
        assert_eq!(found(&masters(", DedicatedMasterCount: 2"), "P213"), ["D: it has 2 dedicated masters []"]);
        assert_eq!(found(&masters(""), "P213").len(), 1);
        assert!(found(&masters(", DedicatedMasterCount: 3"), "P213").is_empty());
        let volume = |size: &str| {
            format!(
                "ClusterConfig: {{InstanceType: t3.small.search}}, EBSOptions: {{EBSEnabled: true, VolumeSize: {size}}}"
            )
        };
        assert_eq!(found(&volume("200"), "P215"), ["D: t3.small.search takes volumes of 100 GiB at most, not 200 []"]);
        assert_eq!(found(&volume("5"), "P215").len(), 1);
        assert!(found(&volume("!Ref Size"), "P215").is_empty(), "the user writes it out");
        let old = "EncryptionAtRestOptions: {Enabled: true}, ClusterConfig: {InstanceType: t2.small.search}";
        assert_eq!(found(old, "P217"), ["D: t2.small.search knows no encryption at rest []"]);
    }

    #[test]
    fn the_role_must_be_there_unless_it_is_made() {
        assert_eq!(found("VPCOptions: {SubnetIds: [a]}", "P216").len(), 1);
        assert!(found("DomainName: x", "P216").is_empty(), "only in a VPC");
        let made = "VPCOptions: {SubnetIds: [a]}}}, R: {Type: 'AWS::IAM::ServiceLinkedRole', Properties: {AWSServiceName: opensearchservice.amazonaws.com";
        assert!(found(made, "P216").is_empty());
    }
}
