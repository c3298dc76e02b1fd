//! The OpenSearch domain of a stack, as OpenSearch Service tells of it.

use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::Session;
use jqs_stacks::query::{OPENSEARCH, Query};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(crate) const DOMAIN: &str = "AWS::OpenSearchService::Domain";

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Domain {
    pub(crate) name: String,
    /// `Active`, `Modifying`, `UpdatingServiceSoftware`, …
    pub(crate) state: String,
    pub(crate) version: String,
    pub(crate) nodes: String,
    /// `Green`, `Yellow` or `Red`; nothing where that is not told.
    pub(crate) health: Option<String>,
    #[serde(skip)]
    pub(crate) logs: Vec<DomainLog>,
}

/// A log that the domain publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DomainLog {
    pub(crate) name: String,
    pub(crate) group: String,
}

impl Domain {
    pub(crate) fn is_in_trouble(&self) -> bool {
        self.health.as_deref() == Some("Red")
    }

    pub(crate) fn words(&self) -> String {
        let health = self.health.as_ref().map(|health| format!(", {health}")).unwrap_or_default();
        let nodes = self.nodes.trim_end_matches(".search");
        format!("{}  {}{health}, {}, {nodes}", self.name, self.state, self.version)
    }
}

pub(crate) struct Domains<'a> {
    session: &'a Session,
}

impl<'a> Domains<'a> {
    pub(crate) fn new(session: &'a Session) -> Self {
        Self { session }
    }

    pub(crate) async fn describe(&self, name: &str) -> Result<Domain> {
        let described: Described = self.get(name, "", "DescribeDomain").await?;
        Ok(described.domain_status.into())
    }

    /// The health of the cluster, where one may ask for it.
    pub(crate) async fn health(&self, name: &str) -> Option<String> {
        let answer: Health = self.get(name, "/health", "DescribeDomainHealth").await.ok()?;
        Some(answer.cluster_health).filter(|health| health != "NotAvailable")
    }

    /// How far a change of the domain has come, and what holds it up.
    pub(crate) async fn progress(&self, name: &str) -> Result<Vec<String>> {
        let answer: Progressing = self.get(name, "/progress", "DescribeDomainChangeProgress").await?;
        Ok(answer.change_progress_status.words())
    }

    async fn get<T: for<'de> Deserialize<'de>>(&self, name: &str, what: &str, action: &str) -> Result<T> {
        let path = format!("opensearch/domain/{name}{what}");
        let answer = Query::new(self.session)?.get_json(OPENSEARCH, &path, action).await?;
        serde_json::from_value(answer).map_err(|error| {
            let text = format!("cannot read what OpenSearch Service tells of the domain `{name}`");
            Error::new(ErrorKind::Service, text).because(error)
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    domain_status: DomainStatus,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct DomainStatus {
    domain_name: String,
    engine_version: String,
    processing: bool,
    deleted: bool,
    domain_processing_status: Option<String>,
    cluster_config: ClusterConfig,
    log_publishing_options: BTreeMap<String, LogPublishing>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ClusterConfig {
    instance_type: String,
    instance_count: u32,
}

#[derive(Deserialize)]
struct LogPublishing {
    #[serde(rename = "CloudWatchLogsLogGroupArn")]
    group_arn: Option<String>,
    #[serde(rename = "Enabled", default)]
    is_enabled: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Health {
    cluster_health: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Progressing {
    change_progress_status: Progress,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Progress {
    config_change_status: Option<String>,
    status: Option<String>,
    pending_properties: Vec<String>,
    change_progress_stages: Vec<Stage>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Stage {
    name: String,
    status: String,
    description: String,
}

impl From<DomainStatus> for Domain {
    fn from(status: DomainStatus) -> Self {
        let state = status.domain_processing_status.unwrap_or_else(|| {
            let word = match (status.deleted, status.processing) {
                (true, _) => "Deleting",
                (false, true) => "Modifying",
                (false, false) => "Active",
            };
            word.to_owned()
        });
        let logs = status.log_publishing_options.into_iter().filter(|(_, log)| log.is_enabled);
        let logs = logs.filter_map(|(kind, log)| {
            // arn:aws:logs:REGION:ACCOUNT:log-group:NAME, sometimes with `:*` behind.
            let arn = log.group_arn?;
            let group = arn.splitn(7, ':').nth(6)?.trim_end_matches(":*").to_owned();
            Some(DomainLog { name: log_name(&kind), group })
        });
        Self {
            name: status.domain_name,
            state,
            version: status.engine_version.replace('_', " "),
            nodes: format!("{} × {}", status.cluster_config.instance_count, status.cluster_config.instance_type),
            health: None,
            logs: logs.collect(),
        }
    }
}

/// `INDEX_SLOW_LOGS` is `index-slow`, `ES_APPLICATION_LOGS` is `application`.
fn log_name(kind: &str) -> String {
    kind.trim_start_matches("ES_").trim_end_matches("_LOGS").to_lowercase().replace('_', "-")
}

impl Progress {
    fn words(&self) -> Vec<String> {
        let state = self.config_change_status.as_ref().or(self.status.as_ref());
        let mut words: Vec<String> = state.map(|state| format!("change of the domain: {state}")).into_iter().collect();
        if !self.pending_properties.is_empty() {
            words.push(format!("still to come: {}", self.pending_properties.join(", ")));
        }
        let open = self.change_progress_stages.iter().filter(|stage| stage.status.to_uppercase() != "COMPLETED");
        words.extend(open.map(|stage| format!("{} {}: {}", stage.name, stage.status, stage.description)));
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_read_with_the_logs_that_it_publishes() {
        let text = r#"{"DomainStatus": {"DomainName": "jaeger-1a2b3c4d", "EngineVersion": "OpenSearch_2.19",
            "Processing": true, "DomainProcessingStatus": "Modifying",
            "ClusterConfig": {"InstanceType": "m7g.medium.search", "InstanceCount": 2},
            "LogPublishingOptions": {
                "ES_APPLICATION_LOGS": {"Enabled": false},
                "INDEX_SLOW_LOGS": {"Enabled": true,
                    "CloudWatchLogsLogGroupArn": "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/os/slow:*"}}}}"#;
        let domain: Domain = serde_json::from_str::<Described>(text).expect("a description").domain_status.into();
        assert_eq!(domain.words(), "jaeger-1a2b3c4d  Modifying, OpenSearch 2.19, 2 × m7g.medium");
        let slow = DomainLog { name: "index-slow".to_owned(), group: "/aws/os/slow".to_owned() };
        assert_eq!(domain.logs, [slow]);
        assert_eq!(log_name("ES_APPLICATION_LOGS"), "application");
    }

    #[test]
    fn progress_names_what_has_not_ended() {
        let text = r#"{"ChangeProgressStatus": {"Status": "PROCESSING", "ConfigChangeStatus": "ValidationFailed",
            "PendingProperties": ["ClusterConfig"], "ChangeProgressStages": [
                {"Name": "Validation", "Status": "FAILED", "Description": "not enough addresses in the subnets"},
                {"Name": "Creating a new environment", "Status": "COMPLETED", "Description": ""}]}}"#;
        let progress: Progressing = serde_json::from_str(text).expect("a progress");
        let expected = [
            "change of the domain: ValidationFailed",
            "still to come: ClusterConfig",
            "Validation FAILED: not enough addresses in the subnets",
        ];
        assert_eq!(progress.change_progress_status.words(), expected);
    }
}
