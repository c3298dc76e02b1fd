//! The reports of a run as files, each whole or not at all.

use super::{Document, html, json, junit, log, log_name, markdown};
use crate::run::{RESULT_VERSION, RunResult};
use jqs_cfn::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

pub const REPORT_JSON: &str = "report.json";
const REPORT_BYTES_MAX: u64 = 512 << 20;

#[derive(Debug, Clone)]
pub struct Written {
    pub html: PathBuf,
    pub junit: PathBuf,
    pub json: PathBuf,
    pub markdown: PathBuf,
}

/// All forms, and a log for each stack.
pub fn write_all(result: &RunResult, folder: &Path) -> Result<Written> {
    let written = Written {
        html: folder.join("index.html"),
        junit: folder.join("junit.xml"),
        json: folder.join(REPORT_JSON),
        markdown: folder.join("summary.md"),
    };
    make(folder)?;
    for case in &result.cases {
        write(&folder.join(log_name(case)), &log(case))?;
    }
    write(&written.json, &json(result))?;
    write(&written.junit, &junit(result))?;
    write(&written.markdown, &markdown(result))?;
    write(&written.html, &html(result))?;
    Ok(written)
}

/// The JSON alone, so that a run that breaks off can be told of.
pub fn write_json(result: &RunResult, folder: &Path) -> Result<()> {
    make(folder)?;
    write(&folder.join(REPORT_JSON), &json(result))
}

pub fn read(path: &Path) -> Result<RunResult> {
    let failed = |error: &dyn std::fmt::Display| {
        Error::new(ErrorKind::Usage, format!("`{}` is no report of a run", path.display())).because(error.to_string())
    };
    let size = std::fs::metadata(path).map_err(|error| failed(&error))?.len();
    if size > REPORT_BYTES_MAX {
        return Err(failed(&format!("it has {size} bytes, more than {REPORT_BYTES_MAX}")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
    let document: Document = serde_json::from_str(&text).map_err(|error| failed(&error))?;
    if document.version != RESULT_VERSION {
        return Err(failed(&format!("it has version {}, and this program reads {RESULT_VERSION}", document.version)));
    }
    Ok(document.result)
}

fn make(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)
        .map_err(|error| Error::new(ErrorKind::Io, format!("cannot make `{}`", folder.display())).because(error))
}

/// Under another name first.
fn write(path: &Path, text: &str) -> Result<()> {
    let failed = |error| Error::new(ErrorKind::Io, format!("cannot write `{}`", path.display())).because(error);
    let mut scratch = path.as_os_str().to_owned();
    scratch.push(".part");
    std::fs::write(&scratch, text).map_err(failed)?;
    std::fs::rename(&scratch, path).map_err(failed)
}
