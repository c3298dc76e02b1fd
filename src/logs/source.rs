//! Where the logs of a stack are: said by its task definitions and by its domain, and not guessed.

use super::Line;
use crate::domain::Domains;
use crate::ecs::{self, Ecs};
use jiff::Timestamp;
use jqs_cfn::{ErrorKind, Result};
use jqs_stacks::Session;
use jqs_stacks::stack::StackResource;
use std::collections::{BTreeMap, BTreeSet};

/// Streams of one log group.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Source {
    pub(crate) service: String,
    /// What stands in place of a task; nothing where the stream names one.
    part: Option<String>,
    pub(crate) group: String,
    /// What the names of the streams begin with.
    pub(crate) streams: Option<String>,
    pub(crate) region: Option<String>,
}

impl Source {
    pub(super) fn line(&self, time: Timestamp, stream: &str, message: String, id: String) -> Line {
        let of_stream = || stream.rsplit('/').next().unwrap_or(stream);
        let (task, short) = match &self.part {
            Some(part) => (part.as_str(), part.as_str()),
            None => (of_stream(), ecs::short_id(of_stream())),
        };
        Line {
            time,
            service: self.service.clone(),
            task: task.to_owned(),
            group: self.group.clone(),
            stream: stream.to_owned(),
            message,
            origin: format!("{}/{short}", self.service),
            id,
        }
    }
}

/// The services of the stack, and its jobs: those go by the name of their container.
pub(crate) async fn of_services(session: &Session, resources: &[StackResource]) -> Result<Vec<Source>> {
    let ecs = Ecs::new(session);
    // Which service runs a definition; none, where a schedule does.
    let is_definition = |resource: &&StackResource| resource.kind == "AWS::ECS::TaskDefinition";
    let definitions = resources.iter().filter(is_definition).filter(|resource| !resource.physical_id.is_empty());
    let mut users: BTreeMap<String, Option<String>> =
        definitions.map(|resource| (resource.physical_id.clone(), None)).collect();
    for address in ecs::addresses(resources) {
        match ecs.service(&address).await {
            Ok(service) => drop(users.insert(service.definition, Some(service.name))),
            // It is being made, or is gone already.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    let mut sources = BTreeSet::new();
    for (definition, service) in users {
        for container in ecs.definition(&definition).await?.containers {
            let Some(log) = container.log else { continue };
            sources.insert(Source {
                service: service.clone().unwrap_or(container.name),
                part: None,
                streams: log.streams(),
                group: log.group,
                region: log.region,
            });
        }
    }
    Ok(sources.into_iter().collect())
}

/// What the domain of the stack publishes: `application`, `index-slow`, `search-slow`, `audit`.
pub(crate) async fn of_domain(session: &Session, resources: &[StackResource]) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    let domains = Domains::new(session);
    for resource in resources.iter().filter(|resource| resource.kind == crate::domain::DOMAIN) {
        for log in domains.describe(&resource.physical_id).await?.logs {
            sources.push(Source {
                service: "domain".to_owned(),
                part: Some(log.name),
                group: log.group,
                streams: None,
                region: None,
            });
        }
    }
    Ok(sources)
}
