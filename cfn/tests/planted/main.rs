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

/// The copy without a fault.
const CLEAN: &str = "clean";

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

/// The rules of the linter that find something, by the copy of the templates: all copies lie side by side, so that the linter
/// is loaded once.
fn linted(copies: &BTreeMap<String, Vec<String>>, library: &Files) -> BTreeMap<String, BTreeSet<String>> {
    let names = copies.iter().flat_map(|(copy, files)| files.iter().map(move |file| format!("{copy}/{file}")));
    let sources: Vec<Source> = names.map(|name| Source { text: library[&name].clone(), name }).collect();
    let options = lint::Options { ruleset: Some(Ruleset::QuickStart), ..lint::Options::default() };
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for diagnostic in lint::lint(&sources, library, &options).expect("the linter") {
        let copy = diagnostic.file.split('/').next().expect("a folder").to_owned();
        found.entry(copy).or_default().insert(diagnostic.rule);
    }
    found
}

/// The files that show a fault to the linter.
fn shown_by(fault: &Fault) -> Vec<String> {
    match fault.found {
        Found::Lint(_) => fault.plants.iter().map(|(file, ..)| (*file).to_owned()).collect(),
        Found::LintWhole(_) => vec!["jaeger-existing-vpc.yaml".to_owned()],
        Found::Reading(_) | Found::Proof(_) => Vec::new(),
    }
}

#[test]
fn every_planted_fault_is_found_and_nothing_is_found_without_it() {
    let clean = templates();
    let mut library = Files::new();
    let mut copies = BTreeMap::from([(CLEAN.to_owned(), clean.keys().cloned().collect::<Vec<_>>())]);
    let mut put = |copy: &str, files: &Files| {
        library.extend(files.iter().map(|(name, text)| (format!("{copy}/{name}"), text.clone())));
    };
    put(CLEAN, &clean);
    for (number, fault) in FAULTS.iter().enumerate().filter(|(_, fault)| !shown_by(fault).is_empty()) {
        put(&number.to_string(), &planted(fault));
        copies.insert(number.to_string(), shown_by(fault));
    }
    let linted = linted(&copies, &library);
    let mut before: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut missed = Vec::new();
    for (number, fault) in FAULTS.iter().enumerate() {
        let is_found = match fault.found {
            Found::Reading(words) => {
                let error = StackTree::open(&planted(fault), "jaeger-existing-vpc.yaml").err();
                error.is_some_and(|error| error.to_string().contains(words))
            }
            Found::Lint(id) | Found::LintWhole(id) => {
                assert!(!linted[CLEAN].contains(id), "{id} finds in our own templates");
                linted.get(&number.to_string()).is_some_and(|rules| rules.contains(id))
            }
            Found::Proof(id) => {
                let without = before.entry(id).or_insert_with(|| proven(&clean, id)).clone();
                !proven(&planted(fault), id).is_subset(&without)
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
}
