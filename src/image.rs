//! The image of a deployment: is it there, and can it be made here if not? A task that cannot pull its image fails a
//! quarter of an hour into a deployment; ECR tells at once.

use crate::context::Context;
use crate::ecr::{EcrImage, Presence, Reference};
use crate::progress::push;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_image::registry::{self, DEFAULT_RETRY_DELAY, Fault, Pushed, Registry, RegistryOptions};
use jqs_image::{Architecture, Binary, Certificates, Image, Lock, Recipe};
use jqs_stacks::{Identity, Session};
use serde::Serialize;
use std::error::Error as StdError;
use std::path::PathBuf;

/// Beside `jqs`; `make static` leaves the one with an architecture in its name, so that two fit.
const COLLECTORS: [&str; 3] = ["jqs-collector-amd64", "jqs-collector-arm64", "jqs-collector"];

/// Looks for the image at an address. One in another registry than ECR is not looked for.
pub(crate) async fn check(context: &Context, session: &Session, uri: &str) -> Result<()> {
    match EcrImage::parse(uri) {
        Some(image) => match find(context, session, &image).await? {
            Presence::There | Presence::Unknown => Ok(()),
            absent => Err(self::absent(&image, absent, None)),
        },
        None => Ok(()),
    }
}

/// Looks for the image in the account's own ECR. When it is not there, it can be supplied if it is the one of this
/// version, and a collector for the architecture is beside this program.
pub(crate) async fn find_or_supply(
    context: &Context,
    session: &Session,
    identity: &Identity,
    tag: &str,
    cpu_architecture: &str,
) -> Result<Option<Supply>> {
    let image = EcrImage::own(identity, tag);
    let presence = find(context, session, &image).await?;
    if matches!(presence, Presence::There | Presence::Unknown) {
        return Ok(None);
    }
    supply(identity, image, presence, cpu_architecture).map(Some)
}

/// What it takes to make an image that is not there. Only that of this version can be made, from a collector beside.
pub(crate) fn supply(
    identity: &Identity,
    image: EcrImage,
    presence: Presence,
    cpu_architecture: &str,
) -> Result<Supply> {
    let architecture = if cpu_architecture == "ARM64" { Architecture::Arm64 } else { Architecture::Amd64 };
    let lock = Lock::own().map_err(image_error)?;
    let found = Collectors::beside(&lock);
    let is_own = image.reference == Reference::Tag(lock.version().to_owned());
    if is_own && found.fit.iter().any(|binary| binary.architecture == architecture) {
        return Ok(Supply { target: image, presence, identity: identity.clone(), recipe: recipe(found.fit, lock) });
    }
    Err(absent(&image, presence, Some(architecture)))
}

async fn find(context: &Context, session: &Session, image: &EcrImage) -> Result<Presence> {
    let presence =
        image.find(session).await.map_err(|error| error.hint("`--skip-image-check` deploys without looking"))?;
    if presence == Presence::Unknown {
        context.printer.warning(&format!("may not look into ECR for `{}`: going on without", image.uri()));
    }
    Ok(presence)
}

pub(crate) fn absent(image: &EcrImage, presence: Presence, architecture: Option<Architecture>) -> Error {
    let why = match presence {
        Presence::NoRepository => "the repository is not there",
        _ => "the repository has no such image",
    };
    let mut steps = Vec::new();
    if let Reference::Tag(_) = image.reference {
        let name = architecture.map_or("ARCHITECTURE", Architecture::name);
        steps.extend([
            "push it, or name another one with `--image`; a clone of this project builds what goes into it:".to_owned(),
            format!("  make static     on {name}, for `jqs-collector-{name}`; put it beside `jqs`"),
            format!("  jqs image push --repository {}", image.uri()),
        ]);
        if architecture == Some(Architecture::Arm64) {
            steps.push("an image that was built on an x86 machine also needs `-P CpuArchitecture=X86_64`".to_owned());
        }
    } else {
        steps.push("name another one with `--image`".to_owned());
    }
    steps.push("`--skip-image-check` deploys without looking".to_owned());
    Error::new(ErrorKind::NotFound, format!("the image `{}` is not in ECR", image.uri()))
        .because(why)
        .hint(steps.join("\n"))
}

/// The collectors beside this program, one for each architecture, and why others cannot be taken.
#[derive(Debug, Default)]
pub(crate) struct Collectors {
    pub(crate) fit: Vec<Binary>,
    pub(crate) unfit: Vec<String>,
}

impl Collectors {
    pub(crate) fn beside(lock: &Lock) -> Self {
        let folder = std::env::current_exe().ok().and_then(|program| Some(program.parent()?.to_owned()));
        let paths = COLLECTORS.iter().filter_map(|name| Some(folder.as_ref()?.join(name)));
        let mut found = Self::default();
        for path in paths.filter(|path| path.is_file()) {
            found.take(path, lock);
        }
        found
    }

    fn take(&mut self, path: PathBuf, lock: &Lock) {
        match Binary::read(&path) {
            Ok(binary) if !lock.is_of(&binary) => {
                self.unfit.push(format!("`{}` was built from another Cargo.lock than this `jqs`", path.display()));
            }
            Ok(binary) if self.fit.iter().all(|other| other.architecture != binary.architecture) => {
                self.fit.push(binary);
            }
            Ok(_) => {}
            Err(failure) => self.unfit.push(image_error(failure).full()),
        }
    }
}

