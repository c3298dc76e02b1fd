//! Calls of functions that cannot be evaluated, whatever the parameters are (J6).

use super::catalog::finding;
use crate::diagnostic::Diagnostic;
use crate::eval::{Expression, Form, Value};
use crate::template::{Node, Span, Template};

pub(super) fn check(template: &Template) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for section in ["Conditions", "Resources", "Outputs"] {
        for (key, body) in template.section(section) {
            let path = [section, key.text().unwrap_or_default()].map(str::to_owned);
            let expressions: Vec<Expression> = match section {
                "Resources" => body.get("Properties").map(Expression::new).into_iter().collect(),
                "Outputs" => ["Value", "Export"].iter().filter_map(|key| body.get(key)).map(Expression::new).collect(),
                _ => vec![Expression::new(body)],
            };
            let mut report = |span: Span, message: String| {
                found.push(Diagnostic { path: path.to_vec(), ..finding("J6001", &template.name, span, message) });
            };
            expressions.iter().for_each(|expression| visit(expression, &mut report));
        }
    }
    for output in template.outputs.iter().filter(|output| output.value.is_none()) {
        let path = ["Outputs", &output.name].map(str::to_owned).to_vec();
        let message = format!("the output `{}` has no `Value`", output.name);
        found.push(Diagnostic { path, ..finding("J6002", &template.name, output.span, message) });
    }
    found
}

fn visit(expression: &Expression, report: &mut dyn FnMut(Span, String)) {
    if let Some(message) = misuse(&expression.form) {
        report(expression.span, message);
    }
    for child in expression.children() {
        visit(child, report);
    }
}

/// What is wrong with a call, as far as its arguments are written out.
fn misuse(form: &Form) -> Option<String> {
    let is_list = |argument: &Expression| matches!(argument.form, Form::List(_));
    let is_literal = |argument: &Expression| matches!(argument.form, Form::Literal(_));
    match form {
        Form::Broken(message) => Some(message.to_string()),
        Form::Join(_, list) if is_literal(list) => Some("`Fn::Join` takes a list of texts second".to_owned()),
        Form::Split(_, text) if is_list(text) => Some("`Fn::Split` takes one text second".to_owned()),
        Form::Base64(text) if is_list(text) => Some("`Fn::Base64` takes one text".to_owned()),
        Form::ImportValue(name) if is_list(name) => Some("`Fn::ImportValue` takes one name".to_owned()),
        Form::GetAzs(region) if is_list(region) => Some("`Fn::GetAZs` takes one region".to_owned()),
        Form::FindInMap { map, top, second, .. } if [map, top, second].iter().any(|key| is_list(key)) => {
            Some("`Fn::FindInMap` takes a map and two keys, each one text".to_owned())
        }
        Form::Cidr { count, .. } => match &count.form {
            Form::Literal(value) if value.as_integer().is_none() => {
                Some(format!("`Fn::Cidr` takes a number of ranges second, and not `{value}`"))
            }
            _ => None,
        },
        Form::Select(index, list) => select(index, list),
        _ => None,
    }
}

fn select(index: &Expression, list: &Expression) -> Option<String> {
    let Form::Literal(written) = &index.form else { return None };
    let Some(index) = written.as_integer().and_then(|index| usize::try_from(index).ok()) else {
        return Some(format!("`Fn::Select` takes a position from 0, and not `{written}`"));
    };
    match &list.form {
        // What `AWS::NoValue` takes out of a list is not known here, so that only the length that is written counts.
        Form::List(items) if index >= items.len() => {
            Some(format!("`Fn::Select` asks for position {index} of a list of {}", items.len()))
        }
        Form::Literal(Value::Text(_)) => Some("`Fn::Select` takes a list second".to_owned()),
        _ => None,
    }
}

/// Parameters that must not be seen, in outputs that everybody sees.
pub(super) fn shown_secrets(template: &Template) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for output in &template.outputs {
        let Some(value) = &output.value else { continue };
        super::walk::each(value, &mut Vec::new(), &mut |path, node| {
            let name = node.text().filter(|_| path.last().is_some_and(|key| key == "Ref" || key == "Fn::Sub"));
            let is_named = |name: &str, text: &str| name == text || text.contains(&format!("${{{name}}}"));
            let secrets = template.parameters.iter().filter(|parameter| parameter.no_echo);
            for secret in secrets.filter(|secret| name.is_some_and(|text| is_named(&secret.name, text))) {
                found.push(shown(template, &output.name, node, &secret.name));
            }
        });
    }
    found
}

fn shown(template: &Template, output: &str, node: &Node, secret: &str) -> Diagnostic {
    let path = ["Outputs", output, "Value"].map(str::to_owned).to_vec();
    let message = format!("the output shows `{secret}`, which is `NoEcho`");
    Diagnostic { path, ..finding("J3010", &template.name, node.span, message) }
}
