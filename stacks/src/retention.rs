//! What outlives its stack, because the template says so.

use crate::aws_error;
use crate::session::Session;
use crate::stack::{self, StackResource};
use jqs_cfn::Result;
use jqs_cfn::template::{NESTED_STACK, Template};

/// Those of `resources` (of the stack `root_id` and of all nested in it) that a deletion leaves behind.
pub async fn retained(session: &Session, root_id: &str, resources: &[StackResource]) -> Result<Vec<StackResource>> {
    let nested = resources.iter().filter(|resource| resource.kind == NESTED_STACK && !resource.physical_id.is_empty());
    let nested = nested.map(|resource| (resource.physical_id.as_str(), resource.path.as_slice()));
    let mut kept = Vec::new();
    for (stack_id, path) in [(root_id, &[][..])].into_iter().chain(nested) {
        let Some(template) = template_of(session, stack_id).await? else { continue };
        let names: Vec<&str> = template
            .resources
            .iter()
            .filter(|resource| resource.is_retained())
            .map(|one| one.logical_id.as_str())
            .collect();
        kept.extend(resources.iter().filter(|resource| is_child(resource, path, &names)).cloned());
    }
    // A nested stack that is kept stays as it is, with all that is in it.
    let whole: Vec<&StackResource> = kept.iter().filter(|resource| resource.kind == NESTED_STACK).collect();
    let inside = |one: &&StackResource| {
        let is_below = |stack: &&StackResource| one.path.len() > stack.path.len() && one.path.starts_with(&stack.path);
        whole.iter().any(is_below) && !kept.iter().any(|other| other.path == one.path)
    };
    let inside: Vec<StackResource> = resources.iter().filter(inside).cloned().collect();
    kept.extend(inside);
    Ok(kept)
}

fn is_child(resource: &StackResource, parent: &[String], names: &[&str]) -> bool {
    resource.path.split_last().is_some_and(|(name, above)| above == parent && names.contains(&name.as_str()))
}

/// What a stack was made of. Nothing where it has no template: it was planned and never made.
pub async fn template_of(session: &Session, stack_id: &str) -> Result<Option<Template>> {
    let answer = match session.cloudformation.get_template().stack_name(stack_id).send().await {
        Err(failure) if stack::is_absent(&failure) => return Ok(None),
        other => other.map_err(|failure| aws_error(format!("read the template of `{stack_id}`"), failure))?,
    };
    // Whatever the template is, it must not keep its stack from being deleted.
    Ok(answer.template_body().and_then(|body| Template::read(stack_id, body).ok()))
}
