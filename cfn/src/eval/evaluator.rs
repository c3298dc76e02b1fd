//! Evaluates one case, and of it only what is asked for: a property, an output, a condition. What it reads of the inputs on
//! the way is all that the answer depends on.

use super::expression::{Expression, Form};
use super::functions;
use super::inputs::{Inputs, zones};
use super::substitution::Slot;
use super::tree::{Stack, StackId, StackTree};
use super::value::{Address, Piece, Unknown, Value};
use crate::region;
use crate::template::{Parameter, Resource, Span};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt::{self, Display};
use std::sync::Arc;

/// Expressions that may lie inside of each other, followed over conditions, parameters and outputs: more is a circle.
pub const DEFAULT_EVALUATION_DEPTH_MAX: usize = 200;

/// Why an expression has no value, and where that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub stack: StackId,
    pub file: String,
    pub span: Span,
    pub message: String,
}

impl Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}: {}", self.file, self.span.start.line, self.span.start.column, self.message)
    }
}

impl std::error::Error for Fault {}

pub type Outcome<T = Value> = Result<T, Fault>;

pub struct Evaluator<'a> {
    tree: &'a StackTree,
    inputs: &'a dyn Inputs,
    depth: Cell<usize>,
    conditions: RefCell<HashMap<(StackId, Arc<str>), bool>>,
    parameters: RefCell<HashMap<(StackId, Arc<str>), Value>>,
    decisions: RefCell<HashMap<(Value, Value), bool>>,
}

impl<'a> Evaluator<'a> {
    pub fn new(tree: &'a StackTree, inputs: &'a dyn Inputs) -> Self {
        Self {
            tree,
            inputs,
            depth: Cell::new(0),
            conditions: RefCell::default(),
            parameters: RefCell::default(),
            decisions: RefCell::default(),
        }
    }

