//! The layout: what it changes, what it keeps, and that it is stable.

mod documents;

use jqs_cfn::fmt::format;
use jqs_cfn::template;
use proptest::prelude::*;
use std::path::Path;

fn formatted(text: &str) -> String {
    format("t.yaml", text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn comments_stay_with_what_they_are_about() {
    let text = "\
# head

A: 1 # beside A
# above B
B:   # beside B
      # above C
      C: 2


      # above D, apart
      D: [ x,   y ] # beside D
      # below D
# above E
E:
- one # beside one
# above two
-   two


-   F: 1
    G: 2
    # below G
# above H
H: [a, # beside a
  b]
I: # beside I
  value
J: &anchor {K: 1} # beside J
L: *anchor
# the end
";
    let expected = "\
# head

A: 1 # beside A
# above B
B: # beside B
  # above C
  C: 2

  # above D, apart
  D: [x, y] # beside D
  # below D
# above E
E:
  - one # beside one
  # above two
  - two

  - F: 1
    G: 2
    # below G
# above H
H:
  - a # beside a
  - b
I: value # beside I
J: &anchor {K: 1} # beside J
L: *anchor
# the end
";
    assert_eq!(formatted(text), expected);
    assert_eq!(formatted(expected), expected);
}

#[test]
fn comments_before_a_value_go_above_what_it_is_the_value_of() {
    let text = "\
A:
  - k: # beside k
      # above v
      v
    l:
      # above w
      w
B: [m:
  # above x
  x, y]
";
    let expected = "\
A:
  # beside k
  # above v
  - k: v
    # above w
    l: w
B:
  # above x
  - m: x
  - y
";
    assert_eq!(formatted(text), expected);
}

#[test]
fn every_kind_of_line_break_becomes_one() {
    assert_eq!(formatted("A: >\r  one\r  two\r\rB: |\r\n  x\r\n"), "A: >\n  one\n  two\n\nB: |\n  x\n");
}

#[test]
fn a_document_with_nothing_in_it_stays_one() {
    assert_eq!(formatted("---"), "---\n");
    assert_eq!(formatted(" ..."), "'...'\n");
    assert_eq!(formatted(" --- a: ---"), "'--- a': '---'\n");
    let once = formatted("# a\r--- # b\n# c");
    assert_eq!(once, "---\n# a\n# b\n# c\n");
    assert_eq!(formatted(&once), once);
}

#[test]
fn scalars_calls_and_collections_get_one_form() {
    let text = "---
\"Double\": \"quotes\"
Apostrophe: \"it's\"
Escape: \"a\\tb\"
Long: one
  two
Fn::Sub: {Not: alone}
Sub: {'Fn::Sub': 'x'}
Get:
    Fn::GetAtt: [A, B]
Nested:
    Fn::Base64:
        Fn::Sub: |
            #!/bin/sh
              run ${A}

            end
Folded: >-
      one
      two

      three
Keep: |+
   x

List:
- - a
  - b
-   c: 1
Text: \"\"
";
    let expected = "\
'Double': 'quotes'
Apostrophe: 'it''s'
Escape: \"a\\tb\"
Long: one two
Fn::Sub: {Not: alone}
Sub: !Sub 'x'
Get: !GetAtt A.B
Nested:
  Fn::Base64: !Sub |
    #!/bin/sh
      run ${A}

    end
Folded: >-
  one
  two

  three
Keep: |+
  x

List:
  - - a
    - b
  - c: 1
Text: ''
";
    assert_eq!(formatted(text), expected);
    assert_eq!(formatted(expected), expected);
}

#[test]
fn long_lines_break_where_they_can() {
    let word = "abcdefghijklmnopqrstuvwxyz";
    let words = [word; 9].join(", ");
    let text = format!("A:\n  B: [{words}]\n  C: !Join ['', [{words}]]\n  D:\n    - {{E: [{words}], F: {word}}}\n");
    let (three, four) = ([word; 3].join(", "), [word; 4].join(", "));
    let expected = format!(
        "\
A:
  B:
    [
      {four},
      {four},
      {word}
    ]
  C: !Join
    - ''
    - [
        {four},
        {four},
        {word}
      ]
  D:
    - {{
        E: [
          {three},
          {three},
          {three}
        ],
        F: {word}
      }}
"
    );
    assert!(expected.lines().all(|line| line.chars().count() <= 120), "{expected}");
    assert_eq!(formatted(&text), expected);
    assert_eq!(formatted(&expected), expected);
}

#[test]
fn json_stays_json() {
    let text = "{\"A\":{\"Fn::GetAtt\":[\"B\",\"C\"]},\n\t\"D\":[],\"E\":[1,2.50,1e400,-0,true,null,\"\\u00e9\\n\"]}";
    let out = formatted(text);
    assert!(
        out.starts_with("{\n  \"A\": {\n    \"Fn::GetAtt\": [\n      \"B\",\n      \"C\"\n    ]\n  },\n  \"D\": [],\n")
    );
    assert!(out.contains("2.50,\n    1e400,\n    -0,\n    true,\n    null,\n    \"é\\n\"\n"), "{out}");
    assert_eq!(formatted(&out), out);
}

#[test]
fn what_is_no_template_is_not_formatted() {
    for text in ["A: [", "A: 1\nA: 2\n", "%YAML 1.1\n---\nA: 1\n", ""] {
        assert!(format("t.yaml", text).is_err(), "{text}");
    }
}

#[test]
fn folded_blocks_keep_their_text_whatever_they_end_with() {
    for body in
        ["  one\n    deeper\n  two\n     \n", "  one\n\n     \n  x\n      \nB: 1\n", "  two  \n", "  a\t\n\n    \n"]
    {
        for header in [">-", ">", ">+"] {
            let text = format!("A: {header}\n{body}");
            let once = formatted(&text);
            assert_eq!(formatted(&once), once);
        }
    }
}

#[test]
fn what_would_become_too_large_is_not_formatted() {
    let deep = format!("A: {}{}{}\n", "[".repeat(90), "a, ".repeat(200_000), "]".repeat(90));
    let error = format("t.yaml", &deep).expect_err("too large");
    assert!(error.to_string().starts_with("t.yaml:1:1: formatted, the template would have more than"), "{error}");
}

/// Text with comments, blank lines and odd indentation in many places.
fn untidy(text: &str, places: &[(usize, u8)]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (at, what) in places {
        let at = at % (lines.len() + 1);
        match what % 4 {
            0 => lines.insert(at, "# a comment".to_owned()),
            1 => lines.insert(at, "      # an indented comment".to_owned()),
            2 => lines.insert(at, String::new()),
            _ => {
                if let Some(line) = lines.get_mut(at) {
                    line.push_str("   # beside");
                }
            }
        }
    }
    lines.join("\n") + "\n"
}

proptest! {
    #![proptest_config(documents::config(512))]

    #[test]
    fn formatting_is_stable_and_keeps_the_meaning(
        node in documents::node(),
        places in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..6),
    ) {
        let text = untidy(&template::to_yaml(&node), &places);
        if let Ok(read) = template::parse("t.yaml", &text) {
            let once = format("t.yaml", &text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
            prop_assert!(template::parse("t.yaml", &once).is_ok_and(|again| again.means_the_same(&read)), "{text}\n{once}");
            let comments = |text: &str| text.matches("# a comment").count() + text.matches("# an indented").count();
            prop_assert_eq!(comments(&once), comments(&text));
            let twice = format("t.yaml", &once).map_err(|error| TestCaseError::fail(format!("{error}\n{once}")))?;
            prop_assert_eq!(&twice, &once, "from\n{}", text);
        }
    }

    #[test]
    fn json_is_stable(node in documents::json_node()) {
        let text = template::to_json(&node);
        prop_assert_eq!(formatted(&text), text);
    }
}

#[test]
fn our_templates_change_little() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../templates");
    for file in ["jaeger-new-vpc.yaml", "jaeger-existing-vpc.yaml", "modules/vpc.yaml", "modules/collector-query.yaml"]
    {
        let text = std::fs::read_to_string(root.join(file)).expect("a template");
        let once = formatted(&text);
        assert_eq!(formatted(&once), once);
        let kept = text.lines().filter(|line| once.lines().any(|other| other == *line)).count();
        assert!(kept * 100 > text.lines().count() * 90, "{file}: {kept} lines are kept");
    }
}
