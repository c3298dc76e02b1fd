//! Policies of IAM and of resources, whether they are written as mappings or as JSON in a text. What a deployment decides
//! stands in them as it is written in `Fn::Sub`: `${AWS::AccountId}`.

use super::cursor::Cursor;
use crate::eval::Outcome;
use crate::template::Span;
use serde_json::Value as Json;

#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub is_allow: bool,
    pub actions: Vec<String>,
    /// `NotAction`: everything but these.
    pub but_actions: Vec<String>,
    pub resources: Vec<String>,
    pub principals: Vec<Principal>,
    /// The keys of its conditions, in lowercase, without their operators.
    pub condition_keys: Vec<String>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Principal {
    Everybody,
    Service(String),
    /// An account, a role or a user, by number or ARN.
    Account(String),
    Other(String),
}

/// The statements of a policy document. One that only a deployment knows has none.
pub(super) fn statements(document: &Cursor<'_>) -> Outcome<Vec<Statement>> {
    let written = document.get("Statement")?.items()?;
    if !written.is_empty() {
        return written.iter().map(|item| Ok(statement(&item.value()?.to_json(), item.span))).collect();
    }
    let Some(pieces) = document.value()?.pieces() else { return Ok(Vec::new()) };
    let text: String = pieces.iter().map(ToString::to_string).collect();
    let Ok(parsed) = serde_json::from_str::<Json>(&text) else { return Ok(Vec::new()) };
    let items = listed(parsed.get("Statement"));
    Ok(items.iter().map(|item| statement(item, document.span)).collect())
}

fn listed(value: Option<&Json>) -> Vec<&Json> {
    match value {
        Some(Json::Array(items)) => items.iter().collect(),
        Some(Json::Null) | None => Vec::new(),
        Some(one) => vec![one],
    }
}

fn texts(value: Option<&Json>) -> Vec<String> {
    let text = |item: &Json| item.as_str().map_or_else(|| item.to_string(), str::to_owned);
    listed(value).into_iter().map(text).collect()
}

fn statement(written: &Json, span: Span) -> Statement {
    let conditions = written.get("Condition").and_then(Json::as_object);
    let keys = conditions.into_iter().flat_map(|conditions| conditions.values()).filter_map(Json::as_object);
    Statement {
        is_allow: written.get("Effect").and_then(Json::as_str) == Some("Allow"),
        actions: texts(written.get("Action")),
        but_actions: texts(written.get("NotAction")),
        resources: texts(written.get("Resource")),
        principals: principals(written.get("Principal")),
        condition_keys: keys.flat_map(|keys| keys.keys()).map(|key| key.to_ascii_lowercase()).collect(),
        span,
    }
}

fn principals(written: Option<&Json>) -> Vec<Principal> {
    let Some(written) = written else { return Vec::new() };
    if written.as_str() == Some("*") {
        return vec![Principal::Everybody];
    }
    let kinds = written.as_object().into_iter().flatten();
    let of_kind = |(kind, value): (&String, &Json)| {
        let named = |name: String| match (kind.as_str(), name.as_str()) {
            (_, "*") => Principal::Everybody,
            ("Service", _) => Principal::Service(name),
            ("AWS", _) => Principal::Account(name),
            _ => Principal::Other(name),
        };
        texts(Some(value)).into_iter().map(named).collect::<Vec<_>>()
    };
    kinds.flat_map(of_kind).collect()
}

impl Statement {
    /// Whether an action, such as `iam:PassRole`, is among its actions, wildcards included.
    pub(super) fn names(&self, action: &str) -> bool {
        let action = action.to_ascii_lowercase();
        self.actions.iter().any(|pattern| matches(&pattern.to_ascii_lowercase(), &action))
    }

    pub(super) fn has_any_condition(&self, keys: &[&str]) -> bool {
        self.condition_keys.iter().any(|key| keys.contains(&key.as_str()))
    }
}

/// `*` stands for any letters, `?` for one.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    match (pattern.split_at_checked(1), text.chars().next()) {
        (None, next) => next.is_none(),
        (Some(("*", rest)), _) => {
            (0..=text.len()).filter(|at| text.is_char_boundary(*at)).any(|at| matches(rest, &text[at..]))
        }
        (Some((letter, rest)), Some(next)) if letter == "?" || letter.starts_with(next) => {
            matches(rest, &text[next.len_utf8()..])
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_as_in_iam() {
        for (pattern, text, expected) in [
            ("*", "s3:getobject", true),
            ("s3:*", "s3:getobject", true),
            ("s3:get*", "s3:putobject", false),
            ("s3:?etobject", "s3:getobject", true),
            ("", "x", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn one_and_many_are_read_alike() {
        let text = r#"{"Effect": "Allow", "Action": "a:b", "Principal": {"AWS": ["*", "111122223333"], "Service": "x.amazonaws.com"},
            "Condition": {"StringEquals": {"aws:SourceAccount": "1"}, "ArnLike": {"aws:SourceArn": "2"}}}"#;
        let statement = statement(&serde_json::from_str(text).expect("JSON"), Span::default());
        let service = Principal::Service("x.amazonaws.com".to_owned());
        assert_eq!(statement.actions, ["a:b"]);
        assert!(statement.principals.contains(&Principal::Everybody) && statement.principals.contains(&service));
        assert_eq!(statement.condition_keys.len(), 2);
        assert!(statement.has_any_condition(&["aws:sourcearn"]) && !statement.has_any_condition(&["sts:externalid"]));
    }
}
