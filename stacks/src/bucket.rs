//! The bucket that holds the templates: one per account and region, made when first needed, private, encrypted, TLS only.

use crate::aws_error;
use crate::session::{Identity, Session};
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, Delete, ObjectIdentifier, ObjectOwnership, OwnershipControls,
    OwnershipControlsRule, PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, Tag, Tagging,
};
use jqs_cfn::region;
use jqs_cfn::{Error, ErrorKind, Result};

const TAG_KEY: &str = "jqs:purpose";
const TAG_VALUE: &str = "templates";

pub fn name(identity: &Identity) -> String {
    format!("jqs-{}-{}", identity.account, identity.region)
}

/// The address of a file, as CloudFormation wants it.
pub fn url(bucket: &str, region: &str, key: &str) -> String {
    format!("https://{bucket}.s3.{region}.{}/{key}", region::url_suffix(region))
}

/// Makes the bucket where it is missing; returns whether it did.
pub async fn ensure(session: &Session, identity: &Identity, bucket: &str) -> Result<bool> {
    ensure_with(session, identity, bucket, &[(TAG_KEY, TAG_VALUE)]).await
}

/// The same for a bucket with other tags, of which the first says whose it is.
pub async fn ensure_with(session: &Session, identity: &Identity, bucket: &str, tags: &[(&str, &str)]) -> Result<bool> {
    let head = session.s3.head_bucket().bucket(bucket).expected_bucket_owner(&identity.account).send().await;
    let created = match head {
        Ok(_) => false,
        Err(failure) => {
            match failure.raw_response().map(|response| response.status().as_u16()) {
                Some(404) => {
                    create(session, bucket).await?;
                    true
                }
                Some(403) => {
                    return Err(Error::new(ErrorKind::AccessDenied, format!("the bucket `{bucket}` is not open to this identity"))
                    .hint("it needs `s3:*` on that bucket; should the bucket belong to another account, give `--bucket NAME`"));
                }
                _ => return Err(aws_error(format!("look for the bucket `{bucket}`"), failure)),
            }
        }
    };
    // The tag is written last: where it is missing, an earlier run was cut short.
    let is_whole = match tags.first() {
        Some(first) if !created => has_tag(session, bucket, *first).await?,
        _ => false,
    };
    if !is_whole {
        protect(session, bucket, tags, created).await?;
    }
    Ok(created)
}

/// Whether `jqs` made the bucket: what it did not make, it does not remove.
pub async fn is_ours(session: &Session, bucket: &str) -> Result<bool> {
    has_tag(session, bucket, (TAG_KEY, TAG_VALUE)).await
}

/// Whether the bucket carries that tag; one that is gone does not.
pub async fn has_tag(session: &Session, bucket: &str, (key, value): (&str, &str)) -> Result<bool> {
    match session.s3.get_bucket_tagging().bucket(bucket).send().await {
        Ok(tagging) => Ok(tagging.tag_set().iter().any(|tag| tag.key() == key && tag.value() == value)),
        Err(failure) if matches!(failure.code(), Some("NoSuchTagSet" | "NoSuchBucket")) => Ok(false),
        Err(failure) => Err(aws_error(format!("read the tags of the bucket `{bucket}`"), failure)),
    }
}

/// Nobody has said yet whose it is.
pub async fn has_no_tags(session: &Session, bucket: &str) -> Result<bool> {
    match session.s3.get_bucket_tagging().bucket(bucket).send().await {
        Ok(tagging) => Ok(tagging.tag_set().is_empty()),
        Err(failure) if failure.code() == Some("NoSuchTagSet") => Ok(true),
        Err(failure) if failure.code() == Some("NoSuchBucket") => Ok(false),
        Err(failure) => Err(aws_error(format!("read the tags of the bucket `{bucket}`"), failure)),
    }
}

/// Whether the bucket has that object.
pub async fn holds(session: &Session, bucket: &str, key: &str) -> Result<bool> {
    match session.s3.head_object().bucket(bucket).key(key).send().await {
        Ok(_) => Ok(true),
        Err(failure) if failure.raw_response().is_some_and(|response| response.status().as_u16() == 404) => Ok(false),
        Err(failure) => Err(aws_error(format!("look for `{key}` in the bucket `{bucket}`"), failure)),
    }
}

async fn create(session: &Session, bucket: &str) -> Result<()> {
    let mut request = session.s3.create_bucket().bucket(bucket).object_ownership(ObjectOwnership::BucketOwnerEnforced);
    if session.region != "us-east-1" {
        let place = BucketLocationConstraint::from(session.region.as_str());
        request = request
            .create_bucket_configuration(CreateBucketConfiguration::builder().location_constraint(place).build());
    }
    match request.send().await {
        // An earlier request has made it, whose answer was lost.
        Err(failure) if failure.code() == Some("BucketAlreadyOwnedByYou") => {}
        Err(failure) => {
            let is_taken = failure.code() == Some("BucketAlreadyExists");
            let error = aws_error(format!("make the bucket `{bucket}`"), failure);
            let hint = "another account has a bucket of that name: give `--bucket NAME`";
            return Err(if is_taken { error.hint(hint) } else { error });
        }
        Ok(_) => {}
    }
    Ok(())
}

