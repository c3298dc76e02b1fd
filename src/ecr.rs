//! ECR: whether an image is there, and what it takes to push one.

use aws_sdk_ecr::error::ProvideErrorMetadata;
use aws_sdk_ecr::types::{ImageIdentifier, ImageScanningConfiguration, ImageTagMutability};
use jqs_cfn::{Error, ErrorKind, Result, region};
use jqs_image::registry::{self, Credentials};
use jqs_stacks::aws_error;
use jqs_stacks::{Identity, Session};
use serde_json::Value;

const REPOSITORY: &str = "jqs";
/// Of one image, or of several for different processors.
const MANIFESTS: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EcrImage {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) repository: String,
    pub(crate) reference: Reference,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reference {
    Tag(String),
    Digest(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    There,
    NoImage,
    NoRepository,
    /// These credentials may not look.
    Unknown,
}

impl EcrImage {
    /// `jqs` in the account's own ECR, which is what the templates take when they are told of no other.
    pub(crate) fn own(identity: &Identity, tag: &str) -> Self {
        Self {
            account: identity.account.clone(),
            region: identity.region.clone(),
            repository: REPOSITORY.to_owned(),
            reference: Reference::Tag(tag.to_owned()),
        }
    }

    /// `ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY[:TAG][@DIGEST]`
    pub(crate) fn parse(uri: &str) -> Option<Self> {
        let (host, path) = uri.split_once('/')?;
        let (account, rest) = host.split_once(".dkr.ecr.")?;
        let (region, _) = rest.split_once('.')?;
        let (path, digest) = path.split_once('@').map_or((path, None), |(path, digest)| (path, Some(digest)));
        let (repository, tag) = path.rsplit_once(':').unwrap_or((path, "latest"));
        let reference =
            digest.map_or_else(|| Reference::Tag(tag.to_owned()), |digest| Reference::Digest(digest.to_owned()));
        Some(Self {
            account: account.to_owned(),
            region: region.to_owned(),
            repository: repository.to_owned(),
            reference,
        })
    }

    pub(crate) fn host(&self) -> String {
        format!("{}.dkr.ecr.{}.{}", self.account, self.region, region::url_suffix(&self.region))
    }

    pub(crate) fn uri(&self) -> String {
        let reference = match &self.reference {
            Reference::Tag(tag) => format!(":{tag}"),
            Reference::Digest(digest) => format!("@{digest}"),
        };
        format!("{}/{}{reference}", self.host(), self.repository)
    }

    pub(crate) async fn find(&self, session: &Session) -> Result<Presence> {
        let call = self.client(session).describe_images();
        let call = call.registry_id(&self.account).repository_name(&self.repository).image_ids(self.identifier());
        match call.send().await {
            Ok(answer) if answer.image_details().is_empty() => Ok(Presence::NoImage),
            Ok(_) => Ok(Presence::There),
            Err(failure) => match failure.code() {
                Some("RepositoryNotFoundException") => Ok(Presence::NoRepository),
                Some("ImageNotFoundException") => Ok(Presence::NoImage),
                Some("AccessDeniedException") => Ok(Presence::Unknown),
                _ => Err(aws_error(format!("look for the image `{}`", self.uri()), failure)),
            },
        }
    }

    /// The processors that it is for, as images name them; none where it does not say.
    pub(crate) async fn architectures(&self, session: &Session) -> Result<Vec<String>> {
        let action = format!("read the image `{}`", self.uri());
        let client = self.client(session);
        let call = client.batch_get_image().registry_id(&self.account).repository_name(&self.repository);
        let call =
            call.image_ids(self.identifier()).set_accepted_media_types(Some(MANIFESTS.map(str::to_owned).into()));
        let answer = call.send().await.map_err(|failure| aws_error(&action, failure))?;
        let manifest = answer.images().first().and_then(|image| image.image_manifest()).unwrap_or_default();
        let manifest: Value = serde_json::from_str(manifest).unwrap_or_default();
        if let Some(members) = manifest["manifests"].as_array() {
            let named = members.iter().filter_map(|one| one["platform"]["architecture"].as_str());
            return Ok(named.filter(|name| *name != "unknown").map(str::to_owned).collect());
        }
        // An image for one processor says so in its configuration, which is stored as a layer is.
        let Some(digest) = manifest["config"]["digest"].as_str() else { return Ok(Vec::new()) };
        let call = client.get_download_url_for_layer().registry_id(&self.account).repository_name(&self.repository);
        let answer = call.layer_digest(digest).send().await.map_err(|failure| aws_error(&action, failure))?;
        let Some(url) = answer.download_url() else { return Ok(Vec::new()) };
        let lost = |error| Error::new(ErrorKind::Unreachable, format!("cannot {action}")).because(error);
        let configuration: Value = reqwest::get(url).await.map_err(lost)?.json().await.map_err(lost)?;
        Ok(configuration["architecture"].as_str().map(str::to_owned).into_iter().collect())
    }

    fn identifier(&self) -> ImageIdentifier {
        match &self.reference {
            Reference::Tag(tag) => ImageIdentifier::builder().image_tag(tag).build(),
            Reference::Digest(digest) => ImageIdentifier::builder().image_digest(digest).build(),
        }
    }

    /// Makes the repository if it is not there: its tags stay what they are, and what comes in is scanned.
    pub(crate) async fn ensure_repository(&self, session: &Session) -> Result<bool> {
        let client = self.client(session);
        let call = client.describe_repositories().registry_id(&self.account).repository_names(&self.repository);
        match call.send().await {
            Ok(_) => return Ok(false),
            Err(failure) if failure.code() == Some("RepositoryNotFoundException") => {}
            Err(failure) => {
                return Err(aws_error(format!("look for the repository `{}`", self.repository), failure));
            }
        }
        let made = client
            .create_repository()
            .registry_id(&self.account)
            .repository_name(&self.repository)
            .image_tag_mutability(ImageTagMutability::Immutable)
            .image_scanning_configuration(ImageScanningConfiguration::builder().scan_on_push(true).build())
            .send()
            .await;
        match made {
            Ok(_) => Ok(true),
            // Somebody else was as quick.
            Err(failure) if failure.code() == Some("RepositoryAlreadyExistsException") => Ok(false),
            Err(failure) => Err(aws_error(format!("make the repository `{}`", self.repository), failure)),
        }
    }

    /// What `docker login` would be given, and the registry that it is for: the account's own may have another address.
    pub(crate) async fn log_in(&self, session: &Session, identity: &Identity) -> Result<(Credentials, Option<String>)> {
        let action = "log in to ECR";
        let answer = self.client(session).get_authorization_token().send().await;
        let answer = answer.map_err(|failure| aws_error(action, failure))?;
        let granted = answer.authorization_data().first();
        let credentials = granted
            .and_then(|data| data.authorization_token())
            .and_then(Credentials::from_base64)
            .ok_or_else(|| Error::new(ErrorKind::Service, format!("cannot {action}")).because("it grants no token"))?;
        let endpoint = granted.and_then(|data| data.proxy_endpoint()).filter(|_| self.account == identity.account);
        Ok((credentials, endpoint.map(str::to_owned)))
    }

    /// `None` where a digest was asked for: that is found, and never pushed.
    pub(crate) fn target(&self) -> Option<registry::Reference> {
        match &self.reference {
            Reference::Tag(tag) => Some(registry::Reference {
                registry: self.host(),
                repository: self.repository.clone(),
                tag: tag.clone(),
            }),
            Reference::Digest(_) => None,
        }
    }

    fn client(&self, session: &Session) -> aws_sdk_ecr::Client {
        let region = aws_sdk_ecr::config::Region::new(self.region.clone());
        aws_sdk_ecr::Client::from_conf(aws_sdk_ecr::config::Builder::from(&session.config).region(region).build())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_ecr_are_understood_and_others_left_alone() {
        for uri in [
            "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/jqs:0.2.0",
            "111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/jqs@sha256:0123",
        ] {
            assert_eq!(EcrImage::parse(uri).map(|image| image.uri()).as_deref(), Some(uri));
        }
        let untagged = EcrImage::parse("111122223333.dkr.ecr.eu-west-1.amazonaws.com/jqs").expect("in ECR");
        assert_eq!(untagged.reference, Reference::Tag("latest".to_owned()));
        assert_eq!(EcrImage::parse("docker.io/library/nginx:1"), None);
    }

    #[test]
    fn an_image_in_ecr_is_a_target_by_its_tag_only() {
        let target = |uri: &str| EcrImage::parse(uri)?.target().map(|target| target.to_string());
        let uri = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/jqs:0.2.0";
        assert_eq!(target(uri).as_deref(), Some(uri));
        assert_eq!(target("111122223333.dkr.ecr.eu-west-1.amazonaws.com/jqs@sha256:0123"), None);
    }
}
