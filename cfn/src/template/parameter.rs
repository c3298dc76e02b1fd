//! The parameters of a template, and what CloudFormation checks of their values.

use super::reading::Reading;
use super::{Node, Span};
use std::str::FromStr;

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

impl Parameter {
    /// Its value has several elements, separated by commas.
    pub fn is_list(&self) -> bool {
        let kind = self.stored_kind().unwrap_or(&self.kind);
        kind == "CommaDelimitedList" || kind.starts_with("List<")
    }

    /// The type of the value where the parameter names an entry of the SSM parameter store.
    pub fn stored_kind(&self) -> Option<&str> {
        self.kind.strip_prefix(STORED)?.strip_suffix('>')
    }

    /// The values that lie in this account and region, such as `AWS::EC2::VPC::Id`: the type of one element.
    pub fn aws_kind(&self) -> Option<&str> {
        let kind = self.stored_kind().unwrap_or(&self.kind);
        let kind = kind.strip_prefix("List<").and_then(|kind| kind.strip_suffix('>')).unwrap_or(kind);
        AWS_KINDS.into_iter().find(|known| *known == kind)
    }
}

const STORED: &str = "AWS::SSM::Parameter::Value<";
const AWS_KINDS: [&str; 10] = [
    "AWS::EC2::AvailabilityZone::Name",
    "AWS::EC2::Image::Id",
    "AWS::EC2::Instance::Id",
    "AWS::EC2::KeyPair::KeyName",
    "AWS::EC2::SecurityGroup::GroupName",
    "AWS::EC2::SecurityGroup::Id",
    "AWS::EC2::Subnet::Id",
    "AWS::EC2::VPC::Id",
    "AWS::EC2::Volume::Id",
    "AWS::Route53::HostedZone::Id",
];
const PROPERTIES: [&str; 11] = [
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "Default",
    "Description",
    "MaxLength",
    "MaxValue",
    "MinLength",
    "MinValue",
    "NoEcho",
    "Type",
];

fn is_kind(kind: &str) -> bool {
    let is_plain = |kind: &str| matches!(kind, "String" | "CommaDelimitedList") || is_element(kind);
    if let Some(stored) = kind.strip_prefix(STORED).and_then(|kind| kind.strip_suffix('>')) {
        return stored == "List<String>" || is_plain(stored);
    }
    matches!(kind, "Number" | "List<Number>" | "AWS::SSM::Parameter::Name") || is_plain(kind)
}

fn is_element(kind: &str) -> bool {
    let element = kind.strip_prefix("List<").and_then(|kind| kind.strip_suffix('>')).unwrap_or(kind);
    AWS_KINDS.contains(&element)
}

pub(super) fn read(reading: &mut Reading<'_>, (key, body): &(Node, Node)) -> Option<Parameter> {
    let name = reading.name_of(key, "parameter")?;
    reading.mapping(body, &format!("the parameter `{name}`"))?;
    reading.only(body, &PROPERTIES, "a parameter");
    let kind = reading.text(body, "Type");
    match (&kind, body.get("Type")) {
        (Some(kind), Some(node)) if !is_kind(kind) => reading.fault(node, format!("there is no type `{kind}`")),
        (None, None) => reading.fault(key, format!("the parameter `{name}` has no `Type`")),
        _ => {}
    }
    Some(Parameter {
        kind: kind?,
        allowed_values: allowed_values(reading, body),
        description: reading.text(body, "Description"),
        default: reading.text(body, "Default"),
        allowed_pattern: reading.text(body, "AllowedPattern"),
        constraint_description: reading.text(body, "ConstraintDescription"),
        length_min: number(reading, body, "MinLength"),
        length_max: number(reading, body, "MaxLength"),
        value_min: number(reading, body, "MinValue"),
        value_max: number(reading, body, "MaxValue"),
        no_echo: no_echo(reading, body),
        span: key.span,
        name,
    })
}

fn allowed_values(reading: &mut Reading<'_>, body: &Node) -> Vec<String> {
    let Some(node) = body.get("AllowedValues") else { return Vec::new() };
    if node.items().is_empty() {
        reading.fault(node, "`AllowedValues` is a list of values");
    }
    let mut values = Vec::new();
    for item in node.items() {
        match item.text() {
            Some(text) => values.push(text.to_owned()),
            None => reading.fault(item, "a value of `AllowedValues` is a text or a number"),
        }
    }
    values
}

fn number<T: FromStr>(reading: &mut Reading<'_>, body: &Node, key: &str) -> Option<T> {
    let node = body.get(key)?;
    let number = node.text().and_then(|text| text.parse().ok());
    if number.is_none() {
        reading.fault(node, format!("`{key}` is not a number"));
    }
    number
}

fn no_echo(reading: &mut Reading<'_>, body: &Node) -> bool {
    let Some(node) = body.get("NoEcho") else { return false };
    match node.text().map(str::to_ascii_lowercase).as_deref() {
        Some("true" | "yes" | "on") => true,
        Some("false" | "no" | "off") => false,
        _ => {
            reading.fault(node, "`NoEcho` is true or false");
            false
        }
    }
}
