//! One run of the program: what went in, what came out.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

pub(crate) const REGION: &str = "eu-west-1";
pub(crate) const ACCOUNT: &str = "123456789012";
/// Our own matrix takes a minute when nothing runs beside it.
const RUN_MAX_SECONDS: u64 = 180;

/// The program with an environment of its own: nothing of the machine's AWS configuration gets in.
pub(crate) struct Jqs {
    pub(crate) home: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Jqs {
    pub(crate) fn new(environment: &[(&str, &str)]) -> Self {
        let environment = environment.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        Self { home: tempfile::tempdir().unwrap(), environment }
    }

    pub(crate) fn with(mut self, key: &str, value: &str) -> Self {
        self.environment.retain(|(name, _)| name != key);
        self.environment.push((key.to_owned(), value.to_owned()));
        self
    }

    #[allow(dead_code, reason = "one of the two test programs needs it")]
    pub(crate) fn without(mut self, key: &str) -> Self {
        self.environment.retain(|(name, _)| name != key);
        self
    }

    pub(crate) fn program() -> &'static Path {
        Path::new(env!("CARGO_BIN_EXE_jqs"))
    }

    fn prepare(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", self.home.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(self.environment.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null());
        command
    }

    /// The same as a line for the shell of a terminal.
    pub(crate) fn shell_line(&self, arguments: &[&str]) -> String {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
        let command = self.prepare(Self::program());
        let variables = command.get_envs().filter_map(|(key, value)| Some((key.to_str()?, value?.to_str()?)));
        let variables = variables.map(|(key, value)| quoted(&format!("{key}={value}")));
        let words = [quoted(&Self::program().display().to_string())];
        let words = variables.chain(words).chain(arguments.iter().map(|argument| quoted(argument)));
        format!("env -i {}", words.collect::<Vec<_>>().join(" "))
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let child = self.start(arguments);
        finish(child)
    }

    pub(crate) fn run_in(&self, folder: &Path, arguments: &[&str]) -> Run {
        let mut command = self.prepare(Self::program());
        command.current_dir(folder).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        finish(command.spawn().unwrap())
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.prepare(Self::program());
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Run {
        let mut command = self.prepare(Self::program());
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut pipe, input).unwrap();
        drop(pipe);
        finish(child)
    }

    /// Runs it, and looks all the while at what it uses of the machine.
    pub(crate) fn run_measured(&self, arguments: &[&str]) -> (Run, Usage) {
        let child = self.start(arguments);
        let process = format!("/proc/{}", child.id());
        let watcher = std::thread::spawn(move || {
            let mut last = Usage::default();
            // A process that has ended has no memory.
            while let Some(now) = usage(&process) {
                last = now;
            }
            last
        });
        let run = finish(child);
        (run, watcher.join().unwrap())
    }

    /// Runs it on a terminal of its own, made by `script`; what is typed comes from `answers`.
    pub(crate) fn run_on_terminal(&self, arguments: &[&str], answers: &str) -> Run {
        self.run_on_terminal_in(self.home.path(), arguments, answers)
    }

    pub(crate) fn run_on_terminal_in(&self, folder: &Path, arguments: &[&str], answers: &str) -> Run {
        let mut child = self.start_on_terminal_in(folder, arguments);
        let mut input = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut input, answers.as_bytes()).unwrap();
        let run = finish(child);
        drop(input);
        run
    }

    /// Its standard input is the keyboard.
    pub(crate) fn start_on_terminal_in(&self, folder: &Path, arguments: &[&str]) -> Child {
        // In place of the shell, which would have an exit code of its own after Ctrl-C.
        let line = format!("exec {} {}", Self::program().display(), arguments.join(" "));
        let mut command = self.prepare(&PathBuf::from("script"));
        command
            .args(["--quiet", "--return", "--command", &line, "/dev/null"])
            .env("TERM", "xterm")
            .current_dir(folder)
            .env("NO_COLOR", "1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }
}

/// What a process has used until it was last looked at. Its own time, and not the clock's: other tests run beside it.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Usage {
    pub(crate) peak_bytes: u64,
    pub(crate) time: Duration,
}

