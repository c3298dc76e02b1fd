//! A process that says which templates it lints, and lints others: it must not find less in them, but be told.

use jqs_cfn::ErrorKind;
use jqs_cfn::lint::{self, Options, Source};
use std::collections::BTreeMap;

fn rules(of: &str, only: bool) -> jqs_cfn::Result<Vec<String>> {
    let text = format!("Resources:\n  One:\n    Type: {of}\n    Properties:\n      Nonsense: 1\n");
    let source = Source { name: "t.yaml".to_owned(), text };
    let found = lint::lint(&[source], &BTreeMap::new(), &Options { only, ..Options::default() })?;
    Ok(found.into_iter().map(|one| one.rule).collect())
}

#[test]
fn what_is_not_known_any_more_is_refused() {
    let found = rules("AWS::SNS::Topic", true).expect("linted");
    assert!(found.iter().any(|rule| rule == "F3002"), "{found:?}");
    assert_eq!(rules("AWS::SNS::Topic", false).expect("known"), found);
    for only in [true, false] {
        let error = rules("AWS::SQS::Queue", only).expect_err("not known");
        assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
    }
}
