//! The bulk request: lines in, one outcome per item out.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use serde::Deserialize;

use super::{
    client::{Client, ClientError, is_transient},
    jitter,
};
use crate::storage::StorageError;

/// How often one item is sent before its sender is told to come back.
pub const DEFAULT_ATTEMPTS_MAX: u32 = 5;
/// The pause after the first attempt; each further one is twice as long.
const DEFAULT_RETRY_PAUSE: Duration = Duration::from_millis(200);
/// Nothing but what the outcome needs: `items.*.status,items.*.error.type,items.*.error.reason`. Encoded, because a signature
/// covers the encoded form.
const PATH: &str = "_bulk?filter_path=items.%2A.status%2Citems.%2A.error.type%2Citems.%2A.error.reason";

/// Items as they are sent: an action and a document each.
#[derive(Debug, Default)]
pub(super) struct Items {
    lines: Vec<u8>,
    /// Where each item ends.
    ends: Vec<usize>,
}

impl Items {
    pub(super) fn append(&mut self, index: &str, id: &str, document: &[u8]) {
        // Neither an index name nor an id holds anything that JSON would escape.
        self.lines.extend_from_slice(format!(r#"{{"index":{{"_index":"{index}","_id":"{id}"}}}}"#).as_bytes());
        self.lines.push(b'\n');
        self.lines.extend_from_slice(document);
        self.lines.push(b'\n');
        self.ends.push(self.lines.len());
    }

    pub(super) fn bytes(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    fn item(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.lines[start..self.ends[at]]
    }
}

/// What became of a part of a bulk request.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    items: usize,
    rejected: usize,
    rejection: Option<String>,
    unfinished: usize,
    obstacle: Option<(bool, String)>,
}

impl Outcome {
    fn reject(&mut self, reason: &str) {
        self.rejected += 1;
        self.rejection.get_or_insert_with(|| reason.to_owned());
    }

    pub(super) fn into_result(self) -> Result<(), StorageError> {
        let Self { items, rejected, rejection, unfinished, obstacle } = self;
        match (obstacle, rejection) {
            (Some((busy, reason)), _) => {
                let text = format!("OpenSearch did not take {unfinished} of {items} documents: {reason}");
                Err(if busy { StorageError::Busy(text) } else { StorageError::Unavailable(text, None) })
            }
            (None, Some(reason)) => Err(StorageError::Rejected(format!("{rejected} of {items} documents: {reason}"))),
            (None, None) => Ok(()),
        }
    }
}

#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    items: Vec<AnswerItem>,
}

#[derive(Debug, Deserialize)]
struct AnswerItem {
    index: ItemStatus,
}

#[derive(Debug, Deserialize)]
struct ItemStatus {
    status: u16,
    error: Option<ItemError>,
}

#[derive(Debug, Default, Deserialize)]
struct ItemError {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    reason: Option<String>,
}

/// Sends all parts in one request, what was not taken again, and says what became of each part.
pub(super) async fn send(client: &Client, parts: &[&Items]) -> Vec<Outcome> {
    let mut outcomes: Vec<_> = parts.iter().map(|part| Outcome { items: part.len(), ..Default::default() }).collect();
    let mut pending: Vec<(usize, usize)> =
        parts.iter().enumerate().flat_map(|(part, items)| (0..items.len()).map(move |item| (part, item))).collect();
    let mut obstacle = (false, String::new());
    for attempt in 0..DEFAULT_ATTEMPTS_MAX {
        if attempt > 0 {
            tokio::time::sleep(jitter(DEFAULT_RETRY_PAUSE * 2u32.pow(attempt - 1))).await;
        }
        metrics::counter!("jaeger_bulk_index_attempts_total").increment(pending.len() as u64);
        let body: Vec<u8> = pending.iter().flat_map(|(part, item)| parts[*part].item(*item)).copied().collect();
        match exchange(client, body.into(), pending.len()).await {
            Ok(statuses) => {
                let mut left = Vec::new();
                for (at, status) in pending.into_iter().zip(statuses) {
                    match judge(&status) {
                        Verdict::Taken => metrics::counter!("jaeger_bulk_index_inserts_total").increment(1),
                        Verdict::Rejected => outcomes[at.0].reject(&status.reason()),
                        Verdict::Later => {
                            obstacle = (status.status == StatusCode::TOO_MANY_REQUESTS, status.reason());
                            left.push(at);
                        }
                    }
                }
                pending = left;
            }
            Err(ClientError::Refused { status, reason, .. }) if is_unacceptable(status) => {
                for (part, _) in pending.drain(..) {
                    outcomes[part].reject(&format!("OpenSearch answered {status} to the bulk request: {reason}"));
                }
            }
            Err(error) => {
                let busy = matches!(error, ClientError::Refused { status: StatusCode::TOO_MANY_REQUESTS, .. });
                obstacle = (busy, chain(&error));
                if !error.is_transient() {
                    break;
                }
            }
        }
        if pending.is_empty() {
            break;
        }
        tracing::warn!(attempt, items = pending.len(), reason = obstacle.1, "OpenSearch did not take all documents");
    }
    for (part, _) in pending {
        outcomes[part].unfinished += 1;
        outcomes[part].obstacle.get_or_insert_with(|| obstacle.clone());
    }
    count_errors(&outcomes);
    outcomes
}

fn count_errors(outcomes: &[Outcome]) {
    let errors: usize = outcomes.iter().map(|outcome| outcome.rejected + outcome.unfinished).sum();
    metrics::counter!("jaeger_bulk_index_errors_total").increment(errors as u64);
    for reason in outcomes.iter().filter_map(|outcome| outcome.rejection.as_ref()) {
        tracing::error!(reason, "OpenSearch rejected spans");
    }
}

async fn exchange(client: &Client, body: Bytes, items: usize) -> Result<Vec<ItemStatus>, ClientError> {
    let answer: Answer = client.send(Method::POST, PATH, "application/x-ndjson", body).await?;
    if answer.items.len() != items {
        return Err(ClientError::Incomplete(format!("{} outcomes for {items} documents", answer.items.len())));
    }
    Ok(answer.items.into_iter().map(|item| item.index).collect())
}

enum Verdict {
    Taken,
    Later,
    Rejected,
}

fn judge(item: &ItemStatus) -> Verdict {
    match StatusCode::from_u16(item.status) {
        Ok(status) if status.is_success() => Verdict::Taken,
        Ok(status) if is_unacceptable(status) => Verdict::Rejected,
        _ => Verdict::Later,
    }
}

/// Whether the document itself is at fault. A missing right, a missing index or a blocked one is for the operator to mend, so
/// that the spans are not lost.
fn is_unacceptable(status: StatusCode) -> bool {
    let mendable = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND, StatusCode::CONFLICT];
    status.is_client_error() && !is_transient(status) && !mendable.contains(&status)
}

impl ItemStatus {
    fn reason(&self) -> String {
        let error = self.error.as_ref().map(|error| (error.kind.as_str(), error.reason.as_deref().unwrap_or_default()));
        let (kind, reason) = error.unwrap_or_default();
        format!("{} {kind}: {reason}", self.status)
    }
}

/// The error with its causes, for those who cannot look at the source.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
