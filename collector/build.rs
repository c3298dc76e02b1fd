//! Leaves the web page's files in `$OUT_DIR/ui`, from where the collector embeds them, and tells the program which
//! `Cargo.lock` it is built from.
//!
//! The page is built from `../ui` with npm, or copied from the folder that `JQS_UI_DIST` names.

// Cargo reads what a build script prints.
#![allow(clippy::print_stdout)]

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail, ensure};
use sha2::{Digest as _, Sha256};

const DIST: &str = "JQS_UI_DIST";
/// What the page is made from, in `../ui`.
const SOURCES: [&str; 6] = ["index.html", "package.json", "public", "src", "tsconfig.json", "vite.config.ts"];

fn main() -> Result<()> {
    name_the_lock_file(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock"))?;
    println!("cargo::rerun-if-env-changed={DIST}");
    let out = PathBuf::from(env::var("OUT_DIR").context("cargo sets `OUT_DIR`")?).join("ui");
    match env::var_os(DIST).filter(|dist| !dist.is_empty()) {
        Some(dist) => copy(Path::new(&dist), &out),
        None => build(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui"), &out),
    }
}

/// The image's list of dependencies is made from a lock file, long after the program: by this the two can be matched.
fn name_the_lock_file(lock: &Path) -> Result<()> {
    println!("cargo::rerun-if-changed={}", lock.display());
    let content = fs::read(lock).with_context(|| format!("cannot read `{}`", lock.display()))?;
    println!("cargo::rustc-env=JQS_LOCK_SHA256={}", hex::encode(Sha256::digest(content)));
    Ok(())
}

fn copy(dist: &Path, out: &Path) -> Result<()> {
    println!("cargo::rerun-if-changed={}", dist.display());
    let index = dist.join("index.html");
    ensure!(index.is_file(), "`{DIST}` must name a folder of built files, but `{}` is missing", index.display());
    if out.exists() {
        fs::remove_dir_all(out).with_context(|| format!("cannot empty `{}`", out.display()))?;
    }
    copy_folder(dist, out).with_context(|| format!("cannot copy `{}`", dist.display()))
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_folder(&source, &target)?;
        } else {
            fs::copy(&source, &target)?;
        }
    }
    Ok(())
}

fn build(ui: &Path, out: &Path) -> Result<()> {
    let lock = ui.join("package-lock.json");
    println!("cargo::rerun-if-changed={}", lock.display());
    if !lock.is_file() {
        println!("cargo::warning=`{}` is missing: the collector is built without its web page", lock.display());
        return fs::create_dir_all(out).with_context(|| format!("cannot make `{}`", out.display()));
    }
    for source in SOURCES.iter().map(|source| ui.join(source)).filter(|source| source.exists()) {
        println!("cargo::rerun-if-changed={}", source.display());
    }
    if !is_installed(ui, &lock)? {
        npm(ui, &["ci".as_ref(), "--no-audit".as_ref(), "--no-fund".as_ref()])?;
    }
    npm(ui, &["run".as_ref(), "build".as_ref(), "--".as_ref(), "--outDir".as_ref(), out, "--emptyOutDir".as_ref()])
}

/// Whether npm has installed what the lock file says: it writes a copy of it last.
fn is_installed(ui: &Path, lock: &Path) -> Result<bool> {
    let modified = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified());
    let wanted = modified(lock).with_context(|| format!("cannot read `{}`", lock.display()))?;
    Ok(modified(&ui.join("node_modules/.package-lock.json")).is_ok_and(|installed| installed >= wanted))
}

fn npm(ui: &Path, arguments: &[&Path]) -> Result<()> {
    let shown = arguments.iter().map(|argument| argument.display().to_string()).collect::<Vec<_>>().join(" ");
    let output = Command::new("npm").args(arguments).current_dir(ui).output();
    let output = output.with_context(|| {
        format!("cannot run `npm {shown}`; install Node.js 20.19 or newer, or set `{DIST}` to a folder of built files")
    })?;
    if !output.status.success() {
        let text = [output.stdout, output.stderr].concat();
        bail!("`npm {shown}` failed with {}:\n{}", output.status, String::from_utf8_lossy(&text));
    }
    Ok(())
}
