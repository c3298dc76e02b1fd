//! Asking before something is changed.

use crate::context::Context;
use jqs_cfn::{Error, ErrorKind, Result};
use std::io::Write;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Approval {
    Given,
    Refused,
}

/// Asks on a terminal; elsewhere only `--yes` will do, and without it this is an error.
pub(crate) async fn ask(context: &Context, question: &str, yes: bool) -> Result<Approval> {
    if yes {
        return Ok(Approval::Given);
    }
    if !context.settings.can_ask {
        return Err(Error::new(ErrorKind::Refused, "nobody can be asked: this is not a terminal")
            .hint("look at the plan above and run the command again with `--yes`"));
    }
    let _ = write!(std::io::stderr(), "{question} [y/N] ");
    let _ = std::io::stderr().flush();
    tokio::select! {
        answer = read_line() => Ok(if is_yes(&answer) { Approval::Given } else { Approval::Refused }),
        () = context.interrupt.raised() => {
            context.printer.note("");
            Ok(Approval::Refused)
        }
    }
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

/// A thread of its own, and not the runtime's: nothing may wait for it when the program ends.
async fn read_line() -> String {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = std::io::stdin().read_line(&mut line);
        let _ = sender.send(line);
    });
    receiver.await.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_a_plain_yes_is_a_yes() {
        assert!(super::is_yes("y\n") && super::is_yes(" YES \n"));
        assert!(!super::is_yes("\n") && !super::is_yes("yep\n") && !super::is_yes(""));
    }
}
