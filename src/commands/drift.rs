//! `jqs drift`: what somebody has changed beside the stack.

use crate::cli::StackArgs;
use crate::context::Context;
use crate::exit::Exit;
use jqs_cfn::Result;
use jqs_stacks::drift::{self, Report};
use jqs_stacks::stack;

pub(crate) async fn drift(context: &Context, arguments: &StackArgs) -> Result<Exit> {
    let (session, _) = context.session().await?;
    let found = stack::get(&session, &arguments.name).await?;
    let resources = stack::resources(&session, &found.id).await?;
    let report = drift::detect(&session, &found.id, &resources).await?;
    if context.printer.is_json() {
        context.printer.document(&report);
    } else {
        show(context, &found.name, &report);
    }
    Ok(if report.drifts.is_empty() { Exit::Done } else { Exit::Differs })
}

fn show(context: &Context, name: &str, report: &Report) {
    let printer = &context.printer;
    for drift in &report.drifts {
        let what = if drift.is_deleted { "is gone" } else { "was changed" };
        printer.data(&format!("{} ({}) {what}: {}", drift.path.join("/"), drift.kind, drift.physical_id));
        for difference in &drift.differences {
            printer.data(&format!("  {}: {} → {}", difference.property, difference.expected, difference.actual));
        }
    }
    let looked = format!("{} resources in {} stacks compared", report.compared, report.stacks);
    match report.drifts.len() {
        0 => printer.success(&format!("{name} is as it was made: {looked}")),
        count => {
            printer.failure(&format!("{count} resources of {name} are not as they were made: {looked}"));
            printer
                .hint("change them back by hand, or `jqs deploy` what you want: an update writes only what it changes");
        }
    }
}
