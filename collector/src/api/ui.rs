//! The web page: files that are embedded when the collector is built, the same under every base path.

use std::{borrow::Cow, collections::HashMap, io::Write as _};

use axum::{
    body::Body,
    extract::Request,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{
            ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
            IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use rust_embed::{Embed, EmbeddedFile};

use super::reply;

const INDEX: &str = "index.html";
/// What marks the tag that tells the page its base path.
const BASE_MARK: &str = "data-inject-target=\"BASE_URL\"";
/// The folder of files whose names hold a hash of what is in them.
const HASHED_FOLDER: &str = "assets/";
/// Files that compression makes no smaller than this share of themselves are sent as they are.
const COMPRESSED_PERCENT_MAX: usize = 90;

/// Scripts, styles and data come from this server alone; nothing inline, no plugins, no foreign frames around the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
    connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'";

#[derive(Embed)]
#[folder = "$OUT_DIR/ui"]
struct Files;

/// The page's files, ready to be sent.
pub struct Page {
    files: HashMap<String, File>,
}

struct File {
    content: Bytes,
    compressed: Option<Bytes>,
    kind: &'static str,
    cache: &'static str,
    tag: HeaderValue,
}

impl Page {
    /// The embedded page, under a base path (empty, or such as `/jaeger`).
    pub fn new(base_path: &str) -> Self {
        let embedded = Files::iter().filter_map(|path| Files::get(&path).map(|file| (path.into_owned(), file)));
        Self::of(embedded, base_path)
    }

    fn of(files: impl Iterator<Item = (String, EmbeddedFile)>, base_path: &str) -> Self {
        let files = files.map(|(path, file)| {
            let file = File::of(&path, file, base_path);
            (path, file)
        });
        Self { files: files.collect() }
    }

    /// A file where the path names one, else the page itself: it finds out from its address what to show.
    pub(super) fn serve(&self, request: &Request) -> Response {
        let path = request.uri().path().trim_start_matches('/');
        let is_file = path.starts_with(HASHED_FOLDER) || content_type(path).is_some();
        match self.files.get(path).or_else(|| self.files.get(INDEX).filter(|_| !is_file)) {
            Some(file) => file.serve(request.headers()),
            None if self.files.is_empty() => {
                reply::plain(StatusCode::NOT_FOUND, "this collector was built without its web page".into())
            }
            None => reply::not_found(),
        }
    }
}

impl File {
    fn of(path: &str, file: EmbeddedFile, base_path: &str) -> Self {
        let mut tag = hex::encode(&file.metadata.sha256_hash()[..16]);
        let mut content = match file.data {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => bytes.into(),
        };
        if path == INDEX {
            content = with_base_path(content, base_path);
            tag.push_str(base_path);
        }
        let cache = if path.starts_with(HASHED_FOLDER) { "public, max-age=31536000, immutable" } else { "no-cache" };
        let kind = content_type(path).unwrap_or("application/octet-stream");
        let tag = HeaderValue::try_from(format!("\"{tag}\"")).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
        Self { compressed: compress(&content), content, kind, cache, tag }
    }

    fn serve(&self, request: &HeaderMap) -> Response {
        let headers = [
            (CACHE_CONTROL, HeaderValue::from_static(self.cache)),
            (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
            (ETAG, self.tag.clone()),
            (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            (VARY, HeaderValue::from_static("accept-encoding")),
            (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ];
        if is_known(request, &self.tag) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        let kind = [(CONTENT_TYPE, HeaderValue::from_static(self.kind))];
        match self.compressed.clone().filter(|_| takes_gzip(request)) {
            Some(body) => {
                let encoding = [(CONTENT_ENCODING, HeaderValue::from_static("gzip"))];
                (headers, kind, encoding, Body::from(body)).into_response()
            }
            None => (headers, kind, Body::from(self.content.clone())).into_response(),
        }
    }
}

/// Whether the client has the file already.
fn is_known(request: &HeaderMap, tag: &HeaderValue) -> bool {
    let known = request.get(IF_NONE_MATCH).and_then(|known| known.to_str().ok()).unwrap_or_default();
    known.split(',').any(|known| known.trim().trim_start_matches("W/").as_bytes() == tag.as_bytes())
}

fn takes_gzip(request: &HeaderMap) -> bool {
    let accepted = request.get(ACCEPT_ENCODING).and_then(|accepted| accepted.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|encoding| {
        let (name, weight) = encoding.split_once(';').unwrap_or((encoding, "q=1"));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|weight| weight.parse() == Ok(0.0));
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

fn compress(content: &Bytes) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).ok()?;
    let compressed = encoder.finish().ok()?;
    (compressed.len() * 100 < content.len() * COMPRESSED_PERCENT_MAX).then(|| compressed.into())
}

/// Replaces the whole tag that has the mark.
fn with_base_path(index: Bytes, base_path: &str) -> Bytes {
    let marked = || {
        let text = std::str::from_utf8(&index).ok()?;
        let mark = text.find(BASE_MARK)?;
        let start = text[..mark].rfind("<base")?;
        let end = mark + text[mark..].find('>')? + 1;
        Some(format!("{}<base href=\"{base_path}/\" {BASE_MARK} />{}", &text[..start], &text[end..]))
    };
    match marked() {
        Some(text) => text.into(),
        None => {
            tracing::warn!("the web page does not say where its base path goes; it works only at `/`");
            index
        }
    }
}

/// By the end of a file's name; `None` for what is no file of a web page.
fn content_type(path: &str) -> Option<&'static str> {
    let (_, extension) = path.rsplit_once('.')?;
    Some(match extension {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "js" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        _ => return None,
    })
}