async fn protect(session: &Session, bucket: &str, tags: &[(&str, &str)], is_new: bool) -> Result<()> {
    let what = |step: &str| format!("set the {step} of the bucket `{bucket}`");
    let invalid = |error| Error::new(ErrorKind::Service, "cannot describe the bucket").because(error);
    let s3 = &session.s3;
    let block = PublicAccessBlockConfiguration::builder()
        .block_public_acls(true)
        .block_public_policy(true)
        .ignore_public_acls(true)
        .restrict_public_buckets(true)
        .build();
    let request = s3.put_public_access_block().bucket(bucket).public_access_block_configuration(block);
    request.send().await.map_err(|failure| aws_error(what("public access block"), failure))?;

    // A new one was made so.
    if !is_new {
        let rule = OwnershipControlsRule::builder().object_ownership(ObjectOwnership::BucketOwnerEnforced).build();
        let controls = OwnershipControls::builder().rules(rule.map_err(invalid)?).build().map_err(invalid)?;
        let request = s3.put_bucket_ownership_controls().bucket(bucket).ownership_controls(controls);
        request.send().await.map_err(|failure| aws_error(what("ownership"), failure))?;
    }

    let default = ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::Aes256).build();
    let rule = ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(default.map_err(invalid)?)
        .bucket_key_enabled(true)
        .build();
    let encryption = ServerSideEncryptionConfiguration::builder().rules(rule).build().map_err(invalid)?;
    let request = s3.put_bucket_encryption().bucket(bucket).server_side_encryption_configuration(encryption);
    request.send().await.map_err(|failure| aws_error(what("encryption"), failure))?;

    let request = s3.put_bucket_policy().bucket(bucket).policy(tls_only(bucket, region::partition(&session.region)));
    request.send().await.map_err(|failure| aws_error(what("policy"), failure))?;

    let mut tagging = Tagging::builder();
    for (key, value) in tags {
        tagging = tagging.tag_set(Tag::builder().key(*key).value(*value).build().map_err(invalid)?);
    }
    let tagging = tagging.build().map_err(invalid)?;
    let request = s3.put_bucket_tagging().bucket(bucket).tagging(tagging);
    request.send().await.map_err(|failure| aws_error(what("tags"), failure))?;
    Ok(())
}

fn tls_only(bucket: &str, partition: &str) -> String {
    serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [format!("arn:{partition}:s3:::{bucket}"), format!("arn:{partition}:s3:::{bucket}/*")],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }],
    })
    .to_string()
}

/// Empties the bucket and removes it. One that is gone already is fine.
pub async fn remove(session: &Session, bucket: &str) -> Result<()> {
    empty(session, bucket).await?;
    match session.s3.delete_bucket().bucket(bucket).send().await {
        Err(failure) if failure.code() == Some("NoSuchBucket") => Ok(()),
        other => {
            other.map_err(|failure| aws_error(format!("remove the bucket `{bucket}`"), failure))?;
            Ok(())
        }
    }
}

/// Deletes all objects, versions and delete markers included.
pub async fn empty(session: &Session, bucket: &str) -> Result<()> {
    // Every round deletes what it lists or fails, so the first page is always the next one.
    loop {
        let page = match session.s3.list_object_versions().bucket(bucket).send().await {
            Err(failure) if failure.code() == Some("NoSuchBucket") => return Ok(()),
            other => other.map_err(|failure| aws_error(format!("list the bucket `{bucket}`"), failure))?,
        };
        let versions = page.versions().iter().map(|version| (version.key(), version.version_id()));
        let markers = page.delete_markers().iter().map(|marker| (marker.key(), marker.version_id()));
        let objects = versions
            .chain(markers)
            .filter_map(|(key, version)| {
                ObjectIdentifier::builder().key(key?).set_version_id(version.map(str::to_owned)).build().ok()
            })
            .collect::<Vec<_>>();
        if objects.is_empty() {
            return Ok(());
        }
        delete_objects(session, bucket, objects).await?;
        if page.is_truncated() == Some(false) {
            return Ok(());
        }
    }
}

async fn delete_objects(session: &Session, bucket: &str, objects: Vec<ObjectIdentifier>) -> Result<()> {
    let delete = Delete::builder()
        .set_objects(Some(objects))
        .quiet(true)
        .build()
        .map_err(|error| Error::new(ErrorKind::Service, "cannot describe what to delete").because(error))?;
    let answer = session
        .s3
        .delete_objects()
        .bucket(bucket)
        .delete(delete)
        .send()
        .await
        .map_err(|failure| aws_error(format!("empty the bucket `{bucket}`"), failure))?;
    match answer.errors().first() {
        None => Ok(()),
        Some(error) => Err(Error::new(ErrorKind::Service, format!("cannot empty the bucket `{bucket}`"))
            .because(format!("`{}`: {}", error.key().unwrap_or_default(), error.message().unwrap_or_default()))),
    }
}
