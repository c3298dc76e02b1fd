//! What a whole deployment has or lacks: an entry with all that it nests (J7010 to J7015).

use super::catalog::finding;
use super::library::{Nested, Nesting};
use super::walk;
use crate::diagnostic::Diagnostic;
use crate::template::{Node, Resource, Span, Template};
use std::collections::BTreeSet;
use std::sync::Arc;

const ALARM: &str = "AWS::CloudWatch::Alarm";
const BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
const DOMAIN: &str = "AWS::OpenSearchService::Domain";
const LINKED_ROLE: &str = "AWS::IAM::ServiceLinkedRole";
const ROTATION: &str = "AWS::SecretsManager::RotationSchedule";
const SECRET: &str = "AWS::SecretsManager::Secret";
const SERVICE: &str = "AWS::ECS::Service";
const TASK_DEFINITION: &str = "AWS::ECS::TaskDefinition";
/// Words of what deletes old indices: our job and Jaeger's, a rollover, an ISM policy, Elastic's curator.
const CLEANERS: [&str; 4] = ["clean", "rollover", "_ism", "curator"];
/// What only a configuration of Prometheus says.
const SCRAPING: &str = "scrape_configs";
/// Templates of one deployment that are looked at; a circle of nested stacks ends here as well.
const DEFAULT_TEMPLATES_MAX: usize = 500;

/// The templates of a deployment, each with the resource of the entry that brought it in.
struct Deployment<'a> {
    entry: &'a Template,
    nested: Vec<(&'a Resource, Arc<Template>)>,
}

pub(super) fn check(template: &Template, nesting: &Nesting<'_>) -> Vec<Diagnostic> {
    let mut found = in_one_file(template);
    let deployment = Deployment::of(template, nesting);
    if deployment.is_whole() {
        found.extend(deployment.without_alarms());
        found.extend(deployment.without_cleaner());
        found.extend(deployment.dead_ports());
    }
    found
}

impl<'a> Deployment<'a> {
    fn of(entry: &'a Template, nesting: &Nesting<'_>) -> Self {
        let mut nested: Vec<(&Resource, Arc<Template>)> = Vec::new();
        for resource in &entry.resources {
            let mut open: Vec<(String, String)> =
                resource.template_url.iter().map(|url| (entry.name.clone(), url.clone())).collect();
            while let Some((from, url)) = open.pop() {
                let Some(Nested::Template(child)) = nesting.find(&from, &url) else { continue };
                let is_known =
                    nested.iter().any(|(by, known)| by.logical_id == resource.logical_id && known.name == child.name);
                if is_known || nested.len() >= DEFAULT_TEMPLATES_MAX {
                    continue;
                }
                let below = child.resources.iter().filter_map(|resource| resource.template_url.as_deref());
                open.extend(below.map(|url| (child.name.clone(), url.to_owned())));
                nested.push((resource, child));
            }
        }
        Self { entry, nested }
    }

    /// Services and how one reaches them: a module alone is not blamed for what its entry adds.
    fn is_whole(&self) -> bool {
        self.has(SERVICE) && self.has(BALANCER)
    }

    fn templates(&self) -> impl Iterator<Item = &Template> {
        std::iter::once(self.entry).chain(self.nested.iter().map(|(_, template)| template.as_ref()))
    }

    fn resources(&self, kind: &str) -> impl Iterator<Item = &Resource> {
        self.templates().flat_map(|template| &template.resources).filter(move |resource| resource.kind == kind)
    }

    fn has(&self, kind: &str) -> bool {
        self.resources(kind).next().is_some()
    }

    /// A finding about the whole: at its resources.
    fn about(&self, id: &'static str, message: &str) -> Diagnostic {
        let path = vec!["Resources".to_owned()];
        let span = walk::locate(&self.entry.root, &path);
        Diagnostic { path, ..finding(id, &self.entry.name, span, message) }
    }

    fn without_alarms(&self) -> Option<Diagnostic> {
        (!self.has(ALARM)).then(|| self.about("J7012", "none of the templates has an alarm"))
    }

    fn without_cleaner(&self) -> Option<Diagnostic> {
        let mut is_cleaned = false;
        for template in self.templates() {
            walk::each(&template.root, &mut Vec::new(), &mut |path, node| {
                let is_prose = path.last().is_some_and(|key| key == "Description");
                let says = |text: &str| CLEANERS.iter().any(|word| text.to_ascii_lowercase().contains(word));
                is_cleaned |= !is_prose && node.text().is_some_and(says);
            });
        }
        let message = "none of the templates has a job or a policy that deletes old indices";
        (self.has(DOMAIN) && !is_cleaned).then(|| self.about("J7013", message))
    }

