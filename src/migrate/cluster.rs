//! The services of a cluster and their task definitions: all calls to ECS that a migration makes.

use super::definition::{Definition, registration};
use super::find::Exposed;
use crate::ecs::ServiceAddress;
use aws_sdk_ecs::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_sdk_ecs::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ecs::error::BoxError;
use aws_sdk_ecs::types::{Deployment, DeploymentRolloutState, ServiceField, TaskDefinitionField};
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::{Session, aws_error};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How many services ECS describes in one call.
const SERVICES_AT_ONCE: usize = 10;
const CONTENT_LENGTH: &str = "content-length";

/// A service, as far as its migration is concerned.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) address: ServiceAddress,
    pub(crate) definition: String,
    pub(crate) desired: i32,
    /// Its newest deployment has not come to its end, or has failed.
    pub(crate) is_underway: bool,
    pub(crate) deployment: String,
    /// `ECS` where ECS itself replaces the tasks.
    pub(crate) controller: String,
    pub(crate) launch_type: Option<String>,
    pub(crate) strategy: Vec<(String, i32)>,
    pub(crate) exposed: Exposed,
    pub(crate) subnets: Vec<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) tags: BTreeMap<String, String>,
}

pub(crate) struct Cluster {
    client: aws_sdk_ecs::Client,
    name: String,
}

impl Cluster {
    /// `name` may be an ARN.
    pub(crate) fn new(session: &Session, name: &str) -> Self {
        let client = aws_sdk_ecs::Client::new(&session.config);
        Self { client, name: name.to_owned() }
    }

    /// The services that are wanted, or all; those that are being deleted are none.
    pub(crate) async fn members(&self, wanted: &[String]) -> Result<Vec<Member>> {
        let mut arns = Vec::new();
        let mut pages = self.client.list_services().cluster(&self.name).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|failure| {
                let error = aws_error(format!("list the services of the cluster `{}`", self.name), failure);
                match error.kind() {
                    ErrorKind::Service => error.hint("`aws ecs list-clusters` names the clusters of the region"),
                    _ => error,
                }
            })?;
            arns.extend_from_slice(page.service_arns());
        }
        let name = |arn: &String| arn.rsplit('/').next().unwrap_or_default().to_owned();
        let mut known: Vec<String> = arns.iter().map(name).collect();
        known.sort();
        if let Some(missing) = wanted.iter().find(|one| !known.contains(one) && !arns.contains(one)) {
            let message = format!("the cluster `{}` has no service `{missing}`", self.name);
            let known =
                if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
            return Err(Error::new(ErrorKind::NotFound, message).hint(known));
        }
        arns.retain(|arn| wanted.is_empty() || wanted.contains(arn) || wanted.contains(&name(arn)));
        let mut members = Vec::new();
        for some in arns.chunks(SERVICES_AT_ONCE) {
            members.extend(self.describe(some).await?);
        }
        members.sort_by(|one, other| one.address.name.cmp(&other.address.name));
        Ok(members)
    }

    /// One service as it is now; nothing where it is gone.
    pub(crate) async fn member(&self, address: &ServiceAddress) -> Result<Option<Member>> {
        Ok(self.describe(std::slice::from_ref(&address.name)).await?.into_iter().next())
    }

    async fn describe(&self, services: &[String]) -> Result<Vec<Member>> {
        let call = self.client.describe_services().cluster(&self.name).set_services(Some(services.to_vec()));
        let answer =
            call.include(ServiceField::Tags).send().await.map_err(|failure| {
                aws_error(format!("describe the services of the cluster `{}`", self.name), failure)
            })?;
        let active = answer.services().iter().filter(|service| service.status() == Some("ACTIVE"));
        // One that has no tasks yet has nothing to migrate.
        Ok(active.map(Member::from).filter(|member| !member.definition.is_empty()).collect())
    }

    /// By ARN, or the newest revision of a family; nothing where there is none.
    pub(crate) async fn definition(&self, name: &str) -> Result<Option<Definition>> {
        let answer = Answer::default();
        let call = self.client.describe_task_definition().task_definition(name).include(TaskDefinitionField::Tags);
        call.customize()
            .interceptor(answer.clone())
            .send()
            .await
            .map_err(|failure| aws_error(format!("describe the task definition `{name}`"), failure))?;
        Ok(Definition::read(&answer.json()))
    }

    /// Registers a revision; returns its ARN.
    pub(crate) async fn register(&self, body: &Value, tags: &BTreeMap<String, String>) -> Result<String> {
        let family = super::definition::text(body, "family");
        let request = Request(registration(body, tags).to_string());
        let answer = self
            .client
            .register_task_definition()
            .family(family)
            .customize()
            .interceptor(request)
            .send()
            .await
            .map_err(|failure| aws_error(format!("register a revision of the task definition `{family}`"), failure))?;
        let arn = answer.task_definition().and_then(|definition| definition.task_definition_arn());
        arn.map(str::to_owned).ok_or_else(|| {
            Error::new(ErrorKind::Service, format!("ECS does not name the revision of `{family}` that it registered"))
        })
    }

    /// Has a service run a revision; returns the deployment that brings it.
    pub(crate) async fn deploy(&self, address: &ServiceAddress, definition: &str) -> Result<String> {
        let call = self.client.update_service().cluster(&address.cluster).service(&address.name);
        let answer = call
            .task_definition(definition)
            .send()
            .await
            .map_err(|failure| aws_error(format!("update the service `{}`", address.name), failure))?;
        Ok(answer.service().and_then(newest).and_then(Deployment::id).unwrap_or_default().to_owned())
    }
}

