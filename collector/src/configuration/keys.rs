//! The keys of a configuration: the long flags of the program, without their dashes. Whoever adds a flag has added a key.

use std::error::Error as _;

use clap::{
    Arg, Args as _, Command,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::settings::ProcessArgs;

/// A suggestion must be at least as near as this (Jaro-Winkler, 0 to 1).
const SIMILARITY_MIN: f64 = 0.8;

pub(super) struct Keys {
    command: Command,
    /// The same, deaf to the environment.
    bare: Command,
}

impl Keys {
    pub(super) fn new() -> Self {
        let mut command = ProcessArgs::augment_args(Command::new("settings").no_binary_name(true));
        command.build();
        let bare = without_environment(ProcessArgs::augment_args(Command::new("settings").no_binary_name(true)));
        Self { command, bare }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &Arg)> {
        self.command.get_arguments().filter(|arg| arg.get_id() != "help").filter_map(|arg| Some((arg.get_long()?, arg)))
    }

    pub(super) fn get(&self, key: &str) -> Option<&Arg> {
        self.all().find(|(name, _)| *name == key).map(|(_, arg)| arg)
    }

    /// Whether the setting takes the value, by the parser that its flag has. The error says why not.
    pub(super) fn check(&self, key: &str, arg: &Arg, value: &str) -> Result<(), Refused> {
        if !arg.get_action().takes_values() && !matches!(value, "true" | "false") {
            return Err(Refused { reason: "it is `true` or `false`".into(), hint: None });
        }
        let Some(flag) = as_flag(key, arg, value) else { return Ok(()) };
        let Err(error) = self.bare.clone().try_get_matches_from([flag]) else { return Ok(()) };
        match error.kind() {
            ErrorKind::InvalidValue | ErrorKind::ValueValidation | ErrorKind::WrongNumberOfValues => {
                Err(Refused::from_error(&error, arg))
            }
            // What it needs beside it is looked at when everything is known.
            _ => Ok(()),
        }
    }

    pub(super) fn nearest(&self, key: &str) -> Option<&str> {
        // What was meant may have been written as a variable is.
        let key = key.to_ascii_lowercase().replace('_', "-");
        nearest(&key, self.all().map(|(name, _)| name))
    }
}

/// The same command with flags alone: the environment is a layer like the others.
pub fn without_environment(command: Command) -> Command {
    command.mut_args(|arg| arg.env(None::<&'static str>)).mut_subcommands(without_environment)
}

/// Why a value cannot be.
pub(super) struct Refused {
    pub(super) reason: String,
    pub(super) hint: Option<String>,
}

impl Refused {
    fn from_error(error: &clap::Error, arg: &Arg) -> Self {
        let texts = |kind| match error.get(kind) {
            Some(ContextValue::Strings(texts)) => texts.clone(),
            Some(ContextValue::String(text)) => vec![text.clone()],
            _ => Vec::new(),
        };
        let known = texts(ContextKind::ValidValue);
        let hint = texts(ContextKind::SuggestedValue).first().map(|value| format!("did you mean `{value}`?"));
        // A parser's own error may repeat the value.
        let own = error.source().map(ToString::to_string).filter(|_| !is_secret(arg));
        let reason = match own {
            Some(own) => own,
            None if known.is_empty() => "it is not of the form that this setting takes".into(),
            None => {
                format!("it is one of {}", known.iter().map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", "))
            }
        };
        Self { reason, hint }
    }
}

pub(super) fn nearest<'a>(word: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near =
        words.map(|known| (strsim::jaro_winkler(word, known), known)).filter(|(near, _)| *near >= SIMILARITY_MIN);
    near.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, known)| known)
}

pub(super) fn is_list(arg: &Arg) -> bool {
    arg.get_value_delimiter().is_some() || matches!(arg.get_action(), clap::ArgAction::Append)
}

/// What must not be printed: clap must not show it either.
pub(super) fn is_secret(arg: &Arg) -> bool {
    arg.is_hide_env_values_set()
}

/// How a value is given as a flag. A switch that is off is not given.
pub(super) fn as_flag(key: &str, arg: &Arg, value: &str) -> Option<String> {
    match (arg.get_action().takes_values(), value) {
        (true, _) => Some(format!("--{key}={value}")),
        (false, "true") => Some(format!("--{key}")),
        (false, _) => None,
    }
}
