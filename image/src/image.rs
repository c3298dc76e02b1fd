//! An image: documents and layers by their digests, and the one that leads to all others.

use crate::binary::{Architecture, Binary};
use crate::certificates::Certificates;
use crate::document::{
    Annotations, CONFIG_TYPE, Config, Descriptor, Execution, History, INDEX_TYPE, Index, LAYER_TYPE, MANIFEST_TYPE,
    Manifest, Nothing, Platform, RootFs,
};
use crate::error::{Difference, Error, Result};
use crate::layer::{File, Layer, layer};
use crate::sbom::Lock;
use bytes::Bytes;
use serde::Serialize;
use std::collections::BTreeMap;

const CERTIFICATES_PATH: &str = "etc/ssl/certs/ca-certificates.crt";
const PROGRAM_PATH: &str = "jqs-collector";
/// Scanners know a CycloneDX document by the end of its name, wherever it lies.
const SBOM_PATH: &str = "usr/share/doc/jqs-collector/sbom.cdx.json";
/// Belongs to nobody, on any machine.
const USER: &str = "65532:65532";
/// OTLP over gRPC and HTTP, health, page and queries.
const PORTS: [u16; 4] = [4317, 4318, 13133, 16686];
/// Loopback, the program's default, would be of no use in a container.
const ENVIRONMENT: &str = "JQS_LISTEN_HOST=0.0.0.0";
const ENTRYPOINT: &str = "/jqs-collector";
const COMMAND: &str = "all-in-one";

const TITLE: &str = "jqs-collector";
const DESCRIPTION: &str = "A Jaeger-compatible trace collector and query server";
const LICENSES: &str = "Apache-2.0";

/// All that an image is made from. Nothing else has a part in it: no clock, no machine, no order.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// One for each architecture.
    pub binaries: Vec<Binary>,
    pub certificates: Certificates,
    pub lock: Lock,
    /// RFC 3339; left out of the image when it is not given.
    pub created: Option<String>,
    /// The commit that it was built from.
    pub revision: Option<String>,
    /// Where that commit can be found.
    pub source: Option<String>,
}

/// Content with its media type, as a registry takes it.
#[derive(Debug, Clone)]
pub struct Blob {
    pub descriptor: Descriptor,
    pub content: Bytes,
}

/// Blobs come before what refers to them; the last one is the image itself.
#[derive(Debug, Clone)]
pub struct Image {
    /// Layers and configurations.
    pub(crate) blobs: Vec<Blob>,
    /// Of each architecture; with more than one the index comes behind.
    pub(crate) manifests: Vec<Blob>,
    pub(crate) root: Descriptor,
}

impl Image {
    pub fn build(recipe: &Recipe) -> Result<Self> {
        let binaries = checked(recipe)?;
        let mut image = Assembly::default();
        let sbom = recipe.lock.cyclone_dx()?;
        let certificates = File { path: CERTIFICATES_PATH, mode: 0o644, content: &recipe.certificates.pem };
        let certificates = layer(&[certificates])?;
        for binary in binaries.values() {
            let program = layer(&[
                File { path: PROGRAM_PATH, mode: 0o755, content: &binary.content },
                File { path: SBOM_PATH, mode: 0o644, content: &sbom },
            ])?;
            image.add(recipe, binary.architecture, &[&certificates, &program])?;
        }
        image.finish(annotations(recipe))
    }

    pub fn digest(&self) -> &str {
        &self.root.digest
    }

    pub fn descriptor(&self) -> &Descriptor {
        &self.root
    }

    /// What a registry keeps and a host pulls for one architecture, in bytes: layers as they are packed, and documents.
    pub fn compressed_sizes(&self) -> Vec<(Platform, u64)> {
        let size = |digest: &str| {
            let manifest = self.manifests.iter().find(|blob| blob.descriptor.digest == digest)?;
            let document: Manifest = serde_json::from_slice(&manifest.content).ok()?;
            let layers: u64 = document.layers.iter().map(|layer| layer.size).sum();
            Some(layers + document.config.size + manifest.descriptor.size)
        };
        let platforms = self
            .manifests
            .iter()
            .filter_map(|blob| Some((blob.descriptor.platform.clone()?, size(&blob.descriptor.digest)?)));
        platforms.collect()
    }

    /// All blobs and documents, those that are referred to before those that refer.
    pub(crate) fn contents(&self) -> impl Iterator<Item = &Blob> {
        self.blobs.iter().chain(&self.manifests)
    }
}

