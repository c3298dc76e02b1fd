//! Templates as they are written: text → nodes with spans → the sections that CloudFormation knows.

mod document;
mod print;
mod reading;
mod scalar;

pub use document::{
    DEFAULT_TEMPLATE_BYTES_MAX, DEFAULT_TEMPLATE_DEPTH_MAX, DEFAULT_TEMPLATE_NODES_MAX, Node, Position, Span, Value,
};
pub use print::{to_json, to_yaml};
pub use scalar::{Meaning, Scalar};

use crate::error::{Error, ErrorKind, Result};

#[derive(Debug, Clone)]
pub struct Template {
    pub name: String,
    pub description: Option<String>,
    pub transforms: Vec<String>,
    pub parameters: Vec<Parameter>,
    pub rules: Vec<Rule>,
    pub resources: Vec<Resource>,
    pub outputs: Vec<Output>,
    /// The whole document, intrinsics in their long form.
    pub root: Node,
}

#[derive(Debug, Clone, Default)]
pub struct Parameter {
    pub name: String,
    pub kind: String,
    pub description: Option<String>,
    pub default: Option<String>,
    pub allowed_values: Vec<String>,
    pub allowed_pattern: Option<String>,
    pub constraint_description: Option<String>,
    pub length_min: Option<usize>,
    pub length_max: Option<usize>,
    pub value_min: Option<f64>,
    pub value_max: Option<f64>,
    pub no_echo: bool,
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
pub struct Resource {
    pub logical_id: String,
    pub kind: String,
    pub condition: Option<String>,
    pub depends_on: Vec<String>,
    /// The text of `TemplateURL`, where the resource is a nested stack: the pattern of `Fn::Sub`, not its result.
    pub template_url: Option<String>,
    pub deletion_policy: Option<String>,
    pub update_replace_policy: Option<String>,
    /// Its whole body.
    pub body: Node,
    /// Of its logical id.
    pub span: Span,
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

pub const NESTED_STACK: &str = "AWS::CloudFormation::Stack";

impl Template {
    /// Reads YAML or JSON. `name` is what errors call the file.
    pub fn read(name: &str, text: &str) -> Result<Self> {
        reading::read(name, document::parse(name, text)?)
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

impl Resource {
    /// It outlives its stack.
    pub fn is_retained(&self) -> bool {
        matches!(self.deletion_policy.as_deref(), Some("Retain" | "RetainExceptOnCreate"))
    }

    /// The file that a nested stack names below the common prefix of the bundle.
    pub fn nested_file(&self) -> Option<&str> {
        self.template_url.as_deref()?.rsplit_once("${TemplatePrefix}").map(|(_, file)| file)
    }

    pub fn properties(&self) -> Option<&Node> {
        self.body.get("Properties")
    }
}

/// Reads nodes alone, of any document.
pub fn parse(name: &str, text: &str) -> Result<Node> {
    document::parse(name, text)
}

pub(crate) fn fault(name: &str, position: Position, message: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Template, format!("{name}:{}:{}: {message}", position.line, position.column))
}
