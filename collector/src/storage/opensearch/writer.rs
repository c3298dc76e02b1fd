//! Spans → documents → shared bulk requests.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::{
    OpenSearchSettings,
    bulk::{self, Items, Outcome},
    client::Client,
    document::{self, SpanWriter},
    schema::{IndexNames, NANOS_PER_DAY},
};
use crate::{
    model::SpanBatch,
    storage::{SpanKind, StorageError},
};

/// How many (day, service, operation, kind) are remembered as written.
const DEFAULT_OPERATIONS_MAX: usize = 100_000;
/// After this time they are written again, should somebody have deleted them.
const DEFAULT_OPERATIONS_TTL: Duration = Duration::from_secs(12 * 3_600);
/// How many parts may wait for a bulk request, besides the bound on their bytes.
const DEFAULT_WAITING_MAX: usize = 1_024;

/// Takes batches from many callers. While the allowed bulk requests are under way, what comes in waits and shares the next one.
pub(super) struct Writer {
    names: IndexNames,
    bulk_bytes_max: usize,
    write_timeout: Duration,
    waiting: mpsc::Sender<Part>,
    waiting_bytes: Arc<Semaphore>,
    waiting_bytes_max: usize,
    operations: Arc<Mutex<Operations>>,
}

struct Part {
    items: Items,
    reply: oneshot::Sender<Outcome>,
    _room: OwnedSemaphorePermit,
}

/// Which operations have a document already.
struct Operations {
    known: HashSet<(u64, u64)>,
    since: Instant,
}

impl Writer {
    pub(super) fn new(client: Arc<Client>, settings: &OpenSearchSettings) -> Self {
        let (waiting, parts) = mpsc::channel(DEFAULT_WAITING_MAX);
        tokio::spawn(dispatch(client, parts, settings.bulk_requests_max, settings.bulk_bytes_max));
        // A semaphore counts to less than a machine's memory may hold.
        let waiting_bytes_max = settings.waiting_bytes_max.min(u32::MAX as usize).min(Semaphore::MAX_PERMITS);
        Self {
            names: IndexNames::new(&settings.index_prefix),
            bulk_bytes_max: settings.bulk_bytes_max,
            write_timeout: settings.write_timeout,
            waiting,
            waiting_bytes: Arc::new(Semaphore::new(waiting_bytes_max)),
            waiting_bytes_max,
            operations: Arc::new(Mutex::new(Operations { known: HashSet::new(), since: Instant::now() })),
        }
    }

    pub(super) async fn write(&self, batch: SpanBatch) -> Result<(), StorageError> {
        let late = |_| StorageError::Busy("OpenSearch did not take the spans in time".into());
        tokio::time::timeout(self.write_timeout, self.write_all(batch)).await.map_err(late)?
    }

    async fn write_all(&self, batch: SpanBatch) -> Result<(), StorageError> {
        let (names, operations, bytes_max) = (self.names.clone(), self.operations.clone(), self.bulk_bytes_max);
        let encoded = tokio::task::spawn_blocking(move || encode(&batch, &names, &operations, bytes_max)).await;
        let stopped = || StorageError::Unavailable("the OpenSearch writer has stopped".into(), None);
        let encoded = encoded.map_err(|_| stopped())??;
        let mut replies = Vec::with_capacity(encoded.parts.len());
        for items in encoded.parts {
            let room = items.bytes().min(self.waiting_bytes_max) as u32;
            let room = self.waiting_bytes.clone().acquire_many_owned(room).await.map_err(|_| stopped())?;
            let (reply, outcome) = oneshot::channel();
            self.waiting.send(Part { items, reply, _room: room }).await.map_err(|_| stopped())?;
            replies.push(outcome);
        }
        let mut results = Vec::with_capacity(replies.len());
        for reply in replies {
            results.push(reply.await.map_err(|_| stopped())?.into_result());
        }
        // What may succeed later goes before what never will: only then is everything sent again.
        let rank = |error: &StorageError| matches!(error, StorageError::Rejected(_));
        if let Some(error) = results.into_iter().filter_map(Result::err).min_by_key(rank) {
            return Err(error);
        }
        self.operations.lock().known.extend(encoded.operations);
        Ok(())
    }
}

