//! Lint: what is wrong with templates as they are written. AWS's own validator checks each file by itself; this adds what
//! lies between files, what a published template owes its users, and the reasons why a finding does not count.

mod cases;
mod catalog;
mod choices;
mod contracts;
mod functions;
mod guard;
mod handed;
mod interface;
mod library;
mod needs;
mod offers;
mod own_rules;
mod portability;
mod reading;
mod services;
mod source;
mod suppression;
mod validator;
mod walk;

#[cfg(test)]
mod tests;

pub use cases::DEFAULT_COMBINATIONS_MAX;
pub use catalog::{RuleInfo, Ruleset, all as rules, find as rule, nearest as nearest_rule};
pub use source::Source;
pub use suppression::DEFAULT_MARKER;

use crate::diagnostic::{Diagnostic, Findings, Severity};
use crate::error::Result;
use crate::eval::Library;
use crate::template::{Faults, Node, Template};
use cases::Cases;
use guard::GuardRules;
use handed::Handed;
use library::Nesting;
use reading::{Reading, Readings};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use suppression::Suppressions;
use validator::Validator;

#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The rules to apply; without one, those that the template itself asks for.
    pub ruleset: Option<Ruleset>,
    /// Regions to check for; without one, only what is wrong in every region counts.
    pub regions: Vec<String>,
    /// Guard rules of the user: names and texts.
    pub guard: Vec<(String, String)>,
    /// These templates are all that this process ever lints, so nothing has to be loaded that only others need.
    pub only: bool,
}

/// What a published template has, and no other.
const INTERFACE: &str = "AWS::CloudFormation::Interface";

/// What is wrong with these files, and not accepted. What they nest is looked up in `library`.
pub fn lint(sources: &[Source], library: &(dyn Library + Sync), options: &Options) -> Result<Vec<Diagnostic>> {
    Ok(findings(sources, library, options)?.open)
}

/// The same, with what is accepted.
pub fn findings(sources: &[Source], library: &(dyn Library + Sync), options: &Options) -> Result<Findings> {
    if sources.is_empty() {
        return Ok(Findings::default());
    }
    let guard = GuardRules::load(&options.guard)?;
    let readings = Readings::new(sources);
    let nesting = Nesting::new(library, &readings);
    let own = sources.iter().map(|_| OnceLock::new()).collect();
    let linter = Linter { readings: &readings, guard, nesting, own, options };
    in_parallel(|at| linter.readings.get(at).is_some());
    needs::settle(&readings, options.only)?;
    let ahead = AtomicUsize::new(0);
    let validator = Validator::load(&|| linter.own(ahead.fetch_add(1, Ordering::Relaxed)).is_some())?;
    let found = Mutex::new(Findings::default());
    in_parallel(|at| {
        let of_file = linter.file(at, &validator);
        let is_there = of_file.is_some();
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        let Findings { open, accepted } = of_file.unwrap_or_default();
        found.open.extend(open);
        found.accepted.extend(accepted);
        is_there
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.open.sort_by(Diagnostic::order);
    found.open.dedup();
    found.accepted.sort_by(|one, other| one.diagnostic.order(&other.diagnostic));
    found.accepted.dedup();
    Ok(found)
}

/// Calls `each` with 0, 1, 2 and so on from as many threads as there are processors, until it says that there is no more.
fn in_parallel(each: impl Fn(usize) -> bool + Sync) {
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| while each(next.fetch_add(1, Ordering::Relaxed)) {});
        }
    });
}

struct Linter<'a> {
    readings: &'a Readings<'a>,
    guard: GuardRules,
    nesting: Nesting<'a>,
    /// What is found in each file without the validator.
    own: Vec<OnceLock<Vec<Diagnostic>>>,
    options: &'a Options,
}

