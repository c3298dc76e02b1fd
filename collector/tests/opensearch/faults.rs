//! What happens when OpenSearch is away, full or refuses. The faults that a real one cannot be made to show come from a small
//! server that gives prepared answers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use jqs_collector::storage::{
    StorageError, TraceReader as _, TraceWriter as _,
    opensearch::{Auth, DEFAULT_ATTEMPTS_MAX, OpenSearchSettings, OpenSearchStorage},
};
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::{
    server,
    spans::{batch, query, resource_spans, span, text, trace_id},
};

/// Answers the template requests with success, and the bulk requests with the answers in turn; the last one for ever.
struct Fake {
    url: String,
    bulks: Arc<AtomicUsize>,
}

impl Fake {
    async fn start(answers: Vec<(u16, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (bulks, answers) = (Arc::new(AtomicUsize::new(0)), Arc::new(answers));
        let counter = bulks.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, answers.clone(), counter.clone()));
            }
        });
        Self { url, bulks }
    }

    async fn storage(&self) -> OpenSearchStorage {
        let settings = OpenSearchSettings { servers: vec![self.url.clone()], ..Default::default() };
        OpenSearchStorage::connect(settings).await.expect("a connection")
    }
}

async fn serve(mut stream: TcpStream, answers: Arc<Vec<(u16, String)>>, bulks: Arc<AtomicUsize>) -> Option<()> {
    let mut received = Vec::new();
    loop {
        let end = loop {
            if let Some(at) = received.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut received).await.ok()? == 0 {
                return None;
            }
        };
        let head = String::from_utf8_lossy(&received[..end]).to_lowercase();
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
        while received.len() < end + length {
            stream.read_buf(&mut received).await.ok()?;
        }
        received.drain(..end + length);
        let (status, body) = if head.starts_with("post /_bulk") {
            let at = bulks.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
            answers[at].clone()
        } else {
            (200, "{}".to_owned())
        };
        let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).await.ok()?;
    }
}

/// An answer to a bulk request, with one status an item.
fn items(statuses: &[u16]) -> (u16, String) {
    let item = |status: &u16| match status {
        200..300 => format!(r#"{{"index":{{"status":{status}}}}}"#),
        _ => format!(r#"{{"index":{{"status":{status},"error":{{"type":"some_exception","reason":"full"}}}}}}"#),
    };
    let items: Vec<_> = statuses.iter().map(item).collect();
    (200, format!(r#"{{"errors":true,"items":[{}]}}"#, items.join(",")))
}

/// Three documents: two spans and one operation.
fn two_spans() -> jqs_collector::model::SpanBatch {
    batch(vec![resource_spans("cart", vec![span(1, 1), span(1, 2)])])
}

#[tokio::test]
async fn items_that_a_full_queue_refused_are_sent_again_alone() {
    let fake = Fake::start(vec![items(&[429, 201, 503]), items(&[429, 201]), items(&[201])]).await;
    fake.storage().await.write(two_spans()).await.expect("written in the end");
    assert_eq!(fake.bulks.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_queue_that_stays_full_is_busy_after_all_attempts() {
    for answers in [vec![items(&[201, 429, 201]), items(&[429])], vec![(429, "{}".to_owned())]] {
        let fake = Fake::start(answers).await;
        let error = fake.storage().await.write(two_spans()).await.expect_err("full");
        assert!(matches!(error, StorageError::Busy(_)), "{error}");
        assert_eq!(fake.bulks.load(Ordering::SeqCst), DEFAULT_ATTEMPTS_MAX as usize);
    }
}

#[tokio::test]
async fn what_is_not_the_spans_fault_is_not_rejected() {
    for (answers, bulks) in [(vec![items(&[201, 201, 403]), items(&[403])], 5), (vec![(403, "{}".to_owned())], 1)] {
        let fake = Fake::start(answers).await;
        let error = fake.storage().await.write(two_spans()).await.expect_err("blocked");
        assert!(matches!(error, StorageError::Unavailable(..)), "{error}");
        assert_eq!(fake.bulks.load(Ordering::SeqCst), bulks);
    }
}

#[tokio::test]
async fn an_answer_that_leaves_items_out_is_no_acknowledgement() {
    let fake = Fake::start(vec![items(&[201, 201])]).await;
    let error = fake.storage().await.write(two_spans()).await.expect_err("one item short");
    assert!(matches!(error, StorageError::Unavailable(..)), "{error}");
}

#[tokio::test]
async fn a_span_that_opensearch_refuses_is_named_and_the_others_are_in() {
    let storage = server::storage("refused").await;
    // OpenSearch takes no more than 10,000 nested objects in one document.
    let attributes = (0..10_001).map(|number| text(&format!("key {number}"), "x")).collect();
    let sent = batch(vec![resource_spans("cart", vec![span(1, 1), Span { attributes, ..span(1, 2) }])]);
    let error = storage.write(sent).await.expect_err("too many tags");
    assert!(matches!(error, StorageError::Rejected(_)), "{error}");
    assert!(error.to_string().starts_with("storage refused the spans: 1 of 3 documents: 400 "), "{error}");
    server::refresh().await;
    let trace = storage.trace(trace_id(1), None).await.expect("an answer").expect("a trace");
    assert_eq!(trace.spans().count(), 1);
}

#[tokio::test]
async fn a_server_that_is_down_is_unavailable() {
    let url = format!("http://127.0.0.1:{}", server::free_port());
    let settings =
        OpenSearchSettings { servers: vec![url], start_timeout: Duration::from_secs(1), ..Default::default() };
    let error = OpenSearchStorage::connect(settings).await.err().expect("nobody listens");
    assert!(matches!(error, StorageError::Unavailable(_, Some(_))), "{error}");
    assert!(error.to_string().contains("cannot be reached"), "{error}");
}

#[tokio::test]
async fn a_server_that_goes_down_later_is_unavailable_for_reads_and_writes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            serve(stream, Arc::new(vec![(200, "{}".into())]), Arc::default()).await;
        }
    });
    let settings = OpenSearchSettings { servers: vec![url], ..Default::default() };
    let storage = OpenSearchStorage::connect(settings).await.expect("a connection");
    serving.abort();
    assert!(serving.await.is_err_and(|error| error.is_cancelled()));
    let error = storage.write(two_spans()).await.expect_err("down");
    assert!(matches!(error, StorageError::Unavailable(..)), "{error}");
    let error = storage.find_traces(&query()).await.expect_err("down");
    assert!(matches!(error, StorageError::Unavailable(..)), "{error}");
}

#[tokio::test]
async fn the_next_server_is_tried_when_one_is_down() {
    let mut settings = server::settings("second");
    settings.servers.insert(0, format!("http://127.0.0.1:{}", server::free_port()));
    let storage = OpenSearchStorage::connect(settings).await.expect("a connection");
    storage.write(two_spans()).await.expect("written");
}

#[tokio::test]
async fn unusable_servers_are_named_without_their_password() {
    for server in ["search.example.com", "ftp://user:secret@search.example.com", ""] {
        let settings = OpenSearchSettings { servers: vec![server.into()], ..Default::default() };
        let error = OpenSearchStorage::connect(settings).await.err().expect("no such server").to_string();
        assert!(error.contains("must be a URL") && !error.contains("secret"), "{error}");
    }
    let auth = Auth::Basic { username: "user".into(), password: "secret".into() };
    assert!(!format!("{auth:?}").contains("secret"));
}
