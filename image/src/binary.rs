//! The program of an image: a static Linux executable that says which `Cargo.lock` it was built from.

use crate::error::{Error, Result};
use bytes::Bytes;
use object::elf::{self, FileHeader64};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::{Endianness, read};
use serde::{Deserialize, Serialize};
use std::fmt::{self, Display};
use std::fs;
use std::path::{Path, PathBuf};

/// A program that is larger was not meant for an image.
pub const DEFAULT_BINARY_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// The collector's `--version` has this, and so has its file.
const LOCK_MARK: &[u8] = b"built from Cargo.lock sha256:";
const SHA256_HEX_LENGTH: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    Amd64,
    Arm64,
}

impl Architecture {
    pub const ALL: [Self; 2] = [Self::Amd64, Self::Arm64];

    /// As OCI names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }
}

impl Display for Architecture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Why a file cannot be the program of an image that has nothing beside it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("it is no Linux executable (ELF, 64 bits)")]
    NotElf,
    #[error("it is for another system than Linux (ELF OS ABI {0})")]
    OtherSystem(u8),
    #[error("it is for another machine than amd64 or arm64 (ELF machine {0})")]
    OtherMachine(u16),
    #[error("it is an object or a library, and not a program (ELF type {0})")]
    NoProgram(u16),
    #[error("it is linked dynamically and needs `{0}`, which the image does not have")]
    Dynamic(String),
    #[error("its ELF headers are damaged: {0}")]
    Damaged(String),
    #[error("it does not say which Cargo.lock it was built from, as `jqs-collector` does")]
    NoLock,
}

impl From<read::Error> for Unfit {
    fn from(error: read::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}

/// A program that has been looked at.
#[derive(Debug, Clone)]
pub struct Binary {
    pub path: PathBuf,
    pub architecture: Architecture,
    pub(crate) lock_sha256: String,
    pub(crate) content: Bytes,
}

impl Binary {
    pub fn read(path: &Path) -> Result<Self> {
        let unreadable = |source| Error::File { action: "read", path: path.to_owned(), source };
        if fs::metadata(path).map_err(unreadable)?.len() > DEFAULT_BINARY_BYTES_MAX {
            return Err(Error::TooLarge { path: path.to_owned(), limit: DEFAULT_BINARY_BYTES_MAX });
        }
        let content = Bytes::from(fs::read(path).map_err(unreadable)?);
        Self::from_content(path, content)
    }

    pub fn from_content(path: &Path, content: Bytes) -> Result<Self> {
        let unfit = |source| Error::Binary { path: path.to_owned(), source };
        let architecture = architecture(&content).map_err(unfit)?;
        let lock_sha256 = lock_sha256(&content).ok_or_else(|| unfit(Unfit::NoLock))?;
        Ok(Self { path: path.to_owned(), architecture, lock_sha256, content })
    }

