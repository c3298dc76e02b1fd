//! One request, read: which service, which operation, with which parameters.

use super::store;
use http::Method;
use http::request::Parts;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Query,
    Json,
    /// OpenSearch Service's, of which only one call is answered.
    Search,
    Store,
}

#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) protocol: Protocol,
    pub(crate) operation: String,
    pub(crate) access_key: String,
    /// The one that its signature names.
    pub(crate) region: String,
    pub(crate) page: usize,
    path: String,
    parameters: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Call {
    pub(crate) fn read(head: &Parts, body: &[u8], page: usize) -> Self {
        let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let credential = header("authorization").split_once("Credential=").map_or("", |(_, rest)| rest);
        let mut scope = credential.split('/').map(str::to_owned);
        let (access_key, region) = (scope.next().unwrap_or_default(), scope.nth(1).unwrap_or_default());
        let body = String::from_utf8_lossy(body).into_owned();
        let path = decode(head.uri.path());
        let query = pairs(head.uri.query().unwrap_or_default());
        let (protocol, operation, parameters) = if let Some((_, action)) = header("x-amz-target").split_once('.') {
            (Protocol::Json, action.to_owned(), Vec::new())
        } else if head.method == Method::POST && header("content-type").contains("form-urlencoded") {
            let parameters = pairs(&body);
            let action = parameters.iter().find(|(key, _)| key == "Action").unwrap().1.clone();
            (Protocol::Query, action, parameters)
        } else if path.starts_with("/2021-01-01/opensearch/") {
            (Protocol::Search, "DescribeDomainChangeProgress".to_owned(), Vec::new())
        } else {
            (Protocol::Store, store::operation(&head.method, &path, &query), query)
        };
        Self { protocol, operation, access_key, region, page, path, parameters, body }
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn required(&self, name: &str) -> &str {
        self.parameter(name).unwrap_or_default()
    }

    /// The values of a list: `Name.member.1`, `Name.member.2`, …
    pub(crate) fn members(&self, name: &str) -> Vec<String> {
        (1..).map_while(|index| self.parameter(&format!("{name}.member.{index}")).map(str::to_owned)).collect()
    }

    /// The same for a list of structures: each member's field, where it has one.
    pub(crate) fn fields(&self, name: &str, key: &str, value: &str) -> Vec<(String, Option<String>)> {
        let field = |index: usize, field: &str| self.parameter(&format!("{name}.member.{index}.{field}"));
        (1..).map_while(|index| Some((field(index, key)?.to_owned(), field(index, value).map(str::to_owned)))).collect()
    }

    pub(crate) fn bucket_and_key(&self) -> (&str, &str) {
        let path = self.path.trim_start_matches('/');
        path.split_once('/').unwrap_or((path, ""))
    }

    /// The texts of all elements of that name in a body of XML.
    pub(crate) fn elements(&self, name: &str) -> Vec<String> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let parts = self.body.split(&open).skip(1);
        parts.filter_map(|rest| Some(rest.split_once(&close)?.0.to_owned())).collect()
    }
}

fn pairs(text: &str) -> Vec<(String, String)> {
    let parts = text.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = tail.get(..2).filter(|_| first == b'%').and_then(|code| std::str::from_utf8(code).ok());
        if let Some(byte) = code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(if first == b'+' { b' ' } else { first });
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
