//! The services of a stack, their tasks and the health of the targets behind the load balancer.

use aws_sdk_ecs::types::{Deployment, DeploymentRolloutState, DesiredStatus};
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::Session;
use jqs_stacks::aws_error;
use jqs_stacks::stack::StackResource;
use serde::Serialize;
use std::collections::BTreeMap;

/// How many tasks ECS tells about in one call.
const TASKS_MAX: i32 = 10;

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
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct TargetGroup {
    pub(crate) name: String,
    pub(crate) healthy: usize,
    pub(crate) total: usize,
    /// Why the others are not healthy.
    pub(crate) reasons: Vec<String>,
}

impl Service {
    pub(crate) fn is_stable(&self) -> bool {
        self.deployments == 1 && self.running == self.desired && self.pending == 0
    }
}

impl TargetGroup {
    /// A group without targets serves nobody.
    pub(crate) fn is_healthy(&self) -> bool {
        self.total > 0 && self.healthy == self.total
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
            Some(definition) => self.images(definition).await?,
            None => Vec::new(),
        };
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
        })
    }

    pub(crate) async fn services(&self, addresses: &[ServiceAddress]) -> Result<Vec<Service>> {
        let mut services = Vec::new();
        for address in addresses {
            services.push(self.service(address).await?);
        }
        Ok(services)
    }

    async fn images(&self, definition: &str) -> Result<Vec<String>> {
        let answer = self
            .client
            .describe_task_definition()
            .task_definition(definition)
            .send()
            .await
            .map_err(|failure| aws_error(format!("describe the task definition `{definition}`"), failure))?;
        let containers = answer.task_definition().map_or(&[][..], |definition| definition.container_definitions());
        Ok(containers.iter().filter_map(|container| container.image().map(str::to_owned)).collect())
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

    /// Why tasks of a service stopped lately. Told where it can be had: it explains another failure.
    pub(crate) async fn stopped_reasons(&self, address: &ServiceAddress) -> Vec<String> {
        let list = self.client.list_tasks().cluster(&address.cluster).service_name(&address.name);
        let Ok(list) = list.desired_status(DesiredStatus::Stopped).max_results(TASKS_MAX).send().await else {
            return Vec::new();
        };
        if list.task_arns().is_empty() {
            return Vec::new();
        }
        let describe = self.client.describe_tasks().cluster(&address.cluster).set_tasks(list.task_arns);
        let Ok(answer) = describe.send().await else { return Vec::new() };
        let mut reasons: Vec<String> = answer
            .tasks()
            .iter()
            .flat_map(|task| {
                let containers = task.containers().iter().filter_map(|container| {
                    let reason = container.reason().map(str::to_owned);
                    let exit = container.exit_code().filter(|code| *code != 0).map(|code| format!("exit code {code}"));
                    let text = reason.or(exit)?;
                    Some(format!("container `{}`: {text}", container.name().unwrap_or_default()))
                });
                task.stopped_reason().map(str::to_owned).into_iter().chain(containers)
            })
            .collect();
        reasons.sort();
        reasons.dedup();
        reasons
    }
}

/// The rollout of a service has been given up, by the circuit breaker or by hand.
pub(crate) fn has_failed(service: &Service) -> bool {
    service.rollout == DeploymentRolloutState::Failed.as_str()
}

pub(crate) async fn target_groups(session: &Session, resources: &[StackResource]) -> Result<Vec<TargetGroup>> {
    let client = aws_sdk_elasticloadbalancingv2::Client::new(&session.config);
    let mut groups = Vec::new();
    let is_group = |resource: &&StackResource| resource.kind == "AWS::ElasticLoadBalancingV2::TargetGroup";
    for resource in resources.iter().filter(is_group) {
        let answer = client
            .describe_target_health()
            .target_group_arn(&resource.physical_id)
            .send()
            .await
            .map_err(|failure| aws_error(format!("read the health of `{}`", resource.path.join("/")), failure))?;
        let mut reasons = BTreeMap::<String, usize>::new();
        let mut healthy = 0;
        for target in answer.target_health_descriptions() {
            let health = target.target_health();
            let state = health.and_then(|health| health.state()).map_or("unknown", |state| state.as_str());
            if state == "healthy" {
                healthy += 1;
                continue;
            }
            let why = health.and_then(|health| health.description()).unwrap_or(state);
            *reasons.entry(why.to_owned()).or_default() += 1;
        }
        groups.push(TargetGroup {
            name: resource.path.join("/"),
            healthy,
            total: answer.target_health_descriptions().len(),
            reasons: reasons.into_iter().map(|(why, count)| format!("{count} × {why}")).collect(),
        });
    }
    Ok(groups)
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
