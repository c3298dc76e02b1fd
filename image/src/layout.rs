//! OCI's image layout: an image as a folder, or as a tar of that folder.

use crate::document::{Descriptor, INDEX_TYPE, Index, Manifest, Platform, REFERENCE_NAME, digest, digest_hex};
use crate::error::{Error, LayoutFault, Result};
use crate::image::{Blob, Image};
use crate::layer::{File, archive};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// What is larger, as a whole, is no image of ours.
pub const DEFAULT_LAYOUT_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
const MARKER: &str = "oci-layout";
const MARKER_CONTENT: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;
const INDEX: &str = "index.json";

impl Image {
    /// Writes a folder, or a tar where the name ends in `.tar`. A reader never sees half of it: a tar gets its name, and
    /// a folder its index, when all else is written.
    pub fn write(&self, out: &Path, tag: &str) -> Result<()> {
        let mut root = self.root.clone();
        root.annotations.insert(REFERENCE_NAME.to_owned(), tag.to_owned());
        let index = serde_json::to_vec(&Index::new(vec![root], BTreeMap::new()))
            .map_err(|error| Error::Assembly(error.into()))?;
        let mut contents: BTreeMap<String, &[u8]> =
            self.contents().map(|blob| (path_of(&blob.descriptor.digest), &*blob.content)).collect();
        contents.insert(MARKER.to_owned(), MARKER_CONTENT.as_bytes());
        let unwritable = |source| Error::File { action: "write", path: out.to_owned(), source };
        if is_tar(out) {
            let files: Vec<File<'_>> =
                contents.iter().map(|(path, content)| File { path, mode: 0o644, content }).collect();
            let index = File { path: INDEX, mode: 0o644, content: &index };
            let tar = archive(&files.into_iter().chain([index]).collect::<Vec<_>>()).map_err(unwritable)?;
            write_whole(out, &tar).map_err(unwritable)
        } else {
            contents.insert(INDEX.to_owned(), &index);
            write_folder(out, &contents).map_err(unwritable)
        }
    }

    /// Reads what `write`, or another tool, has written; every digest is checked.
    pub fn read(path: &Path) -> Result<Self> {
        let contents = if path.is_dir() { Contents::Folder(path) } else { Contents::Tar(path, unpack(path)?) };
        let marker = contents.get(MARKER)?;
        contents.parse::<serde_json::Value>(MARKER, &marker)?;
        let index: Index = contents.parse(INDEX, &contents.get(INDEX)?)?;
        let [root] = <[Descriptor; 1]>::try_from(index.manifests)
            .map_err(|all| contents.fault(LayoutFault::NotOneImage(all.len())))?;
        let root = Descriptor { annotations: BTreeMap::new(), ..root };
        let mut image = Self { blobs: vec![], manifests: vec![], root: root.clone() };
        if root.media_type == INDEX_TYPE {
            let document = contents.blob(&root)?;
            let index: Index = contents.parse(&root.digest, &document.content)?;
            for manifest in index.manifests {
                contents.collect(manifest, &mut image)?;
            }
            image.manifests.push(document);
        } else {
            contents.collect(root, &mut image)?;
        }
        Ok(image)
    }
}

fn is_tar(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tar"))
}

fn path_of(digest: &str) -> String {
    format!("blobs/{}", digest.replacen(':', "/", 1))
}

fn write_whole(out: &Path, content: &[u8]) -> io::Result<()> {
    let mut name = out.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    fs::write(&part, content)?;
    fs::rename(&part, out)
}

