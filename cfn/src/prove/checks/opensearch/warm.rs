//! UltraWarm nodes stand only beside nodes that they can work with. Source: "UltraWarm storage" and "Quotas" of the
//! OpenSearch Service developer guide.

use super::DOMAIN;
use crate::eval::{Address, Outcome};
use crate::prove::check::{Check, Grain, Problem, Severity, one_part};
use crate::prove::cursor::Cursor;
use crate::prove::scene::Scene;
use std::ops::RangeInclusive;

/// How many warm nodes a domain may have, where it has any.
const WARM_NODES: RangeInclusive<i64> = 2..=150;
/// The families of data nodes that a domain with warm nodes must not have.
const BURSTABLE: [&str; 2] = ["t2.", "t3."];

pub(in crate::prove::checks) const WARM: Check = Check {
    id: "P219",
    title: "UltraWarm nodes have the domain that they need",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[DOMAIN],
    explanation: "A domain with UltraWarm nodes has dedicated masters, data nodes of other types than t2 and t3, and from 2 to \
        150 warm nodes whose type it says. OpenSearch Service refuses any other.",
    parts: one_part,
    run: warm,
};

fn warm(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let cluster = scene.cursor(at).get("ClusterConfig")?;
    if !cluster.get("WarmEnabled")?.is_true()? {
        return Ok(Vec::new());
    }
    let found = [lacking_masters(&cluster)?, burstable_data_nodes(&cluster)?, count(&cluster)?, kind(&cluster)?];
    let problems = found.into_iter().flatten();
    Ok(problems.map(|(about, message)| Problem::new(about, message).at(scene.span(at, "ClusterConfig"))).collect())
}

type Found = Option<(&'static str, String)>;

fn lacking_masters(cluster: &Cursor<'_>) -> Outcome<Found> {
    let masters = cluster.get("DedicatedMasterEnabled")?.value()?;
    let lacks = masters.is_absent() || masters.as_bool() == Some(false);
    Ok(lacks.then(|| ("masters", "UltraWarm nodes need dedicated masters".to_owned())))
}

fn burstable_data_nodes(cluster: &Cursor<'_>) -> Outcome<Found> {
    let name = cluster.get("InstanceType")?.text()?;
    let burstable = name.filter(|name| BURSTABLE.iter().any(|family| name.starts_with(family)));
    Ok(burstable.map(|name| ("data nodes", format!("data nodes of {name} take no UltraWarm nodes beside them"))))
}

fn count(cluster: &Cursor<'_>) -> Outcome<Found> {
    let count = cluster.get("WarmCount")?;
    if count.is_absent()? {
        return Ok(Some(("count", "it does not say how many UltraWarm nodes it has".to_owned())));
    }
    let wrong = count.integer()?.filter(|count| !WARM_NODES.contains(count));
    let (least, most) = (WARM_NODES.start(), WARM_NODES.end());
    Ok(wrong.map(|count| ("count", format!("a domain has from {least} to {most} UltraWarm nodes, not {count}"))))
}

fn kind(cluster: &Cursor<'_>) -> Outcome<Found> {
    let is_absent = cluster.get("WarmType")?.is_absent()?;
    Ok(is_absent.then(|| ("type", "it does not say of which type its UltraWarm nodes are".to_owned())))
}

#[cfg(test)]
mod tests {
    use crate::prove::tests::findings;

    fn found(cluster: &str) -> Vec<String> {
        let text = format!(
            "
Parameters: {{Warm: {{Type: Number, Default: 0, AllowedValues: [0, 1, 2]}}, Masters: {{Type: String, Default: 'Yes', AllowedValues: ['Yes', 'No']}}}}
Conditions: {{HasWarm: !Not [!Equals [!Ref Warm, 0]], HasMasters: !Equals [!Ref Masters, 'Yes']}}
Resources: {{D: {{Type: 'AWS::OpenSearchService::Domain', Properties: {{ClusterConfig: {{{cluster}}}}}}}}}"
        );
        findings(&[("t.yaml", &text)], "P219")
    }

    const WHOLE: &str = "InstanceType: m7g.large.search, DedicatedMasterEnabled: true, WarmEnabled: true, WarmCount: 2, WarmType: ultrawarm1.medium.search";

    #[test]
    fn a_domain_with_masters_takes_warm_nodes() {
        assert!(found(WHOLE).is_empty());
        assert!(found(&WHOLE.replace("WarmCount: 2", "WarmCount: 150")).is_empty());
        assert!(found("InstanceType: t3.small.search").is_empty(), "one without them may be of any type");
    }

    #[test]
    fn what_warm_nodes_cannot_work_with_is_found() {
        for (from, to, message) in [
            ("DedicatedMasterEnabled: true, ", "", "UltraWarm nodes need dedicated masters"),
            ("m7g.large", "t3.medium", "data nodes of t3.medium.search take no UltraWarm nodes beside them"),
            ("m7g.large", "t2.small", "data nodes of t2.small.search take no UltraWarm nodes beside them"),
            ("WarmCount: 2", "WarmCount: 1", "a domain has from 2 to 150 UltraWarm nodes, not 1"),
            ("WarmCount: 2", "WarmCount: 151", "a domain has from 2 to 150 UltraWarm nodes, not 151"),
            ("WarmCount: 2, ", "", "it does not say how many UltraWarm nodes it has"),
            (", WarmType: ultrawarm1.medium.search", "", "it does not say of which type its UltraWarm nodes are"),
        ] {
            assert_eq!(found(&WHOLE.replace(from, to)), [format!("D: {message} []")]);
        }
    }

    #[test]
    fn the_choice_that_leads_there_is_told() {
        let chosen = WHOLE
            .replace("DedicatedMasterEnabled: true", "DedicatedMasterEnabled: !If [HasMasters, true, false]")
            .replace("WarmEnabled: true", "WarmEnabled: !If [HasWarm, true, false]")
            .replace("WarmCount: 2", "WarmCount: !If [HasWarm, !Ref Warm, !Ref 'AWS::NoValue']");
        let found = found(&chosen);
        assert!(
            found.contains(&"D: a domain has from 2 to 150 UltraWarm nodes, not 1 [Warm=1]".to_owned()),
            "{found:?}"
        );
        assert!(
            found.iter().any(|each| each.contains("need dedicated masters") && each.contains("Masters=No")),
            "{found:?}"
        );
    }
}
