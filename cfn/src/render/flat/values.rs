//! Expressions of any stack, said in terms of the outermost template.

use super::flattening::{Flattening, Truth};
use super::names::Kind;
use super::simplify::{self, Pattern, each_branch};
use crate::error::Result;
use crate::eval::{Slot, StackId, slots};
use crate::render::made::{argument, call, is_no_value, list, literal, mapping, reference, text};
use crate::template::{Node, Span, Value};

impl Flattening<'_> {
    pub(super) fn value(&self, stack: StackId, node: &Node) -> Result<Node> {
        match &node.value {
            Value::Scalar(_) => Ok(node.clone()),
            Value::Sequence(items) => Ok(list(self.values(stack, items)?, node.span)),
            Value::Mapping(entries) => {
                match node.single().filter(|(name, _)| *name == "Ref" || name.starts_with("Fn::")) {
                    Some((name, argument)) => self.function(stack, name, argument),
                    None => self.entries(stack, entries, node.span),
                }
            }
        }
    }

    fn values(&self, stack: StackId, items: &[Node]) -> Result<Vec<Node>> {
        items.iter().map(|item| self.value(stack, item)).collect()
    }

    fn entries(&self, stack: StackId, entries: &[(Node, Node)], span: Span) -> Result<Node> {
        if let Some((key, _)) = entries.iter().find(|(key, _)| key.text().is_some_and(|key| key.starts_with("Fn::"))) {
            let message = format!(
                "`{}` stands beside other keys, which a merged template cannot have",
                key.text().unwrap_or_default()
            );
            return Err(self.fault(stack, key.span, message));
        }
        let entries = entries.iter().map(|(key, value)| Ok((key.clone(), self.value(stack, value)?)));
        Ok(mapping(entries.collect::<Result<_>>()?, span))
    }

    fn function(&self, stack: StackId, name: &str, argument: &Node) -> Result<Node> {
        let span = argument.span;
        match (name, argument.items()) {
            ("Ref", _) => match argument.text() {
                Some(name) => self.reference(stack, name, span),
                None => Err(self.fault(stack, span, "`Ref` takes one name")),
            },
            ("Fn::GetAtt", _) => self.get_att(stack, argument),
            ("Fn::If", [condition, one, other]) => {
                match self.condition(stack, condition.text().unwrap_or_default(), span)? {
                    Truth::Known(true) => self.value(stack, one),
                    Truth::Known(false) => self.value(stack, other),
                    Truth::Named(name) => {
                        Ok(simplify::choose(&name, self.value(stack, one)?, self.value(stack, other)?, span))
                    }
                }
            }
            ("Fn::Sub", _) => self.substitution(stack, argument),
            ("Fn::Join", [delimiter, items]) => {
                let items = self.value(stack, items)?;
                Ok(simplify::join(delimiter.text().unwrap_or_default(), items))
            }
            ("Fn::Split", [delimiter, whole]) => {
                let whole = self.value(stack, whole)?;
                Ok(simplify::split(delimiter.text().unwrap_or_default(), whole))
            }
            ("Fn::Select", [index, items]) => {
                Ok(simplify::select(self.value(stack, index)?, self.value(stack, items)?))
            }
            ("Fn::FindInMap", _) => self.find_in_map(stack, argument),
            ("Fn::Transform", _) => Err(self.fault(stack, span, "`Fn::Transform` runs in AWS alone")),
            (name, _) if name.starts_with("Fn::ForEach") => {
                Err(self.fault(stack, span, "`Fn::ForEach` is taken apart in AWS alone"))
            }
            _ => Ok(call(name, self.value(stack, argument)?)),
        }
    }

    pub(super) fn reference(&self, stack: StackId, name: &str, span: Span) -> Result<Node> {
        let program = &self.stack(stack).program;
        match name {
            // A name of a nested stack is derived from its parents' and its own, and so is what stands for it: shorter than
            // the real one, and as different from any other.
            "AWS::StackName" if stack != StackId::ROOT => {
                let path = self.stack(stack).path.join("-");
                return Ok(call("Fn::Sub", text(format!("${{AWS::StackName}}-{path}"), span)));
            }
            _ if name.starts_with("AWS::") => return Ok(reference(name, span)),
            _ => {}
        }
        if let Some(parameter) = program.parameter(name) {
            return match stack {
                StackId::ROOT => Ok(reference(name, span)),
                _ => self.parameter(stack, parameter),
            };
        }
        if self.stack(stack).child(name).is_some() {
            return Err(self.fault(
                stack,
                span,
                format!("`{name}` is no stack of its own once it is merged: it has no id"),
            ));
        }
        match self.name(stack, Kind::Resource, name) {
            Some(flat) => Ok(reference(&flat, span)),
            None => Err(self.fault(stack, span, format!("there is no parameter and no resource `{name}`"))),
        }
    }

    fn get_att(&self, stack: StackId, argument: &Node) -> Result<Node> {
        let span = argument.span;
        match (argument.text().and_then(|text| text.split_once('.')), argument.items()) {
            (Some((resource, attribute)), _) => self.attribute(stack, resource, &text(attribute, span), span),
            (None, [resource, attribute]) => {
                let attribute = self.value(stack, attribute)?;
                self.attribute(stack, resource.text().unwrap_or_default(), &attribute, span)
            }
            _ => Err(self.fault(stack, span, "`Fn::GetAtt` takes a logical id and an attribute")),
        }
    }

    fn attribute(&self, stack: StackId, resource: &str, attribute: &Node, span: Span) -> Result<Node> {
        if let Some(child) = self.stack(stack).child(resource) {
            return match attribute.text().and_then(|attribute| attribute.strip_prefix("Outputs.")) {
                Some(output) => self.output((stack, span), resource, child, output),
                None => {
                    let message = format!(
                        "a nested stack that is merged has outputs alone, and they must be named (`{resource}`)"
                    );
                    Err(self.fault(stack, span, message))
                }
            };
        }
        match self.name(stack, Kind::Resource, resource) {
            Some(flat) => Ok(call("Fn::GetAtt", list(vec![text(flat, span), attribute.clone()], span))),
            None => Err(self.fault(stack, span, format!("there is no resource `{resource}`"))),
        }
    }

    fn substitution(&self, stack: StackId, argument: &Node) -> Result<Node> {
        let span = argument.span;
        let (pattern, variables) = match argument.items() {
            [pattern, variables] => (pattern.text(), variables.entries()),
            [pattern] => (pattern.text(), &[][..]),
            _ => (argument.text(), &[][..]),
        };
        let pattern = pattern.ok_or_else(|| self.fault(stack, span, "`Fn::Sub` takes a text"))?;
        let slots = slots(pattern).map_err(|problem| self.fault(stack, span, format!("`Fn::Sub` {problem}")))?;
        let is_taken = |name: &str| self.names.borrow().is_taken(name);
        let mut made = Pattern::new(&is_taken, span);
        let given = |name: &str| variables.iter().find(|(key, _)| key.text() == Some(name)).map(|(_, value)| value);
        for slot in &slots {
            let (hint, value) = match slot {
                Slot::Text(known) => {
                    made.literal(known);
                    continue;
                }
                Slot::Name(name) => match given(name) {
                    Some(value) => (name.to_string(), self.value(stack, value)?),
                    None => (name.to_string(), self.reference(stack, name, span)?),
                },
                Slot::Attribute(resource, attribute) => {
                    let name = format!("{resource}.{attribute}");
                    let value = match given(&name) {
                        Some(value) => self.value(stack, value)?,
                        None => self.attribute(stack, resource, &text(&**attribute, span), span)?,
                    };
                    (name, value)
                }
            };
            made.push(&hint, value);
        }
        Ok(made.finish())
    }

    fn find_in_map(&self, stack: StackId, argument: &Node) -> Result<Node> {
        let span = argument.span;
        let (keys, options) = match argument.items() {
            [map, top, second] => ([map, top, second], None),
            [map, top, second, options] => ([map, top, second], Some(options)),
            _ => return Err(self.fault(stack, span, "`Fn::FindInMap` takes a map and two keys")),
        };
        let [map, top, second] = keys;
        let map = map.text().ok_or_else(|| self.fault(stack, map.span, "the map must be named to be merged"))?;
        let options = options.map(|options| self.value(stack, options)).transpose()?;
        let (top, second) = (self.value(stack, top)?, self.value(stack, second)?);
        let name = self.mapping(stack, map);
        let name = name.ok_or_else(|| self.fault(stack, span, format!("there is no mapping `{map}`")))?;
        let lookup = |top: &Node, second: &Node| {
            let keys = [text(&name, span), top.clone(), second.clone()];
            call("Fn::FindInMap", list(keys.into_iter().chain(options.clone()).collect(), span))
        };
        let found = each_branch(top, &|top| each_branch(second.clone(), &|second| lookup(&top, &second)));
        self.check_keys(stack, &found)?;
        Ok(found)
    }

    /// Keys of a map are known before anything is made.
    fn check_keys(&self, stack: StackId, found: &Node) -> Result<()> {
        if let Some((_, one, other)) = crate::render::made::branches(found) {
            self.check_keys(stack, one)?;
            return self.check_keys(stack, other);
        }
        let keys = argument(found, "Fn::FindInMap").map(Node::items).unwrap_or_default();
        for key in keys.iter().skip(1).take(2) {
            let is_early = literal(key).is_some()
                || argument(key, "Fn::FindInMap").is_some()
                || argument(key, "Ref").and_then(Node::text).is_some_and(|name| self.is_early(name));
            if !is_early && (!self.has_extensions() || !self.is_static(key)) || is_no_value(key) {
                let message =
                    "a key of this `Fn::FindInMap` comes from an expression that CloudFormation does not take there";
                return Err(self.fault(stack, key.span, message));
            }
        }
        Ok(())
    }

    /// Whether a name of the flat template is known before anything is made.
    pub(super) fn is_early(&self, name: &str) -> bool {
        name.starts_with("AWS::") || self.tree.root().program.parameter(name).is_some()
    }

    /// Whether an expression holds nothing that only a resource can tell.
    pub(super) fn is_static(&self, node: &Node) -> bool {
        let mut is_static = true;
        crate::render::made::walk(node, &mut |node| match node.single() {
            Some(("Ref", name)) => is_static &= name.text().is_some_and(|name| self.is_early(name)),
            Some(("Fn::GetAtt" | "Fn::ImportValue", _)) => is_static = false,
            Some(("Fn::Sub", pattern)) => {
                let pattern = pattern.text().or_else(|| pattern.items().first()?.text()).unwrap_or_default();
                let is_name = |slot: &Slot| match slot {
                    Slot::Text(_) => true,
                    Slot::Attribute(..) => false,
                    Slot::Name(name) => !self.is_resource(name),
                };
                is_static &= slots(pattern).is_ok_and(|slots| slots.iter().all(is_name));
            }
            _ => {}
        });
        is_static
    }

    fn is_resource(&self, name: &str) -> bool {
        !self.is_early(name) && self.names.borrow().is_taken(name)
    }

    pub(super) fn has_extensions(&self) -> bool {
        let uses = |transforms: &[String]| transforms.iter().any(|name| name == super::LANGUAGE_EXTENSIONS);
        self.tree.stacks().iter().any(|stack| uses(&stack.program.template.transforms))
    }
}
