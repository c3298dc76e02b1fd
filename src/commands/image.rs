//! `jqs image`: the collector's container image without Docker; made here, and pushed to a registry.

use crate::context::Context;
use crate::ecr::EcrImage;
use crate::exit::Exit;
use crate::image::{self, Collectors, image_error};
use clap::{Args, Subcommand};
use indicatif::HumanBytes;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_image::registry::{Credentials, DEFAULT_RETRY_DELAY, Pushed, Reference, RegistryOptions};
use jqs_image::{Binary, Certificates, Image, Lock, Recipe};
use serde::Serialize;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Tokens that registries take for passwords have some thousand letters.
const DEFAULT_PASSWORD_BYTES_MAX: u64 = 64 * 1024;

#[derive(Debug, Subcommand)]
pub(crate) enum ImageCommand {
    /// Make the image, as an OCI image layout in a folder or a tar
    Build(BuildArgs),
    /// Push the image to ECR, or to any other registry
    Push(Box<PushArgs>),
}

/// What the image is made from.
#[derive(Debug, Args)]
#[command(next_help_heading = "What the image is made from")]
pub(crate) struct RecipeArgs {
    /// A static Linux build of `jqs-collector`, one for each architecture [default: those beside `jqs`]
    #[arg(long = "binary", value_name = "PATH")]
    binaries: Vec<PathBuf>,
    /// The `Cargo.lock` that the binaries were built from [default: the one of this `jqs`]
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
    /// Authorities to trust, in PEM [default: Mozilla's, of the day that `Cargo.lock` pins]
    #[arg(long, value_name = "FILE")]
    ca_certificates: Option<PathBuf>,
    /// The commit that the image is built from, for its labels
    #[arg(long, value_name = "COMMIT")]
    revision: Option<String>,
    /// Where that commit can be found, for its labels
    #[arg(long, value_name = "URL")]
    source: Option<String>,
    /// When it was created, in seconds since 1970 [default: not said]
    #[arg(long, value_name = "SECONDS", env = "SOURCE_DATE_EPOCH", value_parser = timestamp)]
    created: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs image build                             the collectors beside `jqs` → jqs-image.tar
  jqs image build --binary jqs-collector-amd64 --binary jqs-collector-arm64 --out image/
  docker load --input jqs-image.tar           with Docker 25 or later; `podman load` and `skopeo copy` take it too

The same input gives the same digest, on any machine and at any time.")]
pub(crate) struct BuildArgs {
    /// Where it goes: a tar if the name ends in `.tar`, else a folder
    #[arg(long, value_name = "PATH", default_value = "jqs-image.tar")]
    out: PathBuf,
    /// The tag that the layout gives it [default: the version of the collector]
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    #[command(flatten)]
    recipe: RecipeArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs image push                              to ECR, where `jqs deploy` looks for it
  jqs image push jqs-image.tar --repository localhost:5000/jqs
  jqs image push --repository ghcr.io/team/jqs:edge --username me --password-stdin < token

Without a name and a password, what `docker login` left is used; ECR is asked with the credentials of AWS.")]
pub(crate) struct PushArgs {
    /// What `jqs image build` has written [default: it is made now]
    #[arg(value_name = "IMAGE", conflicts_with_all = ["binaries", "lock", "ca_certificates", "revision", "source"])]
    layout: Option<PathBuf>,
    /// Where it goes, `REGISTRY/REPOSITORY[:TAG]` [default: `jqs` with this version's tag, in the account's own ECR]
    #[arg(long, value_name = "URI")]
    repository: Option<String>,
    /// Who pushes
    #[arg(long, value_name = "NAME", requires_all = ["password_stdin", "repository"])]
    username: Option<String>,
    /// Read the password from the standard input
    #[arg(long, requires = "username")]
    password_stdin: bool,
    /// Speak unencrypted HTTP with a registry that is not on this machine
    #[arg(long, requires = "repository")]
    insecure: bool,
    #[command(flatten)]
    recipe: RecipeArgs,
}

#[derive(Serialize)]
struct Summary<'a> {
    digest: &'a str,
    media_type: &'a str,
    platforms: Vec<PlatformSummary>,
}

#[derive(Serialize)]
struct PlatformSummary {
    os: String,
    architecture: String,
    compressed_bytes: u64,
}

pub(crate) async fn image(context: &Context, command: &ImageCommand) -> Result<Exit> {
    match command {
        ImageCommand::Build(arguments) => build(context, arguments),
        ImageCommand::Push(arguments) => push(context, arguments).await,
    }
}

fn build(context: &Context, arguments: &BuildArgs) -> Result<Exit> {
    let (image, version) = make(&arguments.recipe)?;
    let tag = arguments.tag.as_deref().unwrap_or(&version);
    image.write(&arguments.out, tag).map_err(image_error)?;
    let printer = &context.printer;
    if printer.is_json() {
        #[derive(Serialize)]
        struct Built<'a> {
            path: &'a Path,
            tag: &'a str,
            #[serde(flatten)]
            summary: Summary<'a>,
        }
        printer.document(&Built { path: &arguments.out, tag, summary: summary(&image) });
        return Ok(Exit::Done);
    }
    show(context, &image);
    printer.success(&format!("{} is the image `{tag}`", arguments.out.display()));
    printer.data(image.digest());
    Ok(Exit::Done)
}