    /// Ports that containers map and nothing else names.
    fn dead_ports(&self) -> Vec<Diagnostic> {
        let known: BTreeSet<u16> =
            self.templates().flat_map(|template| &template.resources).flat_map(leads_to).collect();
        let own = self.entry.resources.iter().map(|resource| (resource, resource.span, &self.entry.name));
        let nested = self
            .nested
            .iter()
            .flat_map(|(by, child)| child.resources.iter().map(|resource| (resource, by.span, &child.name)));
        let mut found = Vec::new();
        for (task, span, file) in own.chain(nested).filter(|(resource, ..)| resource.kind == TASK_DEFINITION) {
            for (port, place) in mapped(task).into_iter().filter(|(port, _)| !known.contains(port)) {
                let (span, owner) =
                    if *file == self.entry.name { (place, String::new()) } else { (span, format!("{file}: ")) };
                let message = format!("{owner}`{}` maps port {port}, and nothing leads there", task.logical_id);
                found.push(finding("J7010", &self.entry.name, span, message));
            }
        }
        found
    }
}

/// The ports of the containers of a task, with their places.
fn mapped(task: &Resource) -> Vec<(u16, Span)> {
    let containers = task.properties().and_then(|properties| properties.get("ContainerDefinitions"));
    let mappings =
        containers.map(Node::items).unwrap_or_default().iter().filter_map(|container| container.get("PortMappings"));
    let ports = mappings.flat_map(Node::items).filter_map(|mapping| mapping.get("ContainerPort"));
    ports.filter_map(|port| Some((port.text()?.parse().ok()?, port.span))).collect()
}

/// The ports that a resource sends to, asks or admits.
fn leads_to(resource: &Resource) -> BTreeSet<u16> {
    let mut ports = BTreeSet::new();
    if resource.kind == TASK_DEFINITION {
        return ports;
    }
    walk::each(&resource.body, &mut Vec::new(), &mut |path, node| {
        let number = |key: &str| node.get(key).and_then(Node::text).and_then(|text| text.parse::<u16>().ok());
        let is_port =
            path.last().is_some_and(|key| ["Port", "ContainerPort", "HealthCheckPort"].contains(&key.as_str()));
        ports.extend(node.text().filter(|_| is_port).and_then(|text| text.parse::<u16>().ok()));
        if let (Some(from), Some(to)) = (number("FromPort"), number("ToPort")) {
            ports.extend(from..=to);
        }
    });
    ports
}

/// What shows in one template.
fn in_one_file(template: &Template) -> Vec<Diagnostic> {
    let of = |kind: &'static str| template.resources.iter().filter(move |resource| resource.kind == kind);
    let at = |id: &'static str, resource: &Resource, message: &str| {
        let path = vec!["Resources".to_owned(), resource.logical_id.clone()];
        Diagnostic { path, ..finding(id, &template.name, resource.span, message) }
    };
    let mut found = Vec::new();
    if of(LINKED_ROLE).next().is_none() {
        let in_vpcs =
            of(DOMAIN).filter(|domain| domain.properties().is_some_and(|all| all.get("VPCOptions").is_some()));
        found.extend(
            in_vpcs.map(|domain| at("J7014", domain, "the template does not offer to make the service-linked role")),
        );
    }
    let rotated: Vec<&Node> = of(ROTATION).filter_map(|schedule| schedule.properties()?.get("SecretId")).collect();
    let is_rotated = |secret: &Resource| rotated.iter().any(|id| names(id, &secret.logical_id));
    found.extend(
        of(SECRET).filter(|secret| !is_rotated(secret)).map(|secret| at("J7015", secret, "nothing rotates the secret")),
    );
    walk::each(&template.root, &mut Vec::new(), &mut |path, node| {
        let is_scraping = node.text().is_some_and(|text| text.contains(SCRAPING));
        if is_scraping
            && of(BALANCER).any(|balancer| {
                node.text().is_some_and(|text| text.contains(&format!("${{{}.DNSName}}", balancer.logical_id)))
            })
        {
            let message = "the load balancer chooses which task is asked";
            found.push(Diagnostic { path: path.to_vec(), ..finding("J7011", &template.name, node.span, message) });
        }
    });
    found
}

/// Whether something refers to a resource.
fn names(node: &Node, logical_id: &str) -> bool {
    let mut is_named = false;
    walk::each(node, &mut Vec::new(), &mut |_, node| is_named |= node.text() == Some(logical_id));
    is_named
}
