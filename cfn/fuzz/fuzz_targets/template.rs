//! Whatever the bytes are: no panic, no endless work, and what is printed or formatted means what was read.
#![no_main]

use jqs_cfn::eval::{Evaluator, Given, StackId, StackTree, resolve};
use jqs_cfn::{fmt, template};
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;

const FILE: &str = "t.yaml";

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    evaluate(text);
    let Ok(node) = template::parse(FILE, text) else { return };
    let printed = template::to_yaml(&node);
    if !node.entries().is_empty() {
        let again = template::parse(FILE, &printed).expect("what is printed can be read");
        assert!(again.means_the_same(&node), "printed:\n{printed}");
    }
    let _ = template::to_json(&node);
    // Directives are the one thing that the reader takes and the formatter does not.
    if !text.contains('%') {
        let once = fmt::format(FILE, text).expect("what can be read can be formatted");
        assert_eq!(fmt::format(FILE, &once).expect("what is formatted can be formatted"), once);
    }
});

fn evaluate(text: &str) {
    let library = BTreeMap::from([(FILE.to_owned(), text.to_owned())]);
    let given = Given::new("eu-west-1").with("Names", "a,b");
    let Ok(tree) = StackTree::open_with(&library, FILE, &given.parameters) else { return };
    let _ = resolve(&tree, &given);
    let _ = Evaluator::new(&tree, &given).violation(StackId::ROOT);
}
