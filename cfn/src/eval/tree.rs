//! The stacks that a template makes: itself, and what it nests, each with its own program.

use super::circle;
use super::program::Program;
use crate::bundle::Bundle;
use crate::error::{Error, ErrorKind, Result};
use crate::template::{Faults, Template, fault};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Stacks that may lie inside of each other; CloudFormation itself allows more than anybody uses.
pub const DEFAULT_NESTING_MAX: usize = 16;
/// Stacks of one tree.
pub const DEFAULT_STACKS_MAX: usize = 500;

/// The position of a stack in its tree; the outermost one is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StackId(pub u32);

impl StackId {
    pub const ROOT: Self = Self(0);
}

/// Where templates come from, by names with `/` that lead down from one folder.
pub trait Library {
    /// The text of a file; nothing where there is none.
    fn text(&self, name: &str) -> Result<Option<String>>;
}

impl Library for Bundle {
    fn text(&self, name: &str) -> Result<Option<String>> {
        if self.files().any(|(file, _)| file == name) {
            Bundle::text(self, name).map(|text| Some(text.to_owned()))
        } else {
            Ok(None)
        }
    }
}

impl Library for BTreeMap<String, String> {
    fn text(&self, name: &str) -> Result<Option<String>> {
        Ok(self.get(name).cloned())
    }
}

#[derive(Debug)]
pub struct Stack {
    pub id: StackId,
    /// Logical ids from the outermost stack down to this one.
    pub path: Vec<Arc<str>>,
    /// The stack that nests this one, and the logical id that it has there.
    pub parent: Option<(StackId, Arc<str>)>,
    pub program: Arc<Program>,
    children: HashMap<Arc<str>, StackId>,
}

impl Stack {
    pub fn child(&self, logical_id: &str) -> Option<StackId> {
        self.children.get(logical_id).copied()
    }

    pub fn file(&self) -> &str {
        &self.program.template.name
    }
}

#[derive(Debug)]
pub struct StackTree {
    stacks: Vec<Stack>,
    /// Nested stacks whose template is not in the library: file, logical id, what `TemplateURL` says.
    pub missing: Vec<(String, String, String)>,
}

impl StackTree {
    /// Reads `entry` and everything that it nests.
    pub fn open(library: &dyn Library, entry: &str) -> Result<Self> {
        Self::open_with(library, entry, &BTreeMap::new())
    }

    /// `given` has parameters of `entry` that its loops may run over. Those of nested stacks run over defaults.
    pub fn open_with(library: &dyn Library, entry: &str, given: &BTreeMap<String, String>) -> Result<Self> {
        let mut reader =
            Reader { library, programs: HashMap::new(), tree: Self { stacks: Vec::new(), missing: Vec::new() } };
        let program = reader.program(entry, given)?;
        let Some(program) = program else {
            return Err(Error::new(ErrorKind::Template, format!("there is no template `{entry}`")));
        };
        reader.add(program, Vec::new(), None)?;
        Ok(reader.tree)
    }

    pub fn root(&self) -> &Stack {
        &self.stacks[0]
    }

    pub fn stack(&self, id: StackId) -> &Stack {
        &self.stacks[id.0 as usize]
    }

    pub fn stacks(&self) -> &[Stack] {
        &self.stacks
    }

    /// Logical ids down to a resource, joined with slashes.
    pub fn path(&self, stack: StackId, logical_id: &str) -> String {
        let mut path = self.stack(stack).path.join("/");
        if !path.is_empty() && !logical_id.is_empty() {
            path.push('/');
        }
        path + logical_id
    }
}

struct Reader<'a> {
    library: &'a dyn Library,
    programs: HashMap<String, Arc<Program>>,
    tree: StackTree,
}

