//! Enough reading of a template to check what goes into it and to show what comes out.

mod document;
mod reading;

pub use document::{Node, Position, Value};

use crate::error::{Error, ErrorKind, Result};

#[derive(Debug, Clone)]
pub struct Template {
    pub name: String,
    pub description: Option<String>,
    pub parameters: Vec<Parameter>,
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
    pub position: Position,
}

#[derive(Debug, Clone)]
pub struct Resource {
    pub logical_id: String,
    pub kind: String,
    /// The text of `TemplateURL`, where the resource is a nested stack: the pattern of `Fn::Sub`, not its result.
    pub template_url: Option<String>,
    pub deletion_policy: Option<String>,
    pub position: Position,
}

#[derive(Debug, Clone)]
pub struct Output {
    pub name: String,
    pub description: Option<String>,
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
}

pub(crate) fn fault(name: &str, position: Position, message: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Template, format!("{name}:{}:{}: {message}", position.line, position.column))
}
