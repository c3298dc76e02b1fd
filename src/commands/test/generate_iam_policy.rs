//! `jqs test generate-iam-policy`: what the tests need, from the types of resources that are in their templates.

use super::project::ProjectArgs;
use crate::context::Context;
use crate::exit::Exit;
use clap::Args;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_taskcat::policy;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs test generate-iam-policy > policy.json
  jqs test generate-iam-policy --out policies/      one file for each policy, where one would be too long")]
pub(crate) struct GenerateIamPolicyArgs {
    #[command(flatten)]
    project: ProjectArgs,
    /// File, or folder for more than one
    #[arg(short = 'o', long, value_name = "PATH")]
    out: Option<PathBuf>,
}

pub(crate) fn generate_iam_policy(context: &Context, arguments: &GenerateIamPolicyArgs) -> Result<Exit> {
    let matrix = arguments.project.matrix(context)?;
    let generated = policy::generate(&matrix)?;
    let printer = &context.printer;
    for kind in &generated.unknown {
        printer.warning(&format!("AWS does not publish which actions `{kind}` needs: add them by hand"));
    }
    generated.missing.iter().for_each(|what| printer.warning(&format!("a nested template is not here: {what}")));
    let text = |policy: &policy::Policy| serde_json::to_string_pretty(policy).unwrap_or_default();
    let write = |path: &std::path::Path, text: String| {
        std::fs::write(path, text + "\n")
            .map_err(|error| Error::new(ErrorKind::Io, format!("cannot write `{}`", path.display())).because(error))
    };
    match (&arguments.out, generated.policies.as_slice()) {
        (None, [only]) => printer.data(&text(only)),
        (None, many) => printer.document(&many),
        (Some(out), [only]) if !out.is_dir() => write(out, text(only))?,
        (Some(out), many) => {
            std::fs::create_dir_all(out).map_err(|error| {
                Error::new(ErrorKind::Io, format!("cannot make `{}`", out.display())).because(error)
            })?;
            for (at, one) in many.iter().enumerate() {
                write(&out.join(format!("policy-{}.json", at + 1)), text(one))?;
            }
        }
    }
    let count = generated.policies.len();
    let policies = if count == 1 {
        "1 policy".to_owned()
    } else {
        format!("{count} policies, for one may have {} letters", policy::POLICY_LETTERS_MAX)
    };
    printer.note(&format!("{} types of resources, {policies}", generated.types.len()));
    Ok(Exit::Done)
}
