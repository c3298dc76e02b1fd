//! Every file of `tests/lint/broken` says itself what is wrong with it, and where: exactly that must be found. What is valid,
//! our own templates among it, must give nothing.

use jqs_cfn::diagnostic::Severity;
use jqs_cfn::eval::{Folder, Library};
use jqs_cfn::lint::{self, Options, Ruleset, Source};
use std::collections::BTreeSet;
use std::path::Path;

/// A file, a line, a rule.
type Place = (String, u32, String);

/// How many rules of AWS's validator the corpus has to try.
const THEIR_RULES_LEAST: usize = 60;

fn project() -> Folder {
    Folder::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).expect("the project's folder")
}

/// All templates below one of the project's folders, or one file.
fn sources(below: &str) -> Vec<Source> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(below);
    let names = if place.is_dir() {
        let names = Folder::open(&place).expect("a folder").names().expect("its files");
        names.into_iter().map(|name| format!("{below}/{name}")).collect()
    } else {
        vec![below.to_owned()]
    };
    let folder = project();
    let texts =
        names.into_iter().map(|name| Source { text: folder.text(&name).expect("readable").expect("there"), name });
    texts.collect()
}

/// `# expect: RULE, RULE` at the end of its line, or `# expect line N: RULE` where the line has no room for it.
fn expected(source: &Source) -> BTreeSet<Place> {
    let mut places = BTreeSet::new();
    for (line, text) in (1..).zip(source.text.lines()) {
        let Some((_, rest)) = text.split_once("# expect") else { continue };
        let (place, rules) = rest.split_once(':').expect("rules");
        let line = place.trim().strip_prefix("line ").map_or(line, |number| number.parse().expect("a line"));
        places.extend(rules.split(',').map(|rule| (source.name.clone(), line, rule.trim().to_owned())));
    }
    places
}

fn found(sources: &[Source], ruleset: Option<Ruleset>) -> BTreeSet<Place> {
    let options = Options { ruleset, ..Options::default() };
    let diagnostics = lint::lint(sources, &project(), &options).expect("linted");
    diagnostics.into_iter().map(|one| (one.file, one.span.start.line, one.rule)).collect()
}

#[test]
fn exactly_what_the_broken_templates_say_is_found() {
    let sources = sources("tests/lint/broken");
    let (published, others): (Vec<Source>, Vec<Source>) =
        sources.iter().cloned().partition(|source| source.text.starts_with("# ruleset: quickstart"));
    let expected: BTreeSet<Place> = sources.iter().flat_map(expected).collect();
    let mut found_all = found(&others, None);
    found_all.extend(found(&published, Some(Ruleset::QuickStart)));
    let show = |places: BTreeSet<&Place>| {
        places.iter().map(|(file, line, rule)| format!("\n  {file}:{line} {rule}")).collect::<String>()
    };
    let missed = show(expected.difference(&found_all).collect());
    let surplus = show(found_all.difference(&expected).collect());
    assert!(missed.is_empty() && surplus.is_empty(), "not found:{missed}\nfound, and not expected:{surplus}");

    let rules: BTreeSet<&str> = expected.iter().map(|(_, _, rule)| rule.as_str()).collect();
    let ours = lint::rules().into_iter().filter(|rule| rule.origin == "jqs");
    // It takes rules of the user that cannot be evaluated, and has a test of its own beside the Guard rules.
    let untried: Vec<String> =
        ours.map(|rule| rule.id.into_owned()).filter(|id| id != "J0004" && !rules.contains(id.as_str())).collect();
    assert!(untried.is_empty(), "no broken template for {untried:?}");
    let theirs = rules.iter().filter(|rule| !rule.starts_with('J')).count();
    assert!(theirs >= THEIR_RULES_LEAST, "only {theirs} rules of the validator are tried");
}

#[test]
fn nothing_is_found_in_what_is_valid() {
    assert_eq!(found(&sources("tests/lint/valid"), None), BTreeSet::new());
    let found = lint::lint(&sources("templates"), &project(), &Options::default()).expect("linted");
    let grave: Vec<_> = found.iter().filter(|one| one.severity > Severity::Info).collect();
    assert!(grave.is_empty(), "{grave:#?}");
}

#[test]
fn spans_point_at_the_text_that_is_at_fault() {
    for (name, rule, text) in [
        ("unknown-property", "F3002", "TopicNam"),
        ("depends-on-unknown", "E3005", "Nobody"),
        ("if-unknown-condition", "E1028", "IsTest"),
        ("domain-instance-type", "E3653", "t3.tiny.search"),
        ("map-unknown", "F1012", "Stages"),
        ("J4003-every-action", "J4003", "ecs:*"),
        ("J5006-desired-count", "J5006", "DesiredCount"),
        ("nested/J1004-unknown", "J1004", "Zonez"),
    ] {
        let source = sources(&format!("tests/lint/broken/{name}.yaml"));
        let options = Options { ruleset: Some(Ruleset::QuickStart), ..Options::default() };
        let diagnostics = lint::lint(&source, &project(), &options).expect("linted");
        let found = diagnostics.iter().find(|one| one.rule == rule).expect(name);
        let range = found.span.start.offset as usize..found.span.end.offset as usize;
        assert_eq!(&source[0].text[range], text, "{name}");
    }
}

#[test]
fn without_a_region_only_what_is_wrong_everywhere_counts() {
    let text = "\
Resources:
  Service:
    Type: AWS::AppRunner::Service
    Properties: {SourceConfiguration: {ImageRepository: {ImageIdentifier: 'x/y:1', ImageRepositoryType: ECR}}}
";
    let source = [Source { name: "t.yaml".to_owned(), text: text.to_owned() }];
    let rules = |regions: &[&str]| {
        let regions = regions.iter().map(|region| (*region).to_owned()).collect();
        let options = Options { regions, ..Options::default() };
        let found = lint::lint(&source, &project(), &options).expect("linted");
        found.into_iter().map(|one| one.rule).filter(|rule| rule == "F3006").collect::<Vec<_>>()
    };
    assert!(rules(&[]).is_empty());
    assert!(rules(&["us-east-1"]).is_empty());
    assert_eq!(rules(&["us-east-1", "cn-north-1"]), ["F3006"]);
}

#[test]
fn a_rule_of_the_user_is_applied_and_a_broken_one_is_refused() {
    let source = sources("tests/lint/valid/template.json");
    let with = |text: &str| Options { guard: vec![("own.guard".to_owned(), text.to_owned())], ..Options::default() };
    let rule = "rule TOPICS_HAVE_NAMES { AWS::SNS::Topic { Properties.TopicName exists <<give it a name>> } }";
    let found = lint::lint(&source, &project(), &with(rule)).expect("linted");
    let found: Vec<(&str, &str)> = found.iter().map(|one| (one.rule.as_str(), one.message.as_str())).collect();
    assert_eq!(found, [("TOPICS_HAVE_NAMES", "give it a name")]);
    let error = lint::lint(&source, &project(), &with("rule {")).expect_err("no rule");
    assert!(error.full().contains("own.guard"), "{}", error.full());
}
