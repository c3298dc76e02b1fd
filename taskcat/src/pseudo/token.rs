//! What may stand between `$[taskcat_` and `]`.

use super::password::DEFAULT_PASSWORD_LETTERS_MAX;
use crate::config::nearest;

const OPEN: &str = "$[taskcat_";
const DEFAULT_URL_SECONDS: u64 = 3_600;
/// AWS allows a signature no longer life.
const DEFAULT_URL_SECONDS_MAX: u64 = 604_800;
const DEFAULT_ZONES_MAX: usize = 10;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// The first so many zones.
    Zones(usize),
    /// The one of this number, from 1.
    Zone(usize),
    Password {
        letters: usize,
        specials: bool,
    },
    Uuid,
    RandomText,
    RandomNumbers,
    AutoBucket,
    AutoBucketPrefix,
    KeyPair,
    LicenseBucket,
    MediaBucket,
    Content {
        bucket: String,
        key: String,
    },
    PresignedUrl {
        bucket: String,
        key: String,
        seconds: u64,
    },
    /// The value of another parameter.
    Value(String),
    /// Of the SSM parameter store.
    Parameter(String),
    Secret(String),
    Output {
        stack: String,
        key: String,
    },
    Url(String),
    Region,
    Project,
    Test,
    Account,
    Partition,
    GitBranch,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    Token(Token),
    /// Something that looks like a token and is none.
    Wrong(String),
}

const NAMES: [&str; 26] = [
    "account_id",
    "autobucket",
    "autobucket_prefix",
    "current_region",
    "genaz_N",
    "genguid",
    "genpass_N",
    "gensingleaz_N",
    "genuuid",
    "getaz_N",
    "getkeypair",
    "getlicensebucket",
    "getlicensecontent",
    "getmediabucket",
    "getsingleaz_N",
    "getval_KEY",
    "git_branch",
    "output_STACK.KEY",
    "partition",
    "presignedurl",
    "project_name",
    "random-numbers",
    "random-string",
    "secretsmanager_NAME",
    "ssm_NAME",
    "test_name",
];

