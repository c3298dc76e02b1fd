//! The linter over whole files.

use super::*;

/// A type of instance that some regions lack, in a template that may choose by region.
fn domain(condition: &str) -> String {
    format!(
        "Resources:
  Domain:
    Type: AWS::OpenSearchService::Domain
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties: {{ClusterConfig: {{InstanceType: m7g.medium.search}}}}
{condition}"
    )
}

#[test]
fn what_one_region_lacks_is_found_whichever_place_it_has_in_the_list() {
    let by_region =
        "Conditions: {Here: !Equals [!Ref AWS::Region, eu-west-1]}\nOutputs: {O: {Condition: Here, Value: x}}\n";
    for text in [domain(""), domain(by_region)] {
        let found = |regions: &[&str]| {
            let options = Options { regions: regions.iter().map(ToString::to_string).collect(), ..Options::default() };
            let sources = [Source { name: "t.yaml".to_owned(), text: text.clone() }];
            let library = std::collections::BTreeMap::<String, String>::new();
            let found = lint(&sources, &library, &options).expect("the linter");
            found.into_iter().filter(|one| one.message.contains("m7g.medium.search")).count()
        };
        assert_eq!(found(&["eu-west-1", "us-east-1"]), 0);
        assert_eq!(found(&["ca-west-1", "eu-west-1"]), 1);
        assert_eq!(found(&["eu-west-1", "us-east-1", "ca-west-1"]), 1);
    }
}
