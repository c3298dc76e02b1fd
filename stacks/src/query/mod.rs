//! Services of which so little is asked that their SDK crates are not worth the build: signed calls in the Query protocol, in
//! JSON, or plain GETs, with the session's credentials, region, addresses, time limits and patience.

mod answer;
mod service;
mod sign;

pub use answer::{Element, Refusal};
pub use service::{
    ACM, CLOUD_CONTROL, CLOUDWATCH, EC2, ECS, ELB, IAM, OPENSEARCH, QUOTAS, ROUTE53, SECRETS, SSM, Service, TAGGING,
};

use crate::aws_error;
use crate::session::{DEFAULT_ATTEMPT_TIMEOUT_SECONDS, DEFAULT_CONNECT_TIMEOUT_SECONDS, Session};
use aws_credential_types::provider::ProvideCredentials;
use jqs_cfn::{Error, ErrorKind};
use reqwest::{Method, StatusCode, Url};
use serde_json::Value;
use service::Place;
use std::time::Duration;

/// How often a call is made whose answer did not come, or was that AWS is busy.
pub const DEFAULT_QUERY_ATTEMPTS_MAX: u32 = 4;
/// Pages of one list.
pub const DEFAULT_PAGES_MAX: usize = 200;
/// No answer to what is asked here is nearly as long.
pub const DEFAULT_ANSWER_BYTES_MAX: usize = 16_777_216;

const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

pub type Outcome<T> = Result<T, Refusal>;

/// How a list goes on behind the end of a page: what the answer gives, and what the next request names it.
#[derive(Debug, Clone, Copy)]
pub struct Paging {
    given: &'static str,
    sent: &'static str,
}

/// EC2's.
pub const TOKEN: Paging = Paging { given: "nextToken", sent: "NextToken" };
/// Elastic Load Balancing's.
pub const MARKER: Paging = Paging { given: "NextMarker", sent: "Marker" };

#[derive(Debug, Clone)]
pub struct Query {
    session: Session,
    http: reqwest::Client,
}

/// One call, before it is signed.
struct Call {
    service: Service,
    method: Method,
    /// Below the service's address.
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
    /// For "cannot …".
    action: String,
}

