//! Deletes a stack, clears away what keeps it, and looks whether anything is left.

use super::case::Life;
use super::poller::Goal;
use super::{Failure, FailureKind, Phase, Site, TAG_CASE, TAG_RUN, transient};
use jqs_cfn::Result;
use jqs_stacks::delete;
use jqs_stacks::failure::{Cause, first_cause};
use jqs_stacks::stack::{self, Stack};
use jqs_stacks::watch::Watcher;

/// How often a deletion is asked for: some resources let go of others only a while after they are gone themselves.
pub const DEFAULT_DELETIONS_MAX: usize = 3;

impl Life<'_> {
    /// To the end; what fails is in the result.
    pub(super) async fn tear_down(&mut self, site: &Site) {
        self.enter(Phase::Deleting);
        let id = self.result.stack_id.clone();
        if !self.is_seen_at_rest && !self.is_still_there(site, &id).await {
            self.result.is_there = false;
            let message = "the stack was gone before its deletion: somebody else has deleted it".to_owned();
            self.fail(Failure { kind: FailureKind::Deletion, message, cause: None, hint: None });
            return;
        }
        let mut asked = 0;
        loop {
            asked += 1;
            if let Err(error) = delete::delete(&site.session, &id, false).await {
                self.fail_because(FailureKind::Deletion, &error);
                return;
            }
            if !self.run.options.waits_for_deletion {
                self.result.is_there = false;
                return;
            }
            let stack = match site.poller.ended(&id, Goal::Gone, Some(self.at)).await {
                Ok(stack) => stack,
                Err(error) => {
                    self.fail_because(FailureKind::Deletion, &error);
                    return;
                }
            };
            if stack.status == "DELETE_COMPLETE" {
                self.result.is_there = false;
                self.look_for_remains(site).await;
                return;
            }
            let cause = self.cause_of_deletion(site, &id).await;
            match self.clear_away(site, &stack).await {
                Ok(emptied) if asked < DEFAULT_DELETIONS_MAX => {
                    let passing = cause.as_ref().and_then(transient::of_deletion);
                    let why = match (emptied, passing) {
                        (0, None) if asked > 1 => None,
                        (0, None) => Some("a second try may find it gone".to_owned()),
                        (0, Some(passing)) => Some(passing.to_owned()),
                        (count, _) => Some(format!("{count} buckets of the stack were not empty")),
                    };
                    let Some(why) = why else {
                        self.fail_to_delete(&stack, cause);
                        return;
                    };
                    self.retry(Phase::Deleting, why);
                    tokio::time::sleep(site.session.pace.max).await;
                }
                Ok(_) => {
                    self.fail_to_delete(&stack, cause);
                    return;
                }
                Err(error) => {
                    self.fail_because(FailureKind::Deletion, &error);
                    return;
                }
            }
        }
    }

    /// A run that is joined in the middle of a deletion has asked for that itself.
    async fn is_still_there(&self, site: &Site, id: &str) -> bool {
        match stack::find(&site.session, id).await {
            Ok(Some(stack)) => stack.status != "DELETE_COMPLETE" || self.joins,
            Ok(None) => self.joins,
            Err(_) => true,
        }
    }

    fn fail_to_delete(&mut self, stack: &Stack, cause: Option<Cause>) {
        let hint = format!("`jqs test clean --run {}` tries again", self.run.options.run);
        self.fail(Failure {
            kind: FailureKind::Deletion,
            message: format!("the stack is {}", stack.status),
            cause,
            hint: Some(hint),
        });
    }

    async fn cause_of_deletion(&self, site: &Site, id: &str) -> Option<Cause> {
        let events = Watcher::record(&site.session, id).await.ok()?;
        first_cause(id, &events)
    }

    /// Empties the buckets that keep the stack; those are the run's own, by their tag.
    async fn clear_away(&self, site: &Site, stack: &Stack) -> Result<usize> {
        let resources = stack::resources(&site.session, &stack.id).await?;
        let blocking: Vec<_> = stack::failed(&resources).cloned().collect();
        let tag = (TAG_RUN, self.run.options.run.as_str());
        Ok(delete::empty_buckets(&site.session, &blocking, tag).await?.len())
    }

    async fn look_for_remains(&mut self, site: &Site) {
        let tag = self.tags[TAG_CASE].clone();
        match site.leftovers.of(&site.session, &site.query, &tag).await {
            Ok(found) if found.is_empty() => {}
            Ok(found) => {
                let shown: Vec<&str> = found.iter().map(String::as_str).collect();
                self.fail(Failure {
                    kind: FailureKind::Leak,
                    message: format!("the stack is gone and has left {}", shown.join(", ")),
                    cause: None,
                    hint: Some(format!(
                        "its template keeps it by `DeletionPolicy`, or it was made beside the stack; `jqs test clean --run {}` removes buckets",
                        self.run.options.run
                    )),
                });
                self.result.remains = found;
            }
            Err(why) => {
                self.run.sites.note(format!(
                    "whether `{}` has left anything could not be checked: {why}",
                    self.result.stack_name
                ));
            }
        }
    }
}
