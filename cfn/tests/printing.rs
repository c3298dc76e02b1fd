//! What is printed and read again means the same, for any document.

mod documents;

use jqs_cfn::template::{self, Node};
use proptest::prelude::*;

fn read(text: &str) -> Result<Node, TestCaseError> {
    template::parse("printed", text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))
}

proptest! {
    #![proptest_config(documents::config(512))]

    #[test]
    fn yaml_reads_back(node in documents::node()) {
        let text = template::to_yaml(&node);
        prop_assert!(read(&text)?.means_the_same(&node), "{text}\n{node:?}");
        prop_assert_eq!(&template::to_yaml(&read(&text)?), &text);
    }

    #[test]
    fn json_reads_back(node in documents::json_node()) {
        let text = template::to_json(&node);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
        prop_assert!(read(&text)?.means_the_same(&node), "{text}\n{node:?}");
    }
}

#[test]
fn calls_are_short_and_quotes_only_where_they_are_needed() {
    let text = "\
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      Names: [a, '1', 'yes', !Ref Name, !GetAtt Other.Arn]
      Cond: !If [Big, !Ref AWS::NoValue, [x, z]]
      Version: '2012-10-17'
      Data:
        Fn::Base64: !Sub |
          #!/bin/sh
          echo ${Name}
      Tags:
        - Key: a b
          Value: ''
        - Key: ${Name}
          Value: 'a: b'
";
    let node = template::parse("t.yaml", text).expect("YAML");
    assert_eq!(template::to_yaml(&node), text);
    let json: serde_json::Value = serde_json::from_str(&template::to_json(&node)).expect("JSON");
    let names = &json["Resources"]["Topic"]["Properties"]["Names"];
    assert_eq!(names[4], serde_json::json!({"Fn::GetAtt": ["Other", "Arn"]}));
}
