//! A stack whose update could not be rolled back: the rollback goes on before anything else can be done.

use super::operation::{self, Ended, Goal};
use crate::approval::{self, Approval};
use crate::context::Context;
use jqs_cfn::Result;
use jqs_stacks::Session;
use jqs_stacks::recovery;
use jqs_stacks::stack::Stack;
use jqs_stacks::watch::Watcher;

pub(super) async fn recover(context: &Context, session: &Session, stack: &Stack, yes: bool) -> Result<Ended> {
    let name = &stack.name;
    context.printer.warning(&format!("`{name}` is in {}: its rollback has to end first", stack.status));
    let question = format!("Go on with the rollback of `{name}`, and deploy then?");
    if approval::ask(context, &question, yes).await? == Approval::Refused {
        return Ok(Ended::Refused);
    }
    let watcher = Watcher::from_now(session, &stack.id).await?;
    recovery::continue_rollback(session, &stack.id, &operation::change_set_name()).await?;
    operation::follow(context, session, watcher, &stack.id, Goal::RolledBack).await
}
