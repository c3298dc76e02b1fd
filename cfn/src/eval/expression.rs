//! Nodes → expressions: every call of a function is recognized once, so that an evaluation compares no names. A call that is
//! written wrongly becomes `Broken`: it fails when it is evaluated, and not before.

use super::substitution::{self, Slot};
use super::value::Value;
use crate::template::{Meaning, Node, Scalar, Span, Value as Written};
use std::sync::Arc;

#[derive(Debug, Clone)]
pub struct Expression {
    pub form: Form,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub enum Form {
    Literal(Value),
    List(Vec<Expression>),
    Map(Vec<(Arc<str>, Expression)>),
    Ref(Arc<str>),
    GetAtt(Arc<str>, Box<Expression>),
    /// A condition by its name.
    Condition(Arc<str>),
    If(Arc<str>, Box<Expression>, Box<Expression>),
    Equals(Box<Expression>, Box<Expression>),
    And(Vec<Expression>),
    Or(Vec<Expression>),
    Not(Box<Expression>),
    Sub(Vec<Slot>, Vec<(Arc<str>, Expression)>),
    Join(Arc<str>, Box<Expression>),
    Split(Arc<str>, Box<Expression>),
    Select(Box<Expression>, Box<Expression>),
    FindInMap {
        map: Box<Expression>,
        top: Box<Expression>,
        second: Box<Expression>,
        default: Option<Box<Expression>>,
    },
    GetAzs(Box<Expression>),
    Cidr {
        block: Box<Expression>,
        count: Box<Expression>,
        bits: Option<Box<Expression>>,
    },
    Base64(Box<Expression>),
    ImportValue(Box<Expression>),
    Length(Box<Expression>),
    ToJsonString(Box<Expression>),
    /// The functions of rules.
    Contains(Box<Expression>, Box<Expression>),
    EachMemberIn(Box<Expression>, Box<Expression>),
    EachMemberEquals(Box<Expression>, Box<Expression>),
    /// Values of a parameter, or attributes, that only AWS knows (`Fn::ValueOf`, `Fn::RefAll`, …), and macros.
    NotEvaluated(Arc<str>),
    Broken(Arc<str>),
}

impl Expression {
    pub fn new(node: &Node) -> Self {
        let form = match &node.value {
            Written::Scalar(scalar) => Form::Literal(literal(scalar)),
            Written::Sequence(items) => Form::List(items.iter().map(Self::new).collect()),
            Written::Mapping(entries) => match node.single().and_then(|(name, argument)| call(name, argument)) {
                Some(form) => form,
                None => Form::Map(entries.iter().map(|(key, value)| (name_of(key), Self::new(value))).collect()),
            },
        };
        Self { form, span: node.span }
    }

    /// The expressions directly inside of this one.
    pub fn children(&self) -> Vec<&Expression> {
        match &self.form {
            Form::Literal(_) | Form::Ref(_) | Form::Condition(_) | Form::NotEvaluated(_) | Form::Broken(_) => {
                Vec::new()
            }
            Form::List(items) | Form::And(items) | Form::Or(items) => items.iter().collect(),
            Form::Map(entries) | Form::Sub(_, entries) => entries.iter().map(|(_, value)| value).collect(),
            Form::GetAtt(_, one)
            | Form::Not(one)
            | Form::Join(_, one)
            | Form::Split(_, one)
            | Form::GetAzs(one)
            | Form::Base64(one)
            | Form::ImportValue(one)
            | Form::Length(one)
            | Form::ToJsonString(one) => vec![one],
            Form::If(_, one, other)
            | Form::Equals(one, other)
            | Form::Select(one, other)
            | Form::Contains(one, other)
            | Form::EachMemberIn(one, other)
            | Form::EachMemberEquals(one, other) => vec![one, other],
            Form::FindInMap { map, top, second, default } => {
                [map, top, second].into_iter().map(|each| &**each).chain(default.as_deref()).collect()
            }
            Form::Cidr { block, count, bits } => {
                [block, count].into_iter().map(|each| &**each).chain(bits.as_deref()).collect()
            }
        }
    }
}

pub(super) fn literal(scalar: &Scalar) -> Value {
    match scalar.meaning() {
        Meaning::Null => Value::Null,
        Meaning::Bool(flag) => Value::Bool(flag),
        Meaning::Number => Value::Number(scalar.decimal().into()),
        Meaning::Text => substitution::dynamic(&scalar.text),
    }
}

fn name_of(node: &Node) -> Arc<str> {
    node.text().unwrap_or_default().into()
}

/// Nothing for a mapping that calls no function.
fn call(name: &str, argument: &Node) -> Option<Form> {
    let function = match name {
        "Ref" => return Some(named(name, argument, Form::Ref)),
        // A policy statement has a `Condition` of its own, which is a mapping.
        "Condition" => return argument.text().map(|text| Form::Condition(text.into())),
        _ => name.strip_prefix("Fn::")?,
    };
    let arguments = Arguments { name, node: argument };
    Some(match function {
        "GetAtt" => get_att(&arguments),
        "If" => arguments.exactly(3).map_or_else(Form::Broken, |items| match items[0].text() {
            Some(condition) => Form::If(condition.into(), boxed(&items[1]), boxed(&items[2])),
            None => arguments.broken("takes the name of a condition first"),
        }),
        "Equals" => arguments.two(Form::Equals),
        "Contains" => arguments.two(Form::Contains),
        "EachMemberIn" => arguments.two(Form::EachMemberIn),
        "EachMemberEquals" => arguments.two(Form::EachMemberEquals),
        "And" => arguments.several(Form::And),
        "Or" => arguments.several(Form::Or),
        "Not" => arguments.exactly(1).map_or_else(Form::Broken, |items| Form::Not(boxed(&items[0]))),
        "Sub" => sub(&arguments),
        "Join" => arguments.delimited(Form::Join),
        "Split" => arguments.delimited(Form::Split),
        "Select" => arguments.two(Form::Select),
        "FindInMap" => find_in_map(&arguments),
        "GetAZs" => Form::GetAzs(boxed(argument)),
        "Cidr" => cidr(&arguments),
        "Base64" => Form::Base64(boxed(argument)),
        "ImportValue" => Form::ImportValue(boxed(argument)),
        "Length" => Form::Length(boxed(argument)),
        "ToJsonString" => Form::ToJsonString(boxed(argument)),
        _ => Form::NotEvaluated(name.into()),
    })
}

fn named(function: &str, argument: &Node, form: impl Fn(Arc<str>) -> Form) -> Form {
    match argument.text() {
        Some(text) => form(text.into()),
        None => Form::Broken(format!("`{function}` takes one name").into()),
    }
}

fn boxed(node: &Node) -> Box<Expression> {
    Box::new(Expression::new(node))
}

struct Arguments<'a> {
    name: &'a str,
    node: &'a Node,
}

