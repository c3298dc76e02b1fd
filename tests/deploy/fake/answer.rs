//! Answers as AWS words them: XML for the query protocol and for S3, JSON elsewhere.

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;

pub(crate) type Answer = Response<Full<Bytes>>;

pub(crate) fn answer(status: StatusCode, content_type: &str, body: impl Into<Bytes>) -> Answer {
    let builder = Response::builder().status(status).header("content-type", content_type);
    builder.body(Full::new(body.into())).unwrap()
}

/// Elements one after another; an absent value has none.
#[derive(Default)]
pub(crate) struct Xml(String);

impl Xml {
    pub(crate) fn raw(elements: &str) -> Self {
        Self(elements.to_owned())
    }

    pub(crate) fn text(mut self, name: &str, value: &str) -> Self {
        let value = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        self.0.push_str(&format!("<{name}>{value}</{name}>"));
        self
    }

    pub(crate) fn maybe(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    pub(crate) fn inside(mut self, name: &str, inner: Xml) -> Self {
        self.0.push_str(&format!("<{name}>{}</{name}>", inner.0));
        self
    }

    pub(crate) fn list(self, name: &str, members: impl IntoIterator<Item = Xml>) -> Self {
        let list = members.into_iter().fold(Xml::default(), |list, member| list.inside("member", member));
        self.inside(name, list)
    }

    pub(crate) fn pairs<'a>(
        self,
        name: &str,
        (key, value): (&str, &str),
        pairs: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) -> Self {
        self.list(name, pairs.into_iter().map(|(one, two)| Xml::default().text(key, one).text(value, two)))
    }
}

/// A refusal: status, code and words.
pub(crate) struct Refusal(pub(crate) u16, pub(crate) &'static str, pub(crate) String);

pub(crate) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal(400, "ValidationError", message.into())
}

pub(crate) fn query(action: &str, result: Result<Xml, Refusal>) -> Answer {
    match result {
        Ok(result) => {
            let (response, inner) = (format!("{action}Response"), format!("{action}Result"));
            let body = Xml::default().inside(&response, Xml::default().inside(&inner, result));
            answer(StatusCode::OK, "text/xml", body.0)
        }
        Err(Refusal(status, code, message)) => {
            let error = Xml::default().text("Type", "Sender").text("Code", code).text("Message", &message);
            let body = Xml::default().inside("ErrorResponse", Xml::default().inside("Error", error));
            answer(StatusCode::from_u16(status).unwrap(), "text/xml", body.0)
        }
    }
}

pub(crate) fn document(root: &str, content: Xml) -> Answer {
    answer(StatusCode::OK, "application/xml", Xml::default().inside(root, content).0)
}

pub(crate) fn store_error(status: u16, code: &str) -> Answer {
    let body = Xml::default().inside("Error", Xml::default().text("Code", code).text("Message", code));
    answer(StatusCode::from_u16(status).unwrap(), "application/xml", body.0)
}

pub(crate) fn json(value: &serde_json::Value) -> Answer {
    answer(StatusCode::OK, "application/x-amz-json-1.1", value.to_string())
}

pub(crate) fn json_error(status: u16, code: &str, message: &str) -> Answer {
    let body = serde_json::json!({"__type": code, "message": message});
    answer(StatusCode::from_u16(status).unwrap(), "application/x-amz-json-1.1", body.to_string())
}