pub(crate) fn recipe(binaries: Vec<Binary>, lock: Lock) -> Recipe {
    Recipe { binaries, certificates: Certificates::mozilla(), lock, created: None, revision: None, source: None }
}

/// An image that is not there, and will be once the plan is approved.
pub(crate) struct Supply {
    target: EcrImage,
    presence: Presence,
    identity: Identity,
    recipe: Recipe,
}

/// As the plan tells of it.
#[derive(Debug, Serialize)]
pub(crate) struct SupplyPlan {
    image: String,
    architectures: Vec<Architecture>,
    binaries: Vec<PathBuf>,
    makes_repository: bool,
}

impl Supply {
    pub(crate) fn plan(&self) -> SupplyPlan {
        let binaries = &self.recipe.binaries;
        SupplyPlan {
            image: self.target.uri(),
            architectures: binaries.iter().map(|binary| binary.architecture).collect(),
            binaries: binaries.iter().map(|binary| binary.path.clone()).collect(),
            makes_repository: self.presence == Presence::NoRepository,
        }
    }

    pub(crate) async fn push(&self, context: &Context, session: &Session) -> Result<()> {
        let image = Image::build(&self.recipe).map_err(image_error)?;
        push_to_ecr(context, session, &self.identity, &self.target, &image).await?;
        Ok(())
    }
}

impl SupplyPlan {
    pub(crate) fn text(&self) -> String {
        let names: Vec<&str> = self.architectures.iter().map(|one| one.name()).collect();
        let repository = if self.makes_repository { ", whose repository will be made" } else { "" };
        format!("will be made for {} and pushed to {}{repository}", names.join(" and "), self.image)
    }
}

/// Makes the repository if needed, logs in and pushes.
pub(crate) async fn push_to_ecr(
    context: &Context,
    session: &Session,
    identity: &Identity,
    target: &EcrImage,
    image: &Image,
) -> Result<Pushed> {
    let reference = target.target().ok_or_else(|| {
        Error::new(ErrorKind::Usage, format!("`{}` is a digest: an image is pushed to a tag", target.uri()))
    })?;
    if target.ensure_repository(session).await? {
        let text = format!("made {}: immutable tags, scanned on push", target.repository);
        context.printer.field("Repository", &text);
    }
    let (credentials, endpoint) = target.log_in(session, identity).await?;
    let options = RegistryOptions { credentials, insecure: false, endpoint, retry_delay: DEFAULT_RETRY_DELAY };
    push(context, &reference, options, image).await
}

/// Pushes, and shows how far it is. Ctrl-C stops it: what was sent stays, and is not sent again.
pub(crate) async fn push(
    context: &Context,
    reference: &registry::Reference,
    options: RegistryOptions,
    image: &Image,
) -> Result<Pushed> {
    let registry = Registry::open(reference, options).map_err(registry_error)?;
    let (report, shown) = push::report(context);
    let pushed = tokio::select! {
        pushed = registry.push(image, &report) => pushed.map_err(registry_error),
        () = context.interrupt.raised() => {
            Err(Error::new(ErrorKind::Refused, format!("stopped before `{reference}` was complete"))
                .hint("the same command goes on where this one was"))
        }
    };
    shown.finish();
    pushed
}

pub(crate) fn image_error(failure: jqs_image::Error) -> Error {
    use jqs_image::Error as Failure;
    let (kind, hint) = match &failure {
        Failure::Binary { .. } => (
            ErrorKind::Usage,
            Some("`make static` in a clone of this project builds a collector that an image can run"),
        ),
        Failure::OtherLock { .. } => (
            ErrorKind::Usage,
            Some("build both from the same checkout, or name the lock file of the binary with `--lock`"),
        ),
        Failure::TwoBinaries { .. } => (ErrorKind::Usage, Some("name one for each architecture")),
        Failure::NoCertificates { .. } | Failure::NoBinary | Failure::Layout { .. } => (ErrorKind::Usage, None),
        _ => (ErrorKind::Io, None),
    };
    with_hint(told(kind, &failure), hint)
}

pub(crate) fn registry_error(failure: registry::Error) -> Error {
    let (kind, hint) = match failure.fault() {
        Fault::Unreachable(_) => (ErrorKind::Unreachable, None),
        Fault::Unauthorized(_) => (
            ErrorKind::InvalidCredentials,
            Some("`docker login` leaves credentials that are used; else give `--username` and `--password-stdin`"),
        ),
        Fault::Refused { status, .. } => match status.as_u16() {
            403 => (ErrorKind::AccessDenied, None),
            404 => (ErrorKind::NotFound, Some("the registry may want the repository to be made first")),
            429 => (ErrorKind::Throttled, None),
            _ => (ErrorKind::Service, None),
        },
        _ => (ErrorKind::Service, None),
    };
    with_hint(told(kind, &failure), hint)
}

fn with_hint(error: Error, hint: Option<&str>) -> Error {
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// What failed as the message, and all its causes as the cause.
fn told(kind: ErrorKind, failure: &dyn StdError) -> Error {
    let causes = std::iter::successors(failure.source(), |cause: &&dyn StdError| (*cause).source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    let error = Error::new(kind, failure.to_string());
    if causes.is_empty() { error } else { error.because(causes.join(": ")) }
}
