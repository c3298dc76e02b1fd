//! Layers, files and names against each other.

use clap::{Args as _, Command};

use super::*;
use crate::settings::ProcessArgs;

fn variables(pairs: &[(&str, &str)]) -> Variables {
    pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

fn file(text: &str) -> File {
    File { name: "jqs.yaml".into(), text: text.into() }
}

fn read(pairs: &[(&str, &str)], text: &str) -> Result<Resolved, ConfigurationError> {
    resolve(&BTreeSet::new(), &variables(pairs), Some(&file(text)))
}

fn flags(pairs: &[(&str, &str)], text: &str) -> Vec<String> {
    read(pairs, text).unwrap().flags
}

fn refusals(text: &str) -> Vec<String> {
    read(&[("SECRET", "hunter2")], text).unwrap_err().faults().to_vec()
}

#[test]
fn a_flag_wins_over_the_environment_over_the_words_of_jaeger_over_the_file() {
    let text = "otlp-grpc-port: 1\nquery-port: 1\nzipkin-port: 1\nadmin-port: 1\n";
    let environment = [
        ("JQS_OTLP_GRPC_PORT", "2"),
        ("JQS_QUERY_PORT", "2"),
        ("COLLECTOR_ZIPKIN_HOST_PORT", ":3"),
        ("QUERY_HTTP_SERVER_HOST_PORT", ":3"),
    ];
    let given = BTreeSet::from(["otlp-grpc-port".to_owned()]);
    let mut flags = resolve(&given, &variables(&environment), Some(&file(text))).unwrap().flags;
    flags.sort();
    assert_eq!(flags, ["--admin-port=1", "--query-port=2", "--zipkin-port=3"]);
}

#[test]
fn values_lists_and_references_become_what_flags_would_be() {
    let text = "\
# A comment
storage: opensearch
zipkin-port: off
opensearch-urls: [http://a:9200, \"http://${env:HOST}:9200\"]
otlp-http-cors-origins:
  - https://shop.example
opensearch-retention-days: ${DAYS:-7}
";
    assert_eq!(
        flags(&[("HOST", "b")], text),
        [
            "--storage=opensearch",
            "--zipkin-port=off",
            "--opensearch-urls=http://a:9200",
            "--opensearch-urls=http://b:9200",
            "--otlp-http-cors-origins=https://shop.example",
            "--opensearch-retention-days=7",
        ]
    );
    assert_eq!(flags(&[], ""), [""; 0]);
}

#[test]
fn a_variable_cannot_change_the_structure_of_the_document() {
    let flags = flags(&[("X", "a\nquery-port: 1")], "opensearch-username: ${X}\n");
    assert_eq!(flags, ["--opensearch-username=a\nquery-port: 1"]);
}

#[test]
fn an_unknown_key_is_shown_with_its_place_and_the_nearest_one() {
    assert_eq!(
        refusals("storage: memory\notlp-grcp-port: 4317\n"),
        [
            "unknown key `otlp-grcp-port`\n --> jqs.yaml:2:1\n  |\n2 | otlp-grcp-port…\n  | ^^^^^^^^^^^^^^\n  = help: did you mean `otlp-grpc-port`?"
        ]
    );
}

#[test]
fn every_fault_of_a_file_is_told_of_with_its_place() {
    let text = "\
otlp-grpc-port: 99999
storage: memry
query-port: [1, 2]
health-port: {a: 1}
admin-port:
storage: memory
opensearch-username: ${NOBODY}
zipkin-port: of
otlp-http-cors-origins: [\"a,b\"]
JQS_METRICS_PORT: 1
";
    let found = refusals(text);
    let expected = [
        ("1:17", "the value `99999` cannot be `otlp-grpc-port`: 99999 is not in 0..=65535"),
        ("2:10", "the value `memry` cannot be `storage`: it is one of `memory`, `opensearch`"),
        ("3:13", "`query-port` is one value, not a list"),
        ("4:14", "`health-port` is a value, not a mapping"),
        ("5:1", "`admin-port` has no value; remove it for the default"),
        ("6:1", "`storage` is set twice, first in line 2"),
        ("7:22", "the variable `NOBODY` is not set; `${env:NOBODY:-…}` gives a default"),
        ("8:14", "the value `of` cannot be `zipkin-port`: it must be a port, or `off`"),
        ("9:26", "an item of `otlp-http-cors-origins` has no `,` in it: make it two items"),
        ("10:1", "unknown key `JQS_METRICS_PORT`"),
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (fault, (place, message)) in found.iter().zip(expected) {
        assert!(fault.starts_with(message) && fault.contains(&format!("--> jqs.yaml:{place}\n")), "{fault}");
    }
    assert!(found[1].contains("help: did you mean `memory`?"), "{}", found[1]);
}

#[test]
fn documents_that_are_no_mapping_of_values_are_refused() {
    let deep = DEFAULT_CONFIG_DEPTH_MAX + 1;
    let deep = format!("query-port: {}{}", "[".repeat(deep), "]".repeat(deep));
    for (text, message) in [
        ("- a", "a configuration is a mapping"),
        ("query-port: &a 1\nadmin-port: *a\n", "a configuration has no aliases"),
        ("query-port: !!int 1\n", "a configuration has no tags"),
        ("query-port: 1\n---\nadmin-port: 1\n", "a configuration is one YAML document"),
        ("query-port: \"1", ""),
        (deep.as_str(), "the nesting is deeper than 32 levels"),
    ] {
        let found = refusals(text);
        assert!(
            found.len() == 1 && found[0].starts_with(message) && found[0].contains("--> jqs.yaml:"),
            "{text}: {found:?}"
        );
    }
    let long = file(&"#".repeat(DEFAULT_CONFIG_BYTES_MAX + 1));
    let refused = resolve(&BTreeSet::new(), &Variables::new(), Some(&long)).unwrap_err();
    assert!(refused.to_string().contains("has more than 1048576 bytes"), "{refused}");
}

#[test]
fn no_fault_shows_a_secret() {
    for text in [
        "opensearch-password: [hunter2]\n",
        "opensearch-password: {hunter2: 1}\n",
        "opensearch-pasword: hunter2\n",
        "opensearch-password: hunter2 ${NOBODY}\n",
        "{opensearch-password: hunter2, query-prt: 1}\n",
        "opensearch-password: \"hunter2\nquery-port: 1\n",
        "opensearch-password: a\nopensearch-password: hunter2\n",
    ] {
        let shown = refusals(text).join("\n");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn a_bad_variable_is_named() {
    let refused = read(&[("JQS_QUERY_PORT", "many"), ("QUERY_HTTP_SERVER_HOST_PORT", "4317")], "").unwrap_err();
    assert_eq!(
        refused.faults(),
        [
            "the value `many` cannot be `query-port`: invalid digit found in string\n --> the environment, `JQS_QUERY_PORT`",
            "`4317` is not `HOST:PORT`, such as `:4317`\n --> the environment, `QUERY_HTTP_SERVER_HOST_PORT`",
        ]
    );
}

#[test]
fn every_word_of_jaegers_means_a_setting_that_there_is() {
    let keys = Keys::new();
    for (name, meaning) in VARIABLES {
        match meaning {
            Meaning::Same(key) | Meaning::HostPort(key) | Meaning::Implies(key, _) | Meaning::Tls { key, .. } => {
                assert!(keys.get(key).is_some(), "{name} means `{key}`, which is no setting");
            }
            Meaning::Without(instead) => {
                let own = instead.split('`').filter(|word| word.starts_with("JQS_"));
                for word in own {
                    assert!(keys.all().any(|(_, arg)| arg.get_env().is_some_and(|env| env == word)), "{name}: {word}");
                }
            }
        }
    }
    let mut names: Vec<_> = VARIABLES.iter().map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), VARIABLES.len(), "a name stands there twice");
}

#[test]
fn the_words_of_jaeger_are_converted() {
    let flags = flags(
        &[
            ("COLLECTOR_OTLP_GRPC_HOST_PORT", "0.0.0.0:14317"),
            ("QUERY_HTTP_SERVER_HOST_PORT", "0.0.0.0:80"),
            ("ADMIN_HTTP_HOST_PORT", ":1"),
            ("QUERY_BASE_PATH", "/jaeger"),
            ("QUERY_MAX_CLOCK_SKEW_ADJUSTMENT", "5s"),
            ("ES_USERNAME", "me"),
            ("LOG_LEVEL", "debug"),
            ("COLLECTOR_OTLP_GRPC_TLS_ENABLED", "true"),
            ("COLLECTOR_OTLP_GRPC_TLS_CERT", "/c"),
            ("COLLECTOR_OTLP_GRPC_TLS_KEY", "/k"),
        ],
        "",
    );
    let mut flags = flags;
    flags.sort();
    assert_eq!(
        flags,
        [
            "--admin-port=1",
            "--base-path=/jaeger",
            "--listen-host=0.0.0.0",
            "--log-level=debug",
            "--max-clock-skew=5s",
            "--opensearch-auth=basic",
            "--opensearch-username=me",
            "--otlp-grpc-port=14317",
            "--query-port=80",
            "--tls-cert=/c",
            "--tls-key=/k",
        ]
    );
}

#[test]
fn words_of_jaeger_that_differ_where_one_value_holds_are_refused() {
    let refused = read(&[("ADMIN_HTTP_HOST_PORT", "127.0.0.1:1"), ("COLLECTOR_ZIPKIN_HOST_PORT", "0.0.0.0:2")], "");
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused
            .contains("`ADMIN_HTTP_HOST_PORT` and `COLLECTOR_ZIPKIN_HOST_PORT` say different things of `listen-host`"),
        "{refused}"
    );
    // Unless our own setting says which.
    let flags = flags(
        &[
            ("ADMIN_HTTP_HOST_PORT", "127.0.0.1:1"),
            ("COLLECTOR_ZIPKIN_HOST_PORT", "0.0.0.0:2"),
            ("JQS_LISTEN_HOST", "::"),
        ],
        "",
    );
    assert!(flags.contains(&"--listen-host=::".to_owned()), "{flags:?}");
}

#[test]
fn what_has_no_effect_is_warned_of() {
    let warnings = read(
        &[
            ("MEMORY_MAX_TRACES", "9"),
            ("QUERY_HTTP_TLS_CERT", "/c"),
            ("JQS_QUERY_PROT", "1"),
            ("JQS_ZZZ", ""),
            ("ES_JAVA_OPTS", "x"),
        ],
        "",
    )
    .unwrap()
    .warnings;
    assert_eq!(
        warnings,
        [
            "`QUERY_HTTP_TLS_CERT` has no effect: `QUERY_HTTP_TLS_ENABLED` is not `true`",
            "`MEMORY_MAX_TRACES` has no effect here: memory is capped in bytes: set `JQS_MEMORY_MAX_BYTES`",
            "`JQS_QUERY_PROT` is no setting of this program; did you mean `JQS_QUERY_PORT`?",
            "`JQS_ZZZ` is no setting of this program",
        ]
    );
}

fn matches(flags: &[String]) -> clap::ArgMatches {
    without_environment(ProcessArgs::augment_args(Command::new("test").no_binary_name(true)))
        .try_get_matches_from(flags)
        .unwrap()
}

#[test]
fn what_is_printed_is_the_same_configuration_when_it_is_given_back() {
    let text = "\
storage: opensearch
opensearch-urls: [\"http://me:hunter2@a:9200/x\", http://b:9200]
opensearch-auth: basic
opensearch-username: \"a $$b: \\\"c\\\" #d\"
opensearch-password: hunter2
opensearch-index-prefix: \"null\"
log-level: info,jqs_collector::storage=debug
otlp-http-cors-origins: [\"*\"]
";
    let secrets = [("ES_PASSWORD", "hunter2"), ("ES_SERVER_URLS", "http://me:hunter2@a:9200/x,http://b:9200")];
    let first = read(&[], text).unwrap();
    let first_matches = matches(&first.flags);
    let yaml = first.to_yaml(&first_matches);
    assert!(!yaml.contains("hunter2"), "{yaml}");
    let second = read(&secrets, &yaml).unwrap();
    let values = |matches| Resolved::values(matches);
    assert_eq!(values(&first_matches), values(&matches(&second.flags)), "{yaml}");
    let shown = format!("{:?}", first.differences(&first_matches));
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(
        shown.contains(r#"["opensearch-urls", "http://***@a:9200/x, http://b:9200", "file, jqs.yaml:2"]"#),
        "{shown}"
    );
}

#[test]
fn the_example_of_the_documents_is_a_configuration() {
    let example = File { name: "example.yaml".into(), text: include_str!("../../../docs/configuration.yaml").into() };
    let resolved = resolve(&BTreeSet::new(), &variables(&[("ES_PASSWORD", "x")]), Some(&example)).unwrap();
    assert!(!resolved.flags.is_empty());
    matches(&resolved.flags);
}

/// The table of every setting, as `docs/configuration.md` has it.
fn settings_table() -> String {
    let keys = Keys::new();
    let (mut table, mut last) = (String::new(), String::new());
    for (key, arg) in keys.all() {
        let heading = arg.get_help_heading().unwrap_or("The server");
        if heading != last {
            table += &format!("\n### {heading}\n\n| Key | Variable | Default | |\n|---|---|---|---|\n");
            last = heading.into();
        }
        let variable = arg.get_env().map(|name| name.to_string_lossy()).unwrap_or_default();
        let default =
            arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect::<Vec<_>>().join(",");
        let default = if default.is_empty() { default } else { format!("`{default}`") };
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default().replace('\n', " ").replace('|', "\\|");
        let takes_values = arg.get_action().takes_values();
        let choices: Vec<_> = arg.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
        let choices =
            if takes_values && !choices.is_empty() { format!(": {}", choices.join(", ")) } else { String::new() };
        table += &format!("| `{key}` | `{variable}` | {default} | {help}{choices} |\n");
    }
    table
}

fn jaeger_table() -> String {
    let mut table = String::from("\n| Variable | Here |\n|---|---|\n");
    for (name, meaning) in VARIABLES {
        let here = match meaning {
            Meaning::Same(key) => format!("`{key}`"),
            Meaning::HostPort(key) => format!("`{key}`, and `listen-host` if it names a host"),
            Meaning::Implies(key, value) => format!("beside being a setting itself: `{key}` is `{value}`"),
            Meaning::Tls { key, enabled } => format!("`{key}`, if `{enabled}` is `true`"),
            Meaning::Without(instead) => format!("no effect, and a warning: {instead}"),
        };
        table += &format!("| `{name}` | {here} |\n");
    }
    table
}

/// With `JQS_UPDATE_DOCS=1` in the environment the tables are written anew.
#[test]
fn the_tables_of_the_documents_are_those_of_the_program() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md");
    let document = std::fs::read_to_string(path).unwrap();
    let mut expected = document.clone();
    for (name, table) in [("settings", settings_table()), ("jaeger", jaeger_table())] {
        let (begin, end) = (format!("<!-- {name} -->\n"), format!("\n<!-- end of {name} -->"));
        let (before, rest) = expected.split_once(&begin).expect("the mark of its beginning");
        let (_, after) = rest.split_once(&end).expect("the mark of its end");
        expected = format!("{before}{begin}{table}{end}{after}");
    }
    if std::env::var_os("JQS_UPDATE_DOCS").is_some() {
        std::fs::write(path, &expected).unwrap();
    } else {
        assert!(document == expected, "docs/configuration.md is stale; run this test with JQS_UPDATE_DOCS=1");
    }
}
