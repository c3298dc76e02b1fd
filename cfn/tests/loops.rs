//! `Fn::ForEach`: what loops become, and which ones are refused.

use jqs_cfn::template::{self, Template};

fn expanded(text: &str, given: &dyn Fn(&str) -> Option<String>) -> Result<Template, String> {
    Template::read_with("t.yaml", text, given).map_err(|faults| faults.to_string())
}

const NESTED: &str = "\
Transform: [AWS::LanguageExtensions]
Parameters: {Names: {Type: CommaDelimitedList, Default: 'one, two.b'}}
Mappings: {Sizes: {all: {List: [s, m]}}}
Conditions:
  Fn::ForEach::Conditions: [Name, !Ref Names, {'Is&{Name}': !Equals ['${Name}', one]}]
Resources:
  Fn::ForEach::Topics:
    - Name
    - !Ref Names
    - Fn::ForEach::Sizes:
        - Size
        - !FindInMap [Sizes, all, List]
        - Topic&{Name}${Size}:
            Type: AWS::SNS::Topic
            Properties:
              TopicName: !Join ['-', [!Ref Name, !Ref Size, '${Name}']]
              Fn::ForEach::Tags: [Key, [A, B], {'${Key}Tag': !Sub '${Key} of ${AWS::Region}'}]
Outputs:
  Fn::ForEach::Outs: [Name, [x, y], {'Out${Name}': {Value: '${Name}'}}]
";

#[test]
fn loops_become_entries_in_every_section() {
    let template = expanded(NESTED, &|_| None).expect("valid loops");
    let ids: Vec<&str> = template.resources.iter().map(|resource| resource.logical_id.as_str()).collect();
    assert_eq!(ids, ["Topicones", "Topiconem", "Topictwobs", "Topictwobm"]);
    let properties = template.resources[3].properties().expect("properties");
    assert_eq!(
        template::to_yaml(properties),
        "TopicName: !Join ['-', [two.b, m, two.b]]\nATag: !Sub A of ${AWS::Region}\nBTag: !Sub B of ${AWS::Region}\n"
    );
    let names: Vec<&str> = template.conditions.iter().map(|condition| condition.name.as_str()).collect();
    assert_eq!(names, ["Isone", "Istwob"]);
    assert_eq!(template.outputs[1].value.as_ref().and_then(|node| node.text()), Some("y"));
}

#[test]
fn a_given_list_replaces_the_default() {
    let template = expanded(NESTED, &|name| (name == "Names").then(|| "three".to_owned())).expect("valid loops");
    assert_eq!(template.resources.len(), 2);
}

#[test]
fn what_cannot_be_expanded_is_a_fault() {
    for (loop_text, expected) in [
        ("'Fn::ForEach::A': [X, [1]]", "a loop is a list of an identifier, a collection and a mapping"),
        ("'Fn::ForEach::A': [X, [1], {B: {Type: T}}]", "the key has no `${X}`"),
        ("'Fn::ForEach::A': [X, [a, a], {'B${X}': {Type: T}}]", "the key `Ba` is there twice"),
        ("'Fn::ForEach::A': [X, !Ref Nothing, {'B${X}': {Type: T}}]", "a loop runs over a list"),
        ("'Fn::ForEach::A': [{}, [1], {'B${X}': {Type: T}}]", "the identifier of a loop is a text"),
    ] {
        let text = format!("Transform: AWS::LanguageExtensions\nResources: {{C: {{Type: T}}, {loop_text}}}\n");
        let error = expanded(&text, &|_| None).expect_err("a fault");
        assert!(error.contains(expected), "{error}");
    }
    let undeclared = NESTED.replace("Transform: [AWS::LanguageExtensions]\n", "");
    let error = expanded(&undeclared, &|_| None).expect_err("no transform");
    assert!(error.contains("needs `Transform: AWS::LanguageExtensions`"), "{error}");
    let outside = format!("{NESTED}Metadata: {{'Fn::ForEach::A': [X, [1], {{'${{X}}': 1}}]}}\n");
    let error = expanded(&outside, &|_| None).expect_err("not a place for loops");
    assert!(error.contains("works in `Conditions`, `Resources` and `Outputs`"), "{error}");
}

#[test]
fn loops_that_make_too_much_are_refused_at_once() {
    let mut body = "{'B${A0}${A1}${A2}${A3}${A4}': {Type: T}}".to_owned();
    for level in 0..5 {
        body = format!("{{'Fn::ForEach::L{level}': [A{level}, [a, b, c, d, e, f, g, h, i, j, k, l], {body}]}}");
    }
    let error = expanded(&format!("Transform: AWS::LanguageExtensions\nResources: {body}\n"), &|_| None);
    assert!(error.expect_err("too many runs").contains("the loops make more than"));
    let mut body = "{'B${A}': {Type: '${A}'}}".to_owned();
    for level in 0..40 {
        body = format!("{{'Fn::ForEach::L{level}': [A, ['${{A}}${{A}}'], {body}]}}");
    }
    let error = expanded(&format!("Transform: AWS::LanguageExtensions\nResources: {body}\n"), &|_| None);
    assert!(error.expect_err("too long").contains("the loops make more than"));
}
