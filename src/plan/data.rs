//! Data that a change would lose, in plain words.

use jqs_stacks::change_set::{Action, Change, Fate};
use serde::Serialize;

/// What stores data that nobody can make again.
const STORES: [&str; 14] = [
    "AWS::Cassandra::Keyspace",
    "AWS::Cassandra::Table",
    "AWS::DynamoDB::Table",
    "AWS::EC2::Volume",
    "AWS::EFS::FileSystem",
    "AWS::Elasticsearch::Domain",
    "AWS::KMS::Key",
    "AWS::Kinesis::Stream",
    "AWS::Logs::LogGroup",
    "AWS::OpenSearchService::Domain",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::S3::Bucket",
    "AWS::APS::Workspace",
];

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Loss {
    path: String,
    kind: String,
    action: Action,
    fate: Fate,
}

pub(super) fn losses(changes: &[Change]) -> Vec<Loss> {
    let mut found = Vec::new();
    collect(changes, "", &mut found);
    found
}

fn collect(changes: &[Change], above: &str, found: &mut Vec<Loss>) {
    for change in changes {
        let path = format!("{above}{}", change.logical_id);
        let goes = matches!(change.action, Action::Remove | Action::Replace | Action::MayReplace);
        if goes && STORES.contains(&change.kind.as_str()) {
            let fate = change.fate.unwrap_or(Fate::Deleted);
            found.push(Loss { path: path.clone(), kind: change.kind.clone(), action: change.action, fate });
        }
        collect(&change.children, &format!("{path}/"), found);
    }
}

impl Loss {
    pub(super) fn words(&self) -> String {
        let Self { path, kind, .. } = self;
        let what = match self.action {
            Action::Remove => "is removed",
            Action::MayReplace => "may be replaced by an empty one",
            _ => "is replaced by an empty one",
        };
        let fate = match self.fate {
            Fate::Deleted => "what it holds is lost",
            Fate::Kept => "the old one stays, outside of the stack",
            Fate::Snapshot => "a snapshot of the old one stays",
        };
        format!("{path} ({kind}) {what}: {fate}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_data_and_goes_is_named_with_its_fate() {
        let change = |id: &str, kind: &str, action, fate| Change {
            action,
            logical_id: id.to_owned(),
            kind: kind.to_owned(),
            physical_id: None,
            fate,
            properties: Vec::new(),
            children: Vec::new(),
        };
        let domain = "AWS::OpenSearchService::Domain";
        let mut storage = change("Storage", "AWS::CloudFormation::Stack", Action::Modify, None);
        storage.children = vec![
            change("Domain", domain, Action::Replace, Some(Fate::Deleted)),
            change("Kept", domain, Action::Remove, Some(Fate::Kept)),
            change("Same", domain, Action::Modify, None),
            change("Role", "AWS::IAM::Role", Action::Remove, Some(Fate::Deleted)),
        ];
        let words: Vec<String> = losses(&[storage]).iter().map(Loss::words).collect();
        assert_eq!(
            words,
            [
                "Storage/Domain (AWS::OpenSearchService::Domain) is replaced by an empty one: what it holds is lost",
                "Storage/Kept (AWS::OpenSearchService::Domain) is removed: the old one stays, outside of the stack",
            ]
        );
    }
}
