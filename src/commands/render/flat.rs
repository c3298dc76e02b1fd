//! One template in place of nested stacks.

use super::{RenderArgs, deliver, print};
use crate::context::Context;
use crate::exit::Exit;
use crate::source::Source;
use jqs_cfn::render::flat::flatten;
use jqs_cfn::{Error, ErrorKind, Result};

pub(super) fn render(context: &Context, arguments: &RenderArgs, source: &Source) -> Result<Exit> {
    // A flat template has its parameters still: a value would go nowhere.
    let mut given = crate::templates::given_parameters(&arguments.template)?;
    given.remove("VPCID");
    if let Some(name) = given.keys().next() {
        return Err(Error::new(
            ErrorKind::Usage,
            format!("`--flat` keeps the parameters: `{name}` is given at the deployment"),
        ));
    }
    let flat = flatten(&source.tree()?)?;
    let text = print(&flat.root, arguments.format);
    let notes = flat.notes.iter().cloned().chain(flat.check_size(text.len())?);
    for note in notes.collect::<Vec<_>>() {
        context.printer.warning(&note);
    }
    deliver(context, arguments, &text)?;
    Ok(Exit::Done)
}