    pub fn size(&self) -> u64 {
        self.content.len() as u64
    }
}

fn architecture(content: &[u8]) -> Result<Architecture, Unfit> {
    let header = FileHeader64::<Endianness>::parse(content).map_err(|_| Unfit::NotElf)?;
    let endian = header.endian()?;
    let system = header.e_ident().os_abi;
    if ![elf::ELFOSABI_SYSV, elf::ELFOSABI_GNU].contains(&system) {
        return Err(Unfit::OtherSystem(system.0));
    }
    let architecture = match (header.e_machine(endian), endian) {
        (elf::EM_X86_64, Endianness::Little) => Architecture::Amd64,
        (elf::EM_AARCH64, Endianness::Little) => Architecture::Arm64,
        (machine, _) => return Err(Unfit::OtherMachine(machine.0)),
    };
    let kind = header.e_type(endian);
    if ![elf::ET_EXEC, elf::ET_DYN].contains(&kind) || header.e_entry(endian) == 0 {
        return Err(Unfit::NoProgram(kind.0));
    }
    for segment in header.program_headers(endian, content)? {
        if let Some(interpreter) = segment.interpreter(endian, content)? {
            return Err(Unfit::Dynamic(String::from_utf8_lossy(interpreter).into_owned()));
        }
        // A static executable that can be loaded anywhere has a dynamic segment too, which names no library.
        let entries = segment.dynamic(endian, content)?.unwrap_or_default();
        if entries.iter().any(|entry| entry.d_tag(endian) == elf::DT_NEEDED) {
            return Err(Unfit::Dynamic("a shared library".to_owned()));
        }
    }
    Ok(architecture)
}

fn lock_sha256(content: &[u8]) -> Option<String> {
    let starts = content.windows(LOCK_MARK.len()).enumerate().filter(|(_, window)| *window == LOCK_MARK);
    // The mark may stand alone, as it does in this very program: only with a digest behind it does it say something.
    starts.map(|(at, _)| at + LOCK_MARK.len()).find_map(|start| {
        let digest = content.get(start..start + SHA256_HEX_LENGTH)?;
        let is_digest = digest.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_digest.then(|| String::from_utf8_lossy(digest).into_owned())
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const INTERPRETER: u32 = 3;
    const AMD64: u16 = 62;
    const ARM64: u16 = 183;
    const PROGRAM_HEADER_OFFSET: usize = 64;

    /// The smallest file that is an executable by its headers, with one program header of that type.
    fn executable(machine: u16, kind: u16, segment: u32) -> Vec<u8> {
        let mut file = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0];
        file.resize(16, 0);
        file.extend(kind.to_le_bytes());
        file.extend(machine.to_le_bytes());
        file.extend(1u32.to_le_bytes());
        file.extend(0x1000u64.to_le_bytes());
        file.extend((PROGRAM_HEADER_OFFSET as u64).to_le_bytes());
        file.extend(0u64.to_le_bytes());
        file.extend(0u32.to_le_bytes());
        for field in [64u16, 56, 1, 64, 0, 0] {
            file.extend(field.to_le_bytes());
        }
        file.extend(segment.to_le_bytes());
        file.extend(0u32.to_le_bytes());
        for field in [120u64, 0, 0, 16, 16, 1] {
            file.extend(field.to_le_bytes());
        }
        file.extend(b"/lib/ld.so\0\0\0\0\0\0");
        file
    }

    pub(crate) fn program(machine: &str, lock_sha256: &str) -> Binary {
        let machine = if machine == "arm64" { ARM64 } else { AMD64 };
        let mut file = executable(machine, 3, 1);
        file.extend(LOCK_MARK);
        file.extend(lock_sha256.as_bytes());
        Binary::from_content(Path::new("jqs-collector"), file.into()).unwrap()
    }

    #[test]
    fn static_executables_for_both_machines_are_taken() {
        for kind in [2, 3] {
            assert_eq!(architecture(&executable(AMD64, kind, 1)), Ok(Architecture::Amd64));
            assert_eq!(architecture(&executable(ARM64, kind, 1)), Ok(Architecture::Arm64));
        }
    }

    #[test]
    fn what_an_empty_image_cannot_run_is_refused() {
        let of = |change: fn(&mut Vec<u8>)| {
            let mut file = executable(AMD64, 3, 1);
            change(&mut file);
            architecture(&file)
        };
        assert_eq!(architecture(b"#!/bin/sh\n"), Err(Unfit::NotElf));
        assert_eq!(architecture(b""), Err(Unfit::NotElf));
        assert_eq!(of(|file| file[4] = 1), Err(Unfit::NotElf), "32 bits");
        assert_eq!(of(|file| file[7] = 9), Err(Unfit::OtherSystem(9)), "FreeBSD");
        assert_eq!(of(|file| file[18] = 243), Err(Unfit::OtherMachine(243)), "RISC-V");
        assert_eq!(architecture(&executable(AMD64, 1, 1)), Err(Unfit::NoProgram(1)), "an object");
        assert_eq!(of(|file| file[25] = 0), Err(Unfit::NoProgram(3)), "a library has no entry");
        assert_eq!(architecture(&executable(AMD64, 3, INTERPRETER)), Err(Unfit::Dynamic("/lib/ld.so".to_owned())));
        assert!(matches!(of(|file| file.truncate(100)), Err(Unfit::Damaged(_))), "ends within its program headers");
    }

    #[test]
    fn a_library_that_is_needed_is_found_without_an_interpreter() {
        let mut file = executable(AMD64, 3, 2);
        let needed = 1u64.to_le_bytes();
        file.splice(120..128, needed);
        assert!(matches!(architecture(&file), Err(Unfit::Dynamic(_))));
        file.splice(120..128, 0u64.to_le_bytes());
        assert_eq!(architecture(&file), Ok(Architecture::Amd64));
    }

    #[test]
    fn this_test_itself_is_linked_dynamically() {
        let this = std::env::current_exe().unwrap();
        let failure = Binary::read(&this).unwrap_err();
        assert!(matches!(failure, Error::Binary { source: Unfit::Dynamic(_), .. }), "{failure:?}");
    }

    #[test]
    fn the_lock_file_is_read_from_the_program() {
        let digest = "5".repeat(SHA256_HEX_LENGTH);
        assert_eq!(lock_sha256(format!("xbuilt from Cargo.lock sha256:{digest}x").as_bytes()), Some(digest.clone()));
        let twice = format!("built from Cargo.lock sha256:built from Cargo.lock sha256:{digest}");
        assert_eq!(lock_sha256(twice.as_bytes()), Some(digest));
        for nothing in ["", "built from Cargo.lock sha256:", "built from Cargo.lock sha256:12"] {
            assert_eq!(lock_sha256(nothing.as_bytes()), None);
        }
        let failure = Binary::from_content(Path::new("x"), executable(AMD64, 3, 1).into()).unwrap_err();
        assert!(matches!(failure, Error::Binary { source: Unfit::NoLock, .. }));
    }
}
