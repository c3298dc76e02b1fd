//! A plan in a file: what was approved is what is executed, or nothing.

use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::Identity;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A file that is larger is no plan of ours.
pub(crate) const DEFAULT_PLAN_BYTES_MAX: u64 = 1_048_576;
const FORMAT: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedPlan {
    /// Of this file's format.
    version: u32,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) stack: String,
    pub(crate) change_set: String,
    pub(crate) creates: bool,
    /// The image that is to be pushed beforehand, if it is still missing then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) image: Option<SavedImage>,
    /// For whoever reads the file: AWS has the changes themselves.
    pub(crate) summary: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedImage {
    pub(crate) tag: String,
    pub(crate) architecture: String,
}

impl SavedPlan {
    pub(crate) fn new(identity: &Identity, stack: &str, change_set: &str, creates: bool, summary: String) -> Self {
        let (account, region) = (identity.account.clone(), identity.region.clone());
        let (stack, change_set) = (stack.to_owned(), change_set.to_owned());
        Self { version: FORMAT, account, region, stack, change_set, creates, image: None, summary }
    }

    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let failed = |error: std::io::Error| {
            Error::new(ErrorKind::Io, format!("cannot write the plan to `{}`", path.display())).because(error)
        };
        let text = serde_json::to_string_pretty(self).map_err(|error| failed(error.into()))?;
        std::fs::write(path, text + "\n").map_err(failed)
    }

    pub(crate) fn read(path: &Path) -> Result<Self> {
        let failed = || Error::new(ErrorKind::Usage, format!("cannot read the plan `{}`", path.display()));
        let size = std::fs::metadata(path).map_err(|error| failed().because(error))?.len();
        if size > DEFAULT_PLAN_BYTES_MAX {
            return Err(failed().because(format!("it is larger than {DEFAULT_PLAN_BYTES_MAX} bytes")));
        }
        let text = std::fs::read_to_string(path).map_err(|error| failed().because(error))?;
        let plan: Self = serde_json::from_str(&text).map_err(|error| failed().because(error))?;
        if plan.version != FORMAT {
            return Err(failed().because(format!("its version is {}, and this program knows {FORMAT}", plan.version)));
        }
        Ok(plan)
    }

    /// A plan is for one place.
    pub(crate) fn check_place(&self, identity: &Identity) -> Result<()> {
        if (&self.account, &self.region) == (&identity.account, &identity.region) {
            return Ok(());
        }
        let message = format!(
            "the plan is for the account {} in {}, and this is {} in {}",
            self.account, self.region, identity.account, identity.region
        );
        Err(Error::new(ErrorKind::Refused, message).hint("choose them with `--profile` and `--region`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_comes_back_as_it_was_and_anything_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.json");
        let identity = |region: &str| Identity {
            account: "111122223333".to_owned(),
            region: region.to_owned(),
            partition: "aws",
            arn: String::new(),
        };
        let plan = SavedPlan::new(&identity("eu-west-1"), "jaeger", "arn:a", true, "2 to add".to_owned());
        plan.write(&path).unwrap();
        assert_eq!(SavedPlan::read(&path).unwrap(), plan);
        assert!(plan.check_place(&identity("eu-west-1")).is_ok());
        let elsewhere = plan.check_place(&identity("us-east-1")).unwrap_err().to_string();
        assert!(elsewhere.contains("eu-west-1") && elsewhere.contains("us-east-1"), "{elsewhere}");
        for (text, why) in [("{}", "missing field"), ("{", "EOF")] {
            std::fs::write(&path, text).unwrap();
            let error = SavedPlan::read(&path).unwrap_err().full();
            assert!(error.contains("plan.json") && error.contains(why), "{error}");
        }
        let newer = serde_json::to_string(&SavedPlan { version: 9, ..plan }).unwrap();
        std::fs::write(&path, newer).unwrap();
        assert!(SavedPlan::read(&path).unwrap_err().full().contains("its version is 9"));
    }
}
