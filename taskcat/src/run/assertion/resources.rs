//! Resources: how many of a type, and what one of them is like, as AWS tells it and not as the template wants it.

use super::{Subject, missed, of_result, told};
use crate::config::{Count, ResourceAssertion};
use crate::run::AssertionResult;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::query::CLOUD_CONTROL;
use jqs_stacks::stack::StackResource;
use serde_json::{Value, json};

pub(super) async fn check(
    subject: &Subject<'_>,
    assertions: &[ResourceAssertion],
    resources: &[StackResource],
) -> Vec<AssertionResult> {
    let mut results = Vec::new();
    for assertion in assertions {
        let (what, found) = chosen(assertion, resources);
        let count = match (assertion.count, assertion.properties.is_empty()) {
            (Some(count), _) => Some(count),
            // That there is one goes without saying where more is said of it.
            (None, true) => Some(Count { min: 1, max: usize::MAX }),
            _ => None,
        };
        if let Some(count) = count {
            results.push(of_result(wanted(count, &what), counted(count, found.len())));
        }
        if found.is_empty() && count.is_none() {
            results.push(missed(what.clone(), "the stack has no such resource".to_owned()));
        }
        if assertion.properties.is_empty() {
            continue;
        }
        for resource in found {
            let described = described(subject, resource).await;
            for (path, expected) in &assertion.properties {
                let name = format!("`{path}` of `{}` is {expected}", resource.path.join("/"));
                let result = match &described {
                    Ok(properties) => compared(properties, path, expected),
                    Err(error) => Err(told(error.full())),
                };
                results.push(of_result(name, result));
            }
        }
    }
    results
}

fn chosen<'a>(assertion: &ResourceAssertion, resources: &'a [StackResource]) -> (String, Vec<&'a StackResource>) {
    if let Some(id) = &assertion.logical_id {
        return (format!("`{id}`"), resources.iter().filter(|resource| resource.path.join("/") == *id).collect());
    }
    let kind = assertion.kind.as_deref().unwrap_or_default();
    (format!("`{kind}`"), resources.iter().filter(|resource| resource.kind == kind).collect())
}

fn wanted(count: Count, what: &str) -> String {
    match (count.min, count.max) {
        (1, usize::MAX) => format!("there is {what}"),
        (1, 1) => format!("there is 1 {what}"),
        (min, max) if min == max => format!("there are {min} {what}"),
        (min, usize::MAX) => format!("there are at least {min} {what}"),
        (0, max) => format!("there are at most {max} {what}"),
        (min, max) => format!("there are {min} to {max} {what}"),
    }
}

fn counted(count: Count, found: usize) -> Result<String> {
    let text = if found == 1 { "there is 1".to_owned() } else { format!("there are {found}") };
    if (count.min..=count.max).contains(&found) { Ok(text) } else { Err(told(text)) }
}

/// The properties, by Cloud Control.
async fn described(subject: &Subject<'_>, resource: &StackResource) -> Result<Value> {
    let input = json!({"TypeName": resource.kind, "Identifier": resource.physical_id});
    let answer = match subject.site.query.json(CLOUD_CONTROL, "GetResource", &input).await {
        Err(refusal) if refusal.is("UnsupportedActionException") || refusal.is("TypeNotFoundException") => {
            let message =
                format!("Cloud Control does not know `{}`, so that its properties cannot be compared", resource.kind);
            return Err(Error::new(ErrorKind::NotFound, message));
        }
        other => other?,
    };
    let text = answer.pointer("/ResourceDescription/Properties").and_then(Value::as_str).unwrap_or("{}");
    serde_json::from_str(text)
        .map_err(|error| Error::new(ErrorKind::Service, "what Cloud Control tells cannot be read").because(error))
}

fn compared(properties: &Value, path: &str, expected: &Value) -> Result<String> {
    let pointer = format!("/{}", path.trim_start_matches('/').replace('.', "/"));
    match properties.pointer(&pointer) {
        None => Err(told("it is not set".to_owned())),
        Some(actual) if same(actual, expected) => Ok("it is".to_owned()),
        Some(actual) => Err(told(format!("it is {actual}"))),
    }
}

/// Numbers and booleans may come as text.
fn same(actual: &Value, expected: &Value) -> bool {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    actual == expected || (!actual.is_array() && !actual.is_object() && text(actual) == text(expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_the_same_whether_they_come_as_text_or_not() {
        let properties = json!({"A": {"B": ["x", {"C": 3}]}, "Flag": "true"});
        assert!(compared(&properties, "A/B/1/C", &json!("3")).is_ok());
        assert!(compared(&properties, "A.B.0", &json!("x")).is_ok());
        assert!(compared(&properties, "Flag", &json!(true)).is_ok());
        let error = compared(&properties, "A/B/0", &json!("y")).expect_err("differs");
        assert_eq!(error.to_string(), "it is \"x\"");
        assert!(compared(&properties, "None", &json!(1)).is_err());
    }
}
