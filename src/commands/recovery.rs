//! A stack whose update could not be rolled back: the rollback goes on before anything else can be done.

use super::operation::{self, Ended};
use crate::approval::{self, Approval};
use crate::context::Context;
use jqs_cfn::Result;
use jqs_stacks::Session;
use jqs_stacks::rollback::Way;
use jqs_stacks::stack::Stack;

pub(super) async fn recover(context: &Context, session: &Session, stack: &Stack, yes: bool) -> Result<Ended> {
    let name = &stack.name;
    context.printer.warning(&format!("`{name}` is in {}: its rollback has to end first", stack.status));
    let question = format!("Go on with the rollback of `{name}`, and deploy then?");
    if approval::ask(context, &question, yes).await? == Approval::Refused {
        return Ok(Ended::Refused);
    }
    operation::roll_back(context, session, stack, Way::Continue, &[]).await
}
