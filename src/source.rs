//! Which templates a command works on: our own, or those of a path.

use crate::cli::TemplateArgs;
use crate::templates;
use jqs_cfn::bundle::Bundle;
use jqs_cfn::eval::{Folder, Library, StackTree};
use jqs_cfn::template::Template;
use jqs_cfn::{Error, ErrorKind, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub(crate) struct Source {
    library: Box<dyn Library>,
    pub(crate) entry: String,
    /// All files that belong together.
    names: Option<Vec<String>>,
}

impl Source {
    /// A template, or the folder of one; without a path the one of ours that the arguments ask for.
    pub(crate) fn open(path: Option<&Path>, arguments: &TemplateArgs) -> Result<Self> {
        let Some(path) = path else {
            let entry = templates::choose_entry(arguments, None)?;
            return Ok(Self { library: Box::new(templates::bundle()), entry: entry.file().to_owned(), names: None });
        };
        if path.is_dir() {
            return Self::of_folder(path);
        }
        let (folder, entry) = Folder::around(Path::new("."), path)?;
        Ok(Self { library: Box::new(folder), entry, names: Some(Vec::new()) })
    }

    /// The one template of a folder that no other one nests.
    fn of_folder(path: &Path) -> Result<Self> {
        let folder = Folder::open(path)?;
        let names = folder.names()?;
        let mut entries = Vec::new();
        let mut nested = BTreeSet::new();
        for name in &names {
            let text = folder.text(name)?.unwrap_or_default();
            // Whatever else lies there, such as parameters, is no template.
            if Template::read(name, &text).is_err() {
                continue;
            }
            let tree = StackTree::open(&folder, name)?;
            nested.extend(tree.stacks().iter().skip(1).map(|stack| stack.file().to_owned()));
            entries.push(name.clone());
        }
        entries.retain(|name| !nested.contains(name));
        match entries.as_slice() {
            [entry] => Ok(Self { library: Box::new(folder), entry: entry.clone(), names: Some(names) }),
            [] => Err(Error::new(ErrorKind::NotFound, format!("there is no template in `{}`", path.display()))),
            _ => Err(Error::new(
                ErrorKind::Usage,
                format!("`{}` has several templates that stand alone", path.display()),
            )
            .hint(format!("name one of them: {}", entries.join(", ")))),
        }
    }

    /// Not our own templates.
    pub(crate) fn is_foreign(&self) -> bool {
        self.names.is_some()
    }

    pub(crate) fn tree(&self) -> Result<StackTree> {
        StackTree::open(&*self.library, &self.entry)
    }

    /// The same, with what the user gives to the loops of the outermost template.
    pub(crate) fn tree_with(&self, given: &BTreeMap<String, String>) -> Result<StackTree> {
        StackTree::open_with(&*self.library, &self.entry, given)
    }

    pub(crate) fn template(&self) -> Result<Template> {
        Ok(Template::read(&self.entry, &self.text(&self.entry)?)?)
    }

    /// The entry, and what it nests or what lies in its folder, with the entry's name among them.
    pub(crate) fn bundle(&self) -> Result<(Bundle, String)> {
        let Some(names) = &self.names else { return Ok((templates::bundle(), self.entry.clone())) };
        let tree = self.tree()?;
        let used = tree.stacks().iter().map(|stack| stack.file().to_owned());
        let all: BTreeSet<String> = names.iter().cloned().chain(used).collect();
        // The names are keys below the prefix of the upload: folders around all of the files are none of its business.
        let common = all.iter().map(|name| folder_of(name)).reduce(common_folder).unwrap_or_default().len();
        let files = all.iter().map(|name| Ok((name[common..].to_owned(), self.text(name)?.into_bytes())));
        Ok((Bundle::new(files.collect::<Result<Vec<_>>>()?), self.entry[common..].to_owned()))
    }

    fn text(&self, name: &str) -> Result<String> {
        let text = self.library.text(name)?;
        text.ok_or_else(|| Error::new(ErrorKind::NotFound, format!("there is no template `{name}`")))
    }
}

/// With its last slash.
fn folder_of(name: &str) -> &str {
    name.rfind('/').map_or("", |at| &name[..=at])
}

fn common_folder<'a>(one: &'a str, other: &'a str) -> &'a str {
    let mut common = one;
    while !other.starts_with(common) {
        common = folder_of(common.trim_end_matches('/'));
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_around_all_files_is_found() {
        for (names, expected) in [
            (["a/b/c.yaml", "a/b/d/e.yaml"], "a/b/"),
            (["a/b/c.yaml", "a/bb/c.yaml"], "a/"),
            (["a/b.yaml", "c/d.yaml"], ""),
            (["b.yaml", "c/d.yaml"], ""),
        ] {
            assert_eq!(names.into_iter().map(folder_of).reduce(common_folder), Some(expected), "{names:?}");
        }
    }
}
