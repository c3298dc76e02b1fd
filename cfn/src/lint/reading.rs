//! The files to lint, each read once, whoever asks for it: the thread that lints it, or one that lints what nests it.

use super::source::Source;
use crate::template::{self, Faults, Node, Template};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

pub(super) struct Reading {
    pub(super) root: Node,
    pub(super) template: Result<Arc<Template>, Faults>,
}

pub(super) struct Readings<'a> {
    sources: &'a [Source],
    places: HashMap<&'a str, usize>,
    read: Vec<OnceLock<Result<Reading, Faults>>>,
}

impl<'a> Readings<'a> {
    pub(super) fn new(sources: &'a [Source]) -> Self {
        let places = sources.iter().enumerate().map(|(at, source)| (source.name.as_str(), at)).collect();
        Self { sources, places, read: sources.iter().map(|_| OnceLock::new()).collect() }
    }

    /// Nothing but faults where the text is no document: too large, too deep, endless or not YAML.
    pub(super) fn get(&self, at: usize) -> Option<(&'a Source, &Result<Reading, Faults>)> {
        let source = self.sources.get(at)?;
        let read = || {
            let root = template::parse(&source.name, &source.text)?;
            let template = Template::of(&source.name, root.clone(), &|_| None).map(Arc::new);
            Ok(Reading { root, template })
        };
        Some((source, self.read.get(at)?.get_or_init(read)))
    }

    /// All of them, each read now if nobody has.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a Source, &Result<Reading, Faults>)> {
        (0..self.sources.len()).filter_map(|at| self.get(at))
    }

    /// The file of that name, if it is one of those to lint.
    pub(super) fn named(&self, name: &str) -> Option<&Result<Reading, Faults>> {
        self.get(*self.places.get(name)?).map(|(_, reading)| reading)
    }
}
