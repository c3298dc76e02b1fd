//! What one set of parameters makes in a region.

use super::{Format, RenderArgs, deliver, print};
use crate::context::Context;
use crate::exit::Exit;
use crate::source::Source;
use crate::templates;
use jqs_cfn::eval::{Evaluator, Given, StackTree, resolve};
use jqs_cfn::{Error, ErrorKind, Result, parameters, region};
use std::collections::BTreeSet;

pub(super) fn render(context: &Context, arguments: &RenderArgs, source: &Source) -> Result<Exit> {
    let tree = source.tree_with(&templates::given_parameters(&arguments.template)?)?;
    let given = given(context, arguments, source, &tree)?;
    refuse_violations(&tree, &given)?;
    let stack = resolve(&tree, &given)
        .map_err(|fault| Error::new(ErrorKind::Template, "these parameters cannot be resolved").because(fault))?;
    for (file, logical_id, url) in &tree.missing {
        context.printer.warning(&format!("`{logical_id}` of `{file}` is not resolved: there is no template `{url}`"));
    }
    let format = if context.printer.is_json() { Format::Json } else { arguments.format };
    deliver(context, arguments, &print(&jqs_cfn::render::document(&tree, &stack), format))?;
    Ok(Exit::Done)
}

fn given(context: &Context, arguments: &RenderArgs, source: &Source, tree: &StackTree) -> Result<Given> {
    let template = &tree.root().program.template;
    let mut values = templates::given_parameters(&arguments.template)?;
    if !source.is_foreign() {
        values.entry("EnvironmentName".to_owned()).or_insert_with(|| arguments.stack.name.clone());
    }
    // What is not given stays open: a reference to the parameter stands in its place.
    let open: BTreeSet<String> = template.parameters.iter().map(|parameter| parameter.name.clone()).collect();
    parameters::resolve(template, &values, &open)?;
    let region = super::region(context).ok_or_else(|| {
        Error::new(ErrorKind::NoRegion, "`--resolved` needs a region").hint("give one by `--region`, or in AWS_REGION")
    })?;
    if !context.settings.session.allow_unknown_region {
        region::check(&region)?;
    }
    let mut given = Given::new(&region);
    given.parameters = values;
    given.account = arguments.account.clone();
    given.stack_name = arguments.stack.name.clone();
    Ok(given)
}

/// A rule that refuses these parameters would stop a deployment as well.
fn refuse_violations(tree: &StackTree, given: &Given) -> Result<()> {
    let evaluator = Evaluator::new(tree, given);
    let fault = |fault| Error::new(ErrorKind::Template, "the rules cannot be evaluated").because(fault);
    for stack in tree.stacks() {
        if !evaluator.stack_exists(stack.id).map_err(fault)? {
            continue;
        }
        if let Some(violation) = evaluator.violation(stack.id).map_err(fault)? {
            let words = violation.description.unwrap_or_else(|| violation.rule.to_string());
            return Err(Error::new(
                ErrorKind::Parameter,
                format!("the rules of `{}` refuse this: {words}", stack.file()),
            ));
        }
    }
    Ok(())
}