async fn push(context: &Context, arguments: &PushArgs) -> Result<Exit> {
    let (image, version) = match &arguments.layout {
        Some(path) => (Image::read(path).map_err(image_error)?, env!("CARGO_PKG_VERSION").to_owned()),
        None => make(&arguments.recipe)?,
    };
    show(context, &image);
    let (name, pushed) = match destination(arguments, &version)? {
        Destination::Registry(reference) => {
            let options = options(context, arguments, &reference)?;
            (reference.to_string(), image::push(context, &reference, options, &image).await?)
        }
        Destination::Ecr(named) => {
            let (session, identity) = context.identified_session().await?;
            let target = named.unwrap_or_else(|| EcrImage::own(&identity, &version));
            (target.uri(), image::push_to_ecr(context, &session, &identity, &target, &image).await?)
        }
    };
    conclude(context, &image, &name, pushed);
    Ok(Exit::Done)
}

enum Destination {
    Registry(Reference),
    /// Asked for with the credentials of AWS; the account's own when none is named.
    Ecr(Option<EcrImage>),
}

fn destination(arguments: &PushArgs, version: &str) -> Result<Destination> {
    let Some(text) = &arguments.repository else { return Ok(Destination::Ecr(None)) };
    let reference = Reference::parse(text, version).map_err(usage)?;
    let in_ecr = EcrImage::parse(&reference.to_string()).filter(|_| arguments.username.is_none());
    Ok(in_ecr.map_or(Destination::Registry(reference), |image| Destination::Ecr(Some(image))))
}

fn conclude(context: &Context, image: &Image, name: &str, pushed: Pushed) {
    #[derive(Serialize)]
    struct PushResult<'a> {
        image: &'a str,
        was_there: bool,
        sent_bytes: u64,
        present_bytes: u64,
        #[serde(flatten)]
        summary: Summary<'a>,
    }
    let printer = &context.printer;
    let Pushed { was_there, sent_bytes, present_bytes } = pushed;
    let result = PushResult { image: name, was_there, sent_bytes, present_bytes, summary: summary(image) };
    printer.record("result", &result);
    if !printer.is_json() {
        let how = if was_there { "was there".to_owned() } else { format!("{} sent", HumanBytes(sent_bytes)) };
        printer.success(&format!("{name}: {how}"));
        printer.data(&format!("{name}@{}", image.digest()));
    }
}

