//! `jqs outputs`: for scripts.

use crate::cli::OutputsArgs;
use crate::context::Context;
use crate::exit::Exit;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::stack;

pub(crate) async fn outputs(context: &Context, arguments: &OutputsArgs) -> Result<Exit> {
    let (session, _) = context.session().await?;
    let stack = stack::get(&session, &arguments.stack.name).await?;
    let printer = &context.printer;
    let Some(key) = &arguments.key else {
        if printer.is_json() {
            printer.document(&stack.outputs);
            return Ok(Exit::Done);
        }
        let rows: Vec<(String, String)> = stack.outputs.into_iter().collect();
        printer.table(&rows);
        return Ok(Exit::Done);
    };
    let value = stack.outputs.get(key).ok_or_else(|| {
        let known = stack.outputs.keys().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        let known = if known.is_empty() {
            format!("it has none; it is in {}", stack.status)
        } else {
            format!("it has {known}")
        };
        Error::new(ErrorKind::NotFound, format!("the stack `{}` has no output `{key}`", stack.name)).hint(known)
    })?;
    if printer.is_json() {
        printer.document(value);
    } else {
        printer.data(value);
    }
    Ok(Exit::Done)
}
