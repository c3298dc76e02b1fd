//! What files say, by layer and by level.

use super::*;
use std::path::Path;

struct Project {
    folder: tempfile::TempDir,
    options: LoadOptions,
}

const TEMPLATE: &str = "
Parameters:
  Count: {Type: Number, Default: 3}
  Flag: {Type: String, Default: true}
  Name: {Type: String, AllowedValues: [a, b, c, d, e]}
  Zones: {Type: CommaDelimitedList, Default: ''}
  Password: {Type: String, NoEcho: true, MinLength: 8, Default: long enough}
Resources:
  Topic: {Type: AWS::SNS::Topic}
";

impl Project {
    fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let home = folder.path().join("home");
        std::fs::create_dir(&home).expect("a home");
        let options =
            LoadOptions { project_root: folder.path().to_owned(), home: Some(home), ..LoadOptions::default() };
        let project = Self { folder, options };
        project.write("t.yaml", TEMPLATE).write(PROJECT_FILE, config)
    }

    fn write(self, name: &str, text: &str) -> Self {
        std::fs::write(self.folder.path().join(name), text).expect("written");
        self
    }

    fn strict(mut self) -> Self {
        self.options.strict_taskcat = true;
        self
    }

    fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.options.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    fn load(&self) -> Config {
        Config::load(&self.options).expect("a configuration")
    }

    /// Without the folder, which has another name each time.
    fn refusal(&self) -> String {
        let error = Config::load(&self.options).expect_err("refused");
        error.full().replace(&format!("{}/", self.folder.path().display()), "")
    }

    fn value(&self, name: &str) -> String {
        self.load().tests[0].parameters[name].value.clone()
    }
}

const PLAIN: &str =
    "project: {name: p, regions: [eu-west-1], template: t.yaml}\ntests: {one: {parameters: {Name: a}}}\n";

#[test]
fn numbers_booleans_and_lists_go_as_they_are_written() {
    let project = Project::new(
        "project: {name: p, regions: [eu-west-1], template: t.yaml}
tests:
  one:
    parameters: {Name: a, Count: 007, Flag: Yes, Zones: [x, 2, true]}
",
    );
    let config = project.load();
    let value = |name: &str| config.tests[0].parameters[name].value.as_str();
    assert_eq!([value("Count"), value("Flag"), value("Zones")], ["007", "Yes", "x,2,true"]);
    assert_eq!(config.tests[0].parameters["Count"].place.to_string().rsplit('/').next(), Some(".taskcat.yml:4:27"));
}

#[test]
fn a_parameter_whose_default_is_a_number_or_a_boolean_is_kept() {
    let config = "project: {name: p, regions: [eu-west-1], template: t.yaml}
tests: {one: {parameters: {Name: a, Count: 5, Flag: false}}}
";
    let project = Project::new(config).write(OVERRIDES_FILE, "Count: 7\n");
    assert_eq!((project.value("Count"), project.value("Flag")), ("7".to_owned(), "false".to_owned()));
}

#[test]
fn the_inner_level_holds_and_as_taskcat_has_it_the_outer_one() {
    let config = "general: {parameters: {Name: a}, tags: {t: general}}
project: {name: p, regions: [eu-west-1], template: t.yaml, parameters: {Name: b}, tags: {t: project}}
tests: {one: {parameters: {Name: c}, tags: {t: test}, regions: [us-east-1]}}
";
    let sane = Project::new(config).load();
    assert_eq!((sane.tests[0].parameters["Name"].value.as_str(), sane.tests[0].tags["t"].as_str()), ("c", "test"));
    let strict = Project::new(config).strict().load();
    assert_eq!(
        (strict.tests[0].parameters["Name"].value.as_str(), strict.tests[0].tags["t"].as_str()),
        ("a", "general")
    );
    assert_eq!(strict.tests[0].regions, ["us-east-1"], "of what is no pair, the inner one holds in both");
}

#[test]
fn each_layer_holds_over_those_before_it() {
    let file = "project: {name: p, regions: [eu-west-1], template: t.yaml, parameters: {Name: b}}\ntests: {one: {}}\n";
    let mut project = Project::new(file).write("home/.taskcat.yml", "project: {name: q, parameters: {Name: a}}\n");
    assert_eq!((project.value("Name"), project.load().name), ("b".to_owned(), "p".to_owned()));
    let template = format!("{TEMPLATE}Metadata: {{taskcat: {{project: {{parameters: {{Name: c}}}}}}}}\n");
    project = project.write("t.yaml", &template);
    assert_eq!(project.value("Name"), "c");
    project = project.write(OVERRIDES_FILE, "Name: d\nUnknown: x\n");
    assert_eq!(project.value("Name"), "d");
    project =
        project.with_variable("TASKCAT_PROJECT_NAME", "env").with_variable("TASKCAT_PROJECT_REGIONS", "us-east-1");
    let config = project.load();
    assert_eq!((config.name.as_str(), config.tests[0].regions[0].as_str()), ("env", "us-east-1"));
    project.options.parameters.insert("Name".to_owned(), "e".to_owned());
    assert_eq!(project.value("Name"), "e");
}

