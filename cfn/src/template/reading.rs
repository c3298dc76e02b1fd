//! Tree of nodes → the sections that we use.

use super::{Assertion, NESTED_STACK, Node, Output, Parameter, Resource, Rule, Template, Value, fault};
use crate::error::Result;
use std::str::FromStr;

pub(super) fn read(name: &str, root: Node) -> Result<Template> {
    if !matches!(root.value, Value::Mapping(_)) {
        return Err(fault(name, root.span.start, "a template is a mapping with `Resources`"));
    }
    let Some(resources) = root.get("Resources").filter(|node| !node.entries().is_empty()) else {
        return Err(fault(name, root.span.start, "the template has no `Resources`"));
    };
    let is_loop = |(key, _): &&(Node, Node)| key.text().is_some_and(|key| key.starts_with("Fn::"));
    let resources = resources.entries().iter().filter(|entry| !is_loop(entry));
    Ok(Template {
        name: name.to_owned(),
        description: text_at(&root, "Description"),
        transforms: root.get("Transform").map(texts).unwrap_or_default(),
        parameters: section(&root, "Parameters").iter().map(|entry| parameter(name, entry)).collect::<Result<_>>()?,
        rules: section(&root, "Rules").iter().map(rule).collect(),
        resources: resources.map(|entry| resource(name, entry)).collect::<Result<_>>()?,
        outputs: section(&root, "Outputs").iter().filter(|entry| !is_loop(entry)).map(output).collect(),
        root,
    })
}

fn section<'a>(root: &'a Node, name: &str) -> &'a [(Node, Node)] {
    root.get(name).map_or(&[], Node::entries)
}

fn rule((key, body): &(Node, Node)) -> Rule {
    let assertions = body.get("Assertions").map_or(&[][..], Node::items).iter();
    Rule {
        name: text_of(key),
        condition: body.get("RuleCondition").cloned(),
        assertions: assertions
            .filter_map(|item| {
                Some(Assertion { assert: item.get("Assert")?.clone(), description: text_at(item, "AssertDescription") })
            })
            .collect(),
        span: key.span,
    }
}

pub(super) fn resource(name: &str, (key, body): &(Node, Node)) -> Result<Resource> {
    let logical_id = text_of(key);
    let kind = text_at(body, "Type")
        .ok_or_else(|| fault(name, key.span.start, format!("the resource `{logical_id}` has no `Type`")))?;
    let url = body.get("Properties").and_then(|properties| properties.get("TemplateURL"));
    let template_url = url.filter(|_| kind == NESTED_STACK).and_then(pattern);
    if kind == NESTED_STACK && url.is_none() {
        return Err(fault(name, key.span.start, format!("the nested stack `{logical_id}` has no `TemplateURL`")));
    }
    Ok(Resource {
        logical_id,
        kind,
        condition: text_at(body, "Condition"),
        depends_on: body.get("DependsOn").map(texts).unwrap_or_default(),
        template_url,
        deletion_policy: text_at(body, "DeletionPolicy"),
        update_replace_policy: text_at(body, "UpdateReplacePolicy"),
        body: body.clone(),
        span: key.span,
    })
}

pub(super) fn output((key, body): &(Node, Node)) -> Output {
    Output {
        name: text_of(key),
        description: text_at(body, "Description"),
        condition: text_at(body, "Condition"),
        value: body.get("Value").cloned(),
        export_name: body.get("Export").and_then(|export| export.get("Name")).cloned(),
        span: key.span,
    }
}

/// One text, or a list of them.
fn texts(node: &Node) -> Vec<String> {
    let one = node.text().map(str::to_owned);
    one.into_iter().chain(node.items().iter().filter_map(|item| item.text().map(str::to_owned))).collect()
}

/// The text of a literal or of a `Fn::Sub`, with or without its own variables.
fn pattern(node: &Node) -> Option<String> {
    if let Some(text) = node.text() {
        return Some(text.to_owned());
    }
    let argument = node.get("Fn::Sub")?;
    argument.text().or_else(|| argument.items().first()?.text()).map(str::to_owned)
}

