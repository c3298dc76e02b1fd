//! A registry that fails as it is told to; the real one is met in tests/image.

use super::*;
use crate::document::digest;
use crate::image::tests::recipe;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const CREDENTIALS: &str = "me:secret";

#[derive(Default)]
struct Contents {
    stored: BTreeMap<String, Bytes>,
    tags: BTreeMap<String, String>,
    requests: Vec<String>,
    lengths: Vec<Option<String>>,
    /// `METHOD path-part` → the statuses that it answers first.
    faults: Vec<(String, Vec<StatusCode>)>,
    asks: Option<&'static str>,
    lies: bool,
    retry_after: Option<&'static str>,
    /// Another host that layers are to be sent to.
    elsewhere: Option<String>,
    /// How many requests came with credentials.
    authorized: usize,
}

type Shared = Arc<Mutex<Contents>>;

async fn answer(State(shared): State<Shared>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let mut contents = shared.lock().unwrap();
    let (path, query) = (uri.path().to_owned(), uri.query().unwrap_or_default().to_owned());
    contents.requests.push(format!("{method} {path}"));
    contents.authorized += usize::from(headers.contains_key("authorization"));
    if let Some(status) = contents.fault(&format!("{method} {path}")) {
        let body = r#"{"errors":[{"code":"DENIED","message":"not today"}]}"#;
        return match contents.retry_after {
            Some(seconds) => (status, [("retry-after", seconds)], body).into_response(),
            None => (status, body).into_response(),
        };
    }
    if path == "/token" {
        let is_right = headers.get("authorization").is_some_and(|value| value == &basic());
        assert!(query.contains("scope=repository%3Ajqs%3Apull%2Cpush"), "{query}");
        return if is_right {
            r#"{"token":"granted"}"#.into_response()
        } else {
            StatusCode::UNAUTHORIZED.into_response()
        };
    }
    if let Some(challenge) = contents.asks {
        let wanted = if challenge.starts_with("Basic") { basic() } else { "Bearer granted".to_owned() };
        if headers.get("authorization").is_none_or(|value| value != &wanted) {
            let host = headers["host"].to_str().unwrap();
            let challenge = challenge.replace("HOST", host);
            return (StatusCode::UNAUTHORIZED, [("www-authenticate", challenge)]).into_response();
        }
    }
    let name = path.rsplit('/').next().unwrap_or_default().to_owned();
    let said = |content: &[u8], lies: bool| digest(if lies { b"other" } else { content });
    match method.as_str() {
        "HEAD" => {
            let digest = contents.tags.get(&name).cloned().unwrap_or(name);
            if contents.stored.contains_key(&digest) {
                return [("docker-content-digest", digest)].into_response();
            }
            StatusCode::NOT_FOUND.into_response()
        }
        "POST" => {
            let host = contents.elsewhere.clone().unwrap_or_default();
            (StatusCode::ACCEPTED, [("location", format!("{host}/v2/jqs/blobs/uploads/1?state=a"))]).into_response()
        }
        "PATCH" => {
            contents.lengths.push(headers.get("content-length").map(|value| value.to_str().unwrap().to_owned()));
            contents.stored.insert("upload".to_owned(), body);
            (StatusCode::ACCEPTED, [("location", "/v2/jqs/blobs/uploads/1?state=b")]).into_response()
        }
        _ => {
            let content = if path.contains("/uploads/") { contents.stored["upload"].clone() } else { body };
            let digest = digest(&content);
            contents.stored.insert(digest.clone(), content.clone());
            if path.contains("/manifests/") {
                contents.tags.insert(name, digest.clone());
            } else {
                assert_eq!(query, format!("state=b&digest={}", digest.replace(':', "%3A")));
            }
            (StatusCode::CREATED, [("docker-content-digest", said(&content, contents.lies))]).into_response()
        }
    }
}

fn basic() -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(CREDENTIALS))
}

impl Contents {
    fn fault(&mut self, request: &str) -> Option<StatusCode> {
        let (_, statuses) = self.faults.iter_mut().find(|(part, _)| request.starts_with(part.as_str()))?;
        if statuses.is_empty() { None } else { Some(statuses.remove(0)) }
    }

