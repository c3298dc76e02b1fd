//! A template deployed to the stand-in without `jqs`, and what the stacks then are.

use crate::cloud::Cloud;
use crate::run::REGION;
use aws_sdk_cloudformation::types::{Capability, Parameter, StackStatus};
use aws_sdk_s3::types::CreateBucketConfiguration;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

const BUCKET: &str = "templates";
const PREFIX: &str = "any/prefix/";
const POLL: Duration = Duration::from_millis(50);
const POLLS_MAX: usize = 1200;

/// A stack as AWS tells it.
pub(crate) struct Deployed {
    pub(crate) name: String,
    /// The last part of its id.
    pub(crate) uuid: String,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) outputs: BTreeMap<String, String>,
    pub(crate) resources: BTreeMap<String, Resource>,
}

pub(crate) struct Resource {
    pub(crate) kind: String,
    pub(crate) physical_id: String,
    /// As the stand-in resolved them.
    pub(crate) properties: serde_json::Value,
    pub(crate) nested: Option<Deployed>,
}

/// Where the uploaded templates are, as parameters of the entries.
pub(crate) fn place() -> BTreeMap<String, String> {
    let place = [("TemplateBucket", BUCKET), ("TemplateBucketRegion", REGION), ("TemplatePrefix", PREFIX)];
    place.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

impl Cloud {
    pub(crate) async fn upload(&self, folder: &Path, names: &[String]) {
        let s3 = self.s3().await;
        // It may be there already.
        let location = CreateBucketConfiguration::builder().location_constraint(REGION.into()).build();
        s3.create_bucket().bucket(BUCKET).create_bucket_configuration(location).send().await.ok();
        for name in names {
            let body = std::fs::read(folder.join(name)).unwrap();
            s3.put_object().bucket(BUCKET).key(format!("{PREFIX}{name}")).body(body.into()).send().await.unwrap();
        }
    }

    /// Deploys an uploaded template, and fails with the reasons of the stacks.
    pub(crate) async fn create(&self, stack: &str, template: &str, parameters: &BTreeMap<String, String>) -> Deployed {
        let client = self.cloudformation().await;
        let parameter =
            |(key, value): (&String, &String)| Parameter::builder().parameter_key(key).parameter_value(value).build();
        client
            .create_stack()
            .stack_name(stack)
            .template_url(format!("https://{BUCKET}.s3.{REGION}.amazonaws.com/{PREFIX}{template}"))
            .set_parameters(Some(parameters.iter().map(parameter).collect()))
            .capabilities(Capability::CapabilityIam)
            .capabilities(Capability::CapabilityAutoExpand)
            .send()
            .await
            .unwrap();
        let status = self.settled(stack).await;
        assert_eq!(status, Some(StackStatus::CreateComplete), "{template} {parameters:?}: {}", self.failures().await);
        let recorded = self.recorded();
        self.read(stack.to_owned(), &recorded).await
    }

    pub(crate) async fn remove(&self, stack: &str) {
        self.cloudformation().await.delete_stack().stack_name(stack).send().await.unwrap();
        let status = self.settled(stack).await;
        assert!(matches!(status, None | Some(StackStatus::DeleteComplete)), "{status:?}: {}", self.failures().await);
    }

    async fn settled(&self, stack: &str) -> Option<StackStatus> {
        let client = self.cloudformation().await;
        for _ in 0..POLLS_MAX {
            let found = client.describe_stacks().stack_name(stack).send().await.ok()?;
            let status = found.stacks().first()?.stack_status()?.clone();
            if !status.as_str().ends_with("IN_PROGRESS") {
                return Some(status);
            }
            tokio::time::sleep(POLL).await;
        }
        None
    }

    async fn failures(&self) -> String {
        let client = self.cloudformation().await;
        let mut failures = Vec::new();
        let stacks = client.list_stacks().send().await.unwrap();
        for stack in stacks.stack_summaries() {
            let events = client.describe_stack_events().stack_name(stack.stack_id().unwrap()).send().await.unwrap();
            let failed = events.stack_events().iter().filter(|event| event.resource_status_reason().is_some());
            failures.extend(failed.map(|event| {
                format!("{}: {}", event.logical_resource_id().unwrap(), event.resource_status_reason().unwrap())
            }));
        }
        failures.join("\n")
    }

    /// The stack and all that it nests.
    async fn read(&self, stack: String, recorded: &Recorded) -> Deployed {
        let client = self.cloudformation().await;
        let found = client.describe_stacks().stack_name(&stack).send().await.unwrap();
        let found = &found.stacks()[0];
        let pair = |key: Option<&str>, value: Option<&str>| (key.unwrap().to_owned(), value.unwrap().to_owned());
        let name = found.stack_name().unwrap().to_owned();
        let mut deployed = Deployed {
            uuid: found.stack_id().unwrap().rsplit('/').next().unwrap().to_owned(),
            parameters: found.parameters().iter().map(|one| pair(one.parameter_key(), one.parameter_value())).collect(),
            outputs: found.outputs().iter().map(|one| pair(one.output_key(), one.output_value())).collect(),
            resources: BTreeMap::new(),
            name,
        };
        let resources = client.describe_stack_resources().stack_name(&stack).send().await.unwrap();
        for resource in resources.stack_resources() {
            let (logical_id, kind) = pair(resource.logical_resource_id(), resource.resource_type());
            let physical_id = resource.physical_resource_id().unwrap().to_owned();
            let is_nested = kind == "AWS::CloudFormation::Stack";
            let nested = if is_nested { Some(Box::pin(self.read(physical_id.clone(), recorded)).await) } else { None };
            let properties = recorded.get(&(deployed.name.clone(), logical_id.clone())).cloned().unwrap_or_default();
            deployed.resources.insert(logical_id, Resource { kind, physical_id, properties, nested });
        }
        deployed
    }

    fn recorded(&self) -> Recorded {
        let text = std::fs::read_to_string(self.record()).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let name = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        lines.map(|line| ((name(&line["stack"]), name(&line["logical_id"])), line["properties"].clone())).collect()
    }
}

/// Properties by stack and logical id.
type Recorded = BTreeMap<(String, String), serde_json::Value>;
