//! Whatever is written in a template: the reader and the evaluator answer, and never panic.

mod documents;

use jqs_cfn::eval::{Given, StackId, StackTree, resolve};
use jqs_cfn::fmt;
use jqs_cfn::template::{self, Node, Template};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Reads, evaluates and prints; what comes of it does not matter.
fn exercise(text: &str) {
    let library = BTreeMap::from([("t.yaml".to_owned(), text.to_owned())]);
    let given = Given::new("eu-west-1").with("Name", "a,b");
    if let Ok(tree) = StackTree::open_with(&library, "t.yaml", &given.parameters) {
        let _ = resolve(&tree, &given);
        let evaluator = jqs_cfn::eval::Evaluator::new(&tree, &given);
        let _ = evaluator.violation(StackId::ROOT);
        let _ = template::to_yaml(&tree.root().program.template.root);
    }
}

/// A template around random nodes, so that evaluation reaches them.
fn wrapped(node: &Node) -> String {
    let inner = template::to_yaml(node).replace('\n', "\n      ");
    format!(
        "\
Transform: AWS::LanguageExtensions
Parameters: {{Name: {{Type: CommaDelimitedList, Default: a}}, A: {{Type: String}}}}
Mappings: {{A: {{A: {{A: 1}}}}}}
Conditions:
  A: !Equals [!Ref A, b]
  Random:
    Fn::Equals:
      - x
      - {inner_item}
Rules:
  R:
    Assertions:
      - Assert: !Equals [a, a]
Resources:
  A:
    Type: T
    Condition: Random
    Properties:
      {inner}
Outputs:
  A:
    Value:
      {inner}
",
        inner_item = inner.replace("\n      ", "\n        ")
    )
}

fn own_templates() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../templates");
    let mut files = Vec::new();
    for folder in [root.clone(), root.join("modules")] {
        for entry in std::fs::read_dir(folder).expect("the templates") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                files.push((path.clone(), std::fs::read_to_string(&path).expect("text")));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn our_templates_have_no_faults() {
    let files = own_templates();
    assert!(files.len() >= 8);
    for (path, text) in &files {
        let template = Template::read(&path.display().to_string(), text).unwrap_or_else(|faults| panic!("{faults}"));
        let printed = template::to_yaml(&template.root);
        let again = template::parse("printed", &printed).unwrap_or_else(|faults| panic!("{faults}"));
        assert!(again.means_the_same(&template.root), "{}", path.display());
    }
}

/// Cuts, doubles or replaces a piece of a text.
fn mutated(text: &str, at: usize, length: usize, insert: &str) -> String {
    let boundary = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = boundary(at % (text.len() + 1));
    let end = boundary(start + length);
    format!("{}{insert}{}", &text[..start], &text[end..])
}

proptest! {
    #![proptest_config(documents::config(256))]

    #[test]
    fn random_documents_are_answered(node in documents::node()) {
        exercise(&template::to_yaml(&node));
        exercise(&wrapped(&node));
    }

    #[test]
    fn random_text_is_answered(text in any::<String>(), yaml in "[\\[\\]{}:,&*!|>'\"%@`# \\-?a\n\t]{0,80}") {
        exercise(&text);
        exercise(&yaml);
    }

    #[test]
    fn our_templates_with_something_changed_are_answered(
        file in any::<prop::sample::Index>(),
        at in any::<usize>(),
        length in 0_usize..200,
        insert in prop::sample::select(vec![
            "", ">-\n", "|2\n ", "# c\n", " # c", "!Sub ", "!Ref ", "- ", "{", "}", "[", "]", ": ", "\n", "  ", "&a ", "*a", "'", "\"", "Fn::If: ", "${", "<<: ",
            "!GetAtt ", "Fn::ForEach::L: [X, [a, b], {'${X}': 1}]", "!Cidr [", "null", "\u{0}", "\t", "|\n", "---\n",
        ]),
    ) {
        let files = own_templates();
        let text = mutated(&file.get(&files).1, at, length, insert);
        exercise(&text);
        if template::parse("t.yaml", &text).is_ok() {
            let once = fmt::format("t.yaml", &text).map_err(|error| TestCaseError::fail(error.full()))?;
            prop_assert_eq!(&fmt::format("t.yaml", &once).map_err(|error| TestCaseError::fail(error.full()))?, &once);
        }
    }
}
