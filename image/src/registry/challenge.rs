//! `WWW-Authenticate`: how a registry wants to know who it is.

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    Basic,
    /// By a token that is to be asked for at `realm`.
    Bearer {
        realm: String,
        service: Option<String>,
    },
}

/// `None` for schemes that registries do not use.
pub(super) fn parse(header: &str) -> Option<Challenge> {
    let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
    if scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let parameters = parameters(rest);
    let value = |name: &str| {
        let found = parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone())
    };
    Some(Challenge::Bearer { realm: value("realm")?, service: value("service") })
}

/// `key="value",key=value`: a comma, and a quote behind a backslash, may be part of a quoted value.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((key, after)) = rest.split_once('=') {
        let key = key.trim_matches([',', ' ', '\t']).to_owned();
        let value = match after.strip_prefix('"') {
            Some(quoted) => {
                let (value, behind) = unquote(quoted);
                rest = behind;
                value
            }
            None => {
                let (value, behind) = after.split_once(',').unwrap_or((after, ""));
                rest = behind;
                value.trim().to_owned()
            }
        };
        found.push((key, value));
    }
    found
}

/// The text up to the closing quote, and what is behind it.
fn unquote(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(letters.next().map(|(_, escaped)| escaped)),
            _ => value.push(letter),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_understood_as_registries_write_them() {
        assert_eq!(
            parse(r#"Basic realm="https://x.dkr.ecr.eu-west-1.amazonaws.com/",service="ecr""#),
            Some(Challenge::Basic)
        );
        assert_eq!(parse("basic"), Some(Challenge::Basic));
        let bearer = |realm: &str, service: Option<&str>| {
            Some(Challenge::Bearer { realm: realm.to_owned(), service: service.map(str::to_owned) })
        };
        let hub = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a:pull,push""#;
        assert_eq!(parse(hub), bearer("https://auth.docker.io/token", Some("registry.docker.io")));
        assert_eq!(parse(r#"bearer service=a, realm="b\"c,d""#), bearer(r#"b"c,d"#, Some("a")));
        assert_eq!(parse(r#"Bearer realm="open"#), bearer("open", None));
    }

    #[test]
    fn other_schemes_and_a_bearer_without_a_realm_are_no_challenge() {
        for text in ["", "Negotiate", "Digest realm=\"x\"", "Bearer", "Bearer service=\"x\""] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