#[test]
fn whoever_starts_it_has_the_last_word_over_a_test() {
    let project = Project::new(PLAIN).write(OVERRIDES_FILE, "Name: b\n");
    assert_eq!(project.value("Name"), "b");
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_place() {
    let project = Project::new(
        "project:
  nam: p
  regions: [eu-west-9]
  package_lambda: perhaps
tests:
  one:
    template: t.yaml
    parameters: {Nam: a, Count: many, Password: short, Zones: {a: b}}
  Two: {template: missing.yaml}
  three: {template: t.yaml, stack_name: a, stack_name_prefix: b}
",
    );
    let refusal = project.refusal();
    for line in [
        ".taskcat.yml:2:3: `project` has no key `nam`: did you mean `name`?",
        ".taskcat.yml:3:12: `eu-west-9` is not a region that this version of `jqs` knows: did you mean `eu-west-1`?",
        ".taskcat.yml:4:19: `package_lambda` is true or false",
        ".taskcat.yml:8:18: `Nam` is not a parameter of `t.yaml`: did you mean `Name`?",
        ".taskcat.yml:8:26: `Count`: `many` is not a number",
        ".taskcat.yml:8:39: `Password`: the value is shorter than 8 characters",
        ".taskcat.yml:8:63: `Zones` is a text, a number, true or false, or a list of them",
        ".taskcat.yml:9:3: `Two` is no name of a test: small letters, digits and `-` make one",
        ".taskcat.yml:9:19: there is no template `missing.yaml`",
        ".taskcat.yml:10:63: one of `stack_name`, `stack_name_prefix` and `stack_name_suffix` is enough",
    ] {
        assert!(refusal.contains(line), "`{line}` is not in\n{refusal}");
    }
}

#[test]
fn a_key_twice_the_old_form_and_no_file_are_told() {
    let twice = Project::new("project: {name: p}\nproject: {name: q}\n").refusal();
    assert!(twice.starts_with(".taskcat.yml:2:1: "), "{twice}");
    let old = Project::new("global: {qsname: p}\ntests: {one: {template_file: t.yaml}}\n").refusal();
    assert!(old.contains("the form of TaskCat before 0.9"), "{old}");
    let mut none = Project::new(PLAIN);
    none.options.input_file = Some(Path::new("other.yml").to_owned());
    assert_eq!(none.refusal(), "there is no file `other.yml`");
}

#[test]
fn assertions_limits_and_hooks_are_read() {
    let project = Project::new(
        "project:
  name: p
  regions: [eu-west-1]
  template: t.yaml
  limits: {stacks_per_region: 2, case_time: 30m, budget: 1.5, resources_per_region: {AWS::EC2::VPC: 3}}
  prehooks: ['echo hello', {run: [python3, hook.py], timeout: 90, config: {a: 1}}]
tests:
  one:
    parameters: {Name: a}
    posthooks: [{type: notify, config: {to: ops}}]
    assertions:
      outputs: {Url: {matches: '^http', answers: {path: /ok, status: 204, within: 1m}}, Name: a}
      resources: [{type: AWS::SNS::Topic, count: {min: 1}}, {logical_id: Topic, properties: {DisplayName: x}}]
      commands: [./check.sh]
      updates: [{parameters: {Name: b}, not_replaced: ['*'], changes: [Topic]}]
      idempotent: true
      no_drift: true
",
    );
    let config = project.load();
    let test = &config.tests[0];
    assert_eq!((config.limits.stacks_per_region, config.limits.case_time.as_secs()), (2, 1_800));
    assert_eq!((config.limits.budget, config.limits.resources_per_region["AWS::EC2::VPC"]), (Some(1.5), 3));
    assert_eq!(test.before[0].command, ["sh", "-c", "echo hello"]);
    assert_eq!((test.before[1].command.len(), test.before[1].time_max.as_secs()), (2, 90));
    assert_eq!(test.after[0].command, ["taskcat-plugin-notify"]);
    let asserted = &test.assertions;
    assert_eq!((asserted.outputs.len(), asserted.resources.len(), asserted.updates.len()), (2, 2, 1));
    assert_eq!(
        asserted.outputs[0].answers.as_ref().map(|answer| (answer.status, answer.within.as_secs())),
        Some((204, 60))
    );
    assert_eq!(asserted.resources[0].count, Some(Count { min: 1, max: usize::MAX }));
    assert!(asserted.is_idempotent && asserted.has_no_drift);
}

#[test]
fn no_text_makes_the_reader_panic() {
    let pieces = [
        "project:",
        "tests:",
        "  one:",
        " - ",
        "{",
        "}",
        "[a",
        "]",
        "&x",
        "*x",
        "!Ref",
        "\n",
        "regions: 3",
        "\t",
        "'",
        "é: ~",
    ];
    let mut state = 7_u64;
    for _ in 0..2_000 {
        let mut text = String::new();
        for _ in 0..12 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(pieces[(state >> 33) as usize % pieces.len()]);
            if state >> 62 == 0 {
                text.push('\n');
            }
        }
        if let Ok(root) = jqs_cfn::template::parse("any", &text) {
            let mut reader = super::reader::Reader::new("any", Layer::Project);
            super::section::read(&mut reader, &root);
        }
    }
}
