//! A session with a command in a running task.

use super::{Container, Ecs, Service, Task};
use aws_sdk_ecs::error::ProvideErrorMetadata;
use aws_sdk_ecs::types::Session;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::aws_error;

impl Ecs {
    /// Somebody has to speak in the session before the command begins.
    pub(crate) async fn execute(
        &self,
        service: &Service,
        task: &Task,
        container: &Container,
        line: &str,
    ) -> Result<Session> {
        let call = self.client.execute_command().cluster(&service.cluster).task(&task.id);
        let call = call.container(&container.name).interactive(true).command(line);
        let action = format!("run a command in the task {}", task.short_id());
        let answer = call.send().await.map_err(|failure| {
            let is_not_connected = failure.code() == Some("TargetNotConnectedException");
            let error = aws_error(&action, failure);
            match is_not_connected {
                true => error.hint("the agent in the task is not connected: try in a moment, or `jqs redeploy`"),
                false => error,
            }
        })?;
        let opened = answer.session;
        opened.ok_or_else(|| Error::new(ErrorKind::Service, format!("cannot {action}")).because("ECS opens no session"))
    }
}
