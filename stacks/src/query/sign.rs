//! Signature Version 4.

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign as signature};
use aws_sigv4::sign::v4;
use reqwest::Request;
use reqwest::header::{HeaderName, HeaderValue};
use std::time::SystemTime;

type Cause = Box<dyn std::error::Error + Send + Sync>;

pub(super) fn sign(
    request: &mut Request,
    body: &str,
    credentials: &Credentials,
    region: &str,
    service: &str,
) -> Result<(), Cause> {
    let identity = credentials.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()?
        .into();
    let headers: Vec<(String, String)> = {
        let all = request.headers().iter();
        all.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned()))).collect()
    };
    let named = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let signable = SignableRequest::new(
        request.method().as_str(),
        request.url().as_str(),
        named,
        SignableBody::Bytes(body.as_bytes()),
    )?;
    let (instructions, _) = signature(signable, &parameters)?.into_parts();
    for (name, value) in instructions.headers() {
        let mut header = HeaderValue::try_from(value)?;
        header.set_sensitive(true);
        request.headers_mut().insert(HeaderName::try_from(name)?, header);
    }
    Ok(())
}
