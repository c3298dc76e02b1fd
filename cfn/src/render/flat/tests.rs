//! Whole templates merged, as a user would write them.

use super::*;
use crate::eval::{Folder, Given, Library, StackTree, resolve};
use crate::template::to_yaml;
use std::collections::BTreeMap;
use std::path::Path;

fn library(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect()
}

fn flat_of(library: &dyn Library, entry: &str) -> Result<Flat> {
    flatten(&StackTree::open(library, entry).expect("valid templates"))
}

#[test]
fn dump() {
    let folder = Folder::open(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../templates"))).expect("our templates");
    for entry in ["jaeger-new-vpc.yaml", "jaeger-existing-vpc.yaml"] {
        let flat = flat_of(&folder, entry).map_err(|e| e.to_string()).expect("merged");
        std::fs::write(format!("/tmp/flat-{entry}"), to_yaml(&flat.root)).unwrap();
        println!("{:#?}", flat.notes);
    }
}
