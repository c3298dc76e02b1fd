//! A folder on disk as a library. Nothing outside of it is read, whatever a template or a link says, and no file before its
//! size is known.

use super::tree::Library;
use crate::error::{Error, ErrorKind, Result};
use crate::template::DEFAULT_TEMPLATE_BYTES_MAX;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// Files of one folder that are looked at as templates.
pub const DEFAULT_FOLDER_FILES_MAX: usize = 2_000;
/// Folders inside of each other that are looked into.
pub const DEFAULT_FOLDER_DEPTH_MAX: usize = 16;

const ENDINGS: [&str; 4] = ["yaml", "yml", "json", "template"];

#[derive(Debug, Clone)]
pub struct Folder {
    /// Without links, so that a path below it can be told from one that leads away.
    root: PathBuf,
}

impl Folder {
    pub fn open(path: &Path) -> Result<Self> {
        let root = path.canonicalize().map_err(|error| cannot_read(path, error))?;
        if root.is_dir() {
            return Ok(Self { root });
        }
        Err(Error::new(ErrorKind::Io, format!("`{}` is not a folder", path.display())))
    }

    /// The folder for one file, and the file's name in it: `base` where the file lies below it, so that templates beside and
    /// above the file are found as well, and otherwise the folder that the file is in.
    pub fn around(base: &Path, file: &Path) -> Result<(Self, String)> {
        let found = file.canonicalize().map_err(|error| cannot_read(file, error))?;
        let base = Self::open(base).ok().filter(|base| found.starts_with(&base.root));
        let folder = match (base, found.parent()) {
            (Some(base), _) => base,
            (None, Some(parent)) => Self { root: parent.to_owned() },
            (None, None) => return Err(Error::new(ErrorKind::Io, format!("`{}` is not a file", file.display()))),
        };
        let name = folder.name(&found);
        Ok((folder, name))
    }

    /// The names of all files that may be templates, sorted. Hidden folders and links are left out.
    pub fn names(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        self.collect(&self.root, 0, &mut names)?;
        names.sort();
        Ok(names)
    }

    fn collect(&self, folder: &Path, depth: usize, names: &mut Vec<String>) -> Result<()> {
        for entry in std::fs::read_dir(folder).map_err(|error| cannot_read(folder, error))? {
            let entry = entry.map_err(|error| cannot_read(folder, error))?;
            let kind = entry.file_type().map_err(|error| cannot_read(&entry.path(), error))?;
            let path = entry.path();
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            if kind.is_dir() && depth < DEFAULT_FOLDER_DEPTH_MAX {
                self.collect(&path, depth + 1, names)?;
            } else if kind.is_file()
                && path.extension().is_some_and(|ending| ENDINGS.iter().any(|each| ending == *each))
            {
                if names.len() == DEFAULT_FOLDER_FILES_MAX {
                    let message =
                        format!("`{}` has more than {DEFAULT_FOLDER_FILES_MAX} templates", self.root.display());
                    return Err(Error::new(ErrorKind::Usage, message).hint("name the files, or a smaller folder"));
                }
                names.push(self.name(&path));
            }
        }
        Ok(())
    }

    fn name(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.root).unwrap_or(path);
        below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
    }
}

impl Library for Folder {
    fn text(&self, name: &str) -> Result<Option<String>> {
        let relative = Path::new(name);
        if name.is_empty() || !relative.components().all(|part| matches!(part, Component::Normal(_))) {
            return Ok(None);
        }
        let Ok(path) = self.root.join(relative).canonicalize() else { return Ok(None) };
        if !path.starts_with(&self.root) {
            return Err(Error::new(ErrorKind::Template, format!("`{name}` is a link that leads out of its folder")));
        }
        let size = match path.metadata() {
            Ok(metadata) if metadata.is_file() => metadata.len(),
            _ => return Ok(None),
        };
        let most = DEFAULT_TEMPLATE_BYTES_MAX as u64;
        let mut text = String::new();
        if size <= most {
            let file = std::fs::File::open(&path).map_err(|error| cannot_read(relative, error))?;
            // It may grow while it is read.
            file.take(most + 1).read_to_string(&mut text).map_err(|error| cannot_read(relative, error))?;
        }
        if size.max(text.len() as u64) > most {
            let message = format!("`{name}` is larger than the {DEFAULT_TEMPLATE_BYTES_MAX} bytes of a template");
            return Err(Error::new(ErrorKind::Template, message));
        }
        Ok(Some(text))
    }
}

fn cannot_read(path: &Path, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("cannot read `{}`", path.display())).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("below the folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }

    #[test]
    fn templates_are_found_by_name_and_nothing_else_is() {
        let place = tempfile::tempdir().expect("a folder");
        for name in ["b.yaml", "modules/a.json", ".git/c.yaml", "notes.txt"] {
            write(place.path(), name, name);
        }
        let folder = Folder::open(place.path()).expect("opened");
        assert_eq!(folder.names().expect("listed"), ["b.yaml", "modules/a.json"]);
        assert_eq!(folder.text("modules/a.json").expect("read").as_deref(), Some("modules/a.json"));
        for name in ["nobody.yaml", "modules", "", "../b.yaml", "modules/../b.yaml", "/etc/hostname"] {
            assert_eq!(folder.text(name).expect("no error"), None, "{name}");
        }
    }

    #[test]
    fn a_link_that_leads_away_is_refused() {
        let place = tempfile::tempdir().expect("a folder");
        write(place.path(), "secret.yaml", "outside");
        write(place.path(), "inside/t.yaml", "inside");
        std::os::unix::fs::symlink("../secret.yaml", place.path().join("inside/link.yaml")).expect("linked");
        std::os::unix::fs::symlink("t.yaml", place.path().join("inside/good.yaml")).expect("linked");
        let folder = Folder::open(&place.path().join("inside")).expect("opened");
        let error = folder.text("link.yaml").expect_err("leads away");
        assert_eq!(error.to_string(), "`link.yaml` is a link that leads out of its folder");
        assert_eq!(folder.text("good.yaml").expect("read").as_deref(), Some("inside"));
    }

    #[test]
    fn what_is_too_large_or_no_text_is_an_error() {
        let place = tempfile::tempdir().expect("a folder");
        write(place.path(), "large.yaml", &"x".repeat(DEFAULT_TEMPLATE_BYTES_MAX + 1));
        write(place.path(), "full.yaml", &"x".repeat(DEFAULT_TEMPLATE_BYTES_MAX));
        std::fs::write(place.path().join("binary.yaml"), [0xff, 0xfe]).expect("written");
        let folder = Folder::open(place.path()).expect("opened");
        assert!(folder.text("large.yaml").expect_err("too large").to_string().contains("is larger than"));
        assert!(folder.text("full.yaml").expect("read").is_some());
        assert_eq!(folder.text("binary.yaml").expect_err("no text").to_string(), "cannot read `binary.yaml`");
    }

    #[test]
    fn a_file_is_seen_from_the_base_above_it_or_from_its_own_folder() {
        let place = tempfile::tempdir().expect("a folder");
        write(place.path(), "project/templates/t.yaml", "t");
        let file = place.path().join("project/templates/t.yaml");
        let name = |base: &Path| Folder::around(base, &file).expect("found").1;
        assert_eq!(name(&place.path().join("project")), "templates/t.yaml");
        let elsewhere = tempfile::tempdir().expect("a folder");
        assert_eq!(name(elsewhere.path()), "t.yaml");
        assert!(Folder::around(place.path(), Path::new("/nobody.yaml")).is_err());
    }
}
