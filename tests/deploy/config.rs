//! What `jqs.toml` says, what wins over it, and what is said of a file that is wrong.

use crate::run::{Jqs, Run};

const FILE: &str = r#"
region = "eu-west-1"
storage = "memory"
[parameters]
LogRetentionDays = 30
NumberOfAZs = 2

[environments.prod]
region = "eu-central-1"
storage = "opensearch"
[environments.prod.parameters]
LogRetentionDays = 365

[environments.dev]
name = "sandbox"
"#;

fn show(text: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Run {
    let jqs = environment.iter().fold(Jqs::new(&[]), |jqs, (key, value)| jqs.with(key, value));
    let folder = jqs.home.path().join("below");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(jqs.home.path().join("jqs.toml"), text).unwrap();
    jqs.run_in(&folder, &[&["config", "show"], arguments].concat())
}

fn rows(run: Run) -> Vec<String> {
    run.expect(0).stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn every_value_says_where_it_comes_from() {
    let common = rows(show(FILE, &[], &[]));
    assert_eq!(
        common,
        [
            "region eu-west-1 jqs.toml",
            "name jaeger default",
            "storage memory jqs.toml",
            "parameters.LogRetentionDays 30 jqs.toml",
            "parameters.NumberOfAZs 2 jqs.toml",
        ]
    );
    let prod = rows(show(FILE, &["prod"], &[("AWS_REGION", "us-east-1")]));
    assert_eq!(
        prod,
        [
            "region eu-central-1 jqs.toml [environments.prod]",
            "name jaeger-prod the environment `prod`",
            "storage opensearch jqs.toml [environments.prod]",
            "parameters.LogRetentionDays 365 jqs.toml [environments.prod]",
            "parameters.NumberOfAZs 2 jqs.toml",
        ]
    );
    assert_eq!(prod, rows(show(FILE, &[], &[("JQS_ENVIRONMENT", "prod")])));
    assert_eq!(prod, rows(show(FILE, &["-e", "prod"], &[])));
    assert!(rows(show(FILE, &["dev"], &[])).contains(&"name sandbox jqs.toml [environments.dev]".to_owned()));
}

#[test]
fn the_command_line_and_the_environment_win() {
    let given = ["prod", "--region", "us-east-1", "-P", "LogRetentionDays=7", "-P", "StorageBackend=memory"];
    let won = rows(show(FILE, &given, &[("JQS_NAME", "mine")]));
    assert_eq!(
        won,
        [
            "region us-east-1 the command line",
            "name mine the environment",
            "parameters.LogRetentionDays 7 the command line",
            "parameters.StorageBackend memory the command line",
            "parameters.NumberOfAZs 2 jqs.toml",
        ]
    );
}

#[test]
fn a_wrong_file_is_refused_with_its_line() {
    for (text, words) in [
        ("regoin = 'eu-west-1'", &["regoin"][..]),
        ("storage = memory", &["line 1"]),
        ("[environments.prod]\nstorrage = 'memory'", &["storrage"]),
        ("[parameters]\nLogRetentionDays = [1]", &["LogRetentionDays"]),
        ("name = '9'", &["jqs.toml", "`9`"]),
    ] {
        let run = show(text, &[], &[]).expect(2).says("jqs.toml");
        assert!(words.iter().all(|word| run.stderr.contains(word)), "{text}: {}", run.stderr);
    }
    show(FILE, &["staging"], &[]).expect(2).says("has no environment `staging`").says("it has dev, prod");
    let none = Jqs::new(&[]);
    none.run(&["deploy", "prod"]).expect(2).says("`jqs init` writes one");
    none.run(&["init"]).expect(2).says("nobody can be asked");
}

#[test]
fn init_asks_and_writes_what_deploy_takes() {
    let jqs = Jqs::new(&[]);
    let folder = tempfile::tempdir().unwrap();
    let run = jqs.run_on_terminal_in(folder.path(), &["init"], "prod\r\r\u{1b}[B\rn\ry");
    assert_eq!(run.code, Some(0), "{}", run.shown());
    let written = std::fs::read_to_string(folder.path().join("jqs.toml")).unwrap();
    let expected = "region = \"us-east-1\"\n\n[environments.prod]\nstorage = \"opensearch\"\n\n\
                    [environments.prod.parameters]\nLogRetentionDays = 30\n";
    assert_eq!(written, expected);
    jqs.run_in(folder.path(), &["config", "show", "prod"]).expect(0);
    jqs.run_in(folder.path(), &["init"]).expect(2).says("there is a `jqs.toml` already");
}