struct Encoded {
    parts: Vec<Items>,
    /// The operations whose documents are among them.
    operations: HashSet<(u64, u64)>,
}

fn encode(
    batch: &SpanBatch,
    names: &IndexNames,
    known: &Mutex<Operations>,
    bytes_max: usize,
) -> Result<Encoded, StorageError> {
    let unfit = |error: &dyn std::error::Error| StorageError::Rejected(format!("the batch cannot be encoded: {error}"));
    let mut encoded = Encoded { parts: Vec::new(), operations: HashSet::new() };
    let mut items = Items::default();
    let mut day_names = (u64::MAX, String::new());
    let (mut json, mut id) = (Vec::new(), String::new());
    for resource in &batch.decode().map_err(|error| unfit(&error))? {
        let writer = SpanWriter::new(resource).map_err(|error| unfit(&error))?;
        for scope in &resource.scope_spans {
            for span in &scope.spans {
                let day = span.start_time_unix_nano / NANOS_PER_DAY;
                if day_names.0 != day {
                    day_names = (day, names.span_of_day(day));
                }
                json.clear();
                id.clear();
                writer.append(scope, span, &mut json).map_err(|error| unfit(&error))?;
                document::append_id(&mut id, &span.trace_id, &span.span_id, &json);
                items.append(&day_names.1, &id, &json);

                let kind = SpanKind::from_otlp(span.kind).as_str();
                let hash = operation_hash(writer.service(), &span.name, kind);
                if known.lock().is_new(day, hash) && encoded.operations.insert((day, hash)) {
                    let body = operation_document(writer.service(), &span.name, kind);
                    items.append(&names.service_of_day(day), &format!("{hash:x}"), body.as_bytes());
                }
                if items.bytes() >= bytes_max {
                    encoded.parts.push(std::mem::take(&mut items));
                }
            }
        }
    }
    if items.len() > 0 {
        encoded.parts.push(items);
    }
    Ok(encoded)
}

fn operation_hash(service: &str, operation: &str, kind: &str) -> u64 {
    document::fnv64a([service.as_bytes(), operation.as_bytes(), kind.as_bytes()])
}

/// Jaeger's document has no kind. Its template makes a keyword of any field below `tag`, and its reader ignores them.
fn operation_document(service: &str, operation: &str, kind: &str) -> String {
    json!({"serviceName": service, "operationName": operation, "tag": {super::query::OPERATION_KIND: kind}}).to_string()
}

impl Operations {
    fn is_new(&mut self, day: u64, hash: u64) -> bool {
        if self.known.len() >= DEFAULT_OPERATIONS_MAX || self.since.elapsed() > DEFAULT_OPERATIONS_TTL {
            self.known.clear();
            self.since = Instant::now();
        }
        !self.known.contains(&(day, hash))
    }
}

/// Puts waiting parts together, as long as one request may be, whenever another request may be made.
async fn dispatch(client: Arc<Client>, mut waiting: mpsc::Receiver<Part>, requests_max: usize, bytes_max: usize) {
    let requests = Arc::new(Semaphore::new(requests_max.max(1)));
    let mut held: Option<Part> = None;
    loop {
        let Ok(turn) = requests.clone().acquire_owned().await else { return };
        let first = match held.take() {
            Some(part) => part,
            None => match waiting.recv().await {
                Some(part) => part,
                None => return,
            },
        };
        let mut bytes = first.items.bytes();
        let mut parts = vec![first];
        while let Ok(part) = waiting.try_recv() {
            bytes += part.items.bytes();
            if bytes > bytes_max {
                held = Some(part);
                break;
            }
            parts.push(part);
        }
        let client = client.clone();
        tokio::spawn(async move {
            let items: Vec<_> = parts.iter().map(|part| &part.items).collect();
            let outcomes = bulk::send(&client, &items).await;
            for (part, outcome) in parts.into_iter().zip(outcomes) {
                // Whoever went away does not want to know.
                let _ = part.reply.send(outcome);
            }
            drop(turn);
        });
    }
}
