//! The way out of `UPDATE_ROLLBACK_FAILED`: the rollback goes on, without the resources that cannot be led back where need be.

use crate::aws_error;
use crate::delete::short_name;
use crate::session::Session;
use crate::stack::StackResource;
use jqs_cfn::Result;

/// Asks AWS to go on with the rollback. The watching is `watch`'s.
pub async fn continue_rollback(session: &Session, stack_id: &str, token: &str) -> Result<()> {
    let call = session.cloudformation.continue_update_rollback().stack_name(stack_id).client_request_token(token);
    let sent = call.send().await;
    sent.map_err(|failure| aws_error(format!("go on with the rollback of `{}`", short_name(stack_id)), failure))?;
    Ok(())
}

/// What `ResourcesToSkip` calls a resource: those of nested stacks have the name of their stack in front.
pub fn name_to_skip(resource: &StackResource) -> String {
    let logical_id = resource.path.last().map_or("", String::as_str);
    match resource.path.len() {
        1 => logical_id.to_owned(),
        _ => format!("{}.{logical_id}", short_name(&resource.stack_id)),
    }
}
