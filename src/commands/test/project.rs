//! Which project, and which of its tests.

use crate::cli::key_value;
use crate::context::Context;
use clap::Args;
use jqs_cfn::Result;
use jqs_taskcat::config::{Config, LoadOptions};
use jqs_taskcat::matrix::{Matrix, Selection};
use std::path::PathBuf;

/// TaskCat's word for no choice.
const ALL: &str = "ALL";

#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  jqs test show
  jqs test show --test-names one,two --json | jq '.[].parameters'
  jqs test show --project-root ../other-project")]
pub(crate) struct ProjectArgs {
    /// Folder of the project
    #[arg(short = 'p', long, default_value = ".", value_name = "FOLDER")]
    pub(crate) project_root: PathBuf,
    /// Configuration, below the project's folder
    #[arg(short = 'i', long, default_value = jqs_taskcat::config::PROJECT_FILE, value_name = "FILE")]
    pub(crate) input_file: PathBuf,
    /// Tests, comma-separated [default: all]
    #[arg(short = 't', long, value_name = "TEST,…", value_delimiter = ',')]
    pub(crate) test_names: Vec<String>,
    /// Regions in place of those of the tests, comma-separated; `--region` names one
    #[arg(short = 'r', long, value_name = "REGION,…", value_delimiter = ',')]
    pub(crate) regions: Vec<String>,
    /// A parameter for all tests that have it; may be given many times
    #[arg(short = 'P', long = "parameter", value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) parameters: Vec<(String, String)>,
    /// Let the outer level win for parameters, tags and auth, as TaskCat does
    #[arg(long)]
    pub(crate) strict_taskcat: bool,
}

impl ProjectArgs {
    pub(crate) fn config(&self, context: &Context) -> Result<Config> {
        let options = LoadOptions {
            project_root: self.project_root.clone(),
            input_file: Some(self.input_file.clone()),
            home: std::env::var_os("HOME").map(PathBuf::from),
            environment: std::env::vars_os()
                .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
                .filter(|(key, _)| key.starts_with("TASKCAT_"))
                .collect(),
            strict_taskcat: self.strict_taskcat,
            parameters: self.parameters.iter().cloned().collect(),
            bucket: None,
            allow_unknown_region: context.settings.session.allow_unknown_region,
        };
        let config = Config::load(&options)?;
        config.warnings.iter().for_each(|warning| context.printer.warning(warning));
        Ok(config)
    }

    pub(crate) fn matrix(&self, context: &Context) -> Result<Matrix> {
        Matrix::new(self.config(context)?, &self.selection(context))
    }

    fn selection(&self, context: &Context) -> Selection {
        let chosen = |names: &[String]| names.iter().filter(|name| *name != ALL).cloned().collect::<Vec<_>>();
        let mut regions = chosen(&self.regions);
        regions.extend(context.settings.session.region.clone());
        Selection {
            tests: chosen(&self.test_names),
            regions,
            allow_unknown_region: context.settings.session.allow_unknown_region,
        }
    }
}
