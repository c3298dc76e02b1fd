//! What the reader makes of templates as people write them, right and wrong ones.

use jqs_cfn::eval::StackTree;
use jqs_cfn::template::{self, Meaning, Node, Template};
use std::collections::BTreeMap;

const SAMPLE: &str = "\
Description: sample
Parameters:
  Size: {Type: Number, Default: 2, MinValue: 1, MaxValue: 3}
  Secret:
    Type: String
    NoEcho: true
    AllowedPattern: '[a-z]+'
  Image: {Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: /image}
  Subnets: {Type: 'List<AWS::EC2::Subnet::Id>'}
Mappings: {Sizes: {small: {Cpu: 256, Zones: [a, b]}}}
Conditions: {Big: !Equals [!Ref Size, '3']}
Rules:
  Sizes: {Assertions: [{Assert: !Equals [!Ref Size, '3'], AssertDescription: big}]}
Resources:
  Network:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: !Sub
        - 'https://${TemplateBucket}.s3.${Suffix}/${TemplatePrefix}modules/vpc.yaml'
        - Suffix: !Ref AWS::URLSuffix
  Topic:
    Type: AWS::SNS::Topic
    Condition: Big
    DependsOn: [Network]
    DeletionPolicy: Retain
    UpdateReplacePolicy: Delete
    CreationPolicy: {ResourceSignal: {Count: 1}}
    UpdatePolicy: {AutoScalingReplacingUpdate: {WillReplace: true}}
    Metadata: {Why: tests}
Outputs:
  Arn: {Value: !GetAtt Topic.TopicArn, Description: the topic, Export: {Name: topic}, Condition: Big}
";

fn read(text: &str) -> Template {
    Template::read("t.yaml", text).expect("a valid template")
}

fn faults(text: &str) -> String {
    Template::read("t.yaml", text).expect_err("faults").to_string()
}

fn parse(text: &str) -> Node {
    template::parse("t.yaml", text).expect("YAML")
}

#[test]
fn every_section_is_read() {
    let template = read(SAMPLE);
    let size = template.parameter("Size").expect("declared");
    assert_eq!((size.default.as_deref(), size.value_min, size.value_max), (Some("2"), Some(1.0), Some(3.0)));
    assert!(template.parameter("Secret").expect("declared").no_echo);
    let image = template.parameter("Image").expect("declared");
    assert_eq!((image.stored_kind(), image.aws_kind()), (Some("AWS::EC2::Image::Id"), Some("AWS::EC2::Image::Id")));
    let subnets = template.parameter("Subnets").expect("declared");
    assert!(subnets.is_list() && !image.is_list());
    assert_eq!(subnets.aws_kind(), Some("AWS::EC2::Subnet::Id"));
    assert_eq!(template.mappings[0].body.get("small").and_then(|keys| keys.get("Cpu")?.text()), Some("256"));
    assert_eq!(template.conditions[0].expression.single().map(|(name, _)| name), Some("Fn::Equals"));
    assert_eq!(template.rules[0].assertions[0].description.as_deref(), Some("big"));
    assert_eq!(template.resources[0].nested_file(), Some("modules/vpc.yaml"));
    let topic = template.resource("Topic").expect("declared");
    assert_eq!(topic.nested_file(), None);
    assert!(topic.is_retained() && !template.resources[0].is_retained());
    assert_eq!((topic.condition.as_deref(), topic.depends_on.as_slice()), (Some("Big"), &["Network".to_owned()][..]));
    assert_eq!(topic.update_replace_policy.as_deref(), Some("Delete"));
    assert!(topic.creation_policy().is_some() && topic.update_policy().is_some() && topic.metadata().is_some());
    let output = &template.outputs[0];
    assert_eq!((output.description.as_deref(), output.condition.as_deref()), (Some("the topic"), Some("Big")));
    assert_eq!(output.export_name.as_ref().and_then(Node::text), Some("topic"));
    let attribute = output.value.as_ref().and_then(|value| value.get("Fn::GetAtt")).expect("the long form");
    assert_eq!(attribute.items().iter().filter_map(Node::text).collect::<Vec<_>>(), ["Topic", "TopicArn"]);
}

