//! What is needed of a document of the validator's, each of which is JSON without space between its tokens: of the schemas,
//! an object with a type of resources as every key, the entries of these types; and of the two long tables that only database
//! instances are looked up in, nothing where there are none.

use memchr::memmem;
use std::collections::BTreeSet;

const DATABASE: &str = "AWS::RDS::DBInstance";
/// What these tables begin with, and what stands in for them: the validator takes no empty ones.
const OF_DATABASES: [(&[u8], &[u8]); 2] = [
    (br#"{"aws_rds_dbinstance_db_instance_class":{"#, br#"{"aws_rds_dbinstance_db_instance_class":{"allOf":[]}}"#),
    (br#"{"aws_rds_dbinstance_dbinstanceclass_enum":{"#, br#"{"aws_rds_dbinstance_dbinstanceclass_enum":{"none":{}}}"#),
];

/// Nothing where all of it is needed.
pub(crate) fn of(document: &[u8], needed: &BTreeSet<String>) -> Option<Vec<u8>> {
    if let Some((_, without)) = OF_DATABASES.iter().find(|(beginning, _)| document.starts_with(beginning)) {
        return (!needed.contains(DATABASE)).then(|| without.to_vec());
    }
    is_schemas(document).then(|| schemas(document, needed)).flatten()
}

/// Every other document has a name, or no schemas: these have the name of a type in them.
fn is_schemas(document: &[u8]) -> bool {
    let Some(key_end) = document.strip_prefix(b"{").and_then(end_of_text).map(|end| end + 1) else { return false };
    let (key, value) = (&document[1..key_end], document[key_end..].strip_prefix(b":").unwrap_or_default());
    memmem::find(key, b"::").is_some() && end_of_object(value).is_some_and(|end| is_schema(key, &value[..end]))
}

fn is_schema(key: &[u8], value: &[u8]) -> bool {
    memmem::find(value, &[b"\"type_name\":", key].concat()).is_some()
}

/// The keys are in order, so one pass finds them all.
fn schemas(document: &[u8], needed: &BTreeSet<String>) -> Option<Vec<u8>> {
    let mut part = vec![b'{'];
    let mut rest = document;
    for name in needed {
        let key = format!("\"{name}\"");
        let Some(at) = memmem::find(rest, format!("{key}:{{").as_bytes()) else { continue };
        let value = &rest[at + key.len() + 1..];
        let entry_end = at + key.len() + 1 + end_of_object(value)?;
        if !is_schema(key.as_bytes(), &rest[at..entry_end]) {
            return None;
        }
        if part.len() > 1 {
            part.push(b',');
        }
        part.extend_from_slice(&rest[at..entry_end]);
        rest = &rest[entry_end..];
    }
    part.push(b'}');
    // The validator takes no empty document.
    (part.len() > 2).then_some(part)
}

/// Behind the closing quote of a text that begins here.
fn end_of_text(json: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match json.get(at)? {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// Behind the closing brace of an object that begins here.
fn end_of_object(json: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0, 0_usize);
    loop {
        match json.get(at)? {
            b'"' => at += end_of_text(&json[at..])?,
            b'{' => (at, depth) = (at + 1, depth + 1),
            b'}' if depth == 1 => return Some(at + 1),
            b'}' => (at, depth) = (at + 1, depth.checked_sub(1)?),
            _ if depth == 0 => return None,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(document: &str, needed: &[&str]) -> Option<String> {
        let needed = needed.iter().map(|name| (*name).to_owned()).collect();
        of(document.as_bytes(), &needed).map(|text| String::from_utf8(text).expect("text"))
    }

    const SCHEMAS: &str = r#"{"A::B::C":{"p":{"q}\\\\":["{"]},"type_name":"A::B::C"},"A::B::D":{"type_name":"A::B::D"},"A::B::E":{"type_name":"A::B::E"}}"#;

    #[test]
    fn needed_schemas_stay_as_they_are() {
        assert_eq!(part(SCHEMAS, &["A::B::C", "A::B::D", "A::B::E"]).as_deref(), Some(SCHEMAS));
        let first = r#"{"A::B::C":{"p":{"q}\\\\":["{"]},"type_name":"A::B::C"}}"#;
        assert_eq!(part(SCHEMAS, &["A::B::C", "X::Y::Z"]).as_deref(), Some(first));
        assert_eq!(part(SCHEMAS, &["A::A::A", "A::B::E"]).as_deref(), Some(r#"{"A::B::E":{"type_name":"A::B::E"}}"#));
    }

    #[test]
    fn tables_of_databases_are_for_databases() {
        let tables = r#"{"aws_rds_dbinstance_db_instance_class":{"allOf":[{"if":{}}]}}"#;
        assert_eq!(part(tables, &["AWS::RDS::DBCluster"]).map(|table| table.len()), Some(OF_DATABASES[0].1.len()));
        assert_eq!(part(tables, &[DATABASE]), None);
    }

    #[test]
    fn other_documents_are_left_alone() {
        for document in [
            r#"{"A::B::C":{"eu-west-1":["t3"]}}"#,
            r#"{"A::B::C":[{"type_name":"A::B::C"}]}"#,
            r#"{"regions":{"A::B::C":{"type_name":"A::B::C"}}"#,
            r#"["A::B::C"]"#,
            "{}",
            "",
            r#"{"A::B::C":{"type_name":"#,
        ] {
            assert_eq!(part(document, &["A::B::C"]), None, "{document}");
        }
        assert_eq!(part(SCHEMAS, &[]), None, "the validator takes no empty document");
    }
}
