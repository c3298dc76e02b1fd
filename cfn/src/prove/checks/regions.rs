//! What a region does not have. The lists are those of AWS's own validator, which follow the registry of each region.

use super::opensearch::DOMAIN;
use crate::eval::{Address, Outcome};
use crate::prove::check::{Check, Grain, Problem, Severity, one_part};
use crate::prove::scene::Scene;
use data_source::embedded;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

pub(super) const TYPES: Check = Check {
    id: "P901",
    title: "every region has the types of resource that are used",
    severity: Severity::Error,
    grain: Grain::Regions,
    kinds: &[],
    explanation: "CloudFormation refuses a template with a type that the registry of the region lacks. Each region is tried by \
        itself. Regions for which there is no list are left out.",
    parts: one_part,
    run: types,
};

pub(super) const INSTANCES: Check = Check {
    id: "P902",
    title: "every region has the instance types of domains",
    severity: Severity::Warning,
    grain: Grain::Regions,
    kinds: &[DOMAIN],
    explanation: "Not every region has every generation of instances. Only types that the templates choose, or offer as a \
        default, are looked at; what the user writes out is left to the user.",
    parts: one_part,
    run: instances,
};

#[derive(Deserialize)]
struct ResourceTypes {
    region_resource_types: HashMap<String, HashMap<String, bool>>,
}

#[derive(Deserialize)]
struct InstanceTypes {
    /// A region's list, and a word on where they come from.
    aws_opensearchservice_domain_clusterconfig_instancetype_enum: HashMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct Allowed {
    #[serde(rename = "enum")]
    values: HashSet<String>,
}

/// The types of resource by region.
static RESOURCE_TYPES: LazyLock<HashMap<String, HashMap<String, bool>>> = LazyLock::new(|| {
    serde_json::from_slice::<ResourceTypes>(&embedded::REGION_RESOURCE_TYPES_BYTES)
        .map(|read| read.region_resource_types)
        .unwrap_or_default()
});

/// The instance types of domains by region.
static INSTANCE_TYPES: LazyLock<HashMap<String, HashSet<String>>> = LazyLock::new(|| {
    serde_json::from_slice::<InstanceTypes>(
        &embedded::AWS_OPENSEARCHSERVICE_DOMAIN_CLUSTERCONFIG_INSTANCETYPE_ENUM_BYTES,
    )
    .map(|read| {
        let lists = read.aws_opensearchservice_domain_clusterconfig_instancetype_enum;
        let list = |(region, list)| Some((region, serde_json::from_value::<Allowed>(list).ok()?.values));
        lists.into_iter().filter_map(list).collect()
    })
    .unwrap_or_default()
});

/// The regions, of those that there is a list for, that lack something.
fn lacking<T>(lists: &'static HashMap<String, T>, has: impl Fn(&T) -> bool) -> Vec<&'static str> {
    let mut regions: Vec<&str> =
        lists.iter().filter(|(_, list)| !has(list)).map(|(region, _)| region.as_str()).collect();
    regions.sort_unstable();
    regions
}

/// The problem in this case's region, of which the others are told at once. The region makes cases: it is asked for only
/// where some region lacks what is named.
fn problem(scene: &Scene<'_>, about: &str, name: &str, lacking: &[&str]) -> Option<Problem> {
    if lacking.is_empty() {
        return None;
    }
    let region = scene.region();
    let others: Vec<&str> = lacking.iter().copied().filter(|other| *other != &*region).collect();
    lacking.contains(&&*region).then(|| {
        let problem = Problem::new(about, format!("{region} has no {name}"));
        if others.is_empty() { problem } else { problem.hint(format!("neither have {}", others.join(", "))) }
    })
}

fn types(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let kind = scene.kind(at);
    // Macros, custom resources and modules are in nobody's list.
    if !RESOURCE_TYPES.values().any(|types| types.contains_key(kind)) {
        return Ok(Vec::new());
    }
    let lacking = lacking(&RESOURCE_TYPES, |types| types.contains_key(kind));
    Ok(problem(scene, kind, kind, &lacking).into_iter().collect())
}

fn instances(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let cluster = scene.cursor(at).get("ClusterConfig")?;
    let mut problems = Vec::new();
    for property in ["InstanceType", "DedicatedMasterType", "WarmType"] {
        let written = cluster.get(property)?;
        if written.is_free_choice()? {
            continue;
        }
        let Some(name) = written.text()? else { continue };
        let lacking = lacking(&INSTANCE_TYPES, |types| types.contains(&name));
        problems.extend(problem(scene, property, &name, &lacking).map(|problem| problem.at(written.span)));
    }
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use super::{INSTANCE_TYPES, RESOURCE_TYPES};
    use crate::prove::tests::findings;
    use crate::region;

    #[test]
    fn the_lists_can_be_read_and_know_most_regions() {
        let known = |has: &dyn Fn(&str) -> bool| region::all().iter().filter(|region| has(region)).count();
        assert!(known(&|region| RESOURCE_TYPES.contains_key(region)) > 30);
        assert!(known(&|region| INSTANCE_TYPES.contains_key(region)) > 20);
    }

    /// A type that some regions have and others lack, whatever the lists say this year.
    fn partial() -> (String, Vec<String>) {
        let all: std::collections::BTreeSet<&String> = RESOURCE_TYPES.values().flat_map(|types| types.keys()).collect();
        let missing = |kind: &str| {
            let lacks = |region: &&&str| RESOURCE_TYPES.get(**region).is_some_and(|types| !types.contains_key(kind));
            region::all().iter().filter(lacks).map(|region| (*region).to_string()).collect::<Vec<_>>()
        };
        let found = all.into_iter().map(|kind| (kind.clone(), missing(kind)));
        found.into_iter().find(|(_, regions)| regions.len() == 1).expect("a type that one region lacks")
    }

    #[test]
    fn a_type_that_a_region_lacks_is_found_in_that_region_alone() {
        let (kind, regions) = partial();
        let text = format!("Resources: {{R: {{Type: '{kind}'}}, Topic: {{Type: 'AWS::SNS::Topic'}}}}");
        let region = &regions[0];
        let case = if region == region::all()[0] { String::new() } else { format!("region {region}") };
        assert_eq!(findings(&[("t.yaml", &text)], "P901"), [format!("R: {region} has no {kind} [{case}]")]);
        assert!(findings(&[("t.yaml", "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}")], "P901").is_empty());
    }

    #[test]
    fn an_instance_type_of_the_template_is_looked_up_and_one_of_the_user_is_not() {
        let domain = |kind: &str| {
            format!(
                "Resources: {{D: {{Type: 'AWS::OpenSearchService::Domain', Properties: {{ClusterConfig: {{InstanceType: {kind}}}}}}}}}"
            )
        };
        assert!(!findings(&[("t.yaml", &domain("x9.huge.search"))], "P902").is_empty());
        let free = format!("Parameters: {{Kind: {{Type: String, AllowedPattern: '.*'}}}}\n{}", domain("!Ref Kind"));
        assert!(findings(&[("t.yaml", &free)], "P902").is_empty());
    }
}
