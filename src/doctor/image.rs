//! The image that the tasks would run: whether it is there, and for their processor.

use super::Subject;
use super::finding::{About, Finding};
use crate::ecr::{EcrImage, Presence};
use crate::image;
use std::sync::Arc;

pub(super) const IMAGE: About = About { id: "image", title: "Image" };

pub(super) async fn check(subject: Arc<Subject>) -> Vec<Finding> {
    vec![look(&subject).await]
}

async fn look(subject: &Subject) -> Finding {
    let (uri, wanted) = (subject.parameter("ImageUri"), subject.parameter("CpuArchitecture"));
    if subject.skips_image {
        return IMAGE.unchecked("you asked not to look (`--skip-image-check`)");
    }
    let own = EcrImage::own(&subject.identity, subject.parameter("ImageTag"));
    let image = if uri.is_empty() { Some(own) } else { EcrImage::parse(uri) };
    let Some(image) = image else { return IMAGE.unchecked(format!("{uri} is not in ECR")) };
    match image.find(&subject.session).await {
        Ok(Presence::There) => for_processor(subject, &image, wanted).await,
        Ok(Presence::Unknown) => IMAGE.unchecked(format!("you may not `ecr:DescribeImages` of {}", image.uri())),
        Ok(absent) if !uri.is_empty() => IMAGE.failed_by(&image::absent(&image, absent, None)),
        Ok(absent) => match image::supply(&subject.identity, image, absent, wanted) {
            Ok(supply) => IMAGE.ok(supply.plan().text()),
            Err(error) => IMAGE.failed_by(&error),
        },
        Err(error) => IMAGE.unanswered(error),
    }
}

async fn for_processor(subject: &Subject, image: &EcrImage, wanted: &str) -> Finding {
    // As images name it.
    let name = if wanted == "ARM64" { "arm64" } else { "amd64" };
    let found = match image.architectures(&subject.session).await {
        Ok(found) => found,
        Err(error) => return IMAGE.unanswered(error),
    };
    if found.iter().any(|one| one == name) {
        return IMAGE.ok(format!("{} is there for {}", image.uri(), found.join(" and ")));
    }
    if found.is_empty() {
        return IMAGE.unchecked(format!("{} is there, and does not say for which processor", image.uri()));
    }
    let other = if name == "arm64" { "X86_64" } else { "ARM64" };
    IMAGE
        .failed(format!("{} is there for {} alone, and the tasks run on {wanted}", image.uri(), found.join(" and ")))
        .advice(format!("`-P CpuArchitecture={other}`, or push an image for {name} as well"))
}
