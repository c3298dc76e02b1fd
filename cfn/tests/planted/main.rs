//! The faults of the quick start that these templates replace, each planted into a copy of ours: lint or proof must find it.

mod checklist;
mod faults;

use faults::{FAULTS, Fault, Found};
use jqs_cfn::eval::StackTree;
use jqs_cfn::lint::{self, Ruleset, Source};
use jqs_cfn::prove::{self, Options, checks};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

type Files = BTreeMap<String, String>;

fn templates() -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../templates");
    let mut files = Files::new();
    for folder in ["", "modules/"] {
        for entry in std::fs::read_dir(root.join(folder)).expect("the templates") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|ending| ending == "yaml") {
                let name = path.file_name().expect("a file").to_string_lossy();
                files.insert(format!("{folder}{name}"), std::fs::read_to_string(&path).expect("a template"));
            }
        }
    }
    files
}

/// The templates with the fault in them. Text that is no longer there makes the test fail, not pass.
fn planted(fault: &Fault) -> Files {
    let mut files = templates();
    for (file, from, to) in fault.plants {
        let text = files.get_mut(*file).unwrap_or_else(|| panic!("{}: there is no {file}", fault.name));
        assert!(text.contains(from), "{}: {file} has no longer `{from}`", fault.name);
        *text = text.replace(from, to);
    }
    files
}

/// What one check finds in both entries, and where.
fn proven(files: &Files, id: &str) -> BTreeSet<String> {
    let chosen: Vec<_> = checks::ALL.iter().filter(|check| check.id == id).collect();
    if chosen.is_empty() {
        return BTreeSet::new();
    }
    let mut found = BTreeSet::new();
    for entry in ["jaeger-new-vpc.yaml", "jaeger-existing-vpc.yaml"] {
        let tree = StackTree::open(files, entry).unwrap_or_else(|error| panic!("{entry}: {error}"));
        let proof = prove::prove(&tree, &chosen, &Options::default());
        let open = proof.findings.iter().filter(|finding| finding.accepted.is_none());
        found.extend(open.map(|finding| format!("{entry} {} {}", finding.path, finding.problem.about)));
    }
    found
}

/// The rules of the linter that find something in these files.
fn linted<'a>(files: &Files, names: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let sources: Vec<Source> = names.map(|name| Source { name: name.to_owned(), text: files[name].clone() }).collect();
    let options = lint::Options { ruleset: Some(Ruleset::QuickStart), ..lint::Options::default() };
    let found = lint::lint(&sources, files, &options).expect("the linter");
    found.into_iter().map(|diagnostic| diagnostic.rule).collect()
}

#[test]
fn every_planted_fault_is_found_and_nothing_is_found_without_it() {
    let clean = templates();
    let mut before: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut missed = Vec::new();
    for fault in FAULTS {
        let files = planted(fault);
        let is_found = match fault.found {
            Found::Reading(words) => {
                let error = StackTree::open(&files, "jaeger-existing-vpc.yaml").err().map(|error| error.to_string());
                error.is_some_and(|error| error.contains(words))
            }
            Found::Lint(id) => linted(&files, fault.plants.iter().map(|(file, ..)| *file)).contains(id),
            Found::LintWhole(id) => linted(&files, ["jaeger-existing-vpc.yaml"].into_iter()).contains(id),
            Found::Proof(id) => {
                let without = before.entry(id).or_insert_with(|| proven(&clean, id)).clone();
                !proven(&files, id).is_subset(&without)
            }
        };
        if !is_found {
            missed.push(fault.name);
        }
    }
    assert!(missed.is_empty(), "not found: {missed:#?}");
    for (id, found) in before {
        assert!(found.is_empty(), "{id} finds in our own templates: {found:#?}");
    }
    let found = linted(&clean, clean.keys().map(String::as_str));
    for fault in FAULTS {
        if let Found::Lint(id) | Found::LintWhole(id) = fault.found {
            assert!(!found.contains(id), "{id} finds in our own templates");
        }
    }
}
