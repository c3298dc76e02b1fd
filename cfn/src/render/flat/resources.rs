//! The resources of all stacks, in the order of the templates: those of a nested stack in place of it.

use super::flattening::{Flattening, Truth};
use super::names::Kind;
use super::order::{Order, references};
use super::simplify::choose;
use crate::error::Result;
use crate::eval::StackId;
use crate::render::made::{is_same, list, mapping, no_value, reference, text};
use crate::template::{NESTED_STACK, Node, Resource, Span};

pub(super) struct Made<'a> {
    pub(super) name: String,
    stack: StackId,
    resource: &'a Resource,
    condition: Truth,
    body: Vec<(Node, Node)>,
}

impl<'a> Flattening<'a> {
    pub(super) fn resources(&self) -> Result<Vec<(Node, Node)>> {
        let mut made = Vec::new();
        self.collect(StackId::ROOT, &mut made)?;
        self.check_names(&made)?;
        let order = Order::new(self, made.iter().map(|each| (each.name.clone(), each.condition.clone())));
        made.into_iter().map(|each| self.finish(each, &order)).collect()
    }

    fn collect(&self, stack: StackId, made: &mut Vec<Made<'a>>) -> Result<()> {
        let program = &self.stack(stack).program;
        for resource in &program.template.resources {
            let condition = self.made_if(stack, &resource.logical_id)?;
            if condition == Truth::Known(false) {
                continue;
            }
            if let Some(child) = self.stack(stack).child(&resource.logical_id).filter(|_| resource.kind == NESTED_STACK)
            {
                self.collect(child, made)?;
                continue;
            }
            let Some(name) = self.name(stack, Kind::Resource, &resource.logical_id) else { continue };
            let mut body = Vec::new();
            for (key, value) in resource.body.entries() {
                match key.text() {
                    Some("Type" | "Condition" | "DependsOn" | "DeletionPolicy") => {}
                    Some("UpdateReplacePolicy") => body.push((key.clone(), value.clone())),
                    _ => body.push((key.clone(), self.under(&condition, &self.value(stack, value)?))),
                }
            }
            made.push(Made { name, stack, resource, condition, body });
        }
        Ok(())
    }

    fn finish(&self, made: Made<'a>, order: &Order<'_>) -> Result<(Node, Node)> {
        let (resource, span) = (made.resource, made.resource.span);
        let whole = mapping(made.body, span);
        let waits = order.waits(made.stack, resource, &made.name, &whole)?;
        let mut body = vec![(text("Type", span), text(&resource.kind, span))];
        if let Truth::Named(condition) = &made.condition {
            body.push((text("Condition", span), text(condition, span)));
        }
        match waits.always.as_slice() {
            [] => {}
            [one] => body.push((text("DependsOn", span), text(one, span))),
            _ => {
                let names = waits.always.iter().map(|name| text(name, span)).collect();
                body.push((text("DependsOn", span), list(names, span)));
            }
        }
        if let Some(policy) = self.deletion_policy(made.stack, resource) {
            body.push((text("DeletionPolicy", span), text(policy, span)));
        }
        body.extend(whole.entries().iter().filter(|(key, _)| key.text() != Some("Metadata")).cloned());
        body.extend(metadata(whole.get("Metadata"), &waits.sometimes, span).map(|node| (text("Metadata", span), node)));
        Ok((text(made.name, span), mapping(body, span)))
    }

    /// A nested stack that is kept keeps all that is in it.
    fn deletion_policy(&self, stack: StackId, resource: &'a Resource) -> Option<&'a str> {
        let around = self.stack(stack).parent.as_ref().and_then(|(parent, logical_id)| {
            let nested = self.stack(*parent).program.resource(logical_id)?;
            self.deletion_policy(*parent, nested).filter(|policy| policy.starts_with("Retain"))
        });
        around.or(resource.deletion_policy.as_deref())
    }

    /// Names that a nested template makes from the id of its stack are as unique as that id. After the merge all share one:
    /// two resources of a kind must not end up with one name.
    fn check_names(&self, made: &[Made<'a>]) -> Result<()> {
        let mut named: Vec<(&Made<'a>, &str, &Node)> = Vec::new();
        for each in made.iter().filter(|each| each.stack != StackId::ROOT) {
            let properties = each.body.iter().find(|(key, _)| key.text() == Some("Properties"));
            for (key, value) in properties.map(|(_, properties)| properties.entries()).unwrap_or_default() {
                let key = key.text().unwrap_or_default();
                let written = each.resource.properties().and_then(|properties| properties.get(key));
                if !key.ends_with("Name")
                    || !written.is_some_and(|written| references(written).contains("AWS::StackId"))
                {
                    continue;
                }
                let is_alike = |(other, name, text): &&(&Made<'a>, &str, &Node)| {
                    other.resource.kind == each.resource.kind && *name == key && is_same(text, value)
                };
                if let Some((other, ..)) = named.iter().find(is_alike) {
                    self.refuse_names(each, other, key)?;
                }
                named.push((each, key, value));
            }
        }
        Ok(())
    }

    /// Where both have a condition, they may exclude each other: only whoever wrote them knows.
    fn refuse_names(&self, one: &Made<'a>, other: &Made<'a>, key: &str) -> Result<()> {
        let message = format!(
            "`{}` and `{}` have the same `{key}`, told apart by the ids of their stacks alone, which become one",
            other.name, one.name
        );
        match (&one.condition, &other.condition) {
            (Truth::Named(one), Truth::Named(other)) if self.exclude_each_other(one, other) => Ok(()),
            (Truth::Named(one), Truth::Named(other)) if one != other => {
                self.note(format!("{message}: no case may make both"));
                Ok(())
            }
            _ => Err(self.fault(one.stack, one.resource.span, message)),
        }
    }
}

/// `DependsOn` must not name what may not be made. A reference under its condition waits as well, and means nothing else in
/// the metadata.
fn metadata(own: Option<&Node>, waits_for: &[(String, String)], span: Span) -> Option<Node> {
    let mut entries = own.map(Node::entries).unwrap_or_default().to_vec();
    let waits =
        waits_for.iter().map(|(name, condition)| choose(condition, reference(name, span), no_value(span), span));
    let waits: Vec<Node> = waits.collect();
    if !waits.is_empty() {
        entries.push((text("WaitsFor", span), list(waits, span)));
    }
    (!entries.is_empty()).then(|| mapping(entries, span))
}
