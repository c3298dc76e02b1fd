//! The services of a stack: how they get on, and what they are made of.

mod definition;
mod execute;
mod task;

use aws_sdk_ecs::types::{Deployment, DeploymentRolloutState};
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::Session;
use jqs_stacks::aws_error;
use jqs_stacks::stack::StackResource;
use serde::Serialize;
pub(crate) use task::{Container, Task, short_id};

/// Where a service is: its ARN ends in `…/CLUSTER/SERVICE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServiceAddress {
    pub(crate) cluster: String,
    pub(crate) name: String,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) cluster: String,
    pub(crate) status: String,
    pub(crate) desired: i32,
    pub(crate) running: i32,
    pub(crate) pending: i32,
    pub(crate) images: Vec<String>,
    /// How the newest deployment gets on.
    pub(crate) rollout: String,
    pub(crate) rollout_reason: Option<String>,
    #[serde(skip)]
    pub(crate) deployment_id: String,
    #[serde(skip)]
    pub(crate) deployments: usize,
    /// ARN of the task definition that it runs.
    #[serde(skip)]
    pub(crate) definition: String,
    /// ECS Exec is on.
    #[serde(skip)]
    pub(crate) executes_commands: bool,
    #[serde(skip)]
    pub(crate) target_groups: Vec<String>,
    /// What ECS has told of it lately, newest first.
    #[serde(skip)]
    pub(crate) messages: Vec<String>,
}

impl Service {
    pub(crate) fn address(&self) -> ServiceAddress {
        ServiceAddress { cluster: self.cluster.clone(), name: self.name.clone() }
    }

    pub(crate) fn is_stable(&self) -> bool {
        self.deployments == 1 && self.running == self.desired && self.pending == 0
    }
}

pub(crate) fn addresses(resources: &[StackResource]) -> Vec<ServiceAddress> {
    let services = resources.iter().filter(|resource| resource.kind == "AWS::ECS::Service");
    services.filter_map(|resource| address(&resource.physical_id)).collect()
}

pub(crate) fn address(arn: &str) -> Option<ServiceAddress> {
    let mut parts = arn.rsplit('/');
    let (name, cluster) = (parts.next()?, parts.next()?);
    Some(ServiceAddress { cluster: cluster.to_owned(), name: name.to_owned() })
}

pub(crate) struct Ecs {
    client: aws_sdk_ecs::Client,
}

impl Ecs {
    pub(crate) fn new(session: &Session) -> Self {
        Self { client: aws_sdk_ecs::Client::new(&session.config) }
    }

    pub(crate) async fn service(&self, address: &ServiceAddress) -> Result<Service> {
        let call = self.client.describe_services().cluster(&address.cluster).services(&address.name);
        let answer = call
            .send()
            .await
            .map_err(|failure| aws_error(format!("describe the service `{}`", address.name), failure))?;
        let service = answer
            .services()
            .first()
            .ok_or_else(|| Error::new(ErrorKind::NotFound, format!("ECS has no service `{}`", address.name)))?;
        let newest = service.deployments().iter().find(|deployment| deployment.status() == Some("PRIMARY"));
        let images = match service.task_definition() {
            Some(definition) => self.definition(definition).await?.images(),
            None => Vec::new(),
        };
        let groups = service.load_balancers().iter().filter_map(|one| one.target_group_arn());
        let messages = service.events().iter().filter_map(|event| event.message());
        Ok(Service {
            name: address.name.clone(),
            cluster: address.cluster.clone(),
            status: service.status().unwrap_or_default().to_owned(),
            desired: service.desired_count(),
            running: service.running_count(),
            pending: service.pending_count(),
            images,
            rollout: newest
                .and_then(Deployment::rollout_state)
                .map_or_else(String::new, |state| state.as_str().to_owned()),
            rollout_reason: newest.and_then(Deployment::rollout_state_reason).map(str::to_owned),
            deployment_id: newest.and_then(Deployment::id).unwrap_or_default().to_owned(),
            deployments: service.deployments().len(),
            definition: service.task_definition().unwrap_or_default().to_owned(),
            executes_commands: service.enable_execute_command(),
            target_groups: groups.map(str::to_owned).collect(),
            messages: messages.map(str::to_owned).collect(),
        })
    }

    /// Asks for new tasks; returns the id of the deployment that makes them.
    pub(crate) async fn force_deployment(&self, address: &ServiceAddress) -> Result<String> {
        let call =
            self.client.update_service().cluster(&address.cluster).service(&address.name).force_new_deployment(true);
        let answer = call
            .send()
            .await
            .map_err(|failure| aws_error(format!("redeploy the service `{}`", address.name), failure))?;
        let deployments = answer.service().map_or(&[][..], |service| service.deployments());
        let newest = deployments.iter().find(|deployment| deployment.status() == Some("PRIMARY"));
        Ok(newest.and_then(Deployment::id).unwrap_or_default().to_owned())
    }
}

/// The rollout of a service has been given up, by the circuit breaker or by hand.
pub(crate) fn has_failed(service: &Service) -> bool {
    service.rollout == DeploymentRolloutState::Failed.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_addressed_by_the_end_of_its_arn() {
        let expected = Some(ServiceAddress { cluster: "traces".to_owned(), name: "query".to_owned() });
        assert_eq!(address("arn:aws:ecs:eu-west-1:111122223333:service/traces/query"), expected);
        assert_eq!(address("query"), None);
    }
}
