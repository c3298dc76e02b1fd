//! What the user gave, checked against what the template declares, before anything is asked of AWS.

use crate::error::{Error, ErrorKind, Result};
use crate::template::{Parameter, Template};
use regex_lite::Regex;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A suggestion that is further away than this helps nobody.
const SUGGESTION_DISTANCE_MAX: usize = 4;
/// CloudFormation's limit for one value.
pub const DEFAULT_VALUE_BYTES_MAX: usize = 4096;

/// One value of a parameter, in the shape that the AWS CLI reads from a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ParameterValue {
    pub parameter_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter_value: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub use_previous_value: bool,
}

impl ParameterValue {
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { parameter_key: key.into(), parameter_value: Some(value.into()), use_previous_value: false }
    }

    pub fn previous(key: impl Into<String>) -> Self {
        Self { parameter_key: key.into(), parameter_value: None, use_previous_value: true }
    }
}

/// Checks `given`, and fills in "as before" for every other parameter that the stack has (`previous`).
/// All faults are reported at once.
pub fn resolve(
    template: &Template,
    given: &BTreeMap<String, String>,
    previous: &BTreeSet<String>,
) -> Result<Vec<ParameterValue>> {
    let mut faults = Vec::new();
    let mut values = Vec::new();
    for (name, value) in given {
        match template.parameter(name) {
            Some(parameter) => {
                faults.extend(fault(parameter, value));
                values.push(ParameterValue::new(name, value));
            }
            None => faults.push(unknown(template, name)),
        }
    }
    for parameter in template.parameters.iter().filter(|parameter| !given.contains_key(&parameter.name)) {
        if previous.contains(&parameter.name) {
            values.push(ParameterValue::previous(&parameter.name));
        } else if parameter.default.is_none() {
            faults.push(missing(parameter));
        }
    }
    if faults.is_empty() {
        values.sort_by(|one, other| one.parameter_key.cmp(&other.parameter_key));
        return Ok(values);
    }
    Err(Error::new(ErrorKind::Parameter, faults.join("\n")))
}

fn missing(parameter: &Parameter) -> String {
    let what = parameter.description.as_deref().map(|text| format!(" ({})", text.trim().trim_end_matches('.')));
    format!("parameter `{}` has no value{}", parameter.name, what.unwrap_or_default())
}

fn unknown(template: &Template, name: &str) -> String {
    let nearest = template
        .parameters
        .iter()
        .map(|parameter| (strsim::damerau_levenshtein(&parameter.name.to_lowercase(), &name.to_lowercase()), parameter))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= SUGGESTION_DISTANCE_MAX);
    match nearest {
        Some((_, parameter)) => {
            format!("`{name}` is not a parameter of `{}`: did you mean `{}`?", template.name, parameter.name)
        }
        None => format!("`{name}` is not a parameter of `{}`", template.name),
    }
}

/// What is wrong with a value: the end of a sentence that begins with it.
pub fn problem(parameter: &Parameter, value: &str) -> Option<String> {
    elements(parameter, value).into_iter().find_map(|element| element_problem(parameter, element)).or_else(|| {
        (value.len() > DEFAULT_VALUE_BYTES_MAX).then(|| format!("is longer than {DEFAULT_VALUE_BYTES_MAX} bytes"))
    })
}

/// What is wrong with a value, in words.
pub(crate) fn fault(parameter: &Parameter, value: &str) -> Option<String> {
    let problem = problem(parameter, value)?;
    let shown = if parameter.no_echo { "the value".to_owned() } else { format!("`{value}`") };
    let rule =
        parameter.constraint_description.as_deref().map(|text| format!(": {}", text.trim().trim_end_matches('.')));
    Some(format!("parameter `{}`: {shown} {problem}{}", parameter.name, rule.unwrap_or_default()))
}

fn elements<'a>(parameter: &Parameter, value: &'a str) -> Vec<&'a str> {
    if parameter.kind == "CommaDelimitedList" || parameter.kind.starts_with("List<") {
        return value.split(',').map(str::trim).collect();
    }
    vec![value]
}

fn element_problem(parameter: &Parameter, value: &str) -> Option<String> {
    if !parameter.allowed_values.is_empty() && !parameter.allowed_values.iter().any(|allowed| allowed == value) {
        let allowed = parameter.allowed_values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
        return Some(format!("is not one of {allowed}"));
    }
    let kind = parameter.kind.strip_prefix("List<").and_then(|kind| kind.strip_suffix('>')).unwrap_or(&parameter.kind);
    match kind {
        "Number" => number_problem(parameter, value),
        "AWS::EC2::VPC::Id" => identifier_problem("vpc-", value),
        "AWS::EC2::Subnet::Id" => identifier_problem("subnet-", value),
        "AWS::EC2::SecurityGroup::Id" => identifier_problem("sg-", value),
        _ => text_problem(parameter, value),
    }
}