/// The image, and the version that is in it.
fn make(arguments: &RecipeArgs) -> Result<(Image, String)> {
    let lock = match &arguments.lock {
        Some(path) => Lock::read(path),
        None => Lock::own(),
    };
    let lock = lock.map_err(image_error)?;
    let version = lock.version().to_owned();
    let binaries = if arguments.binaries.is_empty() {
        beside(&lock)?
    } else {
        let read = arguments.binaries.iter().map(|path| Binary::read(path));
        read.collect::<jqs_image::Result<_>>().map_err(image_error)?
    };
    let certificates = match &arguments.ca_certificates {
        Some(path) => Certificates::read(path).map_err(image_error)?,
        None => Certificates::mozilla(),
    };
    let recipe = Recipe {
        certificates,
        created: arguments.created.clone(),
        revision: arguments.revision.clone(),
        source: arguments.source.clone(),
        ..image::recipe(binaries, lock)
    };
    Ok((Image::build(&recipe).map_err(image_error)?, version))
}

fn beside(lock: &Lock) -> Result<Vec<Binary>> {
    let Collectors { fit, unfit } = Collectors::beside(lock);
    if !fit.is_empty() {
        return Ok(fit);
    }
    let error = Error::new(ErrorKind::Usage, "there is no collector beside `jqs` that an image can run")
        .hint("`make static` builds one; or name one with `--binary`");
    Err(if unfit.is_empty() { error } else { error.because(unfit.join("; ")) })
}

fn options(context: &Context, arguments: &PushArgs, reference: &Reference) -> Result<RegistryOptions> {
    let credentials = match &arguments.username {
        Some(username) => Credentials::basic(username, &password()?),
        None => docker_credentials(reference)?,
    };
    if arguments.insecure && credentials != Credentials::Anonymous {
        context.printer.warning("the password goes over the network unencrypted");
    }
    Ok(RegistryOptions { credentials, insecure: arguments.insecure, endpoint: None, retry_delay: DEFAULT_RETRY_DELAY })
}

fn password() -> Result<String> {
    let mut text = String::new();
    let read = std::io::stdin().take(DEFAULT_PASSWORD_BYTES_MAX).read_to_string(&mut text);
    read.map_err(|error| Error::new(ErrorKind::Io, "cannot read the password").because(error))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// `DOCKER_CONFIG` names the folder, as it does for Docker.
fn docker_credentials(reference: &Reference) -> Result<Credentials> {
    let folder = std::env::var_os("DOCKER_CONFIG")
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".docker")));
    let Some(folder) = folder else { return Ok(Credentials::Anonymous) };
    Credentials::from_docker_config(&folder.join("config.json"), &reference.registry).map_err(|failure| {
        Error::new(ErrorKind::Usage, failure.to_string())
            .hint("give `--username` and `--password-stdin` instead, for instance with a token of the registry")
    })
}

fn summary(image: &Image) -> Summary<'_> {
    let platforms = image.compressed_sizes().into_iter().map(|(platform, compressed_bytes)| PlatformSummary {
        os: platform.os,
        architecture: platform.architecture,
        compressed_bytes,
    });
    Summary { digest: image.digest(), media_type: &image.descriptor().media_type, platforms: platforms.collect() }
}

fn show(context: &Context, image: &Image) {
    for platform in summary(image).platforms {
        let size = HumanBytes(platform.compressed_bytes);
        context.printer.field("Image", &format!("{}/{}, {size} compressed", platform.os, platform.architecture));
    }
}

fn usage(failure: impl ToString) -> Error {
    Error::new(ErrorKind::Usage, failure.to_string())
}

/// Seconds → RFC 3339, as OCI wants it.
fn timestamp(text: &str) -> Result<String, String> {
    let seconds = text.parse().map_err(|_| "write it as seconds since 1970".to_owned())?;
    let time = jiff::Timestamp::from_second(seconds).map_err(|error| error.to_string())?;
    Ok(time.to_string())
}

#[cfg(test)]
mod tests {
    #[test]
    fn seconds_become_a_date() {
        assert_eq!(super::timestamp("1767225600").as_deref(), Ok("2026-01-01T00:00:00Z"));
        assert!(super::timestamp("yesterday").is_err());
    }
}
