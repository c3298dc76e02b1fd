//! Who pushes: given, or as Docker's configuration has it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::io;
use std::path::{Path, PathBuf};

/// Docker's configuration calls its own registry so.
const DOCKER_HUB_KEY: &str = "index.docker.io";
const DOCKER_HUB: &str = "docker.io";

#[derive(Clone, PartialEq, Eq, Default)]
pub enum Credentials {
    #[default]
    Anonymous,
    Basic {
        username: String,
        password: String,
    },
}

/// Passwords are not for logs.
impl Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => formatter.write_str("Anonymous"),
            Self::Basic { username, .. } => formatter.debug_struct("Basic").field("username", username).finish(),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    #[error("cannot read `{}`", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("`{}` is no configuration of Docker", path.display())]
    Invalid { path: PathBuf, source: serde_json::Error },
    #[error("the password for `{registry}` in `{}` cannot be read: {reason}", path.display())]
    Unusable { registry: String, path: PathBuf, reason: String },
}

impl Credentials {
    pub fn basic(username: &str, password: &str) -> Self {
        Self::Basic { username: username.to_owned(), password: password.to_owned() }
    }

    /// `username:password` in base64, as HTTP, Docker and ECR write it.
    pub fn from_base64(text: &str) -> Option<Self> {
        let text = String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()?;
        let (username, password) = text.split_once(':')?;
        Some(Self::basic(username, password.trim_end_matches('\0')))
    }

    /// What `docker login` left for this registry; anonymous where it left nothing.
    pub fn from_docker_config(path: &Path, registry: &str) -> Result<Self, CredentialsError> {
        let text = match std::fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::Anonymous),
            text => text.map_err(|source| CredentialsError::Unreadable { path: path.to_owned(), source })?,
        };
        let config: DockerConfig = serde_json::from_str(&text)
            .map_err(|source| CredentialsError::Invalid { path: path.to_owned(), source })?;
        let unusable = |reason: String| CredentialsError::Unusable {
            registry: registry.to_owned(),
            path: path.to_owned(),
            reason,
        };
        let key = if registry == DOCKER_HUB { DOCKER_HUB_KEY } else { registry };
        let entry = config.auths.into_iter().find_map(|(name, entry)| (host(&name) == key).then_some(entry));
        let entry = entry.unwrap_or_default();
        if let Some(text) = entry.auth.filter(|text| !text.is_empty()) {
            return Self::from_base64(&text).ok_or_else(|| unusable("it is not written as base64".to_owned()));
        }
        if let (Some(username), Some(password)) = (entry.username, entry.password) {
            return Ok(Self::basic(&username, &password));
        }
        match config.cred_helpers.get(registry).or(config.creds_store.as_ref()).filter(|name| !name.is_empty()) {
            Some(helper) => Err(unusable(format!("`docker-credential-{helper}` has it"))),
            None => Ok(Self::Anonymous),
        }
    }

    /// The value of `Authorization`.
    pub(super) fn header(&self) -> Option<String> {
        match self {
            Self::Anonymous => None,
            Self::Basic { username, password } => {
                Some(format!("Basic {}", STANDARD.encode(format!("{username}:{password}"))))
            }
        }
    }
}

/// Keys were addresses once: `https://index.docker.io/v1/`.
fn host(key: &str) -> &str {
    let key = key.split_once("://").map_or(key, |(_, rest)| rest);
    key.split('/').next().unwrap_or_default()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DockerConfig {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Deserialize, Default)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(config: &str, registry: &str) -> Result<Credentials, CredentialsError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        std::fs::write(&path, config).unwrap();
        Credentials::from_docker_config(&path, registry)
    }

    #[test]
    fn what_docker_login_left_is_found() {
        let auth = STANDARD.encode("me:pass:word");
        let config = format!(
            r#"{{"auths":{{"ghcr.io":{{"auth":"{auth}"}},"https://index.docker.io/v1/":{{"auth":"{auth}"}},
                "plain:5000":{{"username":"a","password":"b"}},"empty.io":{{}}}}}}"#
        );
        let me = Credentials::basic("me", "pass:word");
        assert_eq!(find(&config, "ghcr.io").unwrap(), me);
        assert_eq!(find(&config, "docker.io").unwrap(), me);
        assert_eq!(find(&config, "plain:5000").unwrap(), Credentials::basic("a", "b"));
        for registry in ["empty.io", "other.io", "evil-ghcr.io"] {
            assert_eq!(find(&config, registry).unwrap(), Credentials::Anonymous);
        }
        let nowhere = Credentials::from_docker_config(Path::new("/nonexistent/config.json"), "ghcr.io");
        assert_eq!(nowhere.unwrap(), Credentials::Anonymous);
    }

    #[test]
    fn what_cannot_be_used_is_told_and_never_taken_for_nothing() {
        let text = |config: &str| find(config, "ghcr.io").unwrap_err().to_string();
        assert!(text(r#"{"credHelpers":{"ghcr.io":"ecr-login"}}"#).ends_with("`docker-credential-ecr-login` has it"));
        assert!(text(r#"{"auths":{"ghcr.io":{}},"credsStore":"desktop"}"#).contains("docker-credential-desktop"));
        assert!(text(r#"{"auths":{"ghcr.io":{"auth":"?"}}}"#).ends_with("not written as base64"));
        assert!(text("{").ends_with("is no configuration of Docker"));
    }

    #[test]
    fn a_password_is_not_shown() {
        let shown = format!("{:?}", Credentials::basic("me", "secret"));
        assert!(shown.contains("me") && !shown.contains("secret"));
    }
}
