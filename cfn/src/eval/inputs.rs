//! What an evaluation needs and the templates do not say.

use crate::region;
use crate::template::Parameter;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Asked only for what an evaluation comes to need, so that whoever enumerates cases sees which inputs bear on a result.
pub trait Inputs {
    /// The value of a parameter of the outermost template; nothing for its default.
    fn parameter(&self, parameter: &Parameter) -> Option<Arc<str>>;

    fn region(&self) -> Arc<str>;

    /// Whether somebody has given a parameter of the outermost template its value: it is not tried with others.
    fn is_given(&self, _parameter: &str) -> bool {
        true
    }

    /// Nothing where the account is not known.
    fn account(&self) -> Option<Arc<str>> {
        None
    }

    /// The name of the outermost stack.
    fn stack_name(&self) -> Arc<str> {
        DEFAULT_STACK_NAME.into()
    }

    /// Answers a comparison that the templates leave open, such as an output of another stack with a text.
    fn decide(&self, _question: &str) -> bool {
        false
    }
}

pub const DEFAULT_STACK_NAME: &str = "jaeger";

/// One case, given beforehand.
#[derive(Debug, Clone)]
pub struct Given {
    pub parameters: BTreeMap<String, String>,
    pub region: String,
    pub account: Option<String>,
    pub stack_name: String,
}

impl Given {
    pub fn new(region: &str) -> Self {
        Self {
            parameters: BTreeMap::new(),
            region: region.to_owned(),
            account: None,
            stack_name: DEFAULT_STACK_NAME.to_owned(),
        }
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.parameters.insert(name.to_owned(), value.to_owned());
        self
    }
}

impl Inputs for Given {
    fn parameter(&self, parameter: &Parameter) -> Option<Arc<str>> {
        self.parameters.get(&parameter.name).map(|value| value.as_str().into())
    }

    fn region(&self) -> Arc<str> {
        self.region.as_str().into()
    }

    fn account(&self) -> Option<Arc<str>> {
        self.account.as_deref().map(Arc::from)
    }

    fn stack_name(&self) -> Arc<str> {
        self.stack_name.as_str().into()
    }
}

/// The names of a region's zones as most accounts see them. Accounts differ: what counts is how many there are.
pub(super) fn zones(region: &str) -> Vec<String> {
    region::zones(region).chars().map(|letter| format!("{region}{letter}")).collect()
}
