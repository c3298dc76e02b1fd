//! The reports of one small proof, which finds one fault.

use super::*;
use crate::prove::tests::proof;
use crate::prove::{Options, Proof};
use std::time::Duration;

fn sample() -> Vec<Proof> {
    let text = "Resources:
  Third:
    Type: AWS::EC2::Subnet
    Properties:
      AvailabilityZone: !Select [2, !GetAZs '']
";
    let mut proof = proof(&[("zones & more.yaml", text)], &Options::default());
    proof.elapsed = Duration::from_millis(10);
    vec![proof]
}

#[test]
fn text_says_what_where_and_when() {
    let text = text(&sample(), false);
    assert!(
        text.starts_with("error[P001]: `Fn::Select` takes item 2 of a list of 2\n  --> zones & more.yaml:5:"),
        "{text}"
    );
    assert!(text.contains("  Third (AWS::EC2::Subnet)\n  when  region us-west-1\n\n"), "{text}");
    assert!(!text.contains('\x1b') && self::text(&sample(), true).contains("\x1b[1;31merror"));
    assert!(summary(&sample()).starts_with("zones & more.yaml: 1 finding; "), "{}", summary(&sample()));
}

#[test]
fn json_has_the_case_in_parts() {
    let document: serde_json::Value = serde_json::from_str(&json(&sample())).expect("JSON");
    let finding = &document["proofs"][0]["findings"][0];
    assert_eq!((finding["region"].as_str(), finding["line"].as_u64()), (Some("us-west-1"), Some(5)));
    assert_eq!(finding["parameters"], serde_json::json!({}));
}

#[test]
fn junit_and_html_escape_what_they_quote() {
    let junit = junit(&sample());
    assert!(junit.contains("name=\"zones &amp; more.yaml\"") && junit.contains("failures=\"1\""), "{junit}");
    let html = html(&sample());
    assert!(html.contains("<h2>zones &amp; more.yaml</h2>") && !html.contains("zones & more"), "{html}");
    assert!(!html.contains("http"), "the page must not need the network");
}

#[test]
fn numbers_can_be_read() {
    assert_eq!((grouped(7).as_str(), grouped(1_234_567).as_str()), ("7", "1,234,567"));
    assert_eq!((rounded(39.0).as_str(), rounded(1.6e18).as_str()), ("39", "1.6×10^18"));
}
