//! The files to lint: named ones, those of folders, or our own.

use crate::templates;
use jqs_cfn::eval::{Folder, Library};
use jqs_cfn::lint::Source;
use jqs_cfn::{Error, ErrorKind, Result};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// What files with Guard rules end in.
const GUARD_ENDING: &str = "guard";
/// A file of Guard rules that is larger was not written by a person.
pub(super) const DEFAULT_GUARD_BYTES_MAX: u64 = 1_048_576;

pub(super) struct Sources {
    pub(super) files: Vec<Source>,
    /// Where nested templates are looked up.
    pub(super) library: Box<dyn Library + Sync>,
}

impl Sources {
    pub(super) fn open(paths: &[PathBuf]) -> Result<Self> {
        if paths.is_empty() {
            let bundle = templates::bundle();
            let names: Vec<String> = bundle.files().map(|(name, _)| name.to_owned()).collect();
            let files = names.into_iter().map(|name| {
                let text = bundle.text(&name)?.to_owned();
                Ok(Source { name, text })
            });
            return Ok(Self { files: files.collect::<Result<_>>()?, library: Box::new(bundle) });
        }
        let mut files: Vec<Source> = Vec::new();
        for path in paths {
            let found = if path.is_dir() { folder(path)? } else { vec![file(path)?] };
            for source in found {
                if files.iter().all(|known| known.name != source.name) {
                    files.push(source);
                }
            }
        }
        if files.is_empty() {
            let names = paths.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(", ");
            return Err(Error::new(ErrorKind::Usage, format!("there is no template in {names}")));
        }
        Ok(Self { files, library: Box::new(Disk) })
    }
}

fn file(path: &Path) -> Result<Source> {
    let name = shown(path);
    let text = Disk.text(&name).map_err(|error| unreadable(&name, error))?;
    let text = text.ok_or_else(|| Error::new(ErrorKind::Usage, format!("there is no file `{name}`")))?;
    if !Source::looks_like_a_template(&text) {
        return Err(Error::new(ErrorKind::Usage, format!("`{name}` is no template: it has no `Resources`")));
    }
    Ok(Source { name, text })
}

/// Every template below a folder. What is none is passed over.
fn folder(path: &Path) -> Result<Vec<Source>> {
    let refused = |error| unreadable(&shown(path), error);
    let folder = Folder::open(path).map_err(refused)?;
    let mut files = Vec::new();
    for below in folder.names().map_err(refused)? {
        let name = shown(&path.join(&below));
        let text = folder.text(&below).map_err(|error| unreadable(&name, error))?;
        if let Some(text) = text.filter(|text| Source::looks_like_a_template(text)) {
            files.push(Source { name, text });
        }
    }
    Ok(files)
}

fn unreadable(name: &str, error: Error) -> Error {
    Error::new(ErrorKind::Usage, format!("cannot lint `{name}`")).because(error.full())
}

/// As the user wrote it, without a `./` in front.
fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    text.strip_prefix("./").unwrap_or(&text).to_owned()
}

/// Files by their paths, from the working folder or from the root.
struct Disk;

impl Library for Disk {
    fn text(&self, name: &str) -> Result<Option<String>> {
        let path = Path::new(name);
        let (Some(folder), Some(file)) = (path.parent(), path.file_name().and_then(OsStr::to_str)) else {
            return Ok(None);
        };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        if !folder.is_dir() {
            return Ok(None);
        }
        Folder::open(folder)?.text(file)
    }
}

/// The Guard rules of the user: names of files, and their texts.
pub(super) fn guard_rules(paths: &[PathBuf]) -> Result<Vec<(String, String)>> {
    let mut rules = Vec::new();
    for path in paths {
        let refused = |error: std::io::Error| {
            Error::new(ErrorKind::Usage, format!("cannot read the rules `{}`", path.display())).because(error)
        };
        let mut files = vec![path.clone()];
        if path.is_dir() {
            let entries = std::fs::read_dir(path).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
            files = entries.map_err(refused)?.iter().map(std::fs::DirEntry::path).collect();
            files.retain(|file| file.extension().is_some_and(|ending| ending == GUARD_ENDING));
            files.sort();
            if files.is_empty() {
                let message = format!("`{}` has no files that end in `.{GUARD_ENDING}`", path.display());
                return Err(Error::new(ErrorKind::Usage, message));
            }
        }
        for file in files {
            if std::fs::metadata(&file).map_err(refused)?.len() > DEFAULT_GUARD_BYTES_MAX {
                let message = format!("`{}` is larger than {DEFAULT_GUARD_BYTES_MAX} bytes", file.display());
                return Err(Error::new(ErrorKind::Usage, message));
            }
            rules.push((shown(&file), std::fs::read_to_string(&file).map_err(refused)?));
        }
    }
    Ok(rules)
}
