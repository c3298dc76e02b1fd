//! The bundle of templates → the bucket, under its content-hash prefix: what is there is not sent again. And back.

use crate::aws_error;
use crate::session::Session;
use aws_sdk_s3::primitives::ByteStream;
use jqs_cfn::bundle::Bundle;
use jqs_cfn::{Error, ErrorKind, Result};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

pub const DEFAULT_UPLOADS_MAX: usize = 8;

/// Uploads what is missing; returns how many files that was.
pub async fn upload(session: &Session, bundle: &Bundle, bucket: &str) -> Result<usize> {
    let prefix = bundle.prefix();
    let present = present(session, bucket, &prefix).await?;
    let permits = Arc::new(Semaphore::new(DEFAULT_UPLOADS_MAX));
    let mut uploads = JoinSet::new();
    for (name, bytes) in bundle.files() {
        let key = format!("{prefix}{name}");
        if present.contains(&key) {
            continue;
        }
        let (client, bucket, bytes, permits) = (session.s3.clone(), bucket.to_owned(), bytes.clone(), permits.clone());
        uploads.spawn(async move {
            let _permit = permits.acquire_owned().await;
            client
                .put_object()
                .bucket(&bucket)
                .key(&key)
                .content_type("application/yaml")
                .body(ByteStream::from(bytes.to_vec()))
                .send()
                .await
                .map_err(|failure| aws_error(format!("upload `{key}` to the bucket `{bucket}`"), failure))
        });
    }
    let count = uploads.len();
    tracing::debug!(bucket, prefix, count, present = present.len(), "uploading templates");
    while let Some(done) = uploads.join_next().await {
        done.map_err(|error| Error::new(ErrorKind::Io, "an upload ended early").because(error))??;
    }
    Ok(count)
}

/// The files below a prefix, as they were uploaded; nothing where there are none.
pub async fn download(session: &Session, bucket: &str, prefix: &str) -> Result<Option<Bundle>> {
    let mut files = Vec::new();
    for key in present(session, bucket, prefix).await? {
        let action = format!("read `{key}` in the bucket `{bucket}`");
        let answer = session.s3.get_object().bucket(bucket).key(&key).send().await;
        let body = answer.map_err(|failure| aws_error(&action, failure))?.body.collect().await;
        let bytes =
            body.map_err(|error| Error::new(ErrorKind::Unreachable, format!("cannot {action}")).because(error))?;
        files.push((key[prefix.len()..].to_owned(), bytes.to_vec()));
    }
    Ok((!files.is_empty()).then(|| Bundle::new(files)))
}

async fn present(session: &Session, bucket: &str, prefix: &str) -> Result<BTreeSet<String>> {
    let mut keys = BTreeSet::new();
    let mut pages = session.s3.list_objects_v2().bucket(bucket).prefix(prefix).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|failure| aws_error(format!("list the bucket `{bucket}`"), failure))?;
        keys.extend(page.contents().iter().filter_map(|object| object.key().map(str::to_owned)));
    }
    Ok(keys)
}
