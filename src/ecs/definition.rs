//! What a task is made of: its containers, their images, and where their logs go.

use super::Ecs;
use aws_sdk_ecs::types::{ContainerDefinition, LogDriver};
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::aws_error;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Definition {
    pub(crate) containers: Vec<DefinedContainer>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DefinedContainer {
    pub(crate) name: String,
    image: Option<String>,
    pub(crate) log: Option<LogRoute>,
}

/// Where the driver `awslogs` writes: to streams `PREFIX/CONTAINER/TASK` of a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LogRoute {
    pub(crate) group: String,
    pub(crate) region: Option<String>,
    prefix: Option<String>,
    container: String,
}

impl LogRoute {
    /// What the names of the container's streams begin with; nothing where streams are named by chance.
    pub(crate) fn streams(&self) -> Option<String> {
        self.prefix.as_ref().map(|prefix| format!("{prefix}/{}/", self.container))
    }

    pub(crate) fn stream_of(&self, task: &str) -> Option<String> {
        self.streams().map(|streams| format!("{streams}{task}"))
    }
}

impl Definition {
    pub(crate) fn images(&self) -> Vec<String> {
        self.containers.iter().filter_map(|container| container.image.clone()).collect()
    }
}

impl Ecs {
    pub(crate) async fn definition(&self, arn: &str) -> Result<Definition> {
        let call = self.client.describe_task_definition().task_definition(arn);
        let answer =
            call.send().await.map_err(|failure| aws_error(format!("describe the task definition `{arn}`"), failure))?;
        let definition = answer
            .task_definition()
            .ok_or_else(|| Error::new(ErrorKind::NotFound, format!("ECS has no task definition `{arn}`")))?;
        Ok(Definition { containers: definition.container_definitions().iter().map(DefinedContainer::from).collect() })
    }
}

impl From<&ContainerDefinition> for DefinedContainer {
    fn from(container: &ContainerDefinition) -> Self {
        let name = container.name().unwrap_or_default().to_owned();
        let logs = container.log_configuration().filter(|logs| *logs.log_driver() == LogDriver::Awslogs);
        let option = |name: &str| logs?.options()?.get(name).cloned();
        let log = option("awslogs-group").map(|group| LogRoute {
            group,
            region: option("awslogs-region"),
            prefix: option("awslogs-stream-prefix"),
            container: name.clone(),
        });
        Self { name, image: container.image().map(str::to_owned), log }
    }
}
