//! Runs a program of the user's: JSON goes in on stdin, may come out on stdout, and an exit code that is not 0 is a failure.

use crate::config::Hook;
use jqs_cfn::{Error, ErrorKind, Result};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

/// What is read of a hook's output; the rest of it is thrown away.
pub const DEFAULT_HOOK_OUTPUT_BYTES_MAX: usize = 1 << 20;
const LINES_TOLD: usize = 5;
/// A hook may lie here, below the project.
const FOLDER: &str = ".taskcat/hooks";

/// What a hook has answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HookAnswer {
    /// JSON, if it has written any.
    pub value: Value,
    /// What it has written to stderr.
    pub said: String,
}

pub async fn run(hook: &Hook, root: &Path, input: &Value, variables: &[(String, String)]) -> Result<HookAnswer> {
    let what = format!("the hook `{}`", hook.name);
    let Some((program, arguments)) = hook.command.split_first() else { return Ok(HookAnswer::default()) };
    let own = root.join(FOLDER).join(program.trim_start_matches("taskcat-plugin-"));
    let mut command = if own.is_file() { Command::new(own) } else { Command::new(program) };
    command
        .args(arguments)
        .current_dir(root)
        .envs(variables.iter().map(|(key, value)| (key, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| {
        Error::new(ErrorKind::Usage, format!("{what} cannot be run")).because(error).hint(format!(
            "{}: `{program}` is to be in `{FOLDER}/` or on the PATH; `run: COMMAND` names any other program",
            hook.place
        ))
    })?;
    let group = child.id();
    let guard = Group(group);
    let done = tokio::time::timeout(hook.time_max, talk(&mut child, input)).await;
    drop(guard);
    let Ok(done) = done else {
        let seconds = hook.time_max.as_secs();
        return Err(Error::new(ErrorKind::TimedOut, format!("{what} has not ended within {seconds} seconds")));
    };
    let (status, out, said) =
        done.map_err(|error| Error::new(ErrorKind::Io, format!("{what} broke off")).because(error))?;
    if !status.success() {
        let code = status.code().map_or_else(|| "a signal".to_owned(), |code| format!("exit code {code}"));
        return Err(Error::new(ErrorKind::StackFailed, format!("{what} ended with {code}")).because(last(&said, &out)));
    }
    let value = match out.trim() {
        "" => Value::Null,
        text if text.starts_with('{') => serde_json::from_str(text).map_err(|error| {
            Error::new(ErrorKind::StackFailed, format!("{what} has answered with JSON that cannot be read"))
                .because(error)
        })?,
        _ => Value::Null,
    };
    Ok(HookAnswer { value, said })
}

/// All that a hook has started goes with it.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        let id = self.0.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        if let Some(id) = id {
            let _ = rustix::process::kill_process_group(id, rustix::process::Signal::KILL);
        }
    }
}

async fn talk(child: &mut Child, input: &Value) -> std::io::Result<(std::process::ExitStatus, String, String)> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let give = async {
        if let Some(mut stdin) = stdin {
            // One that does not want to know anything closes it.
            let _ = stdin.write_all(input.to_string().as_bytes()).await;
        }
    };
    let (_, out, said, status) = tokio::join!(give, read(stdout), read(stderr), child.wait());
    Ok((status?, out?, said?))
}

async fn read(stream: Option<impl tokio::io::AsyncRead + Unpin>) -> std::io::Result<String> {
    let Some(mut stream) = stream else { return Ok(String::new()) };
    let mut bytes = Vec::new();
    let mut part = [0; 8_192];
    loop {
        let count = stream.read(&mut part).await?;
        if count == 0 {
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
        let room = DEFAULT_HOOK_OUTPUT_BYTES_MAX.saturating_sub(bytes.len());
        bytes.extend_from_slice(&part[..count.min(room)]);
    }
}

/// The last lines that it has said, of what it was about.
fn last(said: &str, out: &str) -> String {
    let text = if said.trim().is_empty() { out } else { said };
    let lines: Vec<&str> = text.trim().lines().collect();
    match lines[lines.len().saturating_sub(LINES_TOLD)..].join("\n") {
        text if text.is_empty() => "it has said nothing".to_owned(),
        text => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Layer, Place};
    use serde_json::json;
    use std::time::{Duration, Instant};

    fn hook(line: &str, seconds: u64) -> Hook {
        Hook {
            name: line.to_owned(),
            command: ["sh", "-c", line].map(str::to_owned).into(),
            config: Value::Null,
            time_max: Duration::from_secs(seconds),
            place: Place { layer: Layer::Project, source: "f".to_owned(), position: None },
        }
    }

    async fn ran(line: &str, seconds: u64) -> Result<HookAnswer> {
        let variables = [("OUTPUT_Url".to_owned(), "http://x".to_owned())];
        run(&hook(line, seconds), Path::new("."), &json!({"region": "eu-west-1"}), &variables).await
    }

    #[tokio::test]
    async fn json_goes_in_and_comes_out() {
        let answer = ran("cat; echo noted $OUTPUT_Url >&2", 9).await.expect("ran");
        assert_eq!(answer.value["region"], "eu-west-1");
        assert_eq!(answer.said, "noted http://x\n");
        assert_eq!(ran("echo plain text", 9).await.expect("ran").value, Value::Null);
    }

    #[tokio::test]
    async fn a_failure_tells_what_was_said_last() {
        let error = ran("echo first >&2; echo reason >&2; exit 3", 9).await.expect_err("failed");
        assert!(error.full().ends_with("ended with exit code 3: first\nreason"), "{}", error.full());
        assert!(ran("echo '{broken'", 9).await.expect_err("failed").full().contains("JSON that cannot be read"));
    }

    #[tokio::test]
    async fn one_that_takes_too_long_goes_with_all_it_has_started() {
        let began = Instant::now();
        let error = ran("sleep 60 & sleep 60", 1).await.expect_err("too long");
        assert!(error.full().contains("has not ended within 1 seconds"), "{}", error.full());
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}
