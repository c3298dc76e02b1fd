//! The stack of that name, where there is one.

use super::Subject;
use super::finding::{About, Finding};
use jqs_stacks::stack::Readiness;
use std::sync::Arc;

pub(super) const STACK: About = About { id: "stack", title: "Stack" };

pub(super) async fn check(subject: Arc<Subject>) -> Vec<Finding> {
    let name = &subject.stack_name;
    let Some(stack) = &subject.stack else { return vec![STACK.ok(format!("{name} is not there and will be made"))] };
    let found = format!("{name} is in {}", stack.status);
    let reason = stack.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    vec![match stack.readiness() {
        Readiness::Updatable if stack.status == "UPDATE_FAILED" => {
            STACK.warning(format!("{found}{reason}")).advice(subject.way_out.clone())
        }
        Readiness::Updatable => STACK.ok(format!("{found} and can be updated")),
        Readiness::Empty => STACK
            .warning(format!("{found}: it was planned and never made"))
            .advice(format!("`jqs deploy --name {name}` makes it, `jqs teardown --name {name}` removes it")),
        Readiness::Busy => STACK
            .warning(format!("{found}: an operation goes on"))
            .advice(format!("`jqs watch --name {name}` comes back to it; deploy when it is over")),
        Readiness::Dead | Readiness::Stuck => STACK.failed(format!("{found}{reason}")).advice(subject.way_out.clone()),
    }]
}