fn newest(service: &aws_sdk_ecs::types::Service) -> Option<&Deployment> {
    service.deployments().iter().find(|deployment| deployment.status() == Some("PRIMARY"))
}

impl From<&aws_sdk_ecs::types::Service> for Member {
    fn from(service: &aws_sdk_ecs::types::Service) -> Self {
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        let balancers = service.load_balancers().iter().filter_map(|each| each.container_name());
        let registries = service.service_registries().iter().filter_map(|each| each.container_name());
        let connected = service.deployments().iter().filter_map(|each| each.service_connect_configuration());
        let ports = connected.flat_map(|each| each.services()).map(|each| each.port_name().to_owned());
        let network = service.network_configuration().and_then(|network| network.awsvpc_configuration());
        let strategy = service.capacity_provider_strategy().iter();
        let controller = service.deployment_controller().map_or("ECS", |each| each.r#type().as_str());
        let tags = service.tags().iter().map(|tag| (text(tag.key()), text(tag.value())));
        // Where something else than ECS deploys a service, its sets of tasks say what it runs.
        let of_set = service.task_sets().iter().find(|set| set.status() == Some("PRIMARY"));
        let of_set = of_set.and_then(|set| set.task_definition());
        Self {
            address: ServiceAddress {
                cluster: text(service.cluster_arn().and_then(|arn| arn.rsplit('/').next())),
                name: text(service.service_name()),
            },
            definition: text(service.task_definition().or(of_set)),
            desired: service.desired_count(),
            is_underway: newest(service)
                .and_then(Deployment::rollout_state)
                .is_some_and(|state| *state != DeploymentRolloutState::Completed),
            deployment: text(newest(service).and_then(Deployment::id)),
            controller: controller.to_owned(),
            launch_type: service.launch_type().map(|each| each.as_str().to_owned()),
            strategy: strategy.map(|each| (each.capacity_provider().to_owned(), each.weight())).collect(),
            exposed: Exposed {
                containers: balancers.chain(registries).map(str::to_owned).collect(),
                ports: ports.collect(),
            },
            subnets: network.map(|network| network.subnets().to_vec()).unwrap_or_default(),
            groups: network.map(|network| network.security_groups().to_vec()).unwrap_or_default(),
            tags: tags.collect(),
        }
    }
}

/// Keeps an answer as it came: the SDK's types hold only what their version knows.
#[derive(Debug, Clone, Default)]
struct Answer(Arc<Mutex<Value>>);

impl Answer {
    fn json(&self) -> Value {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Intercept for Answer {
    fn name(&self) -> &'static str {
        "KeepAnswer"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(bytes) = context.response().body().bytes() {
            // What is no JSON the SDK refuses in words of its own.
            let json = serde_json::from_slice(bytes).unwrap_or_default();
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = json;
        }
        Ok(())
    }
}

/// Sends these words instead of those that the SDK made.
#[derive(Debug)]
struct Request(String);

impl Intercept for Request {
    fn name(&self) -> &'static str {
        "SendAsItCame"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        if request.headers().contains_key(CONTENT_LENGTH) {
            request.headers_mut().insert(CONTENT_LENGTH, self.0.len().to_string());
        }
        *request.body_mut() = self.0.clone().into();
        Ok(())
    }
}
