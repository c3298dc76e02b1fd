//! All layers, from the defaults to the command line, → one configuration.

use super::level::{Level, values};
use super::reader::Reader;
use super::section::{self, Sections};
use super::{BucketChoice, Config, Layer, Naming, Packaging, Place, Setting, Test, environment};
use jqs_cfn::template::{self, Template};
use jqs_cfn::{Error, ErrorKind, Result, parameters, region};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub const PROJECT_FILE: &str = ".taskcat.yml";
pub const OVERRIDES_FILE: &str = ".taskcat_overrides.yml";
/// What the places of its values are called.
pub const COMMAND_LINE: &str = "the command line";
/// A configuration file that is longer is none.
pub const DEFAULT_CONFIG_BYTES_MAX: u64 = 4 << 20;

#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    pub project_root: PathBuf,
    /// Below the root; nothing for `.taskcat.yml`.
    pub input_file: Option<PathBuf>,
    /// Where the user's own `.taskcat.yml` is.
    pub home: Option<PathBuf>,
    pub environment: BTreeMap<String, String>,
    /// The precedence of TaskCat where it is not ours: the outer level wins for parameters, tags and auth.
    pub strict_taskcat: bool,
    /// Parameters of the command line, for all tests.
    pub parameters: BTreeMap<String, String>,
    pub bucket: Option<String>,
    pub allow_unknown_region: bool,
}

impl Config {
    /// Reads the files. Nothing is asked of AWS. All that is wrong is told at once.
    pub fn load(options: &LoadOptions) -> Result<Self> {
        let file = options.project_root.join(options.input_file.as_deref().unwrap_or(Path::new(PROJECT_FILE)));
        if !file.is_file() {
            return Err(Error::new(ErrorKind::Usage, format!("there is no file `{}`", file.display()))
                .hint("`jqs test generate-config` writes one; `--input-file` and `--project-root` name another"));
        }
        let mut loading = Loading { options, problems: Vec::new(), warnings: Vec::new() };
        let config = loading.config(&file)?;
        if loading.problems.is_empty() {
            return Ok(config);
        }
        Err(Error::new(ErrorKind::Usage, loading.problems.join("\n")))
    }
}

impl Config {
    /// What a project is called that does not say so: as its folder, with what a name may have.
    pub fn default_name(root: &Path) -> String {
        let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        let name = root.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        let legal: String =
            name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
        if legal.is_empty() { "project".to_owned() } else { legal }
    }
}

struct Loading<'a> {
    options: &'a LoadOptions,
    problems: Vec<String>,
    warnings: Vec<String>,
}

