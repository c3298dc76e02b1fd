//! Templates that nobody means well with: a clear error, at once, in little memory.

use crate::run::Jqs;
use std::fs;
use std::time::Duration;

/// Of the processor. What is not optimized takes its time.
const TIME_MAX: Duration = Duration::from_secs(if cfg!(debug_assertions) { 2 } else { 1 });
const MEMORY_MAX_BYTES: u64 = 200 * 1024 * 1024;

/// Runs one command on a file with this content, which must be refused with `expected`.
fn refused(command: &[&str], content: &[u8], expected: &str) {
    let jqs = Jqs::new(&[]);
    let file = jqs.home.path().join("t.yaml");
    fs::write(&file, content).unwrap();
    let path = file.to_str().unwrap();
    let (run, used) = jqs.run_measured(&[command, &[path]].concat());
    assert!(run.stderr.contains(expected), "`{expected}` is not in\n{}{}", run.stderr, run.stdout);
    assert!(used.time < TIME_MAX, "{expected}: {used:?}");
    assert!(used.peak_bytes > 0 && used.peak_bytes < MEMORY_MAX_BYTES, "{expected}: {used:?}");
    assert!(matches!(run.code, Some(1 | 2)), "{:?}", run.code);
}

const COMMANDS: [&[&str]; 2] = [&["fmt", "--check"], &["prove"]];

#[test]
fn a_large_file_is_refused_by_its_size() {
    for command in COMMANDS {
        refused(command, &vec![b'a'; 50 * 1024 * 1024], "is larger than the 1048576 bytes of a template");
    }
}

#[test]
fn a_binary_file_is_no_template() {
    let bytes: Vec<u8> = (0..=255).cycle().take(500_000).collect();
    for command in COMMANDS {
        refused(command, &bytes, "cannot read `t.yaml`");
        refused(command, b"Resources:\n  A: \0\x01\x02\n", "t.yaml:2:");
    }
}

#[test]
fn deep_nesting_is_refused() {
    let deep = 10_000;
    let lists = format!("Resources: {}{}\n", "[".repeat(deep), "]".repeat(deep));
    let objects = format!("{}1{}", "{\"a\": ".repeat(deep), "}".repeat(deep));
    let dashes = format!("Resources:\n  {}a\n", "- ".repeat(deep));
    let blocks: String = (0..1000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    let tags = format!("Resources: {}x{}\n", "!If [".repeat(deep), "]".repeat(deep));
    for text in [lists, objects, dashes, blocks, tags] {
        for command in COMMANDS {
            refused(command, text.as_bytes(), "the nesting is deeper than 100 levels");
        }
    }
}

#[test]
fn aliases_of_aliases_are_refused() {
    let mut wide = "A0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..40 {
        let before = level - 1;
        wide += &format!("A{level}: &a{level} [{}]\n", vec![format!("*a{before}"); 10].join(", "));
    }
    let mut deep = "A0: &a0 [x]\n".to_owned();
    for level in 1..2000 {
        deep += &format!("A{level}: &a{level} [*a{}]\n", level - 1);
    }
    let mut anchors = String::new();
    for level in 0..90 {
        anchors += &format!("{}a: &a{level}\n", " ".repeat(level));
    }
    anchors += &format!("{}b: [{}]\n", " ".repeat(90), "x,".repeat(200_000));
    for command in COMMANDS {
        refused(command, wide.as_bytes(), "the template has more than 250000 nodes, aliases expanded");
        refused(command, deep.as_bytes(), "the nesting is deeper than 100 levels");
        refused(command, anchors.as_bytes(), "the template has more than 250000 nodes, aliases expanded");
    }
}

#[test]
fn circles_between_resources_are_named() {
    let mut chain = "Resources:\n".to_owned();
    let last = 9_999;
    for at in 0..=last {
        let next = (at + 1) % (last + 1);
        chain += &format!("  R{at}: {{Type: T, Properties: {{P: !Ref R{next}}}}}\n");
    }
    refused(&["prove"], chain.as_bytes(), "`R0` depends on itself: R0 → R1 → R2 → ");
    let both = "Resources:\n  A: {Type: T, DependsOn: B}\n  B: {Type: T, Properties: {P: !GetAtt A.Arn}}\n";
    refused(&["prove"], both.as_bytes(), "t.yaml:2:3: `A` depends on itself: A → B → A");
}

#[test]
fn loops_that_make_too_much_are_refused() {
    let values: Vec<String> = (0..200).map(|value| format!("v{value}")).collect();
    let values = values.join(", ");
    let text = format!(
        "Transform: AWS::LanguageExtensions\nResources:\n  Fn::ForEach::A:\n    - A\n    - [{values}]\n    - Fn::ForEach::B:\n        \
         - B\n        - [{values}]\n        - R${{A}}${{B}}: {{Type: T}}\n"
    );
    refused(&["prove"], text.as_bytes(), "the loops make more than 10000 runs");
}