impl Linter<'_> {
    /// All findings of a file; nothing behind the last one.
    fn file(&self, at: usize, validator: &Validator) -> Option<Findings> {
        let (source, reading) = self.readings.get(at)?;
        // What is too large, too deep or endless goes no further: the validator has no such limits.
        let Reading { root, template } = match reading {
            Ok(reading) => reading,
            Err(faults) => return Some(Findings { open: unreadable(source, faults).collect(), accepted: Vec::new() }),
        };
        let mut found = self.validate(&source.name, root, validator);
        match template {
            Ok(template) => without_contradictions(source, template, &mut found),
            // The validator's words come first, where it has some.
            Err(_) if errors(&found).next().is_some() => {}
            Err(faults) => found.extend(unreadable(source, faults)),
        }
        found.extend(self.own(at)?.iter().cloned());
        if let Ok(template) = template {
            let said: BTreeSet<u32> = errors(&found).map(|one| one.span.start.line).collect();
            // The validator's words for a call come first, where it has some.
            let calls = functions::check(template).into_iter();
            found.extend(calls.filter(|one| !said.contains(&one.span.start.line)));
        }
        let ruleset = self.options.ruleset.unwrap_or_else(|| asked_for(root));
        found.retain(|one| {
            catalog::own(&one.rule).is_none_or(|rule| rule.ruleset == Ruleset::Default || rule.ruleset == ruleset)
        });
        without_twins(&mut found);
        let accepted = Suppressions::read(&source.text, root).apply(&source.name, &mut found);
        Some(Findings { open: found, accepted })
    }

    /// What is found without the validator, once; nothing behind the last file.
    fn own(&self, at: usize) -> Option<&[Diagnostic]> {
        let (source, reading) = self.readings.get(at)?;
        let find = || {
            let Ok(Reading { root, template }) = reading else { return Vec::new() };
            let mut found = self.guard.check(&source.name, root);
            if let Ok(template) = template {
                found.extend(contracts::check(template, &self.nesting));
                found.extend(portability::check(template));
                found.extend(interface::check(template));
                found.extend(choices::check(template));
                found.extend(services::check(template));
                found.extend(offers::check(template, &self.nesting));
                found.extend(functions::shown_secrets(template));
            }
            found
        };
        Some(self.own.get(at)?.get_or_init(find))
    }

    /// The validator's findings in each region, those that are alike once. Each region is checked whole: the validator's rules
    /// differ by region as well as its schemas do.
    fn validate(&self, file: &str, root: &Node, validator: &Validator) -> Vec<Diagnostic> {
        let regions: Vec<Option<&str>> = match self.options.regions.as_slice() {
            [] => vec![None],
            regions => regions.iter().map(|region| Some(region.as_str())).collect(),
        };
        let handed = Handed::of(root);
        let mut found: Vec<Diagnostic> = Vec::new();
        for region in regions {
            for diagnostic in validator.check(file, root, &handed, region) {
                if !found.contains(&diagnostic) {
                    found.push(diagnostic);
                }
            }
        }
        found
    }
}

/// Takes back what the validator says of conditions where a case contradicts it.
fn without_contradictions(source: &Source, template: &Template, found: &mut Vec<Diagnostic>) {
    let is_tried = found.iter().any(|one| Cases::judge(&one.rule));
    if let Some(cases) = is_tried.then(|| Cases::of(template, &source.text)).flatten() {
        found.retain(|one| !cases.contradict(one));
    }
}

fn errors(found: &[Diagnostic]) -> impl Iterator<Item = &Diagnostic> {
    found.iter().filter(|one| one.severity == Severity::Error)
}

fn asked_for(root: &Node) -> Ruleset {
    let metadata = root.get("Metadata");
    if metadata.is_some_and(|metadata| metadata.get(INTERFACE).is_some()) {
        return Ruleset::QuickStart;
    }
    Ruleset::Default
}

fn unreadable(source: &Source, faults: &Faults) -> impl Iterator<Item = Diagnostic> {
    faults.all().iter().map(|fault| catalog::finding("J0001", &source.name, fault.span, fault.message.as_str()))
}

/// Of two rules that say the same of a line, the graver one stays; ours, where they are alike.
fn without_twins(found: &mut Vec<Diagnostic>) {
    let mut dropped: BTreeSet<(String, u32)> = BTreeSet::new();
    for one in found.iter() {
        let Some(rule) = catalog::own(&one.rule) else { continue };
        for other in found.iter().filter(|other| other.span.start.line == one.span.start.line) {
            if rule.twins.contains(&other.rule.as_str()) {
                let loser = if other.severity > one.severity { one } else { other };
                dropped.insert((loser.rule.clone(), loser.span.start.line));
            }
        }
    }
    found.retain(|one| !dropped.contains(&(one.rule.clone(), one.span.start.line)));
}
