//! An image → a registry that speaks OCI's distribution protocol: what is there already is not sent again.
//!
//! The protocol is spoken here and not by `oci-client`, which hides that a log-in failed, and sends a blob in parts where
//! Docker, as which every registry must serve, sends it in one.

mod challenge;
mod connection;
mod credentials;
mod error;
mod reference;
mod upload;

#[cfg(test)]
mod tests;

pub use connection::{
    DEFAULT_ANSWER_TIMEOUT_SECONDS, DEFAULT_ATTEMPTS_MAX, DEFAULT_CONNECT_TIMEOUT_SECONDS, DEFAULT_RETRY_DELAY,
    Registry, RegistryOptions,
};
pub use credentials::{Credentials, CredentialsError};
pub use error::{Error, Fault, Result};
pub use reference::{Reference, ReferenceError};
pub use upload::{Progress, Report};

use crate::document::{INDEX_TYPE, MANIFEST_TYPE};
use crate::image::{Blob, Image};
use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Body, Method, Response, StatusCode, Url};
use upload::Upload;

const DIGEST_HEADER: &str = "docker-content-digest";

/// What a push came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pushed {
    /// The tag led to this very image before.
    pub was_there: bool,
    pub sent_bytes: u64,
    pub present_bytes: u64,
}

impl Registry {
    /// Sends an image and gives it the tag. What refers to others is sent last, so that the tag never leads to half an image.
    pub async fn push(&self, image: &Image, report: &Report) -> Result<Pushed> {
        let mut pushed = Pushed { was_there: false, sent_bytes: 0, present_bytes: 0 };
        // A tag that may not be changed would be refused even for the image that it has.
        if self.tagged_digest().await?.as_deref() == Some(image.digest()) {
            return Ok(Pushed { was_there: true, ..pushed });
        }
        for blob in &image.blobs {
            let (digest, size) = (&blob.descriptor.digest, blob.descriptor.size);
            if self.has_blob(digest).await? {
                pushed.present_bytes += size;
                report(Progress::Present { digest: digest.clone(), size });
            } else {
                self.retrying(async || self.upload(blob, report).await).await?;
                pushed.sent_bytes += size;
                report(Progress::Sent { digest: digest.clone(), size });
            }
        }
        for manifest in &image.manifests {
            let is_root = manifest.descriptor.digest == image.root.digest;
            let name = if is_root { &self.reference().tag } else { &manifest.descriptor.digest };
            self.retrying(async || self.put_manifest(manifest, name).await).await?;
        }
        Ok(pushed)
    }

    /// The digest of what the tag leads to.
    pub async fn tagged_digest(&self) -> Result<Option<String>> {
        let action = format!("look for `{}`", self.reference());
        let url = self.url(&action, &format!("manifests/{}", self.reference().tag))?;
        let head = async || {
            let accept = format!("{INDEX_TYPE}, {MANIFEST_TYPE}");
            self.request(&action, Method::HEAD, &url, |request| request.header(ACCEPT, &accept)).await
        };
        let answer = or_absent(self.retrying(head).await)?;
        Ok(answer.and_then(|answer| header(answer.headers(), DIGEST_HEADER)))
    }

    async fn has_blob(&self, digest: &str) -> Result<bool> {
        let action = format!("look for a layer in `{}`", self.reference().name());
        let url = self.url(&action, &format!("blobs/{digest}"))?;
        let head = async || self.request(&action, Method::HEAD, &url, |request| request).await;
        Ok(or_absent(self.retrying(head).await)?.is_some())
    }

    /// As Docker sends it: ask for a place, send all there, close it by the digest.
    async fn upload(&self, blob: &Blob, report: &Report) -> Result<()> {
        let digest = &blob.descriptor.digest;
        let action = format!("send a layer to `{}`", self.reference().name());
        let start = self.url(&action, "blobs/uploads/")?;
        let empty = |request: reqwest::RequestBuilder| request.header(CONTENT_LENGTH, 0);
        let answer = self.request(&action, Method::POST, &start, empty).await?;
        let place = self.place(&action, &answer)?;
        let answer = self
            .request(&action, Method::PATCH, &place, |request| {
                let body = Upload::new(blob, report.clone());
                request.header(CONTENT_TYPE, "application/octet-stream").body(Body::wrap(body))
            })
            .await?;
        let mut place = self.place(&action, &answer)?;
        place.query_pairs_mut().append_pair("digest", digest);
        let answer = self.request(&action, Method::PUT, &place, empty).await?;
        self.same_digest(&action, &answer, digest)
    }

    async fn put_manifest(&self, manifest: &Blob, name: &str) -> Result<()> {
        let action = format!("put the image `{}` together", self.reference());
        let url = self.url(&action, &format!("manifests/{name}"))?;
        let put = |request: reqwest::RequestBuilder| {
            let content: Bytes = manifest.content.clone();
            request.header(CONTENT_TYPE, &manifest.descriptor.media_type).body(content)
        };
        let answer = self.request(&action, Method::PUT, &url, put).await?;
        self.same_digest(&action, &answer, &manifest.descriptor.digest)
    }

    /// Where a registry wants to be sent to next.
    fn place(&self, action: &str, answer: &Response) -> Result<Url> {
        let fault = |text: String| Error::new(action, Fault::Protocol(text));
        let location = header(answer.headers(), LOCATION.as_str())
            .ok_or_else(|| fault("it does not say where to send it".to_owned()))?;
        let url = answer
            .url()
            .join(&location)
            .map_err(|_| fault(format!("`{location}`, where to send it, is no address")))?;
        if self.is_encrypted() && url.scheme() != "https" {
            return Err(fault(format!("it wants it sent to `{location}`, unencrypted")));
        }
        Ok(url)
    }

    /// A registry that says a digest must say ours.
    fn same_digest(&self, action: &str, answer: &Response, sent: &str) -> Result<()> {
        match header(answer.headers(), DIGEST_HEADER) {
            Some(answered) if answered != sent => {
                Err(Error::new(action, Fault::WrongDigest { sent: sent.to_owned(), answered }))
            }
            _ => Ok(()),
        }
    }
}

fn or_absent(answer: Result<Response>) -> Result<Option<Response>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => Ok(None),
        Err(error) => Err(error),
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}