#[test]
fn all_faults_are_listed_with_their_places() {
    let text = "\
AWSTemplateFormatVersion: '2011-01-01'
Parameters:
  NoType: {Default: x}
  Odd: {Type: Strange, MinLength: few, AllowedValues: x, Size: 3, NoEcho: perhaps}
  Nested: {Type: String, Default: [a], AllowedValues: [[a]]}
Mappings: {Flat: {a: b}, Deep: {a: {b: {c: d}}}}
Conditions: {Text: yes it is}
Rules: {Empty: {}, Vague: {Assertions: [{AssertDescription: nothing}]}}
Resources:
  A: {}
  B-1: {Type: T, Propertys: {}, DependsOn: {A: B}}
  C: {Type: T, Properties: [], DeletionPolicy: Keep, UpdateReplacePolicy: RetainExceptOnCreate}
  D: {Type: AWS::CloudFormation::Stack}
  E: text
Outputs: {None: {Description: x, Export: {}}, List: []}
Extra: {}
";
    assert_eq!(
        faults(text),
        "\
t.yaml:1:27: `AWSTemplateFormatVersion` is `2010-09-09`
t.yaml:3:3: the parameter `NoType` has no `Type`
t.yaml:4:15: there is no type `Strange`
t.yaml:4:35: `MinLength` is not a number
t.yaml:4:55: `AllowedValues` is a list of values
t.yaml:4:58: a parameter has no `Size`
t.yaml:4:75: `NoEcho` is true or false
t.yaml:5:35: `Default` is a text
t.yaml:5:56: a value of `AllowedValues` is a text or a number
t.yaml:6:22: each key of a mapping is a mapping
t.yaml:6:40: a value of a mapping is a text, a number or a list of them
t.yaml:7:20: the condition `Text` is a call of one function
t.yaml:8:9: the rule `Empty` has a list of `Assertions`
t.yaml:8:41: an assertion has `Assert`
t.yaml:10:3: the resource `A` has no `Type`
t.yaml:11:3: the logical id `B-1` has more than letters and digits, or too many
t.yaml:11:18: a resource has no `Propertys`
t.yaml:11:44: `DependsOn` is a text or a list of texts
t.yaml:12:28: `Properties` is a mapping
t.yaml:12:48: `DeletionPolicy` cannot be `Keep`
t.yaml:12:75: `UpdateReplacePolicy` cannot be `RetainExceptOnCreate`
t.yaml:13:3: the nested stack `D` has no `TemplateURL`
t.yaml:14:6: the resource `E` is a mapping
t.yaml:15:11: the output `None` has no `Value`
t.yaml:15:42: `Export` has a `Name`
t.yaml:15:53: the output `List` is a mapping
t.yaml:16:1: a template has no `Extra`"
    );
}

#[test]
fn what_no_template_can_hold_is_refused_where_it_stands() {
    for (text, expected) in [
        ("Resources:\n  A: {Type: T}\n  A: {Type: T}\n", "t.yaml:3:3: the key `A` is there twice"),
        ("{\"Resources\": {\"A\": {\"Type\": \"T\", \"Type\": \"T\"}}}", "t.yaml:1:35: the key `Type` is there twice"),
        ("Parameters: {}\n", "t.yaml:1:1: the template has no `Resources`"),
        ("Resources: []\n", "t.yaml:1:12: `Resources` is a mapping"),
        ("Resources:\n  A: &x {Type: T, Nested: *x}\n", "t.yaml:2:27: an alias stands inside of what it stands for"),
        ("Resources:\n  ? [A]\n  : {Type: T}\n", "t.yaml:2:5: a key must be a plain text"),
        ("Resources:\n  A: &a {Type: T}\n  B: {<<: *a}\n", "t.yaml:3:7: CloudFormation takes no merge keys (`<<`)"),
        ("A: !!binary aGk=\n", "t.yaml:1:4: CloudFormation does not take the tag `!!binary`"),
        ("A: !!timestamp 2001-12-14\n", "CloudFormation does not take the tag `!!timestamp`"),
        ("A: !!omap [a: b]\n", "CloudFormation does not take the tag `!!omap`"),
        ("A: !<tag:example.com,2000:x> 1\n", "CloudFormation does not take the tag `tag:example.com,2000:x`"),
        ("A: 1\n---\nB: 1\n", "t.yaml:2:1: a template is one YAML document"),
        ("just text\n", "t.yaml:1:1: a template is a mapping"),
        ("", "t.yaml:1:1: the template is empty"),
        ("# only a comment\n", "the template is empty"),
        ("A: [1, 2\n", "t.yaml:1:4: "),
        ("A: *nothing\n", "t.yaml:1:4: "),
    ] {
        let all = faults(text);
        assert!(all.contains(expected), "{text}\n{all}");
    }
}

#[test]
fn json_is_read_as_json() {
    let long = "k".repeat(5000);
    let text = format!(
        "\u{feff}{{\r\n\t\"Resources\":\t{{\"A\"\n:\t{{\"Type\": \"T\", \"Properties\": {{\n\
         \t\t\"Text\": \"\\u00e9\\/\\ud83d\\ude00\\n\\\"\", \"Number\": 12345678901234567890.5e3, \"Small\": 1E-3, \"{long}\": null,\n\
         \t\t\"Yes\": \"yes\", \"True\": true, \"Att\": {{\"Fn::GetAtt\": [\"A\", \"B.C\"]}}\n\t}}}}}}}}\r\n"
    );
    let template = read(&text);
    let properties = template.resources[0].properties().expect("properties");
    let meaning = |key: &str| properties.get(key).and_then(Node::scalar).map(|scalar| scalar.meaning());
    assert_eq!(properties.get("Text").and_then(Node::text), Some("é/😀\n\""));
    assert_eq!(properties.get("Number").and_then(Node::text), Some("12345678901234567890.5e+3"));
    assert_eq!((meaning("Number"), meaning("Small")), (Some(Meaning::Number), Some(Meaning::Number)));
    assert_eq!(meaning(&long), Some(Meaning::Null));
    assert_eq!((meaning("Yes"), meaning("True")), (Some(Meaning::Text), Some(Meaning::Bool(true))));
    assert_eq!(template.resources[0].span.start.line, 2);
}