/// In the order of names `index.json` comes behind the blobs.
fn write_folder(out: &Path, contents: &BTreeMap<String, &[u8]>) -> io::Result<()> {
    let is_foreign = out.exists() && !out.join(MARKER).exists() && fs::read_dir(out)?.next().is_some();
    if is_foreign {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the folder holds something else"));
    }
    // An older image in this folder goes, for nothing would lead to its blobs any more.
    for old in [INDEX, "blobs"].map(|name| out.join(name)) {
        match if old.is_dir() { fs::remove_dir_all(&old) } else { fs::remove_file(&old) } {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    for (path, content) in contents {
        let path = out.join(path);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(path, content)?;
    }
    Ok(())
}

/// The files of a layout, wherever they are.
enum Contents<'a> {
    Folder(&'a Path),
    Tar(&'a Path, BTreeMap<String, Bytes>),
}

fn unpack(path: &Path) -> Result<BTreeMap<String, Bytes>> {
    let unreadable = |source| Error::File { action: "read", path: path.to_owned(), source };
    let file = fs::File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.len() > DEFAULT_LAYOUT_BYTES_MAX {
        return Err(Error::TooLarge { path: path.to_owned(), limit: DEFAULT_LAYOUT_BYTES_MAX });
    }
    let mut contents = BTreeMap::new();
    for entry in tar::Archive::new(file).entries().map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).trim_start_matches("./").to_owned();
        let mut content = Vec::new();
        // A sparse file may claim to be any size; what is cut off has another digest.
        entry.take(DEFAULT_LAYOUT_BYTES_MAX).read_to_end(&mut content).map_err(unreadable)?;
        contents.insert(name, content.into());
    }
    Ok(contents)
}

impl Contents<'_> {
    fn path(&self) -> &Path {
        match self {
            Self::Folder(path) | Self::Tar(path, _) => path,
        }
    }

    fn fault(&self, fault: LayoutFault) -> Error {
        Error::Layout { path: self.path().to_owned(), fault }
    }

    fn get(&self, name: &str) -> Result<Bytes> {
        match self {
            Self::Tar(_, files) => {
                files.get(name).cloned().ok_or_else(|| self.fault(LayoutFault::Missing(name.to_owned())))
            }
            Self::Folder(folder) => {
                let path = folder.join(name);
                let unreadable = |source: io::Error| match source.kind() {
                    io::ErrorKind::NotFound => self.fault(LayoutFault::Missing(name.to_owned())),
                    _ => Error::File { action: "read", path: path.clone(), source },
                };
                if fs::metadata(&path).map_err(unreadable)?.len() > DEFAULT_LAYOUT_BYTES_MAX {
                    return Err(Error::TooLarge { path: path.clone(), limit: DEFAULT_LAYOUT_BYTES_MAX });
                }
                fs::read(&path).map(Bytes::from).map_err(unreadable)
            }
        }
    }

    fn parse<T: DeserializeOwned>(&self, name: &str, content: &[u8]) -> Result<T> {
        let unclear = |source| self.fault(LayoutFault::Json { name: name.to_owned(), source });
        serde_json::from_slice(content).map_err(unclear)
    }

    fn blob(&self, descriptor: &Descriptor) -> Result<Blob> {
        if digest_hex(&descriptor.digest).is_none() {
            return Err(self.fault(LayoutFault::Digest(descriptor.digest.clone())));
        }
        let content = self.get(&path_of(&descriptor.digest))?;
        if content.len() as u64 != descriptor.size || digest(&content) != descriptor.digest {
            return Err(self.fault(LayoutFault::Content(descriptor.digest.clone())));
        }
        Ok(Blob { descriptor: descriptor.clone(), content })
    }

    /// A manifest with all that it refers to.
    fn collect(&self, descriptor: Descriptor, image: &mut Image) -> Result<()> {
        let mut document = self.blob(&descriptor)?;
        let manifest: Manifest = self.parse(&descriptor.digest, &document.content)?;
        for needed in manifest.layers.iter().chain([&manifest.config]) {
            if !image.blobs.iter().any(|blob| blob.descriptor.digest == needed.digest) {
                image.blobs.push(self.blob(needed)?);
            }
        }
        if document.descriptor.platform.is_none() {
            // An index of one image need not say what it is for; the configuration must.
            let config: Platform = self.parse(&manifest.config.digest, &self.blob(&manifest.config)?.content)?;
            document.descriptor.platform = Some(config);
        }
        image.manifests.push(document);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::tests::recipe;

    #[test]
    fn an_image_comes_back_from_a_folder_and_from_a_tar() {
        let folder = tempfile::tempdir().unwrap();
        for machines in [&["amd64"][..], &["amd64", "arm64"]] {
            let image = Image::build(&recipe(machines)).unwrap();
            for name in ["image", "image.tar"] {
                let out = folder.path().join(name);
                image.write(&out, "1.2.3").unwrap();
                let read = Image::read(&out).unwrap();
                assert_eq!(read.root, image.root);
                assert_eq!(read.compressed_sizes(), image.compressed_sizes());
                let digests = |image: &Image| {
                    let mut all: Vec<String> = image.contents().map(|blob| blob.descriptor.digest.clone()).collect();
                    all.sort();
                    all
                };
                assert_eq!(digests(&read), digests(&image));
            }
            let blobs = fs::read_dir(folder.path().join("image/blobs/sha256")).unwrap().count();
            assert_eq!(blobs, image.contents().count(), "nothing is left of the image before");
        }
    }

    #[test]
    fn the_same_image_gives_the_same_tar() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("1.tar"), folder.path().join("2.tar"));
        Image::build(&recipe(&["amd64", "arm64"])).unwrap().write(&one, "x").unwrap();
        Image::build(&recipe(&["arm64", "amd64"])).unwrap().write(&two, "x").unwrap();
        assert!(fs::read(one).unwrap() == fs::read(two).unwrap());
    }

    #[test]
    fn a_layout_that_is_damaged_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("image");
        let image = Image::build(&recipe(&["amd64"])).unwrap();
        let fault = |change: &dyn Fn()| {
            image.write(&out, "x").unwrap();
            change();
            match Image::read(&out).unwrap_err() {
                Error::Layout { fault, .. } => fault.to_string(),
                other => other.to_string(),
            }
        };
        let blob = out.join(path_of(&image.blobs[0].descriptor.digest));
        assert_eq!(fault(&|| fs::remove_file(out.join(MARKER)).unwrap()), "`oci-layout` is missing");
        fs::remove_dir_all(&out).unwrap();
        assert!(fault(&|| fs::write(&blob, "other").unwrap()).ends_with("holds something else"));
        assert!(fault(&|| fs::remove_file(&blob).unwrap()).ends_with("is missing"));
        assert!(fault(&|| fs::write(out.join(INDEX), "{").unwrap()).ends_with("cannot be understood"));
        let empty = r#"{"schemaVersion":2,"manifests":[]}"#;
        assert_eq!(
            fault(&|| fs::write(out.join(INDEX), empty).unwrap()),
            "its index names 0 images, and one is needed"
        );
        let outside = format!(
            r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"{}","digest":"sha256:../../x","size":1}}]}}"#,
            image.root.media_type
        );
        let text = fault(&|| fs::write(out.join(INDEX), &outside).unwrap());
        assert_eq!(text, "`sha256:../../x` is no digest by SHA-256");
    }

    #[test]
    fn a_folder_of_somebody_else_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.txt"), "years").unwrap();
        let image = Image::build(&recipe(&["amd64"])).unwrap();
        assert!(matches!(image.write(folder.path(), "x"), Err(Error::File { action: "write", .. })));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