fn number_problem(parameter: &Parameter, value: &str) -> Option<String> {
    let Ok(number) = value.trim().parse::<f64>() else {
        return Some("is not a number".to_owned());
    };
    match (parameter.value_min, parameter.value_max) {
        (Some(least), _) if number < least => Some(format!("is less than {least}")),
        (_, Some(most)) if number > most => Some(format!("is more than {most}")),
        _ => None,
    }
}

fn identifier_problem(prefix: &str, value: &str) -> Option<String> {
    (!value.starts_with(prefix)).then(|| format!("is not an identifier of the kind `{prefix}…`"))
}

fn text_problem(parameter: &Parameter, value: &str) -> Option<String> {
    let length = value.chars().count();
    if let Some(least) = parameter.length_min.filter(|least| length < *least) {
        return Some(format!("is shorter than {least} characters"));
    }
    if let Some(most) = parameter.length_max.filter(|most| length > *most) {
        return Some(format!("is longer than {most} characters"));
    }
    let pattern = parameter.allowed_pattern.as_deref()?;
    // CloudFormation takes Java's patterns; one that this engine cannot read is left to AWS.
    let whole = Regex::new(&format!("^(?:{pattern})$")).ok()?;
    (!whole.is_match(value)).then(|| format!("does not match `{pattern}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "\
Parameters:
  StorageBackend: {Type: String, AllowedValues: [memory, opensearch], Default: memory}
  NumberOfAZs: {Type: Number, MinValue: 2, MaxValue: 3, Default: 2}
  AllowedCIDR:
    Type: String
    AllowedPattern: '[0-9.]+/[0-9]+'
    ConstraintDescription: must be a CIDR block such as 10.0.0.0/16.
    Default: 10.0.0.0/8
  Subnets: {Type: 'List<AWS::EC2::Subnet::Id>', Default: ''}
  Password: {Type: String, NoEcho: true, MinLength: 8, Default: longenough}
  VPCID: {Type: 'AWS::EC2::VPC::Id', Description: The VPC to use.}
Resources: {Topic: {Type: AWS::SNS::Topic}}
";

    fn check(given: &[(&str, &str)]) -> Result<Vec<ParameterValue>> {
        let template = Template::read("sample.yaml", SAMPLE).expect("a valid template");
        let mut given: BTreeMap<_, _> = given.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        given.entry("VPCID".to_owned()).or_insert_with(|| "vpc-1".to_owned());
        resolve(&template, &given, &BTreeSet::new())
    }

    #[test]
    fn each_constraint_is_named_in_the_words_of_the_template() {
        for (key, value, expected) in [
            ("StorageBackend", "disk", "parameter `StorageBackend`: `disk` is not one of `memory`, `opensearch`"),
            ("NumberOfAZs", "4", "parameter `NumberOfAZs`: `4` is more than 3"),
            ("NumberOfAZs", "two", "parameter `NumberOfAZs`: `two` is not a number"),
            (
                "AllowedCIDR",
                "x10.0.0.0/8",
                "parameter `AllowedCIDR`: `x10.0.0.0/8` does not match `[0-9.]+/[0-9]+`: must be a CIDR block such as 10.0.0.0/16",
            ),
            (
                "Subnets",
                "subnet-1,vpc-2",
                "parameter `Subnets`: `subnet-1,vpc-2` is not an identifier of the kind `subnet-…`",
            ),
            ("Password", "short", "parameter `Password`: the value is shorter than 8 characters"),
            (
                "StorageBackent",
                "memory",
                "`StorageBackent` is not a parameter of `sample.yaml`: did you mean `StorageBackend`?",
            ),
            ("Colour", "red", "`Colour` is not a parameter of `sample.yaml`"),
        ] {
            assert_eq!(check(&[(key, value)]).expect_err("a fault").to_string(), expected);
        }
    }

    #[test]
    fn values_of_the_stack_are_kept_and_missing_ones_are_asked_for() {
        let template = Template::read("sample.yaml", SAMPLE).expect("a valid template");
        let error = resolve(&template, &BTreeMap::new(), &BTreeSet::new()).expect_err("VPCID has no value");
        assert_eq!(error.to_string(), "parameter `VPCID` has no value (The VPC to use)");
        let kept = resolve(&template, &BTreeMap::new(), &BTreeSet::from(["VPCID".to_owned()])).expect("kept");
        assert_eq!(kept, [ParameterValue::previous("VPCID")]);
    }

    #[test]
    fn all_faults_come_at_once() {
        let error = check(&[("NumberOfAZs", "9"), ("StorageBackend", "disk")]).expect_err("two faults");
        assert_eq!(error.to_string().lines().count(), 2);
    }
}
