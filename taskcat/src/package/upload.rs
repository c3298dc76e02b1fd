//! Files → the bucket. What is there with the same content is not sent again, and nothing is ever deleted.

use super::{Bucket, Package};
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ObjectCannedAcl;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::{Session, aws_error};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

pub const DEFAULT_UPLOADS_MAX: usize = 16;
/// What the content is called in the object's metadata. S3's ETag says nothing of it under encryption with keys of KMS, or of
/// an object in parts.
const DIGEST: &str = "jqs-sha256";
const PRIVATE: &str = "private";

/// Files that were sent, and that were there already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Uploaded {
    pub sent: usize,
    pub kept: usize,
    pub bytes: u64,
}

pub async fn upload(session: &Session, package: &Package, into: &Bucket, acl: &str) -> Result<Uploaded> {
    let bucket = into.name.as_str();
    let permits = Arc::new(Semaphore::new(DEFAULT_UPLOADS_MAX));
    let is_empty = into.is_new || is_empty(session, bucket, package).await?;
    let mut going = JoinSet::new();
    for item in &package.items {
        let (session, item, bucket, acl) = (session.clone(), item.clone(), bucket.to_owned(), acl.to_owned());
        let permits = permits.clone();
        going.spawn(async move {
            let _permit = permits.acquire_owned().await;
            let bytes = tokio::fs::read(&item.path).await.map_err(|error| {
                Error::new(ErrorKind::Io, format!("cannot read `{}`", item.path.display())).because(error)
            })?;
            let digest = hex::encode(Sha256::digest(&bytes));
            if !is_empty && there(&session, &bucket, &item.key, &digest).await? {
                return Ok(0);
            }
            let sent = bytes.len() as u64;
            put(&session, &bucket, &item.key, bytes, &digest, &acl).await?;
            Ok::<_, Error>(sent.max(1))
        });
    }
    let mut uploaded = Uploaded::default();
    while let Some(done) = going.join_next().await {
        match done.map_err(|error| Error::new(ErrorKind::Io, "an upload ended early").because(error))?? {
            0 => uploaded.kept += 1,
            bytes => {
                uploaded.sent += 1;
                uploaded.bytes += bytes;
            }
        }
    }
    tracing::debug!(bucket, sent = uploaded.sent, kept = uploaded.kept, "uploaded the project");
    Ok(uploaded)
}

/// Nothing of the project is there: nobody has to be asked for each file.
async fn is_empty(session: &Session, bucket: &str, package: &Package) -> Result<bool> {
    let Some(first) = package.items.first() else { return Ok(true) };
    let prefix = first.key.split('/').next().unwrap_or_default();
    let listed = session.s3.list_objects_v2().bucket(bucket).prefix(format!("{prefix}/")).max_keys(1).send().await;
    match listed {
        Ok(page) => Ok(page.contents().is_empty()),
        Err(failure) => {
            let is_absent = failure.code() == Some("NoSuchBucket");
            let error = aws_error(format!("list the bucket `{bucket}`"), failure);
            Err(if is_absent {
                error.hint("make it, or leave `s3_bucket` out: then each run makes its own")
            } else {
                error
            })
        }
    }
}

async fn there(session: &Session, bucket: &str, key: &str, digest: &str) -> Result<bool> {
    match session.s3.head_object().bucket(bucket).key(key).send().await {
        Ok(found) => Ok(found.metadata().and_then(|data| data.get(DIGEST)).is_some_and(|known| known == digest)),
        Err(failure) if failure.raw_response().is_some_and(|answer| answer.status().as_u16() == 404) => Ok(false),
        Err(failure) => Err(aws_error(format!("look for `{key}` in the bucket `{bucket}`"), failure)),
    }
}

async fn put(session: &Session, bucket: &str, key: &str, bytes: Vec<u8>, digest: &str, acl: &str) -> Result<()> {
    let mut call = session
        .s3
        .put_object()
        .bucket(bucket)
        .key(key)
        .content_type(content_type(key))
        .metadata(DIGEST, digest)
        .body(ByteStream::from(bytes));
    if acl != PRIVATE {
        call = call.acl(ObjectCannedAcl::from(acl));
    }
    call.send().await.map_err(|failure| {
        let takes_no_acl = failure.code() == Some("AccessControlListNotSupported");
        let error = aws_error(format!("upload `{key}` to the bucket `{bucket}`"), failure);
        match takes_no_acl {
            true => error.hint(
                "its owner has switched access control lists off: leave `s3_object_acl` out, and use a bucket policy",
            ),
            false => error,
        }
    })?;
    Ok(())
}

fn content_type(key: &str) -> &'static str {
    match key.rsplit('.').next() {
        Some("yaml" | "yml" | "template") => "application/yaml",
        Some("json") => "application/json",
        Some("zip") => "application/zip",
        Some("html") => "text/html",
        Some("sh" | "txt" | "md" | "py") => "text/plain",
        _ => "application/octet-stream",
    }
}
