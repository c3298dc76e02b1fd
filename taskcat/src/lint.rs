//! Lints the templates of a matrix, each once, with all that they nest.

use crate::matrix::Matrix;
use jqs_cfn::diagnostic::{Diagnostic, Severity};
use jqs_cfn::eval::{Folder, Library, Stack, StackTree};
use jqs_cfn::lint::{self, Options, Source};
use jqs_cfn::template::{Faults, Position, Span, Template};
use jqs_cfn::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub struct Linted {
    pub diagnostics: Vec<Diagnostic>,
    /// Every file that was looked at, with its text.
    pub files: BTreeMap<String, String>,
    /// Nested templates that are not in the project.
    pub missing: Vec<String>,
}

/// What is wrong with a template that nobody can read.
const UNREADABLE: &str = "unreadable";

pub fn lint(matrix: &Matrix) -> Result<Linted> {
    let mut linted = Linted::default();
    let root = &matrix.config.root;
    let folder = Folder::open(root)?;
    let mut names = BTreeSet::new();
    let mut missing = BTreeSet::new();
    for case in &matrix.cases {
        let (_, entry) = Folder::around(root, &root.join(&case.test.template))?;
        if !names.insert(entry.clone()) {
            continue;
        }
        match StackTree::open(&folder, &entry) {
            Ok(tree) => {
                names.extend(tree.stacks().iter().map(Stack::file).map(str::to_owned));
                missing.extend(tree.missing.iter().map(|(file, logical, url)| {
                    format!("{file}: the template of `{logical}` is not in the project, and so not linted: {url}")
                }));
            }
            // One of what it nests cannot be read, or nests itself.
            Err(error) => linted.diagnostics.extend(unreadable(&folder, &entry, &error)),
        }
    }
    linted.missing = missing.into_iter().collect();
    let mut sources = Vec::new();
    for name in names {
        let text = folder.text(&name)?.unwrap_or_default();
        linted.files.insert(name.clone(), text.clone());
        match Template::read(&name, &text) {
            Ok(_) => sources.push(Source { name, text }),
            Err(faults) => linted.diagnostics.extend(of_faults(&faults)),
        }
    }
    let mut regions: Vec<String> = matrix.cases.iter().map(|case| case.region.clone()).collect();
    regions.sort();
    regions.dedup();
    let options = Options { regions, only: true, ..Options::default() };
    linted.diagnostics.extend(lint::lint(&sources, &folder, &options)?);
    linted.diagnostics.sort_by(|one, other| {
        (&one.file, one.span.start, &one.rule).cmp(&(&other.file, other.span.start, &other.rule))
    });
    linted
        .diagnostics
        .dedup_by(|one, other| one.file == other.file && one.span == other.span && one.message == other.message);
    Ok(linted)
}

fn of_faults(faults: &Faults) -> Vec<Diagnostic> {
    let diagnostic = |fault: &jqs_cfn::template::Fault| diagnostic(&fault.file, fault.span, fault.message.clone());
    faults.all().iter().map(diagnostic).collect()
}

/// Where the error names a nested file, its own faults with their places.
fn unreadable(folder: &Folder, entry: &str, error: &Error) -> Vec<Diagnostic> {
    let text = error.full();
    let named = text.split(':').next().filter(|name| *name != entry);
    let faults = named.and_then(|name| {
        let text = folder.text(name).ok()??;
        Template::read(name, &text).err()
    });
    match faults {
        Some(faults) => of_faults(&faults),
        None => vec![diagnostic(entry, Span { start: Position::START, end: Position::START }, text)],
    }
}

fn diagnostic(file: &str, span: Span, message: String) -> Diagnostic {
    Diagnostic {
        rule: UNREADABLE.to_owned(),
        severity: Severity::Error,
        file: file.to_owned(),
        span,
        path: Vec::new(),
        message,
        hint: None,
    }
}
