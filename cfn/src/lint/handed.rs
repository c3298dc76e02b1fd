//! A document as AWS's validator gets it: as JSON, which it reads several times as fast as YAML, and which holds what our
//! reader has made of aliases, short tags and YAML 1.1 already. Where each part of it stands in the file is kept.

use crate::template::{Meaning, Node, Scalar, Span, Value};
use serde_json::Number;

pub(super) struct Handed {
    /// On one line, so that the validator's columns are offsets.
    pub(super) text: String,
    /// Where keys and values begin, in order, and where they stand in the file.
    places: Vec<(usize, Span)>,
}

impl Handed {
    pub(super) fn of(root: &Node) -> Self {
        let mut handed = Self { text: String::new(), places: Vec::new() };
        handed.node(root);
        handed
    }

    /// The place in the file of what is at this column, which counts from 1.
    pub(super) fn place(&self, column: u32) -> Option<Span> {
        let offset = (column as usize).checked_sub(1)?;
        let behind = self.places.partition_point(|(begin, _)| *begin <= offset);
        self.places.get(behind.checked_sub(1)?).map(|(_, span)| *span)
    }

    fn node(&mut self, node: &Node) {
        self.places.push((self.text.len(), node.span));
        match &node.value {
            Value::Scalar(scalar) => self.scalar(scalar),
            Value::Sequence(items) => {
                self.text.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        self.text.push(',');
                    }
                    self.node(item);
                }
                self.text.push(']');
            }
            Value::Mapping(entries) => {
                self.text.push('{');
                for (at, (key, value)) in entries.iter().enumerate() {
                    if at > 0 {
                        self.text.push(',');
                    }
                    self.places.push((self.text.len(), key.span));
                    self.quoted(key.text().unwrap_or_default());
                    self.text.push(':');
                    self.node(value);
                }
                self.text.push('}');
            }
        }
    }

    fn scalar(&mut self, scalar: &Scalar) {
        match scalar.meaning() {
            Meaning::Null => self.text.push_str("null"),
            Meaning::Bool(truth) => self.text.push_str(if truth { "true" } else { "false" }),
            Meaning::Number => match serde_json::from_str::<Number>(&scalar.decimal()) {
                Ok(number) => self.text.push_str(&number.to_string()),
                Err(_) => self.quoted(&scalar.text),
            },
            Meaning::Text => self.quoted(&scalar.text),
        }
    }

    fn quoted(&mut self, text: &str) {
        self.text.push_str(&serde_json::Value::from(text).to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template;

    #[test]
    fn a_column_leads_back_to_the_file() {
        let text = "Resources:\n  Topic:\n    Type: 'AWS::SNS::Topic'\n    Port: 022\n    Name: !Sub \"a\\n\"\n";
        let handed = Handed::of(&template::parse("t.yaml", text).expect("a document"));
        let json = r#"{"Resources":{"Topic":{"Type":"AWS::SNS::Topic","Port":18,"Name":{"Fn::Sub":"a\n"}}}}"#;
        assert_eq!(handed.text, json);
        for (part, line, column) in
            [("\"Topic\"", 2, 3), ("18", 4, 11), ("\"Fn::Sub\"", 5, 11), ("\"a\\n\"", 5, 16), ("Type", 3, 5)]
        {
            let at = json.find(part).expect("a part") as u32;
            let place = handed.place(at + 1).expect("a place").start;
            assert_eq!((place.line, place.column), (line, column), "{part}");
        }
        assert!(handed.place(0).is_none());
    }
}
