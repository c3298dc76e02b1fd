//! A layer: a tar of files, packed by gzip. The same files give the same bytes: owner, mode and time are set here, and
//! never taken from the machine.

use crate::document::digest;
use crate::error::{Error, Result};
use bytes::Bytes;
use flate2::{Compression, GzBuilder};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;
use tar::{EntryType, Header};

const FOLDER_MODE: u32 = 0o755;
/// What gzip calls an unknown system.
const UNKNOWN_SYSTEM: u8 = 255;

pub(crate) struct File<'a> {
    /// From the root, without a leading slash.
    pub(crate) path: &'a str,
    pub(crate) mode: u32,
    pub(crate) content: &'a [u8],
}

pub(crate) struct Layer {
    pub(crate) packed: Bytes,
    /// The digest of the tar before it was packed: a configuration names layers by it.
    pub(crate) diff_id: String,
}

/// Files come in the order that they are given in, their folders before the first of them.
pub(crate) fn layer(files: &[File<'_>]) -> Result<Layer> {
    let tar = archive(files).map_err(Error::Assembly)?;
    let mut packer = GzBuilder::new().mtime(0).operating_system(UNKNOWN_SYSTEM).write(Vec::new(), Compression::best());
    let packed = packer.write_all(&tar).and_then(|()| packer.finish()).map_err(Error::Assembly)?;
    Ok(Layer { packed: packed.into(), diff_id: digest(&tar) })
}

/// A tar of these files that root owns and nobody has touched since 1970.
pub(crate) fn archive(files: &[File<'_>]) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut folders = BTreeSet::new();
    for file in files {
        let ancestors: Vec<&Path> = Path::new(file.path).ancestors().skip(1).collect();
        for folder in ancestors.into_iter().rev().filter(|folder| !folder.as_os_str().is_empty()) {
            if folders.insert(folder) {
                let path = format!("{}/", folder.display());
                archive.append_data(&mut header(EntryType::Directory, FOLDER_MODE, 0), path, io::empty())?;
            }
        }
        let mut entry = header(EntryType::Regular, file.mode, file.content.len() as u64);
        archive.append_data(&mut entry, file.path, file.content)?;
    }
    archive.into_inner()
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::MultiGzDecoder;
    use std::io::Read;

    #[test]
    fn a_layer_holds_files_of_root_with_their_folders_and_no_time() {
        let files = [
            File { path: "etc/ssl/certs/ca.crt", mode: 0o644, content: b"pem" },
            File { path: "etc/other", mode: 0o644, content: b"" },
            File { path: "program", mode: 0o755, content: b"\x7fELF" },
        ];
        let layer = layer(&files).unwrap();
        let mut tar = Vec::new();
        MultiGzDecoder::new(&layer.packed[..]).read_to_end(&mut tar).unwrap();
        assert_eq!(digest(&tar), layer.diff_id);
        let mut archive = tar::Archive::new(&tar[..]);
        let entries: Vec<(String, u32, u64)> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let header = entry.header();
                assert_eq!((header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap()), (0, 0, 0));
                let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
                (path, header.mode().unwrap(), entry.size())
            })
            .collect();
        let wanted = [
            ("etc/", 0o755, 0),
            ("etc/ssl/", 0o755, 0),
            ("etc/ssl/certs/", 0o755, 0),
            ("etc/ssl/certs/ca.crt", 0o644, 3),
            ("etc/other", 0o644, 0),
            ("program", 0o755, 4),
        ];
        assert_eq!(entries, wanted.map(|(path, mode, size)| (path.to_owned(), mode, size)));
    }

    #[test]
    fn the_packing_carries_neither_time_nor_name_nor_system() {
        let packed = layer(&[File { path: "a", mode: 0o644, content: b"a" }]).unwrap().packed;
        assert_eq!(packed[..4], [0x1f, 0x8b, 8, 0], "no name");
        assert_eq!(packed[4..8], [0, 0, 0, 0], "no time");
        assert_eq!(packed[9], UNKNOWN_SYSTEM);
    }
}
