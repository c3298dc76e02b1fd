//! Examples of what a parameter admits: plausible ones for the kinds of value that templates ask for, and the longest text
//! of its pattern, since limits on names are met there.

use crate::parameters;
use crate::template::Parameter;
use regex_syntax::hir::{Class, Hir, HirKind};

/// What an unbounded repetition is taken to repeat, beyond its least.
const REPEATED: u32 = 3;
/// An example that is longer than this is no help to a reader.
const SAMPLE_CHARACTERS_MAX: usize = 256;

/// Tried in this order; the first that the parameter admits is its example.
const PLAUSIBLE: [&str; 30] = [
    "10.0.0.0/16",
    "203.0.113.0/24",
    "traces.example.com",
    "OpenSearch_2.19",
    "m7g.medium.search",
    "r7g.large.search",
    "t3.small.search",
    "subnet-0aaaaaaaaaaaaaaa1,subnet-0aaaaaaaaaaaaaaa2",
    "vpc-0aaaaaaaaaaaaaaa1",
    "sg-0aaaaaaaaaaaaaaa1",
    "rtb-0aaaaaaaaaaaaaaa1",
    "rtb-0aaaaaaaaaaaaaaa1,rtb-0aaaaaaaaaaaaaaa2",
    "Z0AAAAAAAAAAAAAAAAAA1",
    "arn:aws:acm:eu-west-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef",
    "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/shared/0123456789abcdef/0123456789abcdef",
    "arn:aws:secretsmanager:eu-west-1:111122223333:secret:name-AbCdEf",
    "arn:aws:kms:eu-west-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef",
    "arn:aws:sns:eu-west-1:111122223333:alarms",
    "arn:aws:iam::111122223333:role/name",
    "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/eu-west-1_AbCdEfGhI",
    "111122223333.dkr.ecr.eu-west-1.amazonaws.com/jqs:1.0.0",
    "https://idp.example.com/oauth2",
    "https://example.com",
    "rate(1 day)",
    "cron(0 1 * * ? *)",
    "someone@example.com",
    ANY_TEXT,
    "eu-west-1",
    "prefix/",
    "1.0.0",
];

/// What stands for any other text.
const ANY_TEXT: &str = "example";

/// `at` is the parameter's place in its template: the ranges of several subnets must not be the same one.
pub(super) fn of(parameter: &Parameter, at: usize) -> Vec<String> {
    if parameter.kind == "Number" {
        let bounds = [parameter.value_min, parameter.value_max].into_iter().flatten();
        return bounds.map(|bound| bound.to_string()).collect();
    }
    if parameter.kind == "List<AWS::EC2::Subnet::Id>" {
        let ids =
            |count: u32| (1..=count).map(|at| format!("subnet-0aaaaaaaaaaaaaaa{at}")).collect::<Vec<_>>().join(",");
        return vec![ids(2), ids(3)];
    }
    if parameter.kind.starts_with("AWS::") || parameter.kind.starts_with("List<AWS::") {
        return Vec::new();
    }
    let is_admitted = |value: &str| parameters::problem(parameter, value).is_none();
    let range = format!("10.0.{}.0/24", at % 256);
    if parameter.name.contains("Subnet") && is_admitted(&range) {
        return vec![range];
    }
    match PLAUSIBLE.iter().find(|text| is_admitted(text)) {
        // Of a value with a form of its own, such as an address, the longest is no better an example.
        Some(text) if *text != ANY_TEXT => vec![(*text).to_owned()],
        plausible => plausible.map(|text| (*text).to_owned()).into_iter().chain(longest(parameter)).collect(),
    }
}

/// The longest text that the pattern admits, where it has a bound that a name could have.
fn longest(parameter: &Parameter) -> Option<String> {
    let pattern = parameter.allowed_pattern.as_deref()?;
    let parsed = regex_syntax::Parser::new().parse(pattern).ok()?;
    // Without an upper bound "the longest" is a whim of ours; the plausible example stands for it then.
    parsed.properties().maximum_len().filter(|length| *length <= SAMPLE_CHARACTERS_MAX)?;
    let mut text = String::new();
    write(&parsed, &mut text);
    let most = parameter.length_max.unwrap_or(SAMPLE_CHARACTERS_MAX);
    Some(text.chars().take(most).collect())
}

fn write(pattern: &Hir, text: &mut String) {
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => text.extend(member(class)),
        HirKind::Repetition(repetition) => {
            let count = repetition.max.unwrap_or(repetition.min + REPEATED);
            for _ in 0..count.min(SAMPLE_CHARACTERS_MAX as u32) {
                write(&repetition.sub, text);
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, text),
        HirKind::Concat(parts) => parts.iter().for_each(|part| write(part, text)),
        HirKind::Alternation(branches) => {
            let length = |branch: &&Hir| branch.properties().maximum_len().unwrap_or(usize::MAX);
            if let Some(branch) = branches.iter().max_by_key(length) {
                write(branch, text);
            }
        }
    }
}

/// A letter where the class has one: `a`, else what comes first.
fn member(class: &Class) -> Option<char> {
    match class {
        Class::Unicode(class) => {
            let has = |wanted: char| class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&wanted));
            ['a', 'A', '1']
                .into_iter()
                .find(|wanted| has(*wanted))
                .or_else(|| class.ranges().first().map(|range| range.start()))
        }
        Class::Bytes(class) => class.ranges().first().map(|range| char::from(range.start())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(pattern: &str) -> Parameter {
        Parameter { kind: "String".to_owned(), allowed_pattern: Some(pattern.to_owned()), ..Parameter::default() }
    }

    #[test]
    fn examples_are_plausible_and_as_long_as_the_pattern_admits() {
        assert_eq!(of(&text("^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$"), 0), ["example", "aaaaaaaaaaaa"]);
        assert_eq!(of(&text(r"^$|^(\d{1,3}\.){3}\d{1,3}/([89]|[12]\d|3[0-2])$"), 0), ["10.0.0.0/16"]);
        assert_eq!(of(&text(r"^OpenSearch_[2-9]\.\d{1,2}$"), 0), ["OpenSearch_2.19"]);
        assert_eq!(of(&text("^x+$"), 0), [""; 0]);
    }
}