impl Reader<'_> {
    fn program(&mut self, name: &str, given: &BTreeMap<String, String>) -> Result<Option<Arc<Program>>> {
        if let Some(program) = self.programs.get(name) {
            return Ok(Some(program.clone()));
        }
        let Some(text) = self.library.text(name)? else { return Ok(None) };
        let template = Template::read_with(name, &text, &|parameter| given.get(parameter).cloned())?;
        let program = Arc::new(Program::new(template));
        Faults::none_or(circle::faults(&program), ())?;
        self.programs.insert(name.to_owned(), program.clone());
        Ok(Some(program))
    }

    fn add(
        &mut self,
        program: Arc<Program>,
        path: Vec<Arc<str>>,
        parent: Option<(StackId, Arc<str>)>,
    ) -> Result<StackId> {
        let id = StackId(u32::try_from(self.tree.stacks.len()).unwrap_or(u32::MAX));
        let stack = Stack { id, path: path.clone(), parent, program: program.clone(), children: HashMap::new() };
        self.tree.stacks.push(stack);
        let template = &program.template;
        for resource in &template.resources {
            let Some(url) = &resource.template_url else { continue };
            if path.len() == DEFAULT_NESTING_MAX || self.tree.stacks.len() == DEFAULT_STACKS_MAX {
                let message = format!("`{}` nests too many stacks: does a template nest itself?", resource.logical_id);
                return Err(fault(&template.name, resource.span.start, message));
            }
            let Some(child) = self.find(&template.name, url)? else {
                self.tree.missing.push((template.name.clone(), resource.logical_id.clone(), url.clone()));
                continue;
            };
            let logical_id: Arc<str> = resource.logical_id.as_str().into();
            let mut below = path.clone();
            below.push(logical_id.clone());
            let child = self.add(child, below, Some((id, logical_id.clone())))?;
            self.tree.stacks[id.0 as usize].children.insert(logical_id, child);
        }
        Ok(id)
    }

    fn find(&mut self, from: &str, url: &str) -> Result<Option<Arc<Program>>> {
        for name in candidates(from, url) {
            if let Some(program) = self.program(&name, &BTreeMap::new())? {
                return Ok(Some(program));
            }
        }
        Ok(None)
    }
}

/// The files that a `TemplateURL` may mean, the likeliest first. Buckets and prefixes are not known offline, so that what
/// counts is the end of the address: below the folder of the template that names it, then below each folder above it; then
/// the same with fewer and fewer of its first folders, as a prefix of the upload may be among them.
pub(crate) fn candidates(from: &str, url: &str) -> Vec<String> {
    let tail = match url.rsplit_once('}') {
        Some((_, tail)) => tail,
        None => match url.split_once("://") {
            Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
            None => url,
        },
    };
    let tail = tail.split(['?', '#']).next().unwrap_or_default();
    let mut segments: Vec<&str> = Vec::new();
    for segment in tail.split('/').filter(|segment| !segment.is_empty() && *segment != ".") {
        segments.push(segment);
    }
    let mut folders: Vec<&str> = from.split('/').collect();
    folders.pop();
    let mut names = Vec::new();
    for skipped in 0..segments.len() {
        for depth in (0..=folders.len()).rev() {
            let name = joined(&folders[..depth], &segments[skipped..]);
            names.extend(name.filter(|name| !names.contains(name)));
        }
    }
    names
}

fn joined(folders: &[&str], segments: &[&str]) -> Option<String> {
    let mut path: Vec<&str> = folders.to_vec();
    for segment in segments {
        if *segment == ".." {
            path.pop()?;
        } else {
            path.push(segment);
        }
    }
    Some(path.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(from: &str, url: &str, files: &[&str]) -> Option<String> {
        candidates(from, url).into_iter().find(|name| files.contains(&name.as_str()))
    }

    #[test]
    fn addresses_find_their_files_whatever_the_bucket_and_the_prefix() {
        let files =
            ["templates/modules/vpc.yaml", "templates/entry.yaml", "child.yaml", "submodules/vpc/templates/vpc.yaml"];
        for (from, url, expected) in [
            ("templates/entry.yaml", "https://${B}.s3.${R}.${S}/${TemplatePrefix}modules/vpc.yaml", Some(files[0])),
            (
                "templates/entry.yaml",
                "https://bucket.s3.amazonaws.com/jqs/1/templates/modules/vpc.yaml",
                Some(files[0]),
            ),
            ("templates/modules/vpc.yaml", "../entry.yaml", Some(files[1])),
            ("templates/entry.yaml", "../child.yaml", Some(files[2])),
            ("templates/entry.yaml", "https://${B}/${P}submodules/vpc/templates/vpc.yaml", Some(files[3])),
            ("templates/entry.yaml", "../../../etc/passwd", None),
            ("templates/entry.yaml", "${Url}", None),
        ] {
            assert_eq!(first(from, url, &files).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn a_template_that_nests_itself_is_an_error() {
        let text = "Resources: {Me: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: ./me.yaml}}}";
        let library = BTreeMap::from([("me.yaml".to_owned(), text.to_owned())]);
        let error = StackTree::open(&library, "me.yaml").expect_err("a loop");
        assert!(error.to_string().contains("does a template nest itself"), "{error}");
    }
}