/// By architecture, so that their order does not matter; each built from the lock file that the image will tell of.
fn checked(recipe: &Recipe) -> Result<BTreeMap<Architecture, &Binary>> {
    let mut binaries: BTreeMap<Architecture, &Binary> = BTreeMap::new();
    for binary in &recipe.binaries {
        if !recipe.lock.is_of(binary) {
            let difference = Difference { says: binary.lock_sha256.clone(), wanted: recipe.lock.sha256.clone() };
            return Err(Error::OtherLock { path: binary.path.clone(), lock: recipe.lock.name.clone(), difference });
        }
        if let Some(other) = binaries.insert(binary.architecture, binary) {
            let (first, second) = (other.path.clone(), binary.path.clone());
            return Err(Error::TwoBinaries { architecture: binary.architecture, first, second });
        }
    }
    if binaries.is_empty() { Err(Error::NoBinary) } else { Ok(binaries) }
}

fn annotations(recipe: &Recipe) -> Annotations {
    let pairs = [
        ("title", Some(TITLE)),
        ("description", Some(DESCRIPTION)),
        ("version", Some(recipe.lock.version.as_str())),
        ("licenses", Some(LICENSES)),
        ("created", recipe.created.as_deref()),
        ("revision", recipe.revision.as_deref()),
        ("source", recipe.source.as_deref()),
    ];
    let given = pairs.into_iter().filter_map(|(key, value)| Some((key, value?)));
    given.map(|(key, value)| (format!("org.opencontainers.image.{key}"), value.to_owned())).collect()
}

#[derive(Default)]
struct Assembly {
    blobs: Vec<Blob>,
    manifests: Vec<Blob>,
}

impl Assembly {
    fn add(&mut self, recipe: &Recipe, architecture: Architecture, layers: &[&Layer]) -> Result<()> {
        let descriptors = layers.iter().map(|layer| self.blob(LAYER_TYPE, layer.packed.clone())).collect();
        let config = json(&config(recipe, architecture, layers))?;
        let config = self.blob(CONFIG_TYPE, config);
        let manifest = json(&Manifest::new(config, descriptors, annotations(recipe)))?;
        let platform = Some(Platform::linux(architecture));
        let descriptor = Descriptor { platform, ..Descriptor::of(MANIFEST_TYPE, &manifest) };
        self.manifests.push(Blob { descriptor, content: manifest });
        Ok(())
    }

    /// A layer that two architectures share is kept once.
    fn blob(&mut self, media_type: &str, content: Bytes) -> Descriptor {
        let descriptor = Descriptor::of(media_type, &content);
        if !self.blobs.iter().any(|blob| blob.descriptor.digest == descriptor.digest) {
            self.blobs.push(Blob { descriptor: descriptor.clone(), content });
        }
        descriptor
    }

    fn finish(self, annotations: Annotations) -> Result<Image> {
        let Self { blobs, mut manifests } = self;
        let mut descriptors: Vec<Descriptor> = manifests.iter().map(|blob| blob.descriptor.clone()).collect();
        let root = match descriptors.pop() {
            Some(only) if descriptors.is_empty() => only,
            Some(last) => {
                descriptors.push(last);
                let index = json(&Index::new(descriptors, annotations))?;
                let descriptor = Descriptor::of(INDEX_TYPE, &index);
                manifests.push(Blob { descriptor: descriptor.clone(), content: index });
                descriptor
            }
            None => return Err(Error::NoBinary),
        };
        Ok(Image { blobs, manifests, root })
    }
}