    fn count(&self, start: &str) -> usize {
        self.requests.iter().filter(|request| request.starts_with(start)).count()
    }
}

struct Fake {
    shared: Shared,
    address: String,
}

impl Fake {
    async fn start(contents: Contents) -> Self {
        let shared = Arc::new(Mutex::new(contents));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let router = Router::new().fallback(answer).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { shared, address }
    }

    fn open(&self, credentials: Credentials) -> Registry {
        let reference = Reference::parse(&format!("{}/jqs", self.address), "1").unwrap();
        let retry_delay = Duration::from_millis(1);
        Registry::open(&reference, RegistryOptions { credentials, insecure: false, endpoint: None, retry_delay })
            .unwrap()
    }

    async fn push(&self, machines: &[&str]) -> Result<Pushed> {
        let image = Image::build(&recipe(machines)).unwrap();
        self.open(Credentials::basic("me", "secret")).push(&image, &silent()).await
    }

    fn contents(&self) -> std::sync::MutexGuard<'_, Contents> {
        self.shared.lock().unwrap()
    }
}

fn silent() -> Report {
    Arc::new(|_| {})
}

fn full(error: &Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text.push_str(&format!(": {cause}"));
        next = cause.source();
    }
    text
}

#[tokio::test]
async fn an_image_is_sent_once_and_its_tag_last() {
    let fake = Fake::start(Contents::default()).await;
    let image = Image::build(&recipe(&["amd64", "arm64"])).unwrap();
    let seen: Arc<Mutex<Vec<Progress>>> = Arc::default();
    let report: Report = Arc::new({
        let seen = seen.clone();
        move |progress| seen.lock().unwrap().push(progress)
    });
    let first = fake.open(Credentials::Anonymous).push(&image, &report).await.unwrap();
    assert_eq!((first.was_there, first.present_bytes), (false, 0));
    for blob in image.contents() {
        assert_eq!(fake.contents().stored[&blob.descriptor.digest], blob.content);
    }
    assert_eq!(fake.contents().tags["1"], image.digest());
    assert_eq!(fake.contents().requests.last().unwrap(), "PUT /v2/jqs/manifests/1");
    let sizes: Vec<Option<String>> = image.blobs.iter().map(|blob| Some(blob.descriptor.size.to_string())).collect();
    assert_eq!(fake.contents().lengths, sizes, "each in one request, of a known length");
    let largest = image.blobs.iter().map(|blob| blob.descriptor.size).max().unwrap();
    assert!(seen.lock().unwrap().iter().any(|one| matches!(one, Progress::Sending { sent, .. } if *sent == largest)));

    let again = fake.open(Credentials::Anonymous).push(&image, &report).await.unwrap();
    assert_eq!((again.was_there, again.sent_bytes), (true, 0));
    fake.contents().tags.clear();
    let tagged = fake.open(Credentials::Anonymous).push(&image, &report).await.unwrap();
    assert_eq!((tagged.was_there, tagged.sent_bytes, tagged.present_bytes), (false, 0, first.sent_bytes));
    assert_eq!(fake.contents().count("PATCH"), image.blobs.len(), "no blob was sent again");
}