impl Loading<'_> {
    fn config(&mut self, file: &Path) -> Result<Config> {
        let mut all = Sections::default();
        if let Some(global) =
            self.options.home.as_ref().map(|home| home.join(PROJECT_FILE)).filter(|path| path.is_file())
            && !is_same(&global, file)
        {
            let sections = self.file(&global, Layer::Global)?;
            overlay(&mut all, sections);
        }
        let sections = self.file(file, Layer::Project)?;
        overlay(&mut all, sections);
        let overrides = self.options.project_root.join(OVERRIDES_FILE);
        if overrides.is_file() {
            all.project.overlay(self.overrides(&overrides)?);
        }
        overlay(&mut all, environment::read(&self.options.environment, &mut self.problems));
        all.general.overlay(self.command_line());
        let Sections { general, mut project, tests } = all;
        project.inherit(&general, self.options.strict_taskcat);
        let name = project.name.as_ref().map(|(name, _)| name.clone());
        let tests = tests.into_iter().filter_map(|(name, level)| self.test(name, level, &project)).collect();
        let path = |said: &Option<(String, Place)>, default: &str| {
            PathBuf::from(said.as_ref().map_or(default, |(path, _)| path.as_str()))
        };
        let flag = |said: &Option<(bool, Place)>, default| said.as_ref().map_or(default, |(flag, _)| *flag);
        Ok(Config {
            root: self.options.project_root.clone(),
            file: file.to_owned(),
            name: name.unwrap_or_else(|| Config::default_name(&self.options.project_root)),
            owner: project.owner.as_ref().map(|(owner, _)| owner.clone()),
            package: Packaging {
                is_wanted: flag(&project.package, true),
                source_path: path(&project.source_path, "lambda_functions/source"),
                zip_path: path(&project.zip_path, "lambda_functions/packages"),
                with_submodules: flag(&project.with_submodules, true),
            },
            shorten_stack_name: flag(&project.shorten_stack_name, false),
            limits: project.limits.map(|(limits, _)| limits).unwrap_or_default(),
            warnings: std::mem::take(&mut self.warnings),
            tests,
        })
    }

    fn file(&mut self, path: &Path, layer: Layer) -> Result<Sections> {
        let text = read(path)?;
        let source = path.display().to_string();
        let root = template::parse(&source, &text).map_err(Error::from).map_err(as_usage)?;
        let mut reader = Reader::new(&source, layer);
        let sections = section::read(&mut reader, &root);
        self.problems.extend(reader.problems);
        Ok(sections)
    }

    /// Parameters alone, of the project as a whole.
    fn overrides(&mut self, path: &Path) -> Result<Level> {
        let text = read(path)?;
        let source = path.display().to_string();
        if text.trim().is_empty() {
            return Ok(Level::default());
        }
        let root = template::parse(&source, &text).map_err(Error::from).map_err(as_usage)?;
        let mut reader = Reader::new(&source, Layer::Overrides);
        let level = Level { parameters: reader.pairs(&root, "the overrides"), ..Level::default() };
        self.problems.extend(reader.problems);
        Ok(level)
    }

    fn command_line(&self) -> Level {
        let place = || Place { layer: Layer::CommandLine, source: COMMAND_LINE.to_owned(), position: None };
        let given = self.options.parameters.iter().map(|(key, value)| (key.clone(), (value.clone(), place())));
        Level {
            parameters: given.collect(),
            bucket: self.options.bucket.clone().map(|bucket| (bucket, place())),
            ..Level::default()
        }
    }

    fn test(&mut self, name: String, mut level: Level, project: &Level) -> Option<Test> {
        let place = level.place.clone()?;
        let own: Vec<String> = level.parameters.keys().cloned().collect();
        let Some((template, said)) = level.template.clone().or_else(|| project.template.clone()) else {
            self.problems.push(format!("{place}: the test `{name}` has no `template`"));
            return None;
        };
        let path = self.options.project_root.join(&template);
        let read = self.template(&path, &said)?;
        let mut project = project.clone();
        if let Some(said) = self.of_template(&read, &path) {
            project.amend(&said);
        }
        level.inherit(&project, self.options.strict_taskcat);
        let regions = self.regions(&name, &level, &place);
        let parameters = self.parameters(&own, level.settings(), &read);
        let regional = level.has_regional_buckets.as_ref().is_some_and(|(flag, _)| *flag);
        Some(Test {
            template: PathBuf::from(template),
            regions,
            parameters,
            tags: values(&level.tags),
            auth: values(&level.auth),
            bucket: match (level.bucket, regional) {
                (Some((bucket, _)), false) => BucketChoice::Named(bucket),
                (Some((bucket, _)), true) => BucketChoice::NamedByRegion(bucket),
                // That of a run is in each region anyway.
                (None, _) => BucketChoice::Auto,
            },
            object_acl: level.object_acl.map_or_else(|| "private".to_owned(), |(acl, _)| acl),
            zones_excluded: level.zones_excluded.map(|(zones, _)| zones).unwrap_or_default(),
            role_name: level.role_name.map(|(role, _)| role),
            naming: match (level.stack_name, level.stack_name_prefix, level.stack_name_suffix) {
                (Some((name, _)), ..) => Naming::Name(name),
                (_, Some((prefix, _)), _) => Naming::Prefix(prefix),
                (.., Some((suffix, _))) => Naming::Suffix(suffix),
                _ => Naming::Default,
            },
            before: level.before.map(|(hooks, _)| hooks).unwrap_or_default(),
            after: level.after.map(|(hooks, _)| hooks).unwrap_or_default(),
            assertions: level.assertions.unwrap_or_default(),
            name,
            place,
        })
    }

    fn template(&mut self, path: &Path, said: &Place) -> Option<Template> {
        let name = path.display().to_string();
        if !path.is_file() {
            self.problems.push(format!("{said}: there is no template `{name}`"));
            return None;
        }
        let text = match read(path) {
            Ok(text) => text,
            Err(error) => {
                self.problems.push(format!("{said}: {}", error.full()));
                return None;
            }
        };
        match Template::read(&name, &text) {
            Ok(template) => Some(template),
            Err(faults) => {
                self.problems.extend(faults.to_string().lines().map(str::to_owned));
                None
            }
        }
    }

    /// What the template says of the project, in `Metadata.taskcat`.
    fn of_template(&mut self, template: &Template, path: &Path) -> Option<Level> {
        let node = template.root.get("Metadata")?.get("taskcat")?;
        let source = path.display().to_string();
        let mut reader = Reader::new(&source, Layer::Template);
        let sections = section::read(&mut reader, node);
        self.problems.extend(reader.problems);
        let mut said = sections.project;
        said.inherit(&sections.general, self.options.strict_taskcat);
        // Which template it is in is known.
        said.template = None;
        Some(said)
    }

    fn regions(&mut self, name: &str, level: &Level, place: &Place) -> Vec<String> {
        let Some((regions, said)) = level.regions.as_ref().filter(|(regions, _)| !regions.is_empty()) else {
            let message = format!("{place}: the test `{name}` has no `regions`, and neither has the project");
            self.problems.push(message);
            return Vec::new();
        };
        let mut found: Vec<String> = Vec::new();
        for one in regions {
            if !self.options.allow_unknown_region
                && let Err(error) = region::check(one)
            {
                let hint = error.hint_text().map(|hint| format!(": {hint}")).unwrap_or_default();
                self.problems.push(format!("{said}: {error}{hint}"));
            } else if !found.contains(one) {
                found.push(one.clone());
            }
        }
        found
    }

    /// Those that the template has. What a test gives itself must be there; what it inherits is for other tests as well.
    fn parameters(
        &mut self,
        own: &[String],
        settings: BTreeMap<String, Setting>,
        template: &Template,
    ) -> BTreeMap<String, Setting> {
        let mut kept = BTreeMap::new();
        let known: Vec<&str> = template.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        for (name, setting) in settings {
            match template.parameter(&name) {
                Some(parameter) => {
                    // Of tokens the value is not known yet.
                    if !crate::pseudo::has_token(&setting.value)
                        && let Some(problem) = parameters::problem(parameter, &setting.value)
                    {
                        let shown = if parameter.no_echo { "the value" } else { &format!("`{}`", setting.value) };
                        self.problems.push(format!("{}: `{name}`: {shown} {problem}", setting.place));
                    }
                    kept.insert(name, setting);
                }
                None if own.contains(&name) && !self.options.strict_taskcat => {
                    let meant = super::reader::nearest(&name, &known).map(|meant| format!(": did you mean `{meant}`?"));
                    let text = format!("`{name}` is not a parameter of `{}`", template.name);
                    self.problems.push(format!("{}: {text}{}", setting.place, meant.unwrap_or_default()));
                }
                None => {}
            }
        }
        kept
    }
}

fn overlay(all: &mut Sections, later: Sections) {
    all.general.overlay(later.general);
    all.project.overlay(later.project);
    for (name, level) in later.tests {
        match all.tests.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => known.overlay(level),
            None => all.tests.push((name, level)),
        }
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    one.canonicalize().ok().is_some_and(|one| Some(one) == other.canonicalize().ok())
}

fn read(path: &Path) -> Result<String> {
    let failed = |error: std::io::Error| {
        Error::new(ErrorKind::Usage, format!("cannot read `{}`", path.display())).because(error)
    };
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > DEFAULT_CONFIG_BYTES_MAX {
        let message = format!("`{}` has {size} bytes, more than {DEFAULT_CONFIG_BYTES_MAX}", path.display());
        return Err(Error::new(ErrorKind::Usage, message));
    }
    std::fs::read_to_string(path).map_err(failed)
}

fn as_usage(error: Error) -> Error {
    Error::new(ErrorKind::Usage, error.full())
}
