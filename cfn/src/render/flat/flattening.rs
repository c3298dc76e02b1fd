//! The work of one flattening: what every stack's names, parameters and outputs come to in terms of the outermost template.

use super::names::{Kind, Names};
use super::simplify::{choose, each_branch, join, split};
use crate::error::{Error, ErrorKind, Result};
use crate::eval::{DEFAULT_EVALUATION_DEPTH_MAX, Stack, StackId, StackTree};
use crate::parameters;
use crate::render::made::{argument, branches, call, is_no_value, list, literal, plain, text};
use crate::template::{Node, Parameter, Span, fault};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

/// What a condition of any stack comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Truth {
    Known(bool),
    /// A condition of the flat template.
    Named(String),
}

pub(super) struct Flattening<'a> {
    pub(super) tree: &'a StackTree,
    pub(super) names: RefCell<Names>,
    /// Conditions of the flat template, in the order in which they came up.
    pub(super) conditions: RefCell<Vec<(String, Node)>>,
    pub(super) truths: RefCell<HashMap<(StackId, String), Truth>>,
    pub(super) mappings: RefCell<HashMap<(StackId, String), String>>,
    parameters: RefCell<HashMap<(StackId, String), Node>>,
    pub(super) notes: RefCell<Vec<String>>,
    depth: Cell<usize>,
}

impl<'a> Flattening<'a> {
    pub(super) fn new(tree: &'a StackTree) -> Self {
        Self {
            tree,
            names: RefCell::new(Names::new(tree)),
            conditions: RefCell::default(),
            truths: RefCell::default(),
            mappings: RefCell::default(),
            parameters: RefCell::default(),
            notes: RefCell::default(),
            depth: Cell::new(0),
        }
    }

