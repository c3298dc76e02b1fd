//! Folders with functions → zips, the same bytes from the same files, without Docker unless somebody asks for it.

use crate::config::{Config, Packaging};
use jqs_cfn::{Error, ErrorKind, Result};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use zip::write::SimpleFileOptions;

const REQUIREMENTS: &str = "requirements.txt";
const DOCKERFILE: &str = "Dockerfile";
/// Of a submodule that is a project like this one.
const SUBMODULES: &str = "submodules";
/// What one function may have, which is more than Lambda takes.
const DEFAULT_FUNCTION_BYTES_MAX: u64 = 512 << 20;

/// How dependencies get into a zip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Builder {
    /// By `pip` of this machine, where a function has requirements.
    Local,
    /// In a container, as TaskCat does.
    Docker,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    pub function: PathBuf,
    pub zip: PathBuf,
    pub bytes: u64,
}

/// Makes the zips of a project and of its submodules. A project without functions needs nothing of this.
pub fn build(config: &Config, builder: Builder) -> Result<Vec<Built>> {
    let mut built = Vec::new();
    if !config.package.is_wanted {
        return Ok(built);
    }
    for root in roots(&config.root, &config.package) {
        let source = root.join(&config.package.source_path);
        if !source.is_dir() {
            continue;
        }
        let mut functions: Vec<PathBuf> = list(&source)?.into_iter().filter(|path| path.is_dir()).collect();
        functions.sort();
        for function in functions {
            let name = function.file_name().unwrap_or_default().to_owned();
            let zip = root.join(&config.package.zip_path).join(&name).join("lambda.zip");
            let bytes = one(&function, &zip, builder)?;
            built.push(Built { function, zip, bytes });
        }
    }
    Ok(built)
}

/// The project, and each of its submodules.
fn roots(root: &Path, package: &Packaging) -> Vec<PathBuf> {
    let mut roots = vec![root.to_owned()];
    if package.with_submodules
        && let Ok(found) = list(&root.join(SUBMODULES))
    {
        roots.extend(found.into_iter().filter(|path| path.is_dir()));
    }
    roots
}

fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed =
        |error: std::io::Error| Error::new(ErrorKind::Io, format!("cannot read `{}`", folder.display())).because(error);
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(failed)).collect()
}

fn one(function: &Path, zip: &Path, builder: Builder) -> Result<u64> {
    let dependencies = match builder {
        Builder::Docker if function.join(DOCKERFILE).is_file() => Some(by_docker(function)?),
        _ if function.join(REQUIREMENTS).is_file() => Some(by_pip(function)?),
        _ => None,
    };
    let mut files = Vec::new();
    // What the function has itself holds over what its dependencies bring.
    for folder in dependencies.iter().map(|folder| folder.0.as_path()).chain([function]) {
        gather(folder, folder, &mut files)?;
    }
    files.sort();
    let mut by_name: std::collections::BTreeMap<String, PathBuf> = std::collections::BTreeMap::new();
    for (name, path) in files {
        let is_own = path.starts_with(function);
        if is_own || !by_name.contains_key(&name) {
            by_name.insert(name, path);
        }
    }
    let bytes = pack(&by_name)?;
    let failed =
        |error: std::io::Error| Error::new(ErrorKind::Io, format!("cannot write `{}`", zip.display())).because(error);
    std::fs::create_dir_all(zip.parent().unwrap_or(Path::new("."))).map_err(failed)?;
    std::fs::write(zip, &bytes).map_err(failed)?;
    Ok(bytes.len() as u64)
}

fn gather(root: &Path, folder: &Path, files: &mut Vec<(String, PathBuf)>) -> Result<()> {
    for path in list(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_symlink() || name == "__pycache__" || name.starts_with(".git") {
            continue;
        }
        if path.is_dir() {
            gather(root, &path, files)?;
        } else if let Ok(below) = path.strip_prefix(root) {
            let parts: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
            files.push((parts.join("/"), path.clone()));
        }
    }
    Ok(())
}

/// No times, no owners: the same files make the same bytes.
fn pack(files: &std::collections::BTreeMap<String, PathBuf>) -> Result<Vec<u8>> {
    let failed =
        |error: &dyn std::fmt::Display| Error::new(ErrorKind::Io, "cannot pack a function").because(error.to_string());
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let mut total = 0;
    for (name, path) in files {
        let bytes = std::fs::read(path).map_err(|error| failed(&format!("`{}`: {error}", path.display())))?;
        total += bytes.len() as u64;
        if total > DEFAULT_FUNCTION_BYTES_MAX {
            return Err(failed(&format!("it has more than {DEFAULT_FUNCTION_BYTES_MAX} bytes")));
        }
        let mode = if is_executable(path) { 0o755 } else { 0o644 };
        let options = SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated)
            .last_modified_time(zip::DateTime::default())
            .unix_permissions(mode);
        zip.start_file(name.as_str(), options).map_err(|error| failed(&error))?;
        zip.write_all(&bytes).map_err(|error| failed(&error))?;
    }
    Ok(zip.finish().map_err(|error| failed(&error))?.into_inner())
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|data| data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(_path: &Path) -> bool {
    false
}

/// A folder that goes when it is not needed any more.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("jqs-function-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir(&path)
            .map_err(|error| Error::new(ErrorKind::Io, format!("cannot make `{}`", path.display())).because(error))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn by_pip(function: &Path) -> Result<Scratch> {
    let scratch = Scratch::new()?;
    let mut command = Command::new("python3");
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "--target"]);
    command.arg(&scratch.0).arg("--requirement").arg(function.join(REQUIREMENTS));
    run(
        command,
        function,
        "`python3` with `pip` installs what a `requirements.txt` asks for; or set `package_lambda: false` and make the zips yourself",
    )?;
    Ok(scratch)
}

fn by_docker(function: &Path) -> Result<Scratch> {
    let scratch = Scratch::new()?;
    let tag = format!("jqs-function-{}", uuid::Uuid::new_v4().simple());
    let hint = "`--docker` builds functions with a Dockerfile; without it they are packed as they are";
    let mut build = Command::new("docker");
    build.args(["build", "--quiet", "--tag", &tag]).arg(function);
    run(build, function, hint)?;
    let mut copy = Command::new("docker");
    copy.args(["run", "--rm", "--volume"]).arg(format!("{}:/output", scratch.0.display())).arg(&tag);
    run(copy, function, hint)?;
    Ok(scratch)
}

fn run(mut command: Command, function: &Path, hint: &str) -> Result<()> {
    let what = format!("cannot package the function `{}`", function.display());
    let output = command.output().map_err(|error| Error::new(ErrorKind::Io, &*what).because(error).hint(hint))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = said.trim().lines().rev().take(3).collect();
    let last = last.into_iter().rev().collect::<Vec<_>>().join("\n");
    Err(Error::new(ErrorKind::Io, what).because(last).hint(hint))
}