impl<'a> Arguments<'a> {
    fn broken(&self, what: &str) -> Form {
        Form::Broken(format!("`{}` {what}", self.name).into())
    }

    fn exactly(&self, count: usize) -> Result<&'a [Node], Arc<str>> {
        let items = self.node.items();
        if items.len() == count { Ok(items) } else { Err(format!("`{}` takes a list of {count}", self.name).into()) }
    }

    fn two(&self, form: impl Fn(Box<Expression>, Box<Expression>) -> Form) -> Form {
        self.exactly(2).map_or_else(Form::Broken, |items| form(boxed(&items[0]), boxed(&items[1])))
    }

    fn several(&self, form: impl Fn(Vec<Expression>) -> Form) -> Form {
        match self.node.items() {
            items @ [_, _, ..] if items.len() <= 10 => form(items.iter().map(Expression::new).collect()),
            _ => self.broken("takes two to ten conditions"),
        }
    }

    fn delimited(&self, form: impl Fn(Arc<str>, Box<Expression>) -> Form) -> Form {
        self.exactly(2).map_or_else(Form::Broken, |items| match items[0].text() {
            Some(delimiter) => form(delimiter.into(), boxed(&items[1])),
            None => self.broken("takes the delimiter first, as text"),
        })
    }
}

fn get_att(arguments: &Arguments<'_>) -> Form {
    match (arguments.node.text().and_then(|text| text.split_once('.')), arguments.node.items()) {
        (Some((resource, attribute)), _) => {
            let attribute = Expression { form: Form::Literal(Value::text(attribute)), span: arguments.node.span };
            Form::GetAtt(resource.into(), Box::new(attribute))
        }
        (None, [resource, attribute]) if resource.text().is_some() => Form::GetAtt(name_of(resource), boxed(attribute)),
        _ => arguments.broken("takes a logical id and an attribute"),
    }
}

fn sub(arguments: &Arguments<'_>) -> Form {
    let (pattern, variables) = match (arguments.node.text(), arguments.node.items()) {
        (Some(text), _) => (text, &[][..]),
        (None, [pattern]) if pattern.text().is_some() => (pattern.text().unwrap_or_default(), &[][..]),
        (None, [pattern, variables]) if pattern.text().is_some() => {
            (pattern.text().unwrap_or_default(), variables.entries())
        }
        _ => return arguments.broken("takes a text, or a list of a text and a mapping"),
    };
    let variables = variables.iter().map(|(key, value)| (name_of(key), Expression::new(value))).collect();
    match substitution::slots(pattern) {
        Ok(slots) => Form::Sub(slots, variables),
        Err(problem) => arguments.broken(&problem),
    }
}

fn find_in_map(arguments: &Arguments<'_>) -> Form {
    let (items, default) = match arguments.node.items() {
        [items @ .., options] if items.len() == 3 => match options.get("DefaultValue") {
            Some(default) => (items, Some(boxed(default))),
            None => return arguments.broken("takes `DefaultValue` in its fourth argument"),
        },
        items => (items, None),
    };
    let [map, top, second] = items else {
        return arguments.broken("takes a map and two keys");
    };
    Form::FindInMap { map: boxed(map), top: boxed(top), second: boxed(second), default }
}

fn cidr(arguments: &Arguments<'_>) -> Form {
    match arguments.node.items() {
        [block, count] => Form::Cidr { block: boxed(block), count: boxed(count), bits: None },
        [block, count, bits] => Form::Cidr { block: boxed(block), count: boxed(count), bits: Some(boxed(bits)) },
        _ => arguments.broken("takes an address range, a count and the bits of each subnet"),
    }
}
