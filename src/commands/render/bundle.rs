//! The templates and their parameters as files, for whoever deploys them by other means.

use super::{RenderArgs, write};
use crate::context::Context;
use crate::exit::Exit;
use crate::source::Source;
use crate::templates;
use jqs_cfn::parameters::{self, ParameterValue};
use jqs_cfn::{Error, ErrorKind, Result};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What only the place of the upload decides.
const PLACE: [&str; 2] = ["TemplateBucket", "TemplateBucketRegion"];

/// Parameters of our own templates, which others may have as well or not.
const OURS: [&str; 4] = ["EnvironmentName", "TemplatePrefix", "TemplateBucket", "TemplateBucketRegion"];

#[derive(Serialize)]
struct Manifest<'a> {
    version: &'static str,
    entry: &'a str,
    sha256: String,
    prefix: String,
    /// Parameters that still need a value.
    missing: Vec<String>,
    files: BTreeMap<String, String>,
}

pub(super) fn render(context: &Context, arguments: &RenderArgs, source: &Source) -> Result<Exit> {
    let Some(out) = &arguments.out else {
        return Err(Error::new(ErrorKind::Usage, "a bundle needs `--out`, the folder to write to"));
    };
    let (bundle, entry) = source.bundle()?;
    let template = source.template()?;
    let mut given = templates::given_parameters(&arguments.template)?;
    given.entry("EnvironmentName".to_owned()).or_insert_with(|| arguments.stack.name.clone());
    given.insert("TemplatePrefix".to_owned(), bundle.prefix());
    let place = [("TemplateBucket", &arguments.bucket), ("TemplateBucketRegion", &context.settings.session.region)];
    given.extend(place.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?))));
    if source.is_foreign() {
        given.retain(|name, _| !OURS.contains(&name.as_str()) || template.parameter(name).is_some());
    }
    let is_open = |name: &str| template.parameter(name).is_some() && !given.contains_key(name);
    let open: BTreeSet<String> = PLACE.into_iter().filter(|name| is_open(name)).map(str::to_owned).collect();
    let mut values = parameters::resolve(&template, &given, &open)?;
    values.retain(|value: &ParameterValue| !value.use_previous_value);

    let mut files = BTreeMap::new();
    for (name, bytes) in bundle.files() {
        let path = format!("templates/{name}");
        write(&out.join(&path), bytes)?;
        files.insert(path, hex::encode(Sha256::digest(bytes)));
    }
    let parameters = document(&values)?;
    write(&out.join("parameters.json"), &parameters)?;
    files.insert("parameters.json".to_owned(), hex::encode(Sha256::digest(&parameters)));
    let manifest = Manifest {
        version: env!("CARGO_PKG_VERSION"),
        entry: &entry,
        sha256: bundle.digest().to_owned(),
        prefix: bundle.prefix(),
        missing: open.into_iter().collect(),
        files,
    };
    write(&out.join("manifest.json"), &document(&manifest)?)?;
    show(context, arguments, out, &manifest);
    Ok(Exit::Done)
}

fn show(context: &Context, arguments: &RenderArgs, out: &Path, manifest: &Manifest<'_>) {
    let printer = &context.printer;
    if printer.is_json() {
        printer.document(manifest);
        return;
    }
    let out = out.display();
    printer.success(&format!("wrote {} files to {out}", manifest.files.len() + 1));
    if !manifest.missing.is_empty() {
        printer.note(&format!("Add to parameters.json where you upload to: {}", manifest.missing.join(", ")));
    }
    let bucket = arguments.bucket.as_deref().unwrap_or("BUCKET");
    let region = context.settings.session.region.as_deref().unwrap_or("REGION");
    let url = jqs_stacks::bucket::url(bucket, region, &format!("{}{}", manifest.prefix, manifest.entry));
    printer.hint(&format!(
        "to deploy it by hand:\n\
         aws s3 cp --recursive {out}/templates s3://{bucket}/{}\n\
         aws cloudformation create-stack --stack-name {} --template-url {url} \\\n  \
         --parameters file://{out}/parameters.json --capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND",
        manifest.prefix, arguments.stack.name
    ));
}

fn document(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value)
        .map_err(|error| Error::new(ErrorKind::Io, "cannot write JSON").because(error))?;
    bytes.push(b'\n');
    Ok(bytes)
}
