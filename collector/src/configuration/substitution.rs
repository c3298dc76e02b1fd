//! `${env:NAME}`, `${NAME}` and `${NAME:-default}` in a value stand for a variable of the environment, and `$$` for a dollar,
//! as in the configuration of OpenTelemetry's collector. They are put into values that have been read already: no variable can
//! change the document's structure.

use super::Variables;

/// The error says what is wrong.
pub(super) fn substitute(text: &str, variables: &Variables) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        if let Some(behind) = behind.strip_prefix('$') {
            out.push('$');
            rest = behind;
        } else if let Some(behind) = behind.strip_prefix('{') {
            let (reference, behind) = behind.split_once('}').ok_or("`${` has no `}`; write `$$` for a dollar")?;
            out.push_str(&resolve(reference, variables)?);
            rest = behind;
        } else {
            out.push('$');
            rest = behind;
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn resolve(reference: &str, variables: &Variables) -> Result<String, String> {
    let reference = reference.strip_prefix("env:").unwrap_or(reference);
    let (name, default) = match reference.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (reference, None),
    };
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !name.chars().all(is_letter) {
        return Err(format!("`{name}` is not the name of a variable; write `${{env:NAME}}`, or `$$` for a dollar"));
    }
    // As shells have it, an empty variable takes the default too.
    let value = variables.get(name).filter(|value| default.is_none() || !value.is_empty());
    match (value, default) {
        (Some(value), _) => Ok(value.clone()),
        (None, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(format!("the variable `{name}` is not set; `${{env:{name}:-…}}` gives a default")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_defaults_and_dollars_are_put_in() {
        let variables = Variables::from([("HOST".into(), "db".into()), ("EMPTY".into(), String::new())]);
        for (text, expected) in [
            ("http://${env:HOST}:9200", "http://db:9200"),
            ("${HOST}${HOST}", "dbdb"),
            ("${env:PORT:-9200}", "9200"),
            ("${EMPTY:-x}", "x"),
            ("${EMPTY}", ""),
            ("a$$b$c$", "a$b$c$"),
            ("$${HOST}", "${HOST}"),
        ] {
            assert_eq!(substitute(text, &variables).as_deref(), Ok(expected), "{text}");
        }
        for (text, reason) in [
            ("${env:PORT}", "the variable `PORT` is not set"),
            ("${HOST", "has no `}`"),
            ("${file:/etc/passwd}", "`file:/etc/passwd` is not the name"),
            ("${}", "`` is not the name"),
        ] {
            let refused = substitute(text, &variables).unwrap_err();
            assert!(refused.contains(reason), "{text}: {refused}");
        }
    }
}
