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
use rust_embed::Embed;

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
        let files = Files::iter().filter_map(|path| {
            let file = Files::get(&path)?;
            let content = match file.data {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => bytes.into(),
            };
            Some((path.into_owned(), content, file.metadata.sha256_hash()))
        });
        Self::of(files, base_path)
    }

    /// From names, contents and hashes.
    fn of(files: impl Iterator<Item = (String, Bytes, [u8; 32])>, base_path: &str) -> Self {
        let files = files.map(|(path, content, hash)| {
            let file = File::of(&path, content, &hash, base_path);
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
    fn of(path: &str, mut content: Bytes, hash: &[u8; 32], base_path: &str) -> Self {
        let mut tag = hex::encode(&hash[..16]);
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

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::MultiGzDecoder;
    use http_body_util::BodyExt as _;

    use super::*;

    const PAGE: &str = "<html><head><base href=\"/\" data-inject-target=\"BASE_URL\" /></head></html>";

    fn page(base_path: &str) -> Page {
        let script = "let answer = 42;\n".repeat(100);
        let files = [
            ("index.html", PAGE.to_owned(), 1),
            ("assets/index-Ab12.js", script, 2),
            ("favicon.svg", "<svg/>".to_owned(), 3),
        ];
        Page::of(files.into_iter().map(|(path, text, hash)| (path.into(), text.into(), [hash; 32])), base_path)
    }

    fn request(path: &str, headers: &[(&str, &str)]) -> Request {
        let builder = headers.iter().fold(Request::get(path), |builder, (name, value)| builder.header(*name, *value));
        builder.body(Body::empty()).expect("a request")
    }

    async fn body(response: Response) -> Vec<u8> {
        response.into_body().collect().await.expect("a body").to_bytes().into()
    }

    fn header<'a>(response: &'a Response, name: &str) -> &'a str {
        response.headers().get(name).map_or("", |value| value.to_str().expect("a header in ASCII"))
    }

    #[tokio::test]
    async fn any_path_that_names_no_file_is_the_page_with_its_base_path() {
        for (base_path, href) in [("", "/"), ("/jaeger", "/jaeger/")] {
            for path in ["/", "/search", "/trace/5b8e", "/trace/a...b"] {
                let response = page(base_path).serve(&request(path, &[]));
                assert_eq!(response.status(), StatusCode::OK, "{path}");
                assert_eq!(header(&response, "content-type"), "text/html; charset=utf-8");
                assert_eq!(header(&response, "cache-control"), "no-cache");
                let wanted = PAGE.replace("href=\"/\"", &format!("href=\"{href}\""));
                assert_eq!(String::from_utf8(body(response).await), Ok(wanted), "{path}");
            }
        }
        for path in ["/assets/gone-1.js", "/assets/gone", "/missing.css"] {
            assert_eq!(page("").serve(&request(path, &[])).status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn files_are_sent_with_what_browsers_need_to_keep_them_and_to_trust_them() {
        let hashed = page("").serve(&request("/assets/index-Ab12.js", &[]));
        assert_eq!(header(&hashed, "content-type"), "text/javascript; charset=utf-8");
        assert_eq!(header(&hashed, "cache-control"), "public, max-age=31536000, immutable");
        let icon = page("").serve(&request("/favicon.svg", &[]));
        assert_eq!(header(&icon, "cache-control"), "no-cache");
        for response in [&hashed, &icon] {
            assert!(header(response, "content-security-policy").starts_with("default-src 'none'; script-src 'self'"));
            assert_eq!(header(response, "x-content-type-options"), "nosniff");
            assert_eq!(header(response, "referrer-policy"), "no-referrer");
        }
        assert_eq!(body(icon).await, b"<svg/>");
    }

    #[tokio::test]
    async fn what_the_browser_has_is_not_sent_again() {
        let tag = header(&page("").serve(&request("/", &[])), "etag").to_owned();
        for known in [tag.clone(), format!("\"x\", W/{tag}")] {
            let again = page("").serve(&request("/", &[("if-none-match", &known)]));
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(body(again).await, b"");
        }
        let moved = page("/jaeger").serve(&request("/", &[("if-none-match", &tag)]));
        assert_eq!(moved.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn files_are_compressed_for_those_who_take_it() {
        let path = "/assets/index-Ab12.js";
        let plain = body(page("").serve(&request(path, &[]))).await;
        for (accepted, compressed) in
            [("gzip", true), ("br, GZIP;q=0.5", true), ("gzip;q=0", false), ("br", false), ("identity", false)]
        {
            let response = page("").serve(&request(path, &[("accept-encoding", accepted)]));
            assert_eq!(header(&response, "content-encoding"), if compressed { "gzip" } else { "" }, "{accepted}");
            let mut found = body(response).await;
            if compressed {
                assert!(found.len() < plain.len() / 2, "{} bytes", found.len());
                let mut text = Vec::new();
                MultiGzDecoder::new(found.as_slice()).read_to_end(&mut text).expect("gzip");
                found = text;
            }
            assert_eq!(found, plain, "{accepted}");
        }
        let small = page("").serve(&request("/favicon.svg", &[("accept-encoding", "gzip")]));
        assert_eq!(header(&small, "content-encoding"), "");
    }

    #[test]
    fn a_build_without_the_page_says_so() {
        let none = Page::of(std::iter::empty(), "");
        assert_eq!(none.serve(&request("/search", &[])).status(), StatusCode::NOT_FOUND);
    }
}
