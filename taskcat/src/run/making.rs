//! Making the stack of a case, and what its end means.

use super::case::Life;
use super::create::{self, Request};
use super::poller::Goal;
use super::{Failure, FailureKind, Phase, Site, transient};
use jiff::Timestamp;
use jqs_cfn::ErrorKind;
use jqs_stacks::failure::first_cause;
use jqs_stacks::stack::Stack;
use jqs_stacks::watch::Watcher;
use std::collections::BTreeMap;

/// What came of making the stack.
pub(super) enum Made {
    Up(Box<Stack>),
    /// A cause that passes.
    Again(String),
    No,
}

impl Life<'_> {
    /// Makes the stack, again where what kept it from that has passed.
    pub(super) async fn make(&mut self, site: &Site) -> Option<Stack> {
        let retries = self.run.matrix.config.limits.retries;
        for attempt in 0..=retries {
            self.enter(Phase::Preparing);
            let parameters = match self.uncut_prepare(site).await {
                Ok(Ok(parameters)) => parameters,
                Ok(Err(error)) => {
                    self.fail_because(FailureKind::Preparation, &error);
                    return None;
                }
                Err(cut) => {
                    self.cut(cut);
                    return None;
                }
            };
            match self.attempt(site, &parameters, attempt, attempt < retries).await {
                Made::Up(stack) => return Some(*stack),
                Made::No => return None,
                Made::Again(why) => {
                    self.retry(Phase::Creating, why);
                    self.tear_down(site).await;
                    if self.result.is_there || !self.result.failures.is_empty() {
                        return None;
                    }
                }
            }
        }
        None
    }

    async fn attempt(
        &mut self,
        site: &Site,
        values: &BTreeMap<String, String>,
        attempt: usize,
        may_retry: bool,
    ) -> Made {
        self.enter(Phase::Creating);
        self.is_seen_at_rest = false;
        let name = self.result.stack_name.clone();
        let request = Request {
            case: self.case(),
            name: &name,
            project: &self.run.matrix.config.name,
            template: &self.template,
            bucket: self.bucket.as_ref(),
            parameters: values,
            tags: &self.tags,
            token: format!("jqs-{}-{}-{attempt}", self.run.options.run, self.at),
        };
        // Not to be cut off: whether there is a stack now would not be known.
        match create::create(site, &request).await {
            Ok(id) => self.result.stack_id = id,
            Err(error) if may_retry && error.is_transient() => return Made::Again(error.full()),
            Err(error) => {
                self.fail_because(FailureKind::Creation, &error);
                return Made::No;
            }
        }
        self.result.is_there = true;
        self.up_since.get_or_insert_with(Timestamp::now);
        let id = self.result.stack_id.clone();
        match self.uncut(site.poller.ended(&id, Goal::Made, Some(self.at))).await {
            Ok(Ok(stack)) => self.judge(site, stack, may_retry).await,
            Ok(Err(error)) => {
                self.result.is_there = error.kind() != ErrorKind::NotFound;
                self.fail_because(FailureKind::Creation, &error);
                Made::No
            }
            Err(cut) => {
                self.cut(cut);
                Made::No
            }
        }
    }

    /// What the end of the creation means; why it failed is in the events of the stack and of what is nested in it.
    pub(super) async fn judge(&mut self, site: &Site, stack: Stack, may_retry: bool) -> Made {
        if stack.status.starts_with("DELETE_") {
            self.result.is_there = false;
            let message = "the stack is not there any more: somebody else has deleted it".to_owned();
            self.fail(Failure { kind: FailureKind::Creation, message, cause: None, hint: None });
            return Made::No;
        }
        self.is_seen_at_rest = true;
        let events = Watcher::record(&site.session, &stack.id).await.unwrap_or_default();
        self.log(&events);
        self.result.outputs = stack
            .outputs
            .iter()
            .map(|(key, value)| (key.clone(), if self.is_secret(value) { "****".to_owned() } else { value.clone() }))
            .collect();
        if stack.succeeded() {
            return Made::Up(Box::new(stack));
        }
        let cause = first_cause(&stack.id, &events);
        if may_retry && let Some(passing) = cause.as_ref().and_then(transient::of_creation) {
            return Made::Again(format!("{passing}: {}", cause.map(|cause| cause.reason).unwrap_or_default()));
        }
        let message = format!("the stack is {}", stack.status);
        // Where no resource tells why, the stack itself may.
        let message = match stack.reason.filter(|_| cause.is_none()) {
            Some(reason) => format!("{message}: {reason}"),
            None => message,
        };
        self.fail(Failure { kind: FailureKind::Creation, message, cause, hint: None });
        Made::No
    }

    /// An output that gives a hidden parameter away.
    pub(super) fn is_secret(&self, value: &str) -> bool {
        self.hidden.iter().any(|hidden| value.contains(hidden.as_str()))
    }
}

impl Made {
    pub(super) fn up(self) -> Option<Stack> {
        match self {
            Self::Up(stack) => Some(*stack),
            _ => None,
        }
    }
}