fn usage(process: &str) -> Option<Usage> {
    let status = std::fs::read_to_string(format!("{process}/status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = peak.trim().strip_suffix(" kB")?.parse().ok()?;
    let stat = std::fs::read_to_string(format!("{process}/stat")).ok()?;
    // Behind the name in brackets, the 12th and 13th are the time in the program and in the kernel, in hundredths.
    let (_, fields) = stat.rsplit_once(") ")?;
    let hundredths: u64 = fields.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Some(Usage { peak_bytes: kilobytes * 1024, time: Duration::from_millis(hundredths * 10) })
}

pub(crate) fn finish(child: Child) -> Run {
    let began = Instant::now();
    let id = child.id();
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    let watchdog = std::thread::spawn(move || {
        if receiver.recv_timeout(Duration::from_secs(RUN_MAX_SECONDS)).is_err() {
            signal(id, "KILL");
        }
    });
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    sender.send(()).ok();
    watchdog.join().unwrap();
    Run {
        code: status.code(),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
        took: began.elapsed(),
    }
}

/// Reads stderr up to the line with `text`; the rest stays to be read.
pub(crate) fn wait_for(child: &mut Child, text: &str) -> BufReader<impl Read + use<>> {
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while lines.read_line(&mut line).unwrap() > 0 {
        if line.contains(text) {
            return lines;
        }
        line.clear();
    }
    panic!("`{text}` was never said");
}

pub(crate) fn signal(process: u32, name: &str) {
    Command::new("kill").args([&format!("-{name}"), &process.to_string()]).status().unwrap();
}

impl Run {
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "exit code\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "`{text}` is not in\n{}", self.stderr);
        self
    }

    /// The JSON lines of one type.
    pub(crate) fn records(&self, kind: &str) -> Vec<serde_json::Value> {
        let lines = self.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.filter(|record| record["type"] == kind).collect()
    }

    /// As `shown`, without what is in nested stacks: that is the templates' business, and comes in no fixed order.
    pub(crate) fn shown_at_the_top(&self) -> String {
        let is_nested = |line: &str| {
            let is_event = line.contains("_IN_PROGRESS ") || line.contains("_COMPLETE ");
            line.starts_with("  -   ")
                || (is_event && line.split_whitespace().nth(2).is_some_and(|name| name.contains('/')))
        };
        // Columns are as wide as the widest name below.
        let narrow = |line: &str| match line.strip_prefix("  - ") {
            Some(row) => format!("  - {}", row.split_whitespace().collect::<Vec<_>>().join(" ")),
            None => line.to_owned(),
        };
        let shown = self.shown();
        let lines: Vec<String> = shown.lines().filter(|line| !is_nested(line)).map(narrow).collect();
        lines.join("\n")
    }

    /// Both streams, as a snapshot wants them.
    pub(crate) fn shown(&self) -> String {
        let code = self.code.unwrap_or(-1);
        format!("exit code: {code}\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr)
    }
}

/// Compares whole outputs, with what differs from run to run replaced.
#[macro_export]
macro_rules! snapshot {
    ($name:expr, $text:expr) => {
        insta::with_settings!({
            prepend_module_to_snapshot => false,
            snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/tests/deploy/snapshots"),
            omit_expression => true,
            filters => vec![
                (r"\d\d:\d\d:\d\d", "[TIME]"),
                (r"\d{4}-\d\d-\d\dT\[TIME\](\.\d+)?Z", "[TIME]"),
                (r"after (\d+m )?\d+s", "after [DURATION]"),
                (r"(made|updated) (\d+m )?\d+s ago", "$1 [AGE] ago"),
                (r"( {13})[0-9a-f]{8}( .*?) +(\d+m )?\d+s\n", "$1[TASK]$2 [AGE]\n"),
                (r"about \d+ USD so far, \d+( to \d+)? a month", "about [SUM] so far, [SUM] a month"),
                (r"[0-9a-f]{64}", "[SHA256]"),
                (r"jqs/templates/[0-9a-f]{32}", "jqs/templates/[HASH]"),
                (r"\d+ uploaded", "[COUNT] uploaded"),
                (r"127\.0\.0\.1:\d+", "127.0.0.1:[PORT]"),
                (r"jqs-jaeger-[0-9a-f]{8}-int-[0-9a-z]+", "[BALANCER]"),
                (r"jaeger-[0-9a-f]{8}", "jaeger-[ID]"),
                (r"(loadbalancer/\S+-int)/[0-9a-z]{16}", "$1/[ID]"),
                (r"jqs:\d+\.\d+\.\d+", "jqs:[VERSION]"),
                (r"storage, jqs \d+\.\d+\.\d+", "storage, jqs [VERSION]"),
            ],
        }, { insta::assert_snapshot!($name, $text) });
    };
}