    pub fn tree(&self) -> &'a StackTree {
        self.tree
    }

    pub fn inputs(&self) -> &'a dyn Inputs {
        self.inputs
    }

    fn stack(&self, id: StackId) -> &'a Stack {
        self.tree.stack(id)
    }

    /// Whether the stack is made at all: it and each that it lies in.
    pub fn stack_exists(&self, id: StackId) -> Outcome<bool> {
        match &self.stack(id).parent {
            None => Ok(true),
            Some((parent, logical_id)) => self.exists(*parent, logical_id),
        }
    }

    /// Whether the resource is made: its own condition holds, and its stack is made.
    pub fn exists(&self, id: StackId, logical_id: &str) -> Outcome<bool> {
        let Some(resource) = self.stack(id).program.resource(logical_id) else { return Ok(false) };
        Ok(self.stack_exists(id)? && self.holds(id, resource.condition.as_deref(), resource.span)?)
    }

    /// Whether a condition, where one is named, holds.
    pub fn holds(&self, id: StackId, condition: Option<&str>, span: Span) -> Outcome<bool> {
        condition.map_or(Ok(true), |name| self.condition(id, name, span))
    }

    /// `span` is where the condition is named.
    pub fn condition(&self, id: StackId, name: &str, span: Span) -> Outcome<bool> {
        let key = (id, Arc::from(name));
        if let Some(known) = self.conditions.borrow().get(&key) {
            return Ok(*known);
        }
        let Some(expression) = self.stack(id).program.condition(name) else {
            return Err(self.fault(id, span, format!("there is no condition `{name}`")));
        };
        let holds = self.truth(id, expression)?;
        self.conditions.borrow_mut().insert(key, holds);
        Ok(holds)
    }

    /// A condition's expression. What stays open is asked of the inputs.
    pub fn truth(&self, id: StackId, expression: &Expression) -> Outcome<bool> {
        let value = self.value(id, expression)?;
        match value.as_bool() {
            Some(truth) => Ok(truth),
            None if value.is_known() => Err(self.fault(id, expression.span, "this is no condition")),
            None => Ok(self.decide(&value, &Value::Bool(true))),
        }
    }

    fn decide(&self, one: &Value, other: &Value) -> bool {
        let key = (one.clone(), other.clone());
        if let Some(known) = self.decisions.borrow().get(&key) {
            return *known;
        }
        let decision = self.inputs.decide(&format!("{one} = {other}"));
        self.decisions.borrow_mut().insert(key, decision);
        decision
    }

    /// The value of a parameter in its stack: of the outermost one from the inputs, of a nested one from what it is passed.
    pub fn parameter(&self, id: StackId, name: &str) -> Outcome {
        let key = (id, Arc::from(name));
        if let Some(known) = self.parameters.borrow().get(&key) {
            return Ok(known.clone());
        }
        let stack = self.stack(id);
        let Some(parameter) = stack.program.parameter(name) else {
            return Err(self.fault(id, Span::default(), format!("there is no parameter `{name}`")));
        };
        let given = match &stack.parent {
            None => self.inputs.parameter(parameter).map(Value::Text),
            Some((parent, logical_id)) => self.passed(*parent, logical_id, name)?,
        };
        let given = given.filter(|value| !value.is_absent());
        let default = || parameter.default.as_deref().map(Value::text);
        let value = typed(parameter, given.or_else(default));
        self.parameters.borrow_mut().insert(key, value.clone());
        Ok(value)
    }

    /// What a nested stack is given for one of its parameters.
    pub fn passed(&self, parent: StackId, logical_id: &str, name: &str) -> Outcome<Option<Value>> {
        let Some(properties) = self.stack(parent).program.properties(logical_id) else { return Ok(None) };
        let Form::Map(properties) = &properties.form else { return Ok(None) };
        let Some((_, parameters)) = properties.iter().find(|(key, _)| &**key == "Parameters") else { return Ok(None) };
        match &parameters.form {
            Form::Map(entries) => {
                let entry = entries.iter().find(|(key, _)| &**key == name);
                entry.map(|(_, expression)| self.value(parent, expression)).transpose()
            }
            _ => Ok(self.value(parent, parameters)?.get(name).cloned()),
        }
    }

    /// All properties of a resource.
    pub fn properties(&self, id: StackId, logical_id: &str) -> Outcome {
        match self.stack(id).program.properties(logical_id) {
            Some(expression) => self.value(id, expression),
            None => Ok(Value::Map(Arc::from([]))),
        }
    }

    /// One property, evaluated without the others; `Absent` where it is not set.
    pub fn property(&self, id: StackId, logical_id: &str, name: &str) -> Outcome {
        let Some(expression) = self.stack(id).program.properties(logical_id) else { return Ok(Value::Absent) };
        match &expression.form {
            Form::Map(entries) => match entries.iter().find(|(key, _)| &**key == name) {
                Some((_, expression)) => self.value(id, expression),
                None => Ok(Value::Absent),
            },
            _ => Ok(self.value(id, expression)?.get(name).cloned().unwrap_or(Value::Absent)),
        }
    }

    /// The value of an output; `Absent` where its condition does not hold.
    pub fn output(&self, id: StackId, name: &str) -> Outcome {
        let Some((output, value)) = self.stack(id).program.output(name) else {
            return Err(self.fault(id, Span::default(), format!("there is no output `{name}`")));
        };
        if !self.holds(id, output.condition.as_deref(), output.span)? {
            return Ok(Value::Absent);
        }
        value.map_or(Ok(Value::Absent), |expression| self.value(id, expression))
    }

    pub fn value(&self, id: StackId, expression: &Expression) -> Outcome {
        if self.depth.get() == DEFAULT_EVALUATION_DEPTH_MAX {
            return Err(self.fault(id, expression.span, "this depends on itself"));
        }
        self.depth.set(self.depth.get() + 1);
        let value = self.form(id, expression);
        self.depth.set(self.depth.get() - 1);
        value
    }

    fn form(&self, id: StackId, expression: &Expression) -> Outcome {
        let span = expression.span;
        let said = |outcome: Result<Value, String>| outcome.map_err(|message| self.fault(id, span, message));
        match &expression.form {
            Form::Literal(value) => Ok(value.clone()),
            Form::List(items) => {
                let items: Vec<Value> = items.iter().map(|item| self.value(id, item)).collect::<Outcome<_>>()?;
                Ok(Value::list(items))
            }
            Form::Map(entries) => self.map(id, entries),
            Form::Ref(name) => self.reference(id, name, span),
            Form::GetAtt(resource, attribute) => {
                let attribute = self.value(id, attribute)?;
                self.attribute(id, resource, &attribute, span)
            }
            Form::Condition(name) => self.condition(id, name, span).map(Value::Bool),
            Form::If(name, one, other) => {
                let chosen = if self.condition(id, name, span)? { one } else { other };
                self.value(id, chosen)
            }
            Form::Sub(slots, variables) => self.substitute(id, slots, variables, span),
            Form::Join(delimiter, list) => said(functions::join(delimiter, &self.value(id, list)?)),
            Form::Split(delimiter, text) => said(functions::split(delimiter, &self.value(id, text)?)),
            Form::Select(index, list) => said(functions::select(&self.value(id, index)?, &self.value(id, list)?)),
            Form::FindInMap { map, top, second, default } => {
                self.find_in_map(id, [map, top, second], default.as_deref(), span)
            }
            Form::GetAzs(region) => self.zones(&self.value(id, region)?),
            Form::Cidr { block, count, bits } => {
                let bits = bits.as_ref().map(|bits| self.value(id, bits)).transpose()?;
                said(functions::cidr(&self.value(id, block)?, &self.value(id, count)?, bits.as_ref()))
            }
            Form::Base64(text) => said(functions::base64(&self.value(id, text)?)),
            Form::ImportValue(name) => Ok(Value::unknown(Unknown::Import(self.value(id, name)?))),
            Form::Length(list) => said(functions::length(&self.value(id, list)?)),
            Form::ToJsonString(value) => said(functions::to_json_string(&self.value(id, value)?)),
            Form::NotEvaluated(name) => Ok(Value::unknown(Unknown::NotEvaluated(name.clone()))),
            Form::Broken(message) => Err(self.fault(id, span, message.to_string())),
            _ => self.logic(id, expression),
        }
    }

    /// The functions that are true or false.
    fn logic(&self, id: StackId, expression: &Expression) -> Outcome {
        let decided = |answer: Option<bool>, one: &Value, other: &Value| {
            Ok(Value::Bool(answer.unwrap_or_else(|| self.decide(one, other))))
        };
        let both = |one: &Expression, other: &Expression| Ok((self.value(id, one)?, self.value(id, other)?));
        match &expression.form {
            Form::Equals(one, other) => {
                let (one, other) = both(one, other)?;
                decided(functions::equal(&one, &other), &one, &other)
            }
            Form::Contains(list, value) => {
                let (list, value) = both(list, value)?;
                decided(functions::contains(&list, &value), &list, &value)
            }
            Form::EachMemberIn(values, list) => {
                let (values, list) = both(values, list)?;
                decided(functions::each_member_in(&values, &list), &values, &list)
            }
            Form::EachMemberEquals(values, wanted) => {
                let (values, wanted) = both(values, wanted)?;
                decided(functions::each_member_equals(&values, &wanted), &values, &wanted)
            }
            Form::And(items) => self.first(id, items, false),
            Form::Or(items) => self.first(id, items, true),
            Form::Not(one) => self.truth(id, one).map(|truth| Value::Bool(!truth)),
            _ => Err(self.fault(id, expression.span, "this is no condition")),
        }
    }

    /// Whether one of the conditions is `wanted`; those after it are not evaluated.
    fn first(&self, id: StackId, items: &[Expression], wanted: bool) -> Outcome {
        for item in items {
            if self.truth(id, item)? == wanted {
                return Ok(Value::Bool(wanted));
            }
        }
        Ok(Value::Bool(!wanted))
    }

    fn map(&self, id: StackId, entries: &[(Arc<str>, Expression)]) -> Outcome {
        let mut values = Vec::with_capacity(entries.len());
        for (key, expression) in entries {
            let value = self.value(id, expression)?;
            if !value.is_absent() {
                values.push((key.clone(), value));
            }
        }
        Ok(Value::Map(values.into()))
    }

    fn reference(&self, id: StackId, name: &str, span: Span) -> Outcome {
        if name.starts_with("AWS::") {
            return self.pseudo(id, name, span);
        }
        let program = &self.stack(id).program;
        if program.parameter(name).is_some() {
            return self.parameter(id, name);
        }
        match program.resource(name) {
            Some(resource) => Ok(Value::unknown(Unknown::Reference(address(id, resource)))),
            None => Err(self.fault(id, span, format!("there is no parameter and no resource `{name}`"))),
        }
    }

    fn pseudo(&self, id: StackId, name: &str, span: Span) -> Outcome {
        let unknown = |name: &str| Value::unknown(Unknown::Pseudo(name.into()));
        Ok(match name {
            "AWS::NoValue" => Value::Absent,
            "AWS::Region" => Value::Text(self.inputs.region()),
            "AWS::Partition" => Value::text(region::partition(&self.inputs.region())),
            "AWS::URLSuffix" => Value::text(region::url_suffix(&self.inputs.region())),
            "AWS::AccountId" => self.inputs.account().map_or_else(|| unknown(name), Value::Text),
            "AWS::StackName" => self.stack_name(id),
            "AWS::StackId" => self.stack_id(id),
            "AWS::NotificationARNs" => Value::List(Arc::from([])),
            _ => return Err(self.fault(id, span, format!("there is no pseudo-parameter `{name}`"))),
        })
    }

    /// A nested stack is called after its parent and its logical id, with letters of AWS's choice at the end.
    fn stack_name(&self, id: StackId) -> Value {
        let Some((parent, logical_id)) = &self.stack(id).parent else {
            return Value::Text(self.inputs.stack_name());
        };
        let mut pieces = self.stack_name(*parent).pieces().unwrap_or_default();
        pieces.push(Piece::Known(format!("-{logical_id}-").into()));
        pieces.push(Piece::Unknown(Arc::new(Unknown::StackSuffix(id))));
        Value::from_pieces(pieces)
    }

    fn stack_id(&self, id: StackId) -> Value {
        let region = self.inputs.region();
        let known = |text: String| Piece::Known(text.into());
        let account = match self.inputs.account() {
            Some(account) => Piece::Known(account),
            None => Piece::Unknown(Arc::new(Unknown::Pseudo("AWS::AccountId".into()))),
        };
        let mut pieces = vec![known(format!("arn:{}:cloudformation:{region}:", region::partition(&region)))];
        pieces.extend([account, known(":stack/".to_owned())]);
        pieces.extend(self.stack_name(id).pieces().unwrap_or_default());
        pieces.push(known("/".to_owned()));
        pieces.push(Piece::Unknown(Arc::new(Unknown::StackUuid(id))));
        Value::from_pieces(pieces)
    }

    fn attribute(&self, id: StackId, resource: &str, attribute: &Value, span: Span) -> Outcome {
        let stack = self.stack(id);
        let Some(found) = stack.program.resource(resource) else {
            return Err(self.fault(id, span, format!("there is no resource `{resource}`")));
        };
        let Some(name) = attribute.as_text() else {
            return Ok(Value::unknown(Unknown::NotEvaluated(format!("{resource}.{attribute}").into())));
        };
        if let (Some(output), Some(child)) = (name.strip_prefix("Outputs."), stack.child(resource)) {
            let program = &self.stack(child).program;
            if program.output(output).is_none() {
                let message =
                    format!("the nested stack `{resource}` has no output `{output}` ({})", program.template.name);
                return Err(self.fault(id, span, message));
            }
            if !self.exists(id, resource)? {
                let message =
                    format!("the output `{output}` is taken of `{resource}`, which does not exist in this case");
                return Err(self.fault(id, span, message));
            }
            let value = self.output(child, output)?;
            if value.is_absent() {
                let message = format!("the nested stack `{resource}` has no output `{output}` in this case");
                return Err(self.fault(id, span, message));
            }
            return Ok(value);
        }
        Ok(Value::unknown(Unknown::Attribute(address(id, found), name.into())))
    }

    fn substitute(&self, id: StackId, slots: &[Slot], variables: &[(Arc<str>, Expression)], span: Span) -> Outcome {
        let mut pieces = Vec::with_capacity(slots.len());
        for slot in slots {
            let (name, value) = match slot {
                Slot::Text(text) => {
                    pieces.push(Piece::Known(text.clone()));
                    continue;
                }
                Slot::Name(name) => (name.to_string(), self.variable(id, name, variables, span)?),
                Slot::Attribute(resource, attribute) => {
                    let name = format!("{resource}.{attribute}");
                    let value = match variables.iter().find(|(key, _)| **key == name) {
                        Some((_, expression)) => self.value(id, expression)?,
                        None => self.attribute(id, resource, &Value::Text(attribute.clone()), span)?,
                    };
                    (name, value)
                }
            };
            match value.pieces() {
                Some(found) => pieces.extend(found),
                None => return Err(self.fault(id, span, format!("`${{{name}}}` is not a text"))),
            }
        }
        Ok(Value::from_pieces(pieces))
    }

    fn variable(&self, id: StackId, name: &str, variables: &[(Arc<str>, Expression)], span: Span) -> Outcome {
        match variables.iter().find(|(key, _)| &**key == name) {
            Some((_, expression)) => self.value(id, expression),
            None => self.reference(id, name, span),
        }
    }

    fn find_in_map(&self, id: StackId, keys: [&Expression; 3], default: Option<&Expression>, span: Span) -> Outcome {
        let [map, top, second] = keys.map(|key| self.value(id, key));
        let (map, top, second) = (map?, top?, second?);
        let (Some(map), Some(top), Some(second)) = (map.as_text(), top.as_text(), second.as_text()) else {
            return Ok(Value::unknown(Unknown::NotEvaluated(format!("Fn::FindInMap {map} {top} {second}").into())));
        };
        match (self.stack(id).program.mapping(map, top, second), default) {
            (Ok(value), _) => Ok(value.clone()),
            (Err(_), Some(default)) => self.value(id, default),
            (Err(message), None) => Err(self.fault(id, span, message)),
        }
    }

    fn zones(&self, region: &Value) -> Outcome {
        let region = match region.as_text() {
            Some("") => self.inputs.region(),
            Some(region) => region.into(),
            None => match region {
                Value::Null => self.inputs.region(),
                _ => return Ok(Value::unknown(Unknown::NotEvaluated(format!("Fn::GetAZs {region}").into()))),
            },
        };
        Ok(Value::List(zones(&region).into_iter().map(Value::text).collect()))
    }

    fn fault(&self, stack: StackId, span: Span, message: impl Into<String>) -> Fault {
        Fault { stack, file: self.stack(stack).file().to_owned(), span, message: message.into() }
    }
}

fn address(stack: StackId, resource: &Resource) -> Address {
    Address { stack, logical_id: resource.logical_id.as_str().into() }
}

/// A parameter's value as its type says. What AWS reads from its parameter store is not known here.
fn typed(parameter: &Parameter, value: Option<Value>) -> Value {
    let kind = parameter.kind.as_str();
    let value = value.filter(|_| !kind.starts_with("AWS::SSM::Parameter::Value<"));
    let Some(value) = value else {
        return Value::unknown(Unknown::Parameter(parameter.name.as_str().into()));
    };
    if kind == "CommaDelimitedList" || kind.starts_with("List<") {
        return functions::listed(&value);
    }
    match value {
        Value::List(_) => functions::join(",", &value).unwrap_or(value),
        Value::Text(text) if kind == "Number" => Value::Number(text),
        other => other,
    }
}