/// A value, cut into text and tokens.
pub(super) fn parts(value: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = value;
    while let Some(at) = rest.find(OPEN) {
        if at > 0 {
            parts.push(Part::Text(rest[..at].to_owned()));
        }
        let inside = &rest[at + OPEN.len()..];
        let Some(end) = inside.find(']') else {
            parts.push(Part::Wrong(format!("`{}` has no `]` at its end", &rest[at..])));
            return parts;
        };
        let (body, mut after) = (&inside[..end], &inside[end + 1..]);
        // TaskCat has the arguments of these behind the bracket as well, up to the end of the value.
        let separator = match body {
            "presignedurl" | "getpresignedurl" => Some(','),
            "getlicensecontent" => Some('/'),
            _ => None,
        };
        let body = match separator.filter(|separator| after.starts_with(*separator)) {
            Some(_) => format!("{body}{}", std::mem::take(&mut after)),
            None => body.to_owned(),
        };
        parts.push(read(&body).map_or_else(Part::Wrong, Part::Token));
        rest = after;
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    parts
}

fn read(body: &str) -> Result<Token, String> {
    let simple = match body.to_ascii_lowercase().as_str() {
        "genuuid" | "genguid" => Some(Token::Uuid),
        "random-string" => Some(Token::RandomText),
        "random-numbers" => Some(Token::RandomNumbers),
        "autobucket" => Some(Token::AutoBucket),
        "autobucket_prefix" => Some(Token::AutoBucketPrefix),
        "getkeypair" => Some(Token::KeyPair),
        "getlicensebucket" => Some(Token::LicenseBucket),
        "getmediabucket" => Some(Token::MediaBucket),
        "current_region" => Some(Token::Region),
        "project_name" => Some(Token::Project),
        "test_name" => Some(Token::Test),
        "account_id" => Some(Token::Account),
        "partition" => Some(Token::Partition),
        "git_branch" => Some(Token::GitBranch),
        _ => None,
    };
    if let Some(token) = simple {
        return Ok(token);
    }
    let number = |text: &str| text.parse::<usize>().ok().filter(|number| *number > 0);
    for (start, is_single) in [("genaz", false), ("getaz", false), ("gensingleaz", true), ("getsingleaz", true)] {
        let Some(rest) = body.strip_prefix(start) else { continue };
        if rest.is_empty() && !is_single {
            return Ok(Token::Zones(1));
        }
        let count = rest.strip_prefix('_').and_then(number).filter(|count| *count <= DEFAULT_ZONES_MAX);
        let count = count.ok_or_else(|| format!("`{start}_N` takes a number from 1 to {DEFAULT_ZONES_MAX}"))?;
        return Ok(if is_single { Token::Zone(count) } else { Token::Zones(count) });
    }
    if let Some(rest) = body.strip_prefix("genpass_") {
        return password(rest);
    }
    with_argument(body).unwrap_or_else(|| {
        let names: Vec<&str> = NAMES.iter().map(|name| name.split(['N', 'K', 'S']).next().unwrap_or(name)).collect();
        let stem = body.split(|letter: char| letter.is_ascii_digit() || letter == '/').next().unwrap_or(body);
        let meant = nearest(stem, &names).and_then(|stem| NAMES.iter().find(|name| name.starts_with(stem)));
        let meant = meant.map(|name| format!(": did you mean `$[taskcat_{name}]`?")).unwrap_or_default();
        Err(format!("there is no pseudo-parameter `$[taskcat_{body}]`{meant}"))
    })
}

fn password(rest: &str) -> Result<Token, String> {
    let (digits, specials) = match rest.as_bytes().last() {
        Some(b'A' | b'a') => (&rest[..rest.len() - 1], false),
        Some(b'S' | b's') => (&rest[..rest.len() - 1], true),
        _ => (rest, false),
    };
    let least = if specials { 4 } else { 3 };
    match digits.parse() {
        Ok(letters) if (least..=DEFAULT_PASSWORD_LETTERS_MAX).contains(&letters) => {
            Ok(Token::Password { letters, specials })
        }
        _ => Err(format!("`genpass_N` takes a number from {least} to {DEFAULT_PASSWORD_LETTERS_MAX}, and `A` or `S`")),
    }
}

/// Nothing where the name is unknown.
fn with_argument(body: &str) -> Option<Result<Token, String>> {
    let text = |start: &str| body.strip_prefix(start).filter(|rest| !rest.is_empty()).map(str::to_owned);
    if let Some(name) = text("getval_") {
        return Some(Ok(Token::Value(name)));
    }
    if let Some(name) = text("ssm_") {
        return Some(Ok(Token::Parameter(name)));
    }
    if let Some(name) = text("secretsmanager_") {
        return Some(Ok(Token::Secret(name)));
    }
    if let Some(url) = text("url_") {
        let is_url = url.starts_with("https://") || url.starts_with("http://");
        return Some(
            is_url.then_some(Token::Url(url)).ok_or_else(|| "`url_` takes an address with http(s)".to_owned()),
        );
    }
    if let Some(name) = text("output_") {
        let pair = name.rsplit_once('.').filter(|(stack, key)| !stack.is_empty() && !key.is_empty());
        let token = pair.map(|(stack, key)| Token::Output { stack: stack.to_owned(), key: key.to_owned() });
        return Some(token.ok_or_else(|| "`output_` takes `STACK.KEY`".to_owned()));
    }
    if let Some(path) = text("getlicensecontent") {
        let pair =
            path.trim_start_matches('/').split_once('/').filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty());
        let token = pair.map(|(bucket, key)| Token::Content { bucket: bucket.to_owned(), key: key.to_owned() });
        return Some(token.ok_or_else(|| "`getlicensecontent` takes `/BUCKET/KEY`".to_owned()));
    }
    for start in ["presignedurl", "getpresignedurl"] {
        if let Some(arguments) = body.strip_prefix(start) {
            return Some(presigned(arguments));
        }
    }
    None
}

fn presigned(arguments: &str) -> Result<Token, String> {
    let fields: Vec<&str> = arguments.trim_start_matches(',').split(',').map(str::trim).collect();
    let seconds = match fields.get(2) {
        None => Some(DEFAULT_URL_SECONDS),
        Some(text) => text.parse().ok().filter(|seconds| (1..=DEFAULT_URL_SECONDS_MAX).contains(seconds)),
    };
    match (fields.as_slice(), seconds) {
        ([bucket, key] | [bucket, key, _], Some(seconds)) if !bucket.is_empty() && !key.is_empty() => {
            Ok(Token::PresignedUrl { bucket: (*bucket).to_owned(), key: (*key).to_owned(), seconds })
        }
        _ => Err(format!("`presignedurl` takes `,BUCKET,KEY` and perhaps seconds up to {DEFAULT_URL_SECONDS_MAX}")),
    }
}
