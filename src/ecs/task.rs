//! The tasks of a service: those that run, and those that stopped lately, with their reasons.

use super::{Ecs, ServiceAddress};
use aws_sdk_ecs::types::{self, DesiredStatus, TaskStopCode};
use jiff::Timestamp;
use jqs_cfn::Result;
use jqs_stacks::aws_error;
use serde::Serialize;

/// How many tasks of a service are looked at; ECS tells about as many in one call.
pub(crate) const DEFAULT_TASKS_MAX: i32 = 100;
/// How much of a task's id tells it from others well enough for the eye.
const SHORT_ID_CHARACTERS: usize = 8;

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Task {
    pub(crate) id: String,
    pub(crate) state: String,
    /// `HEALTHY` or `UNHEALTHY`; nothing where no check has ended yet.
    pub(crate) health: Option<String>,
    #[serde(serialize_with = "time_as_text")]
    pub(crate) started: Option<Timestamp>,
    #[serde(serialize_with = "time_as_text")]
    pub(crate) stopped: Option<Timestamp>,
    pub(crate) stop_reason: Option<String>,
    pub(crate) containers: Vec<Container>,
    #[serde(skip)]
    stop_code: Option<TaskStopCode>,
    #[serde(skip)]
    pub(crate) definition: String,
    /// It was started with ECS Exec on.
    #[serde(skip)]
    pub(crate) executes_commands: bool,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Container {
    pub(crate) name: String,
    pub(crate) exit_code: Option<i32>,
    pub(crate) reason: Option<String>,
    /// Of the image.
    pub(crate) digest: Option<String>,
    #[serde(skip)]
    pub(crate) runtime_id: Option<String>,
    /// State of the agent that ECS Exec speaks with.
    #[serde(skip)]
    pub(crate) agent: Option<String>,
}

impl Task {
    pub(crate) fn short_id(&self) -> &str {
        short_id(&self.id)
    }

    /// It did not stop because it was no longer wanted.
    pub(crate) fn has_failed(&self) -> bool {
        let was_scaled_in = || {
            let reason = self.stop_reason.as_deref().unwrap_or_default();
            self.stop_code == Some(TaskStopCode::ServiceSchedulerInitiated) && reason.starts_with("Scaling activity")
        };
        self.stopped.is_some() && self.stop_code != Some(TaskStopCode::UserInitiated) && !was_scaled_in()
    }

    /// Why it stopped, container by container.
    pub(crate) fn reasons(&self) -> Vec<String> {
        let containers = self.containers.iter().filter_map(|container| {
            let exit = container.exit_code.filter(|code| *code != 0).map(|code| format!("exit code {code}"));
            let said: Vec<String> = container.reason.clone().into_iter().chain(exit).collect();
            (!said.is_empty()).then(|| format!("container `{}`: {}", container.name, said.join(", ")))
        });
        self.stop_reason.clone().into_iter().chain(containers).collect()
    }
}

pub(crate) fn short_id(id: &str) -> &str {
    id.get(..SHORT_ID_CHARACTERS).unwrap_or(id)
}

impl Ecs {
    /// Newest first.
    pub(crate) async fn running_tasks(&self, address: &ServiceAddress) -> Result<Vec<Task>> {
        let mut tasks = self.tasks(address, DesiredStatus::Running).await?;
        tasks.sort_by_key(|task| std::cmp::Reverse(task.started));
        Ok(tasks)
    }

    /// Newest first. ECS remembers them for an hour or so.
    pub(crate) async fn stopped_tasks(&self, address: &ServiceAddress) -> Result<Vec<Task>> {
        let mut tasks = self.tasks(address, DesiredStatus::Stopped).await?;
        tasks.sort_by_key(|task| std::cmp::Reverse(task.stopped));
        Ok(tasks)
    }

    async fn tasks(&self, address: &ServiceAddress, status: DesiredStatus) -> Result<Vec<Task>> {
        let list = self.client.list_tasks().cluster(&address.cluster).service_name(&address.name);
        let list = list.desired_status(status).max_results(DEFAULT_TASKS_MAX).send().await;
        let list = list.map_err(|failure| aws_error(format!("list the tasks of `{}`", address.name), failure))?;
        if list.task_arns().is_empty() {
            return Ok(Vec::new());
        }
        let describe = self.client.describe_tasks().cluster(&address.cluster).set_tasks(list.task_arns).send().await;
        let answer =
            describe.map_err(|failure| aws_error(format!("describe the tasks of `{}`", address.name), failure))?;
        Ok(answer.tasks().iter().map(Task::from).collect())
    }
}

impl From<&types::Task> for Task {
    fn from(task: &types::Task) -> Self {
        let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        let time = |time: Option<&aws_sdk_ecs::primitives::DateTime>| Timestamp::from_second(time?.secs()).ok();
        let arn = task.task_arn().unwrap_or_default();
        let health = task.health_status().map(|health| health.as_str()).filter(|health| *health != "UNKNOWN");
        Self {
            id: arn.rsplit('/').next().unwrap_or(arn).to_owned(),
            state: task.last_status().unwrap_or_default().to_owned(),
            health: text(health),
            started: time(task.started_at()),
            stopped: time(task.stopped_at()),
            stop_reason: text(task.stopped_reason()),
            containers: task.containers().iter().map(Container::from).collect(),
            stop_code: task.stop_code().cloned(),
            definition: task.task_definition_arn().unwrap_or_default().to_owned(),
            executes_commands: task.enable_execute_command(),
        }
    }
}

impl From<&types::Container> for Container {
    fn from(container: &types::Container) -> Self {
        let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        let agent = container
            .managed_agents()
            .iter()
            .find(|agent| agent.name().is_some_and(|name| *name == types::ManagedAgentName::ExecuteCommandAgent));
        Self {
            name: container.name().unwrap_or_default().to_owned(),
            exit_code: container.exit_code(),
            reason: text(container.reason()),
            digest: text(container.image_digest()),
            runtime_id: text(container.runtime_id()),
            agent: text(agent.and_then(types::ManagedAgent::last_status)),
        }
    }
}

fn time_as_text<S: serde::Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.collect_str(time),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stopped(code: TaskStopCode, reason: &str) -> Task {
        let container = types::Container::builder().name("query").exit_code(137).reason("OutOfMemoryError").build();
        let task = types::Task::builder().task_arn("arn:aws:ecs:eu-west-1:111122223333:task/traces/0123456789abcdef");
        let task = task.stop_code(code).stopped_reason(reason).containers(container);
        Task::from(&task.stopped_at(aws_sdk_ecs::primitives::DateTime::from_secs(60)).build())
    }

    #[test]
    fn a_task_that_was_no_longer_wanted_has_not_failed() {
        let scaled = "Scaling activity initiated by (deployment ecs-svc/1234567890123456789)";
        assert!(!stopped(TaskStopCode::ServiceSchedulerInitiated, scaled).has_failed());
        assert!(!stopped(TaskStopCode::UserInitiated, "Task stopped by user").has_failed());
        let unhealthy = "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:…)";
        assert!(stopped(TaskStopCode::ServiceSchedulerInitiated, unhealthy).has_failed());
        assert!(stopped(TaskStopCode::EssentialContainerExited, "Essential container in task exited").has_failed());
    }

    #[test]
    fn reasons_tell_of_the_task_and_of_each_container() {
        let task = stopped(TaskStopCode::EssentialContainerExited, "Essential container in task exited");
        assert_eq!(task.short_id(), "01234567");
        let expected = ["Essential container in task exited", "container `query`: OutOfMemoryError, exit code 137"];
        assert_eq!(task.reasons(), expected);
    }
}