impl Query {
    pub fn new(session: &Session) -> jqs_cfn::Result<Self> {
        let seconds = session.call_timeout_seconds.unwrap_or(DEFAULT_ATTEMPT_TIMEOUT_SECONDS);
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(DEFAULT_CONNECT_TIMEOUT_SECONDS))
            .timeout(Duration::from_secs(seconds))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Error::new(ErrorKind::Service, "cannot make a client for HTTP").because(error))?;
        Ok(Self { session: session.clone(), http })
    }

    /// A call of the Query protocol.
    pub async fn query(&self, service: Service, action: &str, parameters: &[(&str, &str)]) -> Outcome<Element> {
        let fixed = [("Action", action), ("Version", service.version)];
        let body = form(fixed.iter().chain(parameters).copied());
        let call = Call {
            service,
            method: Method::POST,
            path: "/".to_owned(),
            headers: vec![("content-type", FORM.to_owned())],
            body,
            action: format!("ask for `{}:{action}`", service.prefix()),
        };
        let text = self.send(&call).await?;
        Ok(self.xml(&call, &text)?.result(action))
    }

    /// The members of a list over all of its pages.
    pub async fn list(
        &self,
        service: Service,
        action: &str,
        parameters: &[(&str, &str)],
        list: &str,
        paging: Paging,
    ) -> Outcome<Vec<Element>> {
        let mut found = Vec::new();
        let mut token = String::new();
        for _ in 0..DEFAULT_PAGES_MAX {
            let mut parameters = parameters.to_vec();
            if !token.is_empty() {
                parameters.push((paging.sent, &token));
            }
            let page = self.query(service, action, &parameters).await?;
            found.extend_from_slice(page.list(list));
            token = page.text(paging.given).to_owned();
            if token.is_empty() {
                break;
            }
        }
        Ok(found)
    }

    /// A call of JSON 1.0 or 1.1.
    pub async fn json(&self, service: Service, operation: &str, input: &Value) -> Outcome<Value> {
        let target = format!("{}.{operation}", service.version);
        let call = Call {
            service,
            method: Method::POST,
            path: "/".to_owned(),
            headers: vec![("content-type", service.json().to_owned()), ("x-amz-target", target)],
            body: input.to_string(),
            action: format!("ask for `{}:{operation}`", service.prefix()),
        };
        let text = self.send(&call).await?;
        self.parsed(&call, &text)
    }

    /// What is at a path, in JSON.
    pub async fn get_json(&self, service: Service, path: &str, action: &str) -> Outcome<Value> {
        let call = self.get(service, path, action);
        let text = self.send(&call).await?;
        self.parsed(&call, &text)
    }

    /// What is at a path, in XML.
    pub async fn get_xml(&self, service: Service, path: &str, action: &str) -> Outcome<Element> {
        let call = self.get(service, path, action);
        let text = self.send(&call).await?;
        self.xml(&call, &text)
    }

    fn get(&self, service: Service, path: &str, action: &str) -> Call {
        let path = format!("/{}/{path}", service.version);
        let action = format!("ask for `{}:{action}`", service.prefix());
        Call { service, method: Method::GET, path, headers: Vec::new(), body: String::new(), action }
    }

    fn xml(&self, call: &Call, text: &str) -> Outcome<Element> {
        Element::read(text).map_err(|error| garbled(call, error))
    }

    fn parsed(&self, call: &Call, text: &str) -> Outcome<Value> {
        serde_json::from_str(text).map_err(|error| garbled(call, error))
    }

    /// The body of the answer; asked for again where that may help.
    async fn send(&self, call: &Call) -> Outcome<String> {
        let mut pause = self.session.pace.min;
        for _ in 1..DEFAULT_QUERY_ATTEMPTS_MAX {
            match self.attempt(call).await {
                Err(refusal) if refusal.error.is_transient() => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                settled => return settled,
            }
        }
        self.attempt(call).await
    }

    async fn attempt(&self, call: &Call) -> Outcome<String> {
        let place = Place::of(call.service, &self.session.config, &self.session.region);
        let failed = |kind: ErrorKind, cause: String| Refusal {
            code: None,
            error: aws_error::explained(kind, &call.action, cause),
        };
        let url = Url::parse(&format!("{}{}", place.url, call.path));
        let url = url.map_err(|error| failed(ErrorKind::Usage, format!("`{}` is no address: {error}", place.url)))?;
        let mut request = self.http.request(call.method.clone(), url).body(call.body.clone());
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        let mut request = request.build().map_err(|error| failed(ErrorKind::Service, told(&error)))?;
        let Some(provider) = self.session.config.credentials_provider() else {
            return Err(failed(ErrorKind::NoCredentials, "no credentials are configured".to_owned()));
        };
        let credentials = provider.provide_credentials().await.map_err(|error| {
            let (kind, cause) = aws_error::of_credentials(&error);
            failed(kind, cause)
        })?;
        sign::sign(&mut request, &call.body, &credentials, &place.region, call.service.name)
            .map_err(|error| failed(ErrorKind::Service, error.to_string()))?;
        let answer = self.http.execute(request).await;
        let mut answer = answer.map_err(|error| failed(ErrorKind::Unreachable, told(&error)))?;
        let status = answer.status();
        let header = answer.headers().get("x-amzn-errortype").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|error| failed(ErrorKind::Unreachable, told(&error)))? {
            body.extend_from_slice(&part);
            if body.len() > DEFAULT_ANSWER_BYTES_MAX {
                let cause = format!("the answer has more than {DEFAULT_ANSWER_BYTES_MAX} bytes");
                return Err(failed(ErrorKind::Service, cause));
            }
        }
        let body = String::from_utf8_lossy(&body).into_owned();
        if status.is_success() { Ok(body) } else { Err(refused(call, status, &body, header.as_deref())) }
    }
}

fn refused(call: &Call, status: StatusCode, body: &str, header: Option<&str>) -> Refusal {
    match answer::refusal(body, header) {
        Some((code, message)) => {
            let error = aws_error::refused(&call.action, &code, &message, status.as_u16());
            Refusal { code: Some(code), error }
        }
        None => {
            let kind = if status.is_server_error() { ErrorKind::Unreachable } else { ErrorKind::Service };
            let cause = aws_error::without_words(status.as_u16());
            Refusal { code: None, error: aws_error::explained(kind, &call.action, cause) }
        }
    }
}

fn garbled(call: &Call, error: impl std::fmt::Display) -> Refusal {
    let cause = format!("the answer cannot be read: {error}");
    Refusal { code: None, error: aws_error::explained(ErrorKind::Service, &call.action, cause) }
}

/// The last of the causes says most.
fn told(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    aws_error::innermost(error)
}

fn form<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    // The address stands for nothing: it is its query that is encoded as a form is.
    let url = Url::parse_with_params("http://form", pairs.collect::<Vec<_>>());
    url.ok().and_then(|url| url.query().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_encoded_as_a_form() {
        let pairs = [("Action", "GetRole"), ("RoleName", "a b/é&c=d")];
        assert_eq!(form(pairs.into_iter()), "Action=GetRole&RoleName=a+b%2F%C3%A9%26c%3Dd");
    }
}
