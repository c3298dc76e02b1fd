//! Buckets and the versions in them, as S3 keeps them.

use super::answer::{Answer, Xml, answer, document, store_error};
use super::call::Call;
use crate::run::REGION;
use http::{Method, StatusCode};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Default)]
pub(crate) struct Bucket {
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) versions: Vec<Version>,
}

#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) key: String,
    pub(crate) id: String,
    pub(crate) is_marker: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Store {
    pub(crate) buckets: BTreeMap<String, Bucket>,
    written: usize,
}

impl Store {
    pub(crate) fn make(&mut self, name: &str, tags: BTreeMap<String, String>) {
        self.buckets.entry(name.to_owned()).or_default().tags.extend(tags);
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.buckets.remove(name);
    }

    pub(crate) fn is_filled(&self, name: &str) -> bool {
        self.buckets.get(name).is_some_and(|bucket| !bucket.versions.is_empty())
    }

    pub(crate) fn holds(&self, bucket: &str, key: &str) -> bool {
        self.buckets.get(bucket).is_some_and(|bucket| bucket.versions.iter().any(|one| one.key == key))
    }

    /// Writes a version of an object, or marks it as deleted.
    pub(crate) fn write(&mut self, bucket: &str, key: &str, is_marker: bool) {
        self.written += 1;
        let version = Version { key: key.to_owned(), id: format!("v{}", self.written), is_marker };
        self.buckets.get_mut(bucket).unwrap().versions.push(version);
    }

    pub(crate) fn answer(&mut self, call: &Call) -> Answer {
        let (name, key) = call.bucket_and_key();
        if call.operation == "CreateBucket" {
            self.make(name, BTreeMap::new());
            return done();
        }
        let Some(bucket) = self.buckets.get_mut(name) else {
            return store_error(404, "NoSuchBucket");
        };
        match call.operation.as_str() {
            "HeadObject" if !bucket.versions.iter().any(|version| version.key == key) => store_error(404, "NoSuchKey"),
            "PutObject" => {
                self.write(name, key, false);
                done()
            }
            "GetBucketTagging" if bucket.tags.is_empty() => store_error(404, "NoSuchTagSet"),
            "GetBucketTagging" => {
                let tag = |(key, value): (&String, &String)| Xml::default().text("Key", key).text("Value", value);
                let tags = bucket.tags.iter().map(tag).fold(Xml::default(), |set, tag| set.inside("Tag", tag));
                document("Tagging", Xml::default().inside("TagSet", tags))
            }
            "PutBucketTagging" => {
                bucket.tags = call.elements("Key").into_iter().zip(call.elements("Value")).collect();
                done()
            }
            "ListObjectsV2" => {
                let prefix = call.parameter("prefix").unwrap_or_default().to_owned();
                let found = bucket.versions.iter().filter(|version| version.key.starts_with(&prefix));
                let content = |version: &Version| Xml::default().text("Key", &version.key);
                let list = found.fold(Xml::default(), |list, version| list.inside("Contents", content(version)));
                document("ListBucketResult", list.text("IsTruncated", "false"))
            }
            "ListObjectVersions" => {
                let list = bucket.versions.iter().take(call.page).fold(Xml::default(), |list, version| {
                    let kind = if version.is_marker { "DeleteMarker" } else { "Version" };
                    list.inside(kind, Xml::default().text("Key", &version.key).text("VersionId", &version.id))
                });
                document("ListVersionsResult", list)
            }
            "DeleteObjects" => {
                let gone = call.elements("VersionId");
                bucket.versions.retain(|version| !gone.contains(&version.id));
                document("DeleteResult", Xml::default())
            }
            "DeleteBucket" if !bucket.versions.is_empty() => store_error(409, "BucketNotEmpty"),
            "DeleteBucket" => {
                self.buckets.remove(name);
                answer(StatusCode::NO_CONTENT, "application/xml", "")
            }
            _ => done(),
        }
    }
}

fn done() -> Answer {
    let mut done = answer(StatusCode::OK, "application/xml", "");
    done.headers_mut().insert("x-amz-bucket-region", REGION.parse().unwrap());
    done
}

/// The operation that a request to S3 means, by its method, path and query.
pub(crate) fn operation(method: &Method, path: &str, query: &[(String, String)]) -> String {
    let has = |name: &str| query.iter().any(|(key, _)| key == name);
    let is_object = path.trim_start_matches('/').split_once('/').is_some_and(|(_, key)| !key.is_empty());
    let verb = match *method {
        Method::HEAD => "Head",
        Method::PUT => "Put",
        Method::DELETE => "Delete",
        _ => "Get",
    };
    match () {
        () if has("tagging") => format!("{verb}BucketTagging"),
        () if has("publicAccessBlock") => format!("{verb}PublicAccessBlock"),
        () if has("ownershipControls") => format!("{verb}BucketOwnershipControls"),
        () if has("encryption") => format!("{verb}BucketEncryption"),
        () if has("policy") => format!("{verb}BucketPolicy"),
        () if has("versions") => "ListObjectVersions".to_owned(),
        () if has("list-type") => "ListObjectsV2".to_owned(),
        () if has("delete") => "DeleteObjects".to_owned(),
        () if is_object => format!("{verb}Object"),
        () if *method == Method::PUT => "CreateBucket".to_owned(),
        () => format!("{verb}Bucket"),
    }
}
