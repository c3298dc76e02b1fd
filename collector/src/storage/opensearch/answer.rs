//! What OpenSearch answers to a search.

use std::collections::HashMap;

use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::{client::ClientError, document::SpanDocument};

/// `D` is what a document is read as.
#[derive(Deserialize)]
pub(super) struct Answers<D> {
    responses: Vec<Answer<D>>,
}

#[derive(Deserialize)]
pub(super) struct Answer<D = SpanDocument<'static>> {
    status: Option<u16>,
    error: Option<Value>,
    #[serde(default)]
    timed_out: bool,
    #[serde(rename = "_shards")]
    shards: Option<Shards>,
    #[serde(default = "Hits::none")]
    hits: Hits<D>,
    #[serde(default)]
    aggregations: HashMap<String, Aggregation>,
}

#[derive(Deserialize)]
struct Shards {
    failed: usize,
    total: usize,
    #[serde(default)]
    failures: Vec<Value>,
}

#[derive(Deserialize)]
struct Hits<D> {
    #[serde(default = "Vec::new")]
    hits: Vec<Hit<D>>,
}

impl<D> Hits<D> {
    fn none() -> Self {
        Self { hits: Vec::new() }
    }
}

#[derive(Deserialize)]
struct Hit<D> {
    #[serde(rename = "_source")]
    source: D,
    #[serde(default)]
    sort: Vec<Value>,
}

#[derive(Default, Deserialize)]
pub(super) struct Aggregation {
    #[serde(default)]
    pub(super) buckets: Vec<Bucket>,
    pub(super) after_key: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct Bucket {
    pub(super) key: Value,
}

impl<D> Answers<D> {
    /// The answer to the only search, if it is a whole one.
    pub(super) fn single(self) -> Result<Answer<D>, ClientError> {
        let incomplete = |what: &str| ClientError::Incomplete(what.to_owned());
        let answer = self.responses.into_iter().next().ok_or_else(|| incomplete("it has no response"))?;
        if let Some(error) = answer.error {
            let status = answer.status.and_then(|status| StatusCode::from_u16(status).ok());
            let reason = error["root_cause"][0]["reason"].as_str().or(error["reason"].as_str()).unwrap_or_default();
            return Err(ClientError::Refused {
                status: status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
                path: "_msearch".into(),
                reason: reason.into(),
            });
        }
        if let Some(shards) = answer.shards.as_ref().filter(|shards| shards.failed > 0) {
            let first = shards.failures.first().map(|failure| failure["reason"]["reason"].to_string());
            let (failed, total) = (shards.failed, shards.total);
            return Err(incomplete(&format!("{failed} of {total} shards failed: {}", first.unwrap_or_default())));
        }
        if answer.timed_out {
            return Err(incomplete("the search timed out"));
        }
        Ok(answer)
    }
}

impl<D> Answer<D> {
    pub(super) fn aggregation(&mut self, name: &str) -> Aggregation {
        self.aggregations.remove(name).unwrap_or_default()
    }

    pub(super) fn into_documents(self) -> impl Iterator<Item = D> {
        self.hits.hits.into_iter().map(|hit| hit.source)
    }

    /// The documents of a page of `size`, and after which sort values the next one begins, if there is one.
    ///
    /// Two spans may have the same sort values (Zipkin's clients and servers share span ids), and the next page begins after all
    /// that have them. So the page ends before the last values that it shows, as more documents may have them.
    pub(super) fn into_page(self, size: usize) -> (impl Iterator<Item = D>, Option<Vec<Value>>) {
        let mut hits = self.hits.hits;
        let mut after = None;
        if hits.len() >= size {
            let last = hits.last().map(|hit| hit.sort.clone()).unwrap_or_default();
            match hits.iter().position(|hit| hit.sort == last) {
                Some(whole) if whole > 0 => {
                    hits.truncate(whole);
                    after = hits.last().map(|hit| hit.sort.clone());
                }
                // A page of nothing else: copies of one span.
                _ => after = Some(last),
            }
        }
        (hits.into_iter().map(|hit| hit.source), after)
    }
}
