//! Is the image there? A task that cannot pull its image fails a quarter of an hour into a deployment; ECR tells at once.

use crate::context::Context;
use aws_sdk_ecr::error::ProvideErrorMetadata;
use aws_sdk_ecr::types::ImageIdentifier;
use jqs_cfn::{Error, ErrorKind, Result, region};
use jqs_stacks::aws_error;
use jqs_stacks::{Identity, Session};

const NO_IMAGE: &str = "the repository has no such image";

#[derive(Debug, Clone, PartialEq, Eq)]
struct EcrImage {
    account: String,
    region: String,
    repository: String,
    reference: Reference,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Reference {
    Tag(String),
    Digest(String),
}

/// Looks for the image that `ImageUri` and `ImageTag` name. An image in another registry than ECR is not looked for.
pub(crate) async fn check(
    context: &Context,
    session: &Session,
    identity: &Identity,
    image_uri: &str,
    image_tag: &str,
) -> Result<()> {
    let image = if image_uri.is_empty() {
        own(identity, image_tag)
    } else {
        match parse(image_uri) {
            Some(image) => image,
            None => return Ok(()),
        }
    };
    let id = match &image.reference {
        Reference::Tag(tag) => ImageIdentifier::builder().image_tag(tag),
        Reference::Digest(digest) => ImageIdentifier::builder().image_digest(digest),
    };
    let region = aws_sdk_ecr::config::Region::new(image.region.clone());
    let client =
        aws_sdk_ecr::Client::from_conf(aws_sdk_ecr::config::Builder::from(&session.config).region(region).build());
    let call = client.describe_images().registry_id(&image.account).repository_name(&image.repository);
    match call.image_ids(id.build()).send().await {
        Ok(answer) if answer.image_details().is_empty() => Err(absent(&image, NO_IMAGE, false)),
        Ok(_) => Ok(()),
        Err(failure) => match failure.code() {
            Some("RepositoryNotFoundException") => Err(absent(&image, "the repository is not there", true)),
            Some("ImageNotFoundException") => Err(absent(&image, NO_IMAGE, false)),
            Some("AccessDeniedException") => {
                context.printer.warning(&format!("may not look into ECR for `{}`: going on without", image.uri()));
                Ok(())
            }
            _ => Err(aws_error(format!("look for the image `{}`", image.uri()), failure)
                .hint("`--skip-image-check` deploys without looking")),
        },
    }
}

fn own(identity: &Identity, tag: &str) -> EcrImage {
    EcrImage {
        account: identity.account.clone(),
        region: identity.region.clone(),
        repository: "jqs".to_owned(),
        reference: Reference::Tag(tag.to_owned()),
    }
}

/// `ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY[:TAG][@DIGEST]`
fn parse(uri: &str) -> Option<EcrImage> {
    let (host, path) = uri.split_once('/')?;
    let (account, rest) = host.split_once(".dkr.ecr.")?;
    let (region, _) = rest.split_once('.')?;
    let (path, digest) = path.split_once('@').map_or((path, None), |(path, digest)| (path, Some(digest)));
    let (repository, tag) = path.rsplit_once(':').unwrap_or((path, "latest"));
    let reference =
        digest.map_or_else(|| Reference::Tag(tag.to_owned()), |digest| Reference::Digest(digest.to_owned()));
    Some(EcrImage {
        account: account.to_owned(),
        region: region.to_owned(),
        repository: repository.to_owned(),
        reference,
    })
}

fn absent(image: &EcrImage, why: &str, without_repository: bool) -> Error {
    let (host, region, repository) = (image.host(), &image.region, &image.repository);
    let mut steps =
        vec!["build it in a clone of this project and push it, or name another one with `--image`:".to_owned()];
    if without_repository {
        steps.push(format!("  aws ecr create-repository --region {region} --repository-name {repository}"));
    }
    if let Reference::Tag(_) = image.reference {
        steps.push(format!("  make image && docker tag jqs:{} {}", env!("CARGO_PKG_VERSION"), image.uri()));
        steps.push(format!(
            "  aws ecr get-login-password --region {region} | docker login --username AWS --password-stdin {host}"
        ));
        steps.push(format!("  docker push {}", image.uri()));
    }
    steps.push("an image that was built on an x86 machine also needs `-P CpuArchitecture=X86_64`".to_owned());
    steps.push("`--skip-image-check` deploys without looking".to_owned());
    Error::new(ErrorKind::NotFound, format!("the image `{}` is not in ECR", image.uri()))
        .because(why)
        .hint(steps.join("\n"))
}

impl EcrImage {
    fn host(&self) -> String {
        format!("{}.dkr.ecr.{}.{}", self.account, self.region, region::url_suffix(&self.region))
    }

    fn uri(&self) -> String {
        let reference = match &self.reference {
            Reference::Tag(tag) => format!(":{tag}"),
            Reference::Digest(digest) => format!("@{digest}"),
        };
        format!("{}/{}{reference}", self.host(), self.repository)
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
            assert_eq!(parse(uri).map(|image| image.uri()).as_deref(), Some(uri));
        }
        let untagged = parse("111122223333.dkr.ecr.eu-west-1.amazonaws.com/jqs").expect("in ECR");
        assert_eq!(untagged.reference, Reference::Tag("latest".to_owned()));
        assert_eq!(parse("docker.io/library/nginx:1"), None);
    }
}
