//! `jqs test upload`: the project, into a bucket.

use super::project::ProjectArgs;
use crate::context::Context;
use crate::exit::Exit;
use clap::Args;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_taskcat::config::BucketChoice;
use jqs_taskcat::package::{self, Bucket, Builder, Package};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs test upload --bucket my-bucket          below PROJECT/ in the bucket
  jqs test upload --bucket my-bucket --key-prefix quickstarts/shop --dry-run

What is there with the same content is not sent again. Nothing is deleted.")]
pub(crate) struct UploadArgs {
    #[command(flatten)]
    project: ProjectArgs,
    /// Bucket [default: `s3_bucket` of the configuration]
    #[arg(short = 'b', long, value_name = "BUCKET")]
    bucket: Option<String>,
    /// What keys begin with [default: the name of the project]
    #[arg(short = 'k', long, value_name = "PREFIX")]
    key_prefix: Option<String>,
    /// Do not pack functions before
    #[arg(short = 'd', long)]
    disable_lambda_packaging: bool,
    /// Canned ACL for the objects
    #[arg(long, default_value = "private", value_name = "ACL")]
    object_acl: String,
    /// Leave out what begins with this, below the project; may be given many times
    #[arg(long, value_name = "PREFIX")]
    exclude_prefix: Vec<String>,
    /// Show what would be sent
    #[arg(long)]
    dry_run: bool,
}

pub(crate) async fn upload(context: &Context, arguments: &UploadArgs) -> Result<Exit> {
    let config = arguments.project.config(context)?;
    let named = config.tests.iter().find_map(|test| match &test.bucket {
        BucketChoice::Named(name) => Some(name.clone()),
        _ => None,
    });
    let Some(bucket) = arguments.bucket.clone().or(named) else {
        return Err(Error::new(ErrorKind::Usage, "no bucket is named")
            .hint("give `--bucket`, or `s3_bucket` in the configuration"));
    };
    if !arguments.disable_lambda_packaging {
        package::build(&config, Builder::Local)?;
    }
    let mut package = Package::of(&config)?;
    let own = format!("{}/", config.name);
    let prefix = arguments.key_prefix.as_deref().map_or(own.clone(), |prefix| format!("{}/", prefix.trim_matches('/')));
    package.items.retain(|item| {
        let below = item.key.strip_prefix(&own).unwrap_or(&item.key);
        !arguments.exclude_prefix.iter().any(|start| below.starts_with(start.as_str()))
    });
    for item in &mut package.items {
        item.key = format!("{prefix}{}", item.key.strip_prefix(&own).unwrap_or(&item.key));
    }
    package.left_out.iter().for_each(|what| context.printer.warning(&format!("left out {what}")));
    if arguments.dry_run {
        package.items.iter().for_each(|item| context.printer.data(&format!("s3://{bucket}/{}", item.key)));
        context.printer.note(&format!("{} files, {} bytes", package.items.len(), package.bytes()));
        return Ok(Exit::Done);
    }
    let (session, _) = context.identified_session().await?;
    let done = package::upload(&session, &package, &Bucket::existing(&bucket), &arguments.object_acl).await?;
    context.printer.success(&format!("{} files sent to {bucket}, {} were there", done.sent, done.kept));
    Ok(Exit::Done)
}
