//! The JSON documents of OCI's image format, as far as this image needs them. Maps are sorted, so that the same content
//! has the same bytes, which is why these are not the types of a library that keeps them in hash maps.

use crate::binary::Architecture;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

pub(crate) const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const CONFIG_TYPE: &str = "application/vnd.oci.image.config.v1+json";
pub(crate) const LAYER_TYPE: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
pub(crate) const REFERENCE_NAME: &str = "org.opencontainers.image.ref.name";
const SCHEMA_VERSION: u8 = 2;
const DIGEST_PREFIX: &str = "sha256:";

pub(crate) type Annotations = BTreeMap<String, String>;

/// The only algorithm that every registry knows.
pub(crate) fn digest(content: &[u8]) -> String {
    format!("{DIGEST_PREFIX}{}", hex::encode(Sha256::digest(content)))
}

/// The hexadecimal part of a digest by SHA-256: a safe file name.
pub(crate) fn digest_hex(digest: &str) -> Option<&str> {
    let hex = digest.strip_prefix(DIGEST_PREFIX)?;
    let is_hex = hex.len() == 64 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_hex.then_some(hex)
}

/// A reference to content, by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    pub media_type: String,
    pub digest: String,
    pub size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: Annotations,
}

impl Descriptor {
    pub(crate) fn of(media_type: &str, content: &[u8]) -> Self {
        let size = content.len() as u64;
        Self {
            media_type: media_type.to_owned(),
            digest: digest(content),
            size,
            platform: None,
            annotations: Annotations::new(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platform {
    pub architecture: String,
    pub os: String,
}

impl Platform {
    pub(crate) fn linux(architecture: Architecture) -> Self {
        Self { architecture: architecture.to_string(), os: "linux".to_owned() }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    schema_version: u8,
    media_type: String,
    pub(crate) config: Descriptor,
    pub(crate) layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: Annotations,
}

impl Manifest {
    pub(crate) fn new(config: Descriptor, layers: Vec<Descriptor>, annotations: Annotations) -> Self {
        Self { schema_version: SCHEMA_VERSION, media_type: MANIFEST_TYPE.to_owned(), config, layers, annotations }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Index {
    schema_version: u8,
    #[serde(default)]
    media_type: String,
    pub(crate) manifests: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: Annotations,
}

impl Index {
    pub(crate) fn new(manifests: Vec<Descriptor>, annotations: Annotations) -> Self {
        Self { schema_version: SCHEMA_VERSION, media_type: INDEX_TYPE.to_owned(), manifests, annotations }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Config {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created: Option<String>,
    pub(crate) architecture: Architecture,
    pub(crate) os: &'static str,
    pub(crate) config: Execution,
    pub(crate) rootfs: RootFs,
    pub(crate) history: Vec<History>,
}

/// How the container is run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Execution {
    pub(crate) user: &'static str,
    pub(crate) exposed_ports: BTreeMap<String, Nothing>,
    pub(crate) env: Vec<&'static str>,
    pub(crate) entrypoint: Vec<&'static str>,
    pub(crate) cmd: Vec<&'static str>,
    pub(crate) labels: Annotations,
}

/// OCI writes sets as objects whose values are empty objects.
#[derive(Debug, Serialize)]
pub(crate) struct Nothing {}

#[derive(Debug, Serialize)]
pub(crate) struct RootFs {
    pub(crate) r#type: &'static str,
    pub(crate) diff_ids: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct History {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created: Option<String>,
    pub(crate) created_by: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_checked_before_they_become_file_names() {
        let digest = digest(b"");
        assert_eq!(digest, "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(digest_hex(&digest).map(str::len), Some(64));
        for bad in ["sha256:../../etc/passwd", "sha512:00", "sha256:", &digest.to_uppercase()] {
            assert_eq!(digest_hex(bad), None, "{bad}");
        }
    }
}
