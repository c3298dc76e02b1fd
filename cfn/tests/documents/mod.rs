//! Random documents: mappings and lists of all shapes, with calls of functions in places good and bad.

use jqs_cfn::template::{Node, Scalar, Span, Value};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::HashSet;

const FUNCTIONS: [&str; 24] = [
    "Ref",
    "Condition",
    "Fn::GetAtt",
    "Fn::Sub",
    "Fn::Join",
    "Fn::If",
    "Fn::Equals",
    "Fn::Select",
    "Fn::Split",
    "Fn::FindInMap",
    "Fn::Cidr",
    "Fn::GetAZs",
    "Fn::Base64",
    "Fn::ImportValue",
    "Fn::And",
    "Fn::Or",
    "Fn::Not",
    "Fn::Length",
    "Fn::ToJsonString",
    "Fn::Transform",
    "Fn::Contains",
    "Fn::EachMemberIn",
    "Fn::ForEach::Loop",
    "Fn::Nonsense",
];

fn node_of(value: Value) -> Node {
    Node { value, span: Span::default() }
}

fn quoted(text: &str) -> Node {
    node_of(Value::Scalar(Scalar::quoted(text)))
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[A-Za-z][A-Za-z0-9.:-]{0,12}",
        2 => prop::sample::select(vec![
            "", " ", "a: b", "a #b", "yes", "0777", "1.5", "2012-10-17", "22:22", "~", "-", "- a", "?", "*a", "&a", "!Ref",
            "'", "\"", "a\nb", "a\n", "\n", " a\n b\n\n", "\ta\n", "a,b", "[x]", "{y}", "${A}", "${A.B}-${!C}", "=", "<<",
            "---", "...", "%d", "@", "`", "null", "AWS::NoValue", "A.B", "10.0.0.0/16", "a\r\nb", "# c", "|", ">-", "é𝄞",
        ]).prop_map(str::to_owned),
        1 => any::<String>().prop_filter("YAML has no such character", |text| text.chars().all(is_allowed)),
    ]
}

/// The characters of YAML; the parser refuses others even where they are escaped.
fn is_allowed(character: char) -> bool {
    !matches!(character, '\0' | '\u{fffe}' | '\u{ffff}')
}

fn plain(numbers: &'static [&'static str]) -> impl Strategy<Value = Node> {
    prop::sample::select(numbers).prop_map(|text| node_of(Value::Scalar(Scalar::plain(text))))
}

fn mapping(entries: Vec<(String, Node)>) -> Node {
    let mut seen = HashSet::new();
    let entries = entries.into_iter().filter(|(key, _)| key != "<<" && seen.insert(key.clone()));
    node_of(Value::Mapping(entries.map(|(key, value)| (quoted(&key), value)).collect()))
}

/// `GetAtt` with a dot is always read as a list.
fn call(function: &str, argument: Node) -> Node {
    let argument = match argument.text().and_then(|text| text.split_once('.')) {
        Some((resource, attribute)) if function == "Fn::GetAtt" => {
            node_of(Value::Sequence(vec![quoted(resource), quoted(attribute)]))
        }
        _ => argument,
    };
    node_of(Value::Mapping(vec![(quoted(function), argument)]))
}

fn tree(leaf: impl Strategy<Value = Node> + 'static) -> impl Strategy<Value = Node> {
    leaf.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(|items| node_of(Value::Sequence(items))),
            vec((text(), inner.clone()), 0..6).prop_map(mapping),
            (prop::sample::select(&FUNCTIONS[..]), inner.clone()).prop_map(|(name, argument)| call(name, argument)),
            (prop::sample::select(&FUNCTIONS[..]), vec(inner, 0..4))
                .prop_map(|(name, items)| call(name, node_of(Value::Sequence(items)))),
        ]
    })
}

/// Failures are printed whole, and kept nowhere.
pub(crate) fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// A document is a mapping.
fn document(inner: impl Strategy<Value = Node>) -> impl Strategy<Value = Node> {
    vec((text(), inner), 1..4).prop_map(mapping).prop_filter("not empty", |node| !node.entries().is_empty())
}

pub(crate) fn node() -> impl Strategy<Value = Node> {
    let scalars = &["", "~", "null", "yes", "Off", "true", "7", "0x1F", "1_000", "1.50", "-3", ".inf", "22:22"];
    document(tree(prop_oneof![3 => text().prop_map(|text| quoted(&text)), 1 => plain(scalars)]))
}

/// What JSON can say as well: its notations of numbers, booleans and null alone.
#[allow(dead_code, reason = "each test program uses some of the generators")]
pub(crate) fn json_node() -> impl Strategy<Value = Node> {
    let scalars = &["null", "true", "false", "7", "1.50", "-3", "12345678901234567890123"];
    document(tree(prop_oneof![3 => text().prop_map(|text| quoted(&text)), 1 => plain(scalars)]))
}
