//! Which files of a project are uploaded.

use super::{Item, Package};
use crate::config::Config;
use ignore::WalkBuilder;
use ignore::overrides::OverrideBuilder;
use jqs_cfn::{Error, ErrorKind, Result};
use std::path::Path;

pub const DEFAULT_FILES_MAX: usize = 20_000;
pub const DEFAULT_PACKAGE_BYTES_MAX: u64 = 2 << 30;
/// With the syntax of `.gitignore`, in any folder of the project.
pub const IGNORE_FILE: &str = ".taskcatignore";
/// Never of use to a stack, whatever else is said; hidden files and folders neither.
const LEFT_OUT: [&str; 7] =
    ["!taskcat_outputs/", "!node_modules/", "!__pycache__/", "!target/", "!venv/", "!*.pyc", "!*.swp"];

pub(super) fn collect(config: &Config) -> Result<Package> {
    let root = &config.root;
    let failed = |error: ignore::Error| {
        Error::new(ErrorKind::Io, format!("cannot look through `{}`", root.display())).because(error)
    };
    let mut rules = OverrideBuilder::new(root);
    for rule in LEFT_OUT {
        rules.add(rule).map_err(failed)?;
    }
    let mut walk = WalkBuilder::new(root);
    walk.standard_filters(false)
        .hidden(true)
        .add_custom_ignore_filename(IGNORE_FILE)
        .overrides(rules.build().map_err(failed)?)
        .follow_links(false)
        .sort_by_file_name(std::cmp::Ord::cmp);
    let mut package = Package::default();
    let mut bytes = 0;
    for entry in walk.build() {
        let entry = entry.map_err(failed)?;
        let Some(kind) = entry.file_type() else { continue };
        let Some(name) = below(root, entry.path()) else { continue };
        if kind.is_symlink() {
            match linked(root, entry.path()) {
                Some(size) => bytes += size,
                None => {
                    package.left_out.push(format!("{name}: a link to a folder, or out of the project"));
                    continue;
                }
            }
        } else if !kind.is_file() {
            continue;
        }
        let size = std::fs::metadata(entry.path()).map(|data| data.len()).unwrap_or_default();
        bytes += size;
        if package.items.len() == DEFAULT_FILES_MAX || bytes > DEFAULT_PACKAGE_BYTES_MAX {
            let limit = format!("{DEFAULT_FILES_MAX} files or {DEFAULT_PACKAGE_BYTES_MAX} bytes");
            let message = format!("`{}` has more than {limit} to upload", root.display());
            return Err(Error::new(ErrorKind::Usage, message)
                .hint(format!("leave out what no stack needs, in `{IGNORE_FILE}`, with the syntax of .gitignore")));
        }
        let key = format!("{}/{name}", config.name);
        package.items.push(Item { key, path: entry.path().to_owned(), bytes: size });
    }
    package.items.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(package)
}

/// With `/` between the parts, on any system.
fn below(root: &Path, path: &Path) -> Option<String> {
    let parts = path.strip_prefix(root).ok()?.components();
    let parts: Vec<_> = parts.map(|part| part.as_os_str().to_str()).collect::<Option<_>>()?;
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// The size of a file within the project that a link leads to.
fn linked(root: &Path, link: &Path) -> Option<u64> {
    let (root, target) = (root.canonicalize().ok()?, link.canonicalize().ok()?);
    (target.starts_with(root) && target.is_file()).then_some(0)
}
