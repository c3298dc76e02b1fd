//! What the program was built from, as a CycloneDX document: the packages of `Cargo.lock` that the collector needs.
//!
//! `Cargo.lock` knows neither targets nor features: it names also what only another system or a test needs, so the list
//! is never too short. The C library that a static program carries is not in it.

use crate::binary::Binary;
use crate::error::{Error, Result};
use cargo_lock::{Lockfile, Package};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const COLLECTOR: &str = "jqs-collector";
const DEFAULT_LOCK_BYTES_MAX: u64 = 16 * 1024 * 1024;
const OWN_LOCK: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock"));

/// A `Cargo.lock` that has the collector among its packages.
#[derive(Debug, Clone)]
pub struct Lock {
    /// For error messages.
    pub(crate) name: String,
    pub(crate) sha256: String,
    /// Of the collector.
    pub(crate) version: String,
    /// The collector's, and all that it needs, sorted.
    packages: Vec<Package>,
}

impl Lock {
    /// The one that this program was itself built from.
    pub fn own() -> Result<Self> {
        Self::parse("this program's own Cargo.lock", OWN_LOCK)
    }

    pub fn read(path: &Path) -> Result<Self> {
        let unreadable = |source| Error::File { action: "read", path: path.to_owned(), source };
        if fs::metadata(path).map_err(unreadable)?.len() > DEFAULT_LOCK_BYTES_MAX {
            return Err(Error::TooLarge { path: path.to_owned(), limit: DEFAULT_LOCK_BYTES_MAX });
        }
        let text = fs::read_to_string(path).map_err(unreadable)?;
        Self::parse(&format!("`{}`", path.display()), &text)
    }

    /// The collector's.
    pub fn version(&self) -> &str {
        &self.version
    }

    pub fn is_of(&self, binary: &Binary) -> bool {
        self.sha256 == binary.lock_sha256
    }

    pub(crate) fn parse(name: &str, text: &str) -> Result<Self> {
        let lock: Lockfile = text.parse().map_err(|source| Error::Lock { name: name.to_owned(), source })?;
        let collector = lock.packages.iter().find(|package| package.name.as_str() == COLLECTOR);
        let collector = collector.ok_or_else(|| Error::NoCollector { name: name.to_owned() })?;
        Ok(Self {
            name: name.to_owned(),
            sha256: hex::encode(Sha256::digest(text)),
            version: collector.version.to_string(),
            packages: closure(&lock, collector),
        })
    }

    /// As CycloneDX, without a time or a number of its own: the same lock file gives the same bytes.
    pub(crate) fn cyclone_dx(&self) -> Result<Vec<u8>> {
        let is_collector = |package: &&Package| package.name.as_str() == COLLECTOR;
        let collector = self.packages.iter().find(is_collector).map(|package| component("application", package));
        let libraries = self.packages.iter().filter(|package| !is_collector(package));
        let document = Document {
            bom_format: "CycloneDX",
            spec_version: "1.6",
            version: 1,
            metadata: Metadata { component: collector },
            components: libraries.map(|package| component("library", package)).collect(),
            dependencies: self.packages.iter().map(|package| self.dependencies(package)).collect(),
        };
        serde_json::to_vec(&document).map_err(|error| Error::Assembly(error.into()))
    }

    fn dependencies(&self, package: &Package) -> Dependencies {
        let needed = package.dependencies.iter().map(|dependency| {
            let name = dependency.name.as_str();
            package_url(name, &dependency.version.to_string())
        });
        Dependencies { r#ref: url(package), depends_on: needed.collect() }
    }
}

fn closure(lock: &Lockfile, root: &Package) -> Vec<Package> {
    let mut found = BTreeMap::from([(url(root), root)]);
    let mut open = vec![root];
    while let Some(package) = open.pop() {
        for dependency in &package.dependencies {
            for needed in lock.packages.iter().filter(|candidate| dependency.matches(candidate)) {
                if found.insert(url(needed), needed).is_none() {
                    open.push(needed);
                }
            }
        }
    }
    found.into_values().cloned().collect()
}

fn component(kind: &'static str, package: &Package) -> Component {
    let sha256 = package.checksum.as_ref().map(ToString::to_string);
    Component {
        r#type: kind,
        bom_ref: url(package),
        name: package.name.to_string(),
        version: package.version.to_string(),
        hashes: sha256.into_iter().map(|content| Hash { alg: "SHA-256", content }).collect(),
        purl: url(package),
    }
}

fn url(package: &Package) -> String {
    package_url(package.name.as_str(), &package.version.to_string())
}

/// What scanners look advisories up by. A `+` in a version would be read as a space.
fn package_url(name: &str, version: &str) -> String {
    format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    bom_format: &'static str,
    spec_version: &'static str,
    version: u32,
    metadata: Metadata,
    components: Vec<Component>,
    dependencies: Vec<Dependencies>,
}

#[derive(Serialize)]
struct Metadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    component: Option<Component>,
}

