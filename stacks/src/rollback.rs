//! Going back: what an unfinished or failed operation is undone with depends on the state of the stack.

use crate::aws_error;
use crate::delete::short_name;
use crate::session::Session;
use crate::stack::{Stack, StackResource};
use jqs_cfn::Result;

/// How a stack in some state goes back to where it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// An update goes on: it is cancelled, which rolls it back.
    Cancel,
    /// A rollback got stuck: it is tried again.
    Continue,
    /// An operation failed and was left as it failed.
    Roll,
}

pub fn way(status: &str) -> Option<Way> {
    match status {
        "UPDATE_IN_PROGRESS" => Some(Way::Cancel),
        "UPDATE_ROLLBACK_FAILED" => Some(Way::Continue),
        "CREATE_FAILED" | "UPDATE_FAILED" => Some(Way::Roll),
        _ => None,
    }
}

/// Starts it; asked twice with the same token, once. `skip` names resources that a stuck rollback leaves as they are. The
/// watching is `watch`'s.
pub async fn start(session: &Session, stack: &Stack, way: Way, skip: &[String], token: &str) -> Result<()> {
    let client = &session.cloudformation;
    let action = || format!("roll `{}` back", stack.name);
    match way {
        Way::Cancel => {
            let call = client.cancel_update_stack().stack_name(&stack.id).client_request_token(token);
            call.send().await.map(drop).map_err(|failure| aws_error(action(), failure))
        }
        Way::Continue => {
            let skip = (!skip.is_empty()).then(|| skip.to_vec());
            let call = client.continue_update_rollback().stack_name(&stack.id).client_request_token(token);
            let call = call.set_resources_to_skip(skip);
            call.send().await.map(drop).map_err(|failure| aws_error(action(), failure))
        }
        Way::Roll => {
            let call = client.rollback_stack().stack_name(&stack.id).client_request_token(token);
            call.send().await.map(drop).map_err(|failure| aws_error(action(), failure))
        }
    }
}

/// What `ResourcesToSkip` calls a resource: those of nested stacks have the name of their stack in front.
pub fn name_to_skip(resource: &StackResource) -> String {
    let logical_id = resource.path.last().map_or("", String::as_str);
    match resource.path.len() {
        1 => logical_id.to_owned(),
        _ => format!("{}.{logical_id}", short_name(&resource.stack_id)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_says_how_to_go_back() {
        assert_eq!(way("UPDATE_IN_PROGRESS"), Some(Way::Cancel));
        assert_eq!(way("UPDATE_ROLLBACK_FAILED"), Some(Way::Continue));
        assert_eq!(way("CREATE_FAILED"), Some(Way::Roll));
        assert_eq!(way("CREATE_COMPLETE"), None);
    }
}
