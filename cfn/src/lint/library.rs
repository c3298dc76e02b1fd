//! The templates that others nest, each read once.

use super::reading::Readings;
use crate::eval::{Library, candidates};
use crate::template::{Faults, Template};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What a name leads to.
#[derive(Debug, Clone)]
pub(super) enum Nested {
    Template(Arc<Template>),
    /// It is there and cannot be read; why.
    Unreadable(Arc<str>),
}

/// Shared by the threads that lint: a template is read by the first that asks for it.
pub(super) struct Nesting<'a> {
    library: &'a (dyn Library + Sync),
    readings: &'a Readings<'a>,
    read: Mutex<HashMap<String, Option<Nested>>>,
}

impl<'a> Nesting<'a> {
    pub(super) fn new(library: &'a (dyn Library + Sync), readings: &'a Readings<'a>) -> Self {
        Self { library, readings, read: Mutex::new(HashMap::new()) }
    }

    /// The template that `url` means in `from`; nothing where no file has such a name.
    pub(super) fn find(&self, from: &str, url: &str) -> Option<Nested> {
        candidates(from, url).iter().find_map(|name| self.named(name))
    }

    fn named(&self, name: &str) -> Option<Nested> {
        match self.readings.named(name) {
            Some(Ok(reading)) => return Some(reading.template.as_ref().map_or_else(unreadable, Nested::from)),
            Some(Err(faults)) => return Some(unreadable(faults)),
            None => {}
        }
        let known = |read: &HashMap<String, Option<Nested>>| read.get(name).cloned();
        if let Some(found) = known(&self.read.lock().unwrap_or_else(PoisonError::into_inner)) {
            return found;
        }
        let found = match self.library.text(name) {
            Ok(None) => None,
            Ok(Some(text)) => Some(
                Template::read(name, &text)
                    .map_or_else(|faults| unreadable(&faults), |one| Nested::from(&Arc::new(one))),
            ),
            Err(error) => Some(Nested::Unreadable(error.full().into())),
        };
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), found.clone());
        found
    }
}

impl From<&Arc<Template>> for Nested {
    fn from(template: &Arc<Template>) -> Self {
        Self::Template(Arc::clone(template))
    }
}

fn unreadable(faults: &Faults) -> Nested {
    Nested::Unreadable(faults.all().first().map(ToString::to_string).unwrap_or_default().into())
}
