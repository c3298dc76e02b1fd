//! What deleted stacks of a region have left, looked for by few calls: cases that ask at the same time share one.

use super::TAG_CASE;
use jqs_stacks::Session;
use jqs_stacks::query::Query;
use jqs_stacks::remains::{self, VALUES_MAX};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// How long the first waits for others. Stacks that one look of the poller has found gone ask at the same time.
const DEFAULT_GATHERING: Duration = Duration::from_millis(50);

/// The ARNs, or why they cannot be told.
type Answer = Result<Vec<String>, String>;

#[derive(Default)]
pub(super) struct Leftovers {
    waiting: Mutex<Vec<(String, oneshot::Sender<Answer>)>>,
    looking: tokio::sync::Mutex<()>,
}

impl Leftovers {
    /// Of the case that has this value of its tag.
    pub(super) async fn of(&self, session: &Session, query: &Query, case: &str) -> Answer {
        remains::settled(session.pace, || self.look(session, query, case)).await
    }

    async fn look(&self, session: &Session, query: &Query, case: &str) -> Answer {
        let (answer, mut answered) = oneshot::channel();
        self.change(|waiting| waiting.push((case.to_owned(), answer)));
        let turn = self.looking.lock().await;
        if let Ok(answer) = answered.try_recv() {
            return answer;
        }
        tokio::time::sleep(DEFAULT_GATHERING).await;
        // Whoever has the turn is among the first: those before it have been answered.
        let asking = self.change(|waiting| waiting.drain(..waiting.len().min(VALUES_MAX)).collect::<Vec<_>>());
        let cases: Vec<&str> = asking.iter().map(|(case, _)| case.as_str()).collect();
        let found = remains::look(session, query, TAG_CASE, &cases, &|_| false).await;
        let found = found.map_err(|refusal| refusal.error.full()).map(by_case);
        for (case, answer) in asking {
            let own = found.clone().map(|mut found| found.remove(&case).unwrap_or_default());
            let _ = answer.send(own);
        }
        drop(turn);
        answered.await.unwrap_or_else(|_| Err("looking for it ended early".to_owned()))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Vec<(String, oneshot::Sender<Answer>)>) -> T) -> T {
        change(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn by_case(found: Vec<(String, String)>) -> HashMap<String, Vec<String>> {
    let mut all: HashMap<String, Vec<String>> = HashMap::new();
    for (case, arn) in found {
        all.entry(case).or_default().push(arn);
    }
    all
}