#[tokio::test]
async fn a_registry_that_asks_is_answered_by_password_or_by_token() {
    for challenge in [r#"Basic realm="x""#, r#"Bearer realm="http://HOST/token",service="x""#] {
        let fake = Fake::start(Contents { asks: Some(challenge), ..Contents::default() }).await;
        fake.push(&["amd64"]).await.unwrap();
        let tokens = usize::from(challenge.starts_with("Bearer"));
        assert_eq!(fake.contents().count("GET /token"), tokens, "asked for once");

        let image = Image::build(&recipe(&["amd64"])).unwrap();
        for credentials in [Credentials::Anonymous, Credentials::basic("me", "wrong")] {
            let failure = fake.open(credentials).push(&image, &silent()).await.unwrap_err();
            assert!(matches!(failure.fault(), Fault::Unauthorized(_)), "{failure:?}");
            assert!(!full(&failure).contains("wrong"), "the password is not told");
        }
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again_from_the_start_of_the_layer() {
    let ill = StatusCode::SERVICE_UNAVAILABLE;
    for fault in ["HEAD", "POST", "PATCH", "PUT /v2/jqs/blobs", "PUT /v2/jqs/manifests"] {
        let faults = vec![(fault.to_owned(), vec![ill, StatusCode::TOO_MANY_REQUESTS])];
        let fake = Fake::start(Contents { faults, ..Contents::default() }).await;
        fake.push(&["amd64"]).await.unwrap();
        let posts = if fault.starts_with("HEAD") || fault.ends_with("manifests") { 3 } else { 5 };
        assert_eq!(fake.contents().count("POST"), posts, "{fault}");
    }
}

#[tokio::test]
async fn a_registry_that_asks_for_time_gets_it() {
    let faults = vec![("POST".to_owned(), vec![StatusCode::TOO_MANY_REQUESTS])];
    let fake = Fake::start(Contents { faults, retry_after: Some("1"), ..Contents::default() }).await;
    let began = std::time::Instant::now();
    fake.push(&["amd64"]).await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_place_elsewhere_gets_the_layer_and_not_the_credentials() {
    let elsewhere = Fake::start(Contents::default()).await;
    let asks = Some(r#"Basic realm="x""#);
    let host = Some(format!("http://{}", elsewhere.address));
    let fake = Fake::start(Contents { asks, elsewhere: host, ..Contents::default() }).await;
    fake.push(&["amd64"]).await.unwrap();
    assert_eq!(elsewhere.contents().count("PATCH"), 3);
    assert_eq!(elsewhere.contents().authorized, 0);
    assert!(fake.contents().authorized > 0);
}

#[tokio::test]
async fn what_does_not_pass_is_told_with_the_words_of_the_registry() {
    let many = vec![StatusCode::INTERNAL_SERVER_ERROR; DEFAULT_ATTEMPTS_MAX as usize];
    let fake = Fake::start(Contents { faults: vec![("POST".to_owned(), many)], ..Contents::default() }).await;
    let failure = fake.push(&["amd64"]).await.unwrap_err();
    assert!(full(&failure).ends_with("answers 500 Internal Server Error: not today (DENIED)"), "{}", full(&failure));
    assert_eq!(fake.contents().count("POST"), DEFAULT_ATTEMPTS_MAX as usize);

    for status in [StatusCode::NOT_FOUND, StatusCode::FORBIDDEN] {
        let faults = vec![("POST".to_owned(), vec![status])];
        let fake = Fake::start(Contents { faults, ..Contents::default() }).await;
        let failure = fake.push(&["amd64"]).await.unwrap_err();
        assert!(matches!(failure.fault(), Fault::Refused { status: answered, .. } if *answered == status));
        assert_eq!(fake.contents().count("POST"), 1, "not tried again");
        assert_eq!(fake.contents().count("PUT"), 0, "nothing leads to half an image");
    }
}

#[tokio::test]
async fn a_registry_that_stores_something_else_is_found_out() {
    let fake = Fake::start(Contents { lies: true, ..Contents::default() }).await;
    let failure = fake.push(&["amd64"]).await.unwrap_err();
    assert!(matches!(failure.fault(), Fault::WrongDigest { .. }), "{failure:?}");
    assert!(!failure.is_transient());
}

#[tokio::test]
async fn nobody_there_and_nothing_encrypted_are_told() {
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let fake = Fake { shared: Shared::default(), address: gone.to_string() };
    let failure = fake.push(&["amd64"]).await.unwrap_err();
    assert!(matches!(failure.fault(), Fault::Unreachable(_)), "{failure:?}");

    let open = |insecure: bool, endpoint: Option<&str>| {
        let reference = Reference::parse("registry.example.com/jqs", "1").unwrap();
        let endpoint = endpoint.map(str::to_owned);
        let options = RegistryOptions {
            credentials: Credentials::Anonymous,
            insecure,
            endpoint,
            retry_delay: DEFAULT_RETRY_DELAY,
        };
        Registry::open(&reference, options).map(|registry| registry.is_encrypted())
    };
    assert!(open(false, None).unwrap());
    assert!(!open(true, None).unwrap());
    assert!(!open(false, Some("http://127.0.0.1:5000")).unwrap());
    assert!(full(&open(false, Some("http://other.example.com")).unwrap_err()).ends_with("is unencrypted"));
}
