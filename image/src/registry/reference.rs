//! `REGISTRY/REPOSITORY:TAG`: where an image goes.

use std::fmt::{self, Display};

const DOCKER_HUB: &str = "docker.io";
/// Docker Hub's registry has another name than its images.
const DOCKER_HUB_HOST: &str = "registry-1.docker.io";
const TAG_LENGTH_MAX: usize = 128;
const REPOSITORY_LENGTH_MAX: usize = 255;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// A host, with its port if it has one.
    pub registry: String,
    pub repository: String,
    pub tag: String,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` does not name an image in a registry: {reason}")]
pub struct ReferenceError {
    text: String,
    reason: &'static str,
}

impl Reference {
    /// The tag may be left out; a digest may not be chosen, for it is that of the image.
    pub fn parse(text: &str, default_tag: &str) -> Result<Self, ReferenceError> {
        let invalid = |reason| ReferenceError { text: text.to_owned(), reason };
        if text.contains("://") {
            return Err(invalid("leave the scheme away"));
        }
        if text.contains('@') {
            return Err(invalid("an image is pushed to a tag, and not to a digest"));
        }
        let (registry, path) =
            text.split_once('/').ok_or_else(|| invalid("write it as `REGISTRY/REPOSITORY[:TAG]`"))?;
        if !(registry.contains(['.', ':']) || registry == "localhost") {
            return Err(invalid("it begins with the host of a registry, such as `docker.io`"));
        }
        let is_host = |letter: char| letter.is_ascii_alphanumeric() || ".-:[]".contains(letter);
        if !registry.chars().all(is_host) {
            return Err(invalid("that is no host"));
        }
        let (repository, tag) = path.rsplit_once(':').unwrap_or((path, default_tag));
        if !is_repository(repository) {
            return Err(invalid(
                "a repository has lower-case letters, digits and single `.`, `_`, `-` and `/` between them",
            ));
        }
        if !is_tag(tag) {
            return Err(invalid(
                "a tag has letters, digits, `_`, `.` and `-`, 128 at most, and does not begin with `.` or `-`",
            ));
        }
        Ok(Self { registry: registry.to_owned(), repository: repository.to_owned(), tag: tag.to_owned() })
    }

    /// Without the tag.
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    pub(super) fn host(&self) -> &str {
        if self.registry == DOCKER_HUB { DOCKER_HUB_HOST } else { &self.registry }
    }

    /// Nobody else can listen on the way to a registry on this machine.
    pub fn is_local(&self) -> bool {
        let host = match self.registry.strip_prefix('[') {
            Some(rest) => rest.split_once(']').map_or(rest, |(address, _)| address),
            None => self.registry.split(':').next().unwrap_or_default(),
        };
        is_local(host)
    }
}

impl Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}:{}", self.registry, self.repository, self.tag)
    }
}

pub(super) fn is_local(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn is_repository(text: &str) -> bool {
    let is_part = |part: &str| {
        let is_end = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
        part.starts_with(is_end)
            && part.ends_with(is_end)
            && part.chars().all(|letter| is_end(letter) || "._-".contains(letter))
            && !part.contains("..")
    };
    text.len() <= REPOSITORY_LENGTH_MAX && text.split('/').all(is_part)
}

fn is_tag(text: &str) -> bool {
    text.len() <= TAG_LENGTH_MAX
        && text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "_.-".contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_images_are_taken_apart_and_put_together() {
        for (text, registry, repository, tag) in [
            ("localhost:5000/jqs", "localhost:5000", "jqs", "1.0"),
            ("[::1]:5000/team/jqs:2", "[::1]:5000", "team/jqs", "2"),
            ("ghcr.io/some/deep/jqs:v1_2.3-x", "ghcr.io", "some/deep/jqs", "v1_2.3-x"),
        ] {
            let reference = Reference::parse(text, "1.0").unwrap();
            assert_eq!((&*reference.registry, &*reference.repository, &*reference.tag), (registry, repository, tag));
            assert_eq!(reference.to_string(), format!("{registry}/{repository}:{tag}"));
        }
        assert_eq!(Reference::parse("docker.io/me/jqs", "1").unwrap().host(), "registry-1.docker.io");
    }

    #[test]
    fn what_is_no_name_of_an_image_is_refused() {
        for text in [
            "jqs",
            "team/jqs",
            "https://ghcr.io/jqs",
            "ghcr.io/JQS",
            "ghcr.io/a//b",
            "ghcr.io/a..b",
            "ghcr.io/../x",
            "ghcr.io/jqs:",
            "ghcr.io/jqs:-1",
            "ghcr.io/jqs@sha256:00",
            "gh cr.io/jqs",
            "ghcr.io/",
            "ghcr.io?x/jqs",
        ] {
            assert!(Reference::parse(text, "1").is_err(), "{text}");
        }
        assert!(Reference::parse(&format!("ghcr.io/jqs:{}", "a".repeat(129)), "1").is_err());
    }

    #[test]
    fn only_loopback_is_local() {
        for (registry, local) in [
            ("localhost:5000", true),
            ("127.0.0.1:5000", true),
            ("[::1]:5000", true),
            ("127.8.8.8", true),
            ("localhost.example.com", false),
            ("127.0.0.1.example.com", false),
            ("10.0.0.1:5000", false),
        ] {
            let reference = Reference::parse(&format!("{registry}/jqs"), "1");
            assert_eq!(reference.unwrap().is_local(), local, "{registry}");
        }
    }
}
