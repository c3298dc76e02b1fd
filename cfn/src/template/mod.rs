//! Templates as they are written: text → nodes with spans → the sections that CloudFormation knows.

mod document;
mod fault;
mod loops;
mod node;
mod parameter;
mod place;
mod print;
mod reading;
mod resource;
mod scalar;
mod tag;

pub use document::{DEFAULT_TEMPLATE_BYTES_MAX, DEFAULT_TEMPLATE_DEPTH_MAX, DEFAULT_TEMPLATE_NODES_MAX};
pub(crate) use document::{is_json, options, syntax_fault};
pub use fault::{Fault, Faults};
pub use loops::DEFAULT_LOOP_RUNS_MAX;
pub use node::{Node, Position, Span, Value};
pub use parameter::Parameter;
pub(crate) use print::short_tag;
pub use print::{to_json, to_yaml};
pub use resource::{NESTED_STACK, Resource};
pub use scalar::{Meaning, Scalar};

pub(crate) use place::span as span_of;

use crate::error::{Error, ErrorKind};

#[derive(Debug, Clone)]
pub struct Template {
    pub name: String,
    pub description: Option<String>,
    pub transforms: Vec<String>,
    pub parameters: Vec<Parameter>,
    pub mappings: Vec<Mapping>,
    pub conditions: Vec<Condition>,
    pub rules: Vec<Rule>,
    pub resources: Vec<Resource>,
    pub outputs: Vec<Output>,
    /// The whole document, intrinsics in their long form and loops as what they stand for.
    pub root: Node,
}

/// Values by two keys.
#[derive(Debug, Clone)]
pub struct Mapping {
    pub name: String,
    pub body: Node,
    /// Of its name.
    pub span: Span,
}

#[derive(Debug, Clone)]
pub struct Condition {
    pub name: String,
    pub expression: Node,
    /// Of its name.
    pub span: Span,
}

/// A statement about the parameters that must hold before anything is created.
#[derive(Debug, Clone)]
pub struct Rule {
    pub name: String,
    pub condition: Option<Node>,
    pub assertions: Vec<Assertion>,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub struct Assertion {
    pub assert: Node,
    pub description: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Output {
    pub name: String,
    pub description: Option<String>,
    pub condition: Option<String>,
    pub value: Option<Node>,
    pub export_name: Option<Node>,
    /// Of its name.
    pub span: Span,
}

impl Template {
    /// Reads YAML or JSON. `name` is what faults call the file. Loops over parameters run over their defaults.
    pub fn read(name: &str, text: &str) -> Result<Self, Faults> {
        Self::read_with(name, text, &|_| None)
    }

    /// `given` has the values of the parameters that loops run over; nothing for their defaults.
    pub fn read_with(name: &str, text: &str, given: &dyn Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        Self::of(name, document::parse(name, text)?, given)
    }

    /// A template of nodes that `parse` has read.
    pub(crate) fn of(name: &str, root: Node, given: &dyn Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        reading::read(name, loops::expand(name, root, given)?)
    }

    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    pub fn resource(&self, logical_id: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.logical_id == logical_id)
    }

    /// The pairs of one of the top sections, such as `Conditions`; nothing where it is missing.
    pub fn section(&self, name: &str) -> &[(Node, Node)] {
        self.root.get(name).map_or(&[], Node::entries)
    }
}

/// Reads nodes alone, of any document.
pub fn parse(name: &str, text: &str) -> Result<Node, Faults> {
    document::parse(name, text)
}

pub(crate) fn fault(name: &str, position: Position, message: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Template, format!("{name}:{}:{}: {message}", position.line, position.column))
}