#[test]
fn tags_and_quotes_decide_what_a_scalar_is() {
    let node = parse("[yes, 'yes', !!str yes, ! yes, !!int '5', !!bool \"yes\", 010, 1e3]\n");
    let meanings: Vec<Meaning> = node.items().iter().filter_map(Node::scalar).map(|scalar| scalar.meaning()).collect();
    let (text, flag, number) = (Meaning::Text, Meaning::Bool(true), Meaning::Number);
    assert_eq!(meanings, [flag, text, text, text, number, flag, number, text]);
}

#[test]
fn aliases_stand_for_what_is_anchored() {
    let node = parse("A: &a {X: [1, 2]}\nB: *a\nC: !Sub &text hello\nD: *text\n");
    assert!(node.get("A").expect("A").means_the_same(node.get("B").expect("B")));
    assert_eq!(node.get("C").and_then(|node| node.get("Fn::Sub")?.text()), Some("hello"));
    // An anchor behind a tag still holds the tagged node.
    assert!(node.get("C").expect("C").means_the_same(node.get("D").expect("D")));
}

/// What the span of a node covers in the text.
fn covered<'a>(text: &'a str, node: &Node) -> &'a str {
    &text[node.span.start.offset as usize..node.span.end.offset as usize]
}

#[test]
fn spans_cover_nodes_from_their_tag_to_their_last_character() {
    for newline in ["\n", "\r\n"] {
        let text = "\u{feff}é: !Ref 'ü'\nB: |-  # why\n    one\n\n    two\n\nC: {D: [x, !Sub y], E: z} # c\nF:\n  - !If\n    - A\n    - b\n  - !GetAtt A.B\n\nG: >\n  z\n";
        let text = text.replace('\n', newline);
        let node = parse(&text);
        let get = |key: &str| node.get(key).expect("a key");
        let block = ["|-  # why", "    one", "", "    two"].join(newline);
        let calls = ["- !If", "    - A", "    - b", "  - !GetAtt A.B"].join(newline);
        for (node, expected) in [
            (get("é"), "!Ref 'ü'"),
            (get("B"), block.as_str()),
            (get("C"), "{D: [x, !Sub y], E: z}"),
            (&get("C").get("D").expect("D").items()[1], "!Sub y"),
            (get("F"), calls.as_str()),
            (&get("F").items()[1], "!GetAtt A.B"),
            (&get("F").items()[1].entries()[0].0, "!GetAtt"),
            (get("G"), &[">", "  z"].join(newline)),
        ] {
            let shown = covered(&text, node);
            assert_eq!(shown.trim_start_matches("- "), expected.trim_start_matches("- "));
        }
        assert_eq!((get("é").span.start.line, get("é").span.start.column), (1, 4));
        assert_eq!((get("B").span.start.line, get("B").span.start.column), (2, 4));
        assert_eq!((get("C").span.start.line, get("C").span.end.column), (7, 26));
    }
}

#[test]
fn circles_name_everything_on_them() {
    let open = |text: &str| {
        let library = BTreeMap::from([("t.yaml".to_owned(), text.to_owned())]);
        StackTree::open(&library, "t.yaml").map(|_| ()).map_err(|error| error.to_string())
    };
    let circle = "\
Conditions: {X: !Not [!Condition Y], Y: !Or [!Condition X, !Equals [a, b]]}
Resources:
  A: {Type: T, Properties: {P: !Sub 'a ${B.Arn} ${!C}'}}
  B: {Type: T, DependsOn: C}
  C: {Type: T, Properties: {P: !Join ['', [!Ref A]]}}
  D: {Type: T, Properties: {P: !GetAtt D.Arn}}
  E: {Type: T, Properties: {P: !Ref A}}
";
    assert_eq!(
        open(circle).expect_err("circles"),
        "\
t.yaml:1:14: `X` depends on itself: X → Y → X
t.yaml:3:3: `A` depends on itself: A → B → C → A
t.yaml:6:3: `D` depends on itself: D → D"
    );
    let exclusive = "\
Parameters: {P: {Type: String}}
Conditions: {X: !Equals [!Ref P, x]}
Resources:
  A: {Type: T, Properties: {P: !If [X, !Ref B, none]}}
  B: {Type: T, Properties: {P: !If [X, none, !Ref A], Q: !Sub ['${A}', {A: b}]}}
";
    assert_eq!(open(exclusive), Ok(()));
}