fn parameter(name: &str, (key, body): &(Node, Node)) -> Result<Parameter> {
    let parameter = text_of(key);
    let kind = text_at(body, "Type")
        .ok_or_else(|| fault(name, key.span.start, format!("the parameter `{parameter}` has no `Type`")))?;
    let allowed_values = body.get("AllowedValues").map_or(&[][..], Node::items).iter().map(text_of).collect();
    Ok(Parameter {
        kind,
        allowed_values,
        description: text_at(body, "Description"),
        default: text_at(body, "Default"),
        allowed_pattern: text_at(body, "AllowedPattern"),
        constraint_description: text_at(body, "ConstraintDescription"),
        length_min: number_at(name, body, "MinLength")?,
        length_max: number_at(name, body, "MaxLength")?,
        value_min: number_at(name, body, "MinValue")?,
        value_max: number_at(name, body, "MaxValue")?,
        no_echo: text_at(body, "NoEcho").is_some_and(|text| text.eq_ignore_ascii_case("true")),
        span: key.span,
        name: parameter,
    })
}

fn text_of(node: &Node) -> String {
    node.text().unwrap_or_default().to_owned()
}

fn text_at(node: &Node, key: &str) -> Option<String> {
    node.get(key)?.text().map(str::to_owned)
}

fn number_at<T: FromStr>(name: &str, body: &Node, key: &str) -> Result<Option<T>> {
    let Some(node) = body.get(key) else { return Ok(None) };
    match node.text().and_then(|text| text.parse().ok()) {
        Some(number) => Ok(Some(number)),
        None => Err(fault(name, node.span.start, format!("`{key}` is not a number"))),
    }
}

#[cfg(test)]
mod tests {
    use crate::template::Template;

    const SAMPLE: &str = "\
Description: sample
Parameters:
  Size: {Type: Number, Default: 2, MinValue: 1, MaxValue: 3}
  Secret:
    Type: String
    NoEcho: true
    AllowedPattern: '[a-z]+'
Resources:
  Network:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: !Sub
        - 'https://${TemplateBucket}.s3.${Suffix}/${TemplatePrefix}modules/vpc.yaml'
        - Suffix: !Ref AWS::URLSuffix
  Topic: {Type: AWS::SNS::Topic, DeletionPolicy: Retain}
Outputs:
  Arn: {Value: !GetAtt Topic.TopicArn, Description: the topic}
";

    #[test]
    fn parameters_nested_stacks_and_outputs_are_read() {
        let template = Template::read("sample.yaml", SAMPLE).expect("a valid template");
        let size = template.parameter("Size").expect("declared");
        assert_eq!((size.default.as_deref(), size.value_min, size.value_max), (Some("2"), Some(1.0), Some(3.0)));
        assert!(template.parameter("Secret").expect("declared").no_echo);
        assert_eq!(template.resources[0].nested_file(), Some("modules/vpc.yaml"));
        assert_eq!(template.resources[1].nested_file(), None);
        assert!(template.resources[1].is_retained() && !template.resources[0].is_retained());
        assert_eq!(template.outputs[0].description.as_deref(), Some("the topic"));
        let value = template.root.get("Outputs").and_then(|node| node.get("Arn")).and_then(|node| node.get("Value"));
        let attribute = value.and_then(|node| node.get("Fn::GetAtt")).expect("the long form");
        assert_eq!(attribute.items().iter().filter_map(|item| item.text()).collect::<Vec<_>>(), ["Topic", "TopicArn"]);
    }

    #[test]
    fn faults_name_file_line_and_column() {
        for (text, expected) in [
            ("Resources:\n  A: {Type: T}\n  A: {Type: T}\n", "t.yaml:3:3: the key `A` is there twice"),
            ("Resources:\n  A: {}\n", "t.yaml:2:3: the resource `A` has no `Type`"),
            ("Parameters: {}\n", "t.yaml:1:1: the template has no `Resources`"),
            (
                "Resources:\n  A: &x {Type: T, Nested: *x}\n",
                "t.yaml:2:27: an alias stands inside of what it stands for",
            ),
            ("Resources:\n  ? [A]\n  : {Type: T}\n", "t.yaml:2:5: a key must be a plain text"),
            (
                "Parameters:\n  P: {Type: Number, MinValue: few}\nResources: {A: {Type: T}}\n",
                "t.yaml:2:31: `MinValue` is not a number",
            ),
        ] {
            let error = Template::read("t.yaml", text).expect_err("a fault");
            assert_eq!(error.to_string(), expected);
        }
        let broken = Template::read("t.yaml", "Resources:\n  A: [1, 2\n").expect_err("not YAML");
        assert!(broken.to_string().starts_with("t.yaml:2:6: "), "{broken}");
    }
}