    pub(super) fn stack(&self, id: StackId) -> &'a Stack {
        self.tree.stack(id)
    }

    pub(super) fn fault(&self, stack: StackId, span: Span, message: impl std::fmt::Display) -> Error {
        fault(self.stack(stack).file(), span.start, message)
    }

    pub(super) fn note(&self, note: String) {
        let mut notes = self.notes.borrow_mut();
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    /// The name in the flat template.
    pub(super) fn name(&self, stack: StackId, kind: Kind, name: &str) -> Option<String> {
        self.names.borrow().get(stack, kind, name).map(str::to_owned)
    }

    /// Runs a step that may lead to itself by way of parameters and outputs.
    pub(super) fn deeper<T>(&self, stack: StackId, span: Span, step: impl FnOnce() -> Result<T>) -> Result<T> {
        if self.depth.get() == DEFAULT_EVALUATION_DEPTH_MAX {
            return Err(self.fault(stack, span, "this depends on itself"));
        }
        self.depth.set(self.depth.get() + 1);
        let done = step();
        self.depth.set(self.depth.get() - 1);
        done
    }

    /// What a nested stack is given for a parameter, as an expression of the outermost template.
    pub(super) fn parameter(&self, stack: StackId, parameter: &Parameter) -> Result<Node> {
        let key = (stack, parameter.name.clone());
        if let Some(known) = self.parameters.borrow().get(&key) {
            return Ok(known.clone());
        }
        let given = match self.given(stack, &parameter.name)? {
            Some((parent, node)) => Some(self.deeper(parent, node.span, || self.value(parent, node))?),
            None => None,
        };
        let default = parameter.default.as_deref().map(|default| text(default, parameter.span));
        let value = match (given, default) {
            (Some(given), default) => with_default(given, default.as_ref()),
            (None, default) => default,
        };
        let value = value.ok_or_else(|| {
            let message = format!("the parameter `{}` is not passed to this stack and has no default", parameter.name);
            self.fault(stack, parameter.span, message)
        })?;
        let value = self.typed(stack, parameter, value)?;
        self.parameters.borrow_mut().insert(key, value.clone());
        Ok(value)
    }

    /// The entry of a parameter where the stack is nested.
    fn given(&self, stack: StackId, name: &str) -> Result<Option<(StackId, &'a Node)>> {
        let Some((parent, logical_id)) = &self.stack(stack).parent else { return Ok(None) };
        let resource = self.stack(*parent).program.resource(logical_id);
        let given = resource.and_then(|resource| resource.properties()?.get("Parameters"));
        let Some(given) = given else { return Ok(None) };
        if given.single().is_some_and(|(key, _)| key.starts_with("Fn::")) {
            let message = "the parameters of a nested stack must be written one by one to be merged";
            return Err(self.fault(*parent, given.span, message));
        }
        Ok(given.get(name).map(|node| (*parent, node)))
    }

    /// The value as the parameter's type makes it, in every branch.
    fn typed(&self, stack: StackId, parameter: &Parameter, value: Node) -> Result<Node> {
        if let Some((condition, one, other)) = branches(&value) {
            let one = self.typed(stack, parameter, one.clone())?;
            let other = self.typed(stack, parameter, other.clone())?;
            return Ok(choose(condition, one, other, value.span));
        }
        let known = literal(&value).map(str::to_owned);
        let kind = parameter.kind.as_str();
        if kind.starts_with("AWS::SSM::Parameter::Value<") {
            return self.stored(stack, parameter, known.as_deref(), value.span);
        }
        if let Some(problem) = known.as_deref().and_then(|known| parameters::fault(parameter, known)) {
            return Err(self.fault(stack, parameter.span, problem));
        }
        let is_list = is_list_kind(kind);
        Ok(match known {
            Some(known) if is_list => {
                list(known.split(',').map(|part| text(part.trim(), value.span)).collect(), value.span)
            }
            Some(known) if kind == "Number" => plain(known, value.span),
            Some(known) => text(known, value.span),
            None if is_list => self.as_list(value),
            None => self.as_text(value),
        })
    }

    /// A value of AWS's parameter store, which a dynamic reference reads as well.
    fn stored(&self, stack: StackId, parameter: &Parameter, name: Option<&str>, span: Span) -> Result<Node> {
        let Some(name) = name else {
            let message = format!(
                "the parameter `{}` names a value of the parameter store: to be merged, the name must be a literal",
                parameter.name
            );
            return Err(self.fault(stack, parameter.span, message));
        };
        let value = text(format!("{{{{resolve:ssm:{name}}}}}"), span);
        let is_list = parameter.kind.contains("<List<") || parameter.kind.contains("<CommaDelimitedList>");
        let separated = || call("Fn::Split", list(vec![text(",", span), value.clone()], span));
        Ok(if is_list { separated() } else { value })
    }

    fn as_list(&self, value: Node) -> Node {
        each_branch(value, &|value| if self.is_list(&value) { value } else { split(",", value) })
    }

    fn as_text(&self, value: Node) -> Node {
        each_branch(value, &|value| if self.is_list(&value) { join(",", value) } else { value })
    }

    /// Whether an expression of the flat template gives a list.
    fn is_list(&self, value: &Node) -> bool {
        if let Some(name) = argument(value, "Ref").and_then(Node::text) {
            let parameter = self.tree.root().program.parameter(name);
            return parameter.is_some_and(|parameter| is_list_kind(&parameter.kind));
        }
        let calls = |name| argument(value, name).is_some();
        !value.items().is_empty() || calls("Fn::Split") || calls("Fn::GetAZs") || calls("Fn::Cidr")
    }

    /// The value of an output of a nested stack, for whoever takes it.
    pub(super) fn output(&self, at: (StackId, Span), nested: &str, child: StackId, name: &str) -> Result<Node> {
        let (stack, span) = at;
        if self.existence(child)? == Truth::Known(false) {
            let message = format!("the output `{name}` is taken of `{nested}`, which is never made");
            return Err(self.fault(stack, span, message));
        }
        let program = &self.stack(child).program;
        let value = program.output(name).and_then(|(output, _)| output.value.as_ref());
        let value = value.ok_or_else(|| {
            self.fault(
                stack,
                span,
                format!("the nested stack `{nested}` has no output `{name}` ({})", self.stack(child).file()),
            )
        })?;
        self.deeper(stack, span, || self.value(child, value))
    }

    /// The nested parameters that are this parameter in every case, of those that something uses.
    pub(super) fn always_passed(&self, name: &str) -> Vec<(StackId, String)> {
        let parameters = self.parameters.borrow();
        let is_it = |value: &Node| argument(value, "Ref").and_then(Node::text) == Some(name);
        let passed = parameters.iter().filter(|(_, value)| is_it(value)).map(|(key, _)| key.clone());
        let mut passed: Vec<_> =
            passed.filter(|(stack, _)| self.existence(*stack).is_ok_and(|truth| truth == Truth::Known(true))).collect();
        passed.sort();
        passed
    }

    /// Why a template cannot be merged at all.
    pub(super) fn check(&self) -> Result<()> {
        if let Some((file, logical_id, url)) = self.tree.missing.first() {
            let message = format!("the template of the nested stack `{logical_id}` in `{file}` is not there: `{url}`");
            return Err(Error::new(ErrorKind::Template, message)
                .hint("name a folder that it lies in, by the same path as at the end of its address"));
        }
        for stack in self.tree.stacks() {
            let template = &stack.program.template;
            let macros = template.transforms.iter().find(|name| *name != super::LANGUAGE_EXTENSIONS);
            if let Some(name) = macros {
                let span = template.root.get("Transform").map(|node| node.span).unwrap_or_default();
                return Err(self.fault(stack.id, span, format!("the transform `{name}` runs in AWS alone")));
            }
            self.check_arguments(stack)?;
        }
        Ok(())
    }

    /// What is passed must be what the nested template declares, as CloudFormation demands it.
    fn check_arguments(&self, stack: &Stack) -> Result<()> {
        let Some((parent, logical_id)) = &stack.parent else { return Ok(()) };
        let resource = self.stack(*parent).program.resource(logical_id);
        let Some(properties) = resource.and_then(|resource| resource.properties()) else { return Ok(()) };
        let given = properties.get("Parameters").map(Node::entries).unwrap_or_default();
        for (key, _) in given {
            let name = key.text().unwrap_or_default();
            if !name.starts_with("Fn::") && stack.program.parameter(name).is_none() {
                let message = format!("`{}` has no parameter `{name}`", stack.file());
                return Err(self.fault(*parent, key.span, message));
            }
        }
        for lost in ["Tags", "TimeoutInMinutes", "NotificationARNs"].iter().filter(|key| properties.get(key).is_some())
        {
            self.note(format!("`{lost}` of nested stacks are left out: give them to the stack itself"));
        }
        Ok(())
    }
}

pub(super) fn is_list_kind(kind: &str) -> bool {
    kind == "CommaDelimitedList" || kind.starts_with("List<")
}

/// `AWS::NoValue` for a parameter stands for its default, in every branch; nothing where there is none.
fn with_default(given: Node, default: Option<&Node>) -> Option<Node> {
    if is_no_value(&given) {
        return default.cloned();
    }
    match branches(&given) {
        Some((condition, one, other)) => {
            let (one, other) = (with_default(one.clone(), default)?, with_default(other.clone(), default)?);
            Some(choose(condition, one, other, given.span))
        }
        None => Some(given),
    }
}
