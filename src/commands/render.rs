//! `jqs render`: the bundle as files, for whoever deploys it by other means. Calls nobody; the same input gives the same bytes.

use crate::cli::RenderArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::templates;
use jqs_cfn::parameters::{self, ParameterValue};
use jqs_cfn::{Error, ErrorKind, Result};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What only the place of the upload decides.
const PLACE: [&str; 2] = ["TemplateBucket", "TemplateBucketRegion"];

#[derive(Serialize)]
struct Manifest {
    version: &'static str,
    entry: &'static str,
    sha256: String,
    prefix: String,
    /// Parameters that still need a value.
    missing: Vec<String>,
    files: BTreeMap<String, String>,
}

pub(crate) fn render(context: &Context, arguments: &RenderArgs) -> Result<Exit> {
    let bundle = templates::bundle();
    let entry = templates::choose_entry(&arguments.template, None)?;
    let template = bundle.template(entry.file())?;
    let mut given = templates::given_parameters(&arguments.template)?;
    given.entry("EnvironmentName".to_owned()).or_insert_with(|| arguments.stack.name.clone());
    given.insert("TemplatePrefix".to_owned(), bundle.prefix());
    if let Some(bucket) = &arguments.bucket {
        given.insert("TemplateBucket".to_owned(), bucket.clone());
    }
    if let Some(region) = &context.settings.session.region {
        given.insert("TemplateBucketRegion".to_owned(), region.clone());
    }
    let open: BTreeSet<String> =
        PLACE.into_iter().filter(|name| !given.contains_key(*name)).map(str::to_owned).collect();
    let mut values = parameters::resolve(&template, &given, &open)?;
    values.retain(|value: &ParameterValue| !value.use_previous_value);

    let mut files = BTreeMap::new();
    for (name, bytes) in bundle.files() {
        let path = format!("templates/{name}");
        write(&arguments.out, &path, bytes)?;
        files.insert(path, hex::encode(Sha256::digest(bytes)));
    }
    let parameters = document(&values)?;
    write(&arguments.out, "parameters.json", &parameters)?;
    files.insert("parameters.json".to_owned(), hex::encode(Sha256::digest(&parameters)));
    let manifest = Manifest {
        version: env!("CARGO_PKG_VERSION"),
        entry: entry.file(),
        sha256: bundle.digest().to_owned(),
        prefix: bundle.prefix(),
        missing: open.into_iter().collect(),
        files,
    };
    write(&arguments.out, "manifest.json", &document(&manifest)?)?;
    show(context, arguments, &manifest);
    Ok(Exit::Done)
}

fn show(context: &Context, arguments: &RenderArgs, manifest: &Manifest) {
    let printer = &context.printer;
    if printer.is_json() {
        printer.document(manifest);
        return;
    }
    let out = arguments.out.display();
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

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let path = folder.join(name);
    let written = match path.parent() {
        Some(parent) => std::fs::create_dir_all(parent).and_then(|()| std::fs::write(&path, bytes)),
        None => std::fs::write(&path, bytes),
    };
    written.map_err(|error| Error::new(ErrorKind::Io, format!("cannot write `{}`", path.display())).because(error))
}