#[derive(Serialize)]
struct Component {
    r#type: &'static str,
    #[serde(rename = "bom-ref")]
    bom_ref: String,
    name: String,
    version: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
    purl: String,
}

#[derive(Serialize)]
struct Hash {
    alg: &'static str,
    content: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependencies {
    r#ref: String,
    depends_on: Vec<String>,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::Value;

    const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

    pub(crate) fn small_lock() -> Lock {
        let checksum = "a".repeat(64);
        let text = format!(
            r#"
version = 4
[[package]]
name = "jqs-collector"
version = "1.2.3"
dependencies = ["near", "far 1.0.0"]
[[package]]
name = "near"
version = "0.1.0+extra"
source = "{REGISTRY}"
checksum = "{checksum}"
dependencies = ["far 2.0.0"]
[[package]]
name = "far"
version = "1.0.0"
source = "{REGISTRY}"
[[package]]
name = "far"
version = "2.0.0"
source = "{REGISTRY}"
dependencies = ["near"]
[[package]]
name = "of-another-program"
version = "1.0.0"
source = "{REGISTRY}"
"#
        );
        Lock::parse("a small one", &text).unwrap()
    }

    #[test]
    fn the_document_names_what_the_collector_needs_and_nothing_else() {
        let document: Value = serde_json::from_slice(&small_lock().cyclone_dx().unwrap()).unwrap();
        assert_eq!(document["metadata"]["component"]["purl"], "pkg:cargo/jqs-collector@1.2.3");
        let purls: Vec<&str> =
            document["components"].as_array().unwrap().iter().map(|one| one["purl"].as_str().unwrap()).collect();
        assert_eq!(purls, ["pkg:cargo/far@1.0.0", "pkg:cargo/far@2.0.0", "pkg:cargo/near@0.1.0%2Bextra"]);
        assert_eq!(document["components"][2]["hashes"][0]["content"], "a".repeat(64));
        assert_eq!(document["dependencies"][3]["ref"], "pkg:cargo/near@0.1.0%2Bextra");
        assert_eq!(document["dependencies"][3]["dependsOn"][0], "pkg:cargo/far@2.0.0");
    }

    #[test]
    fn every_reference_of_the_own_document_is_one_of_its_components() {
        let lock = Lock::own().unwrap();
        let document: Value = serde_json::from_slice(&lock.cyclone_dx().unwrap()).unwrap();
        let list = |value: &Value| value.as_array().unwrap().clone();
        let mut known: Vec<Value> = list(&document["components"]).iter().map(|one| one["bom-ref"].clone()).collect();
        assert!(known.len() > 100, "{}", known.len());
        known.push(document["metadata"]["component"]["bom-ref"].clone());
        for dependencies in list(&document["dependencies"]) {
            assert!(known.contains(&dependencies["ref"]));
            assert!(list(&dependencies["dependsOn"]).iter().all(|one| known.contains(one)), "{dependencies}");
        }
        assert_eq!(lock.version, env!("CARGO_PKG_VERSION"));
    }

    #[test]
    fn a_lock_file_without_the_collector_is_refused() {
        assert!(matches!(Lock::parse("x", "version = 4\n"), Err(Error::NoCollector { .. })));
        assert!(matches!(Lock::parse("x", "["), Err(Error::Lock { .. })));
    }
}
