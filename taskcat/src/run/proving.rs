//! Whether a stack that is up is as it should be, what it is made of, and what it costs.

use super::assertion::{self, Subject};
use super::case::Life;
use super::{Failure, FailureKind, Needs, Phase, Site, expense, hook, quota};
use crate::pseudo;
use jiff::Timestamp;
use jqs_stacks::stack::Stack;
use serde_json::Value;
use std::collections::BTreeMap;

impl Life<'_> {
    pub(super) async fn prove(&mut self, site: &Site, stack: Stack) {
        self.enter(Phase::Asserting);
        let case = self.case().clone();
        self.is_seen_at_rest = case.test.assertions.is_empty() && case.test.after.is_empty();
        let scene = self.scene(site, self.bucket.as_ref().map(|bucket| bucket.name.clone()));
        let mut updates = BTreeMap::new();
        for update in &case.test.assertions.updates {
            match pseudo::resolve(&scene, &update.parameters, &site.lookup).await {
                Ok(values) => drop(updates.insert(update.name.clone(), values)),
                Err(error) => self.fail_because(FailureKind::Assertion, &error),
            }
        }
        let outputs = stack.outputs.clone();
        let input = self.input_of(site, Value::Null, &self.result.parameters, &outputs);
        let secrets = outputs.iter().filter(|(_, value)| self.is_secret(value)).map(|(key, _)| key.clone());
        let mut subject = Subject {
            site,
            root: &self.run.matrix.config.root,
            secrets: secrets.collect(),
            tags: self.tags.clone(),
            input,
            updates,
            stack,
        };
        let checked = self.uncut(assertion::check(&mut subject, &case.test.assertions)).await;
        match checked {
            Ok(results) => {
                for missed in results.iter().filter(|result| !result.is_met) {
                    let message = format!("{}: {}", missed.name, missed.said);
                    self.fail(Failure { kind: FailureKind::Assertion, message, cause: None, hint: None });
                }
                self.result.assertions = results;
            }
            Err(cut) => return self.cut(cut),
        }
        for after in &case.test.after {
            let input = self.input(site, after, &self.result.parameters, &outputs);
            let variables = assertion::variables(&subject);
            match self.uncut(hook::run(after, &self.run.matrix.config.root, &input, &variables)).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => self.fail_because(FailureKind::Assertion, &error),
                Err(cut) => return self.cut(cut),
            }
        }
    }

    /// What the stack will be made of, and what the account has room for.
    pub(super) async fn needs(&self, site: &Site) -> Needs {
        let case = self.case();
        let Some(tree) = self.run.trees.get(&case.test.name) else { return Needs::new() };
        let offline = pseudo::Offline { region: case.region.clone() };
        let scene = self.scene(site, Some("bucket".to_owned()));
        let known = pseudo::resolve(&scene, &case.test.parameters, &offline).await.unwrap_or_default();
        let Some(stack) = expense::resolved(tree, &case.region, &known) else { return Needs::new() };
        let needs = expense::needs(&stack);
        let room = site.room.get_or_init(|| quota::room(site, &needs)).await;
        self.run.turns.set_room(&site.identity.account, &site.identity.region, room.clone());
        needs
    }

    pub(super) fn price(&mut self) {
        let (case, Some(since)) = (self.case(), self.up_since) else { return };
        let Some(tree) = self.run.trees.get(&case.test.name) else { return };
        let stack = expense::resolved(tree, &case.region, &self.result.parameters);
        let hourly = stack.and_then(|stack| expense::hourly(&stack, &case.region));
        let hours = Timestamp::now().duration_since(since).as_secs_f64() / 3_600.0;
        self.result.cost = hourly.map(|sum| sum * hours);
    }
}