fn config(recipe: &Recipe, architecture: Architecture, layers: &[&Layer]) -> Config {
    let steps = [format!("/{CERTIFICATES_PATH}"), format!("/{PROGRAM_PATH}, /{SBOM_PATH}")];
    let history = steps.map(|paths| History { created: recipe.created.clone(), created_by: format!("jqs: {paths}") });
    Config {
        created: recipe.created.clone(),
        architecture,
        os: "linux",
        config: Execution {
            user: USER,
            exposed_ports: PORTS.iter().map(|port| (format!("{port}/tcp"), Nothing {})).collect(),
            env: vec![ENVIRONMENT],
            entrypoint: vec![ENTRYPOINT],
            cmd: vec![COMMAND],
            labels: annotations(recipe),
        },
        rootfs: RootFs { r#type: "layers", diff_ids: layers.iter().map(|layer| layer.diff_id.clone()).collect() },
        history: history.into(),
    }
}

fn json(document: &impl Serialize) -> Result<Bytes> {
    serde_json::to_vec(document).map(Bytes::from).map_err(|error| Error::Assembly(error.into()))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::binary::tests::program;
    use crate::sbom::tests::small_lock;
    use serde_json::Value;

    pub(crate) fn recipe(machines: &[&str]) -> Recipe {
        let lock = small_lock();
        Recipe {
            binaries: machines.iter().map(|machine| program(machine, &lock.sha256)).collect(),
            certificates: Certificates::mozilla(),
            lock,
            created: None,
            revision: None,
            source: None,
        }
    }

    fn content<'a>(image: &'a Image, digest: &Value) -> &'a [u8] {
        let found = image.contents().find(|blob| blob.descriptor.digest == digest.as_str().unwrap());
        &found.unwrap().content
    }

    fn document(image: &Image, digest: &Value) -> Value {
        serde_json::from_slice(content(image, digest)).unwrap()
    }

    #[test]
    fn one_binary_gives_a_manifest_and_two_an_index_over_both() {
        let single = Image::build(&recipe(&["arm64"])).unwrap();
        assert_eq!(single.root.media_type, MANIFEST_TYPE);
        assert_eq!(single.root.platform, Some(Platform::linux(Architecture::Arm64)));
        let both = Image::build(&recipe(&["amd64", "arm64"])).unwrap();
        assert_eq!(both.root.media_type, INDEX_TYPE);
        let index = document(&both, &both.digest().into());
        let machines = [&index["manifests"][0], &index["manifests"][1]].map(|one| &one["platform"]["architecture"]);
        assert_eq!(machines, ["amd64", "arm64"]);
        let manifests = [0, 1].map(|at| document(&both, &index["manifests"][at]["digest"]));
        assert_eq!(manifests[0]["layers"][0], manifests[1]["layers"][0], "certificates are shared");
        assert_eq!(both.blobs.len(), 5, "one layer of certificates, and a program and a configuration of each");
        assert_eq!(both.compressed_sizes().len(), 2);
        assert!(both.manifests.iter().any(|blob| blob.descriptor == single.root), "the same in both images");
    }

    #[test]
    fn the_order_of_binaries_makes_no_difference_and_their_content_does() {
        let digest = |recipe: &Recipe| Image::build(recipe).unwrap().digest().to_owned();
        let image = digest(&recipe(&["amd64", "arm64"]));
        assert_eq!(digest(&recipe(&["arm64", "amd64"])), image);
        let mut changed = recipe(&["amd64", "arm64"]);
        changed.created = Some("2026-01-01T00:00:00Z".to_owned());
        assert_ne!(digest(&changed), image);
    }

    /// Whoever builds by Docker must get a container that behaves the same.
    #[test]
    fn the_container_is_run_as_the_dockerfile_says() {
        let image = Image::build(&recipe(&["amd64"])).unwrap();
        let manifest = document(&image, &image.digest().into());
        let config = document(&image, &manifest["config"]["digest"]);
        let dockerfile = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../Dockerfile"));
        let (_, last_stage) = dockerfile.rsplit_once("\nFROM scratch\n").unwrap();
        let said = |instruction: &str| {
            let line = last_stage.lines().find_map(|line| line.strip_prefix(&format!("{instruction} ")));
            line.unwrap().to_owned()
        };
        let run = &config["config"];
        assert_eq!(run["User"], said("USER"));
        assert_eq!(run["Env"], serde_json::json!([said("ENV")]));
        assert_eq!(run["Entrypoint"], serde_json::from_str::<Value>(&said("ENTRYPOINT")).unwrap());
        assert_eq!(run["Cmd"], serde_json::from_str::<Value>(&said("CMD")).unwrap());
        let ports: Vec<String> = run["ExposedPorts"].as_object().unwrap().keys().cloned().collect();
        let mut wanted: Vec<String> = said("EXPOSE").split(' ').map(|port| format!("{port}/tcp")).collect();
        wanted.sort();
        assert_eq!(ports, wanted);
        for copied in last_stage.lines().filter(|line| line.starts_with("COPY")) {
            let path = copied.rsplit(' ').next().unwrap().trim_start_matches('/');
            assert!([CERTIFICATES_PATH, PROGRAM_PATH].contains(&path), "{path}");
        }
    }

    #[test]
    fn what_is_known_of_the_image_is_in_its_labels_and_annotations() {
        let mut recipe = recipe(&["amd64"]);
        recipe.created = Some("2026-01-01T00:00:00Z".to_owned());
        recipe.revision = Some("0123abc".to_owned());
        let image = Image::build(&recipe).unwrap();
        let manifest = document(&image, &image.digest().into());
        let config = document(&image, &manifest["config"]["digest"]);
        assert_eq!(config["created"], "2026-01-01T00:00:00Z");
        assert_eq!(config["config"]["Labels"], manifest["annotations"]);
        let annotation = |key: &str| &manifest["annotations"][format!("org.opencontainers.image.{key}")];
        assert_eq!(*annotation("version"), "1.2.3");
        assert_eq!(*annotation("revision"), "0123abc");
        assert_eq!(*annotation("source"), Value::Null, "not known");
        assert_eq!(config["rootfs"]["diff_ids"].as_array().unwrap().len(), config["history"].as_array().unwrap().len());
    }

    #[test]
    fn binaries_that_do_not_belong_together_are_refused() {
        assert!(matches!(Image::build(&recipe(&["amd64", "amd64"])), Err(Error::TwoBinaries { .. })));
        assert!(matches!(Image::build(&recipe(&[])), Err(Error::NoBinary)));
        let mut stale = recipe(&["amd64"]);
        stale.lock.sha256 = "0".repeat(64);
        assert!(matches!(Image::build(&stale), Err(Error::OtherLock { .. })));
    }
}
