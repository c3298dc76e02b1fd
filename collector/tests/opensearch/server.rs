//! One OpenSearch for all tests, each with its own index prefix.

use std::{
    io::Write as _,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use jqs_collector::storage::opensearch::{OpenSearchSettings, OpenSearchStorage};
use serde_json::Value;

struct Server {
    url: String,
    /// Stops the server when its input ends, which it does however this program ends.
    _stopper: Child,
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/services/opensearch")
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address").port()
}

fn start() -> Server {
    let port = free_port();
    let data = std::env::temp_dir().join(format!("jqs-opensearch-{}", std::process::id()));
    let mut stopper = Command::new("setsid")
        .args(["bash", "-c", r#"read -r _; cat > /dev/null; "$0/stop.sh" "$1"; rm -rf "$1""#])
        .args([scripts(), data.clone()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the stopper starts");
    stopper.stdin.as_mut().expect("its input").write_all(b"\n").expect("it listens");
    let started = Command::new(scripts().join("start.sh")).arg(port.to_string()).arg(&data).status();
    assert!(started.expect("start.sh runs").success(), "OpenSearch did not start; its output is above");
    Server { url: format!("http://127.0.0.1:{port}"), _stopper: stopper }
}

pub(crate) fn url() -> &'static str {
    static SERVER: OnceLock<Server> = OnceLock::new();
    &SERVER.get_or_init(start).url
}

/// The settings of a test: its own indices, small.
pub(crate) fn settings(prefix: &str) -> OpenSearchSettings {
    OpenSearchSettings {
        servers: vec![url().into()],
        index_prefix: prefix.into(),
        shards: 2,
        replicas: 0,
        ..OpenSearchSettings::default()
    }
}

pub(crate) async fn storage(prefix: &str) -> OpenSearchStorage {
    OpenSearchStorage::connect(settings(prefix)).await.expect("a connection")
}

/// Makes what was written visible to searches at once.
pub(crate) async fn refresh() {
    request("POST", "_refresh", None).await;
}

pub(crate) async fn request(method: &str, path: &str, body: Option<&Value>) -> Value {
    let method = method.parse().expect("a method");
    let mut request = reqwest::Client::new().request(method, format!("{}/{path}", url()));
    if let Some(body) = body {
        request = request.json(body);
    }
    let response = request.send().await.expect("an answer");
    let status = response.status();
    let body: Value = response.json().await.expect("JSON");
    assert!(status.is_success(), "{path}: {status} {body}");
    body
}

/// The raw documents below an index pattern.
pub(crate) async fn documents(indices: &str) -> Vec<Value> {
    refresh().await;
    let answer = request("GET", &format!("{indices}/_search?size=1000"), None).await;
    answer["hits"]["hits"].as_array().expect("hits").clone()
}
