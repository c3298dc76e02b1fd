//! One poller for all stacks of a region that somebody waits for. It asks for few by their ids, and for many by going through
//! the region's list, whichever takes fewer calls; it asks seldom while nothing happens, and outlives throttling, a lost
//! network and credentials that end. Events are nobody's business here: they are read once, when a stack has ended.

use super::{Event, Events};
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::Session;
use jqs_stacks::patience::Patience;
use jqs_stacks::stack::{self, Readiness, Stack};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

/// An answer may be older than what was asked for just before: so many looks are not believed.
const STALE_LOOKS_MAX: u32 = 10;
/// In shortest pauses: no stack is made, or gone, sooner.
const DEFAULT_FIRST_PAUSES: u32 = 4;
/// Waiting for throttling to end, the pause grows up to so many longest pauses.
const DEFAULT_THROTTLED_PAUSES: u32 = 8;

/// What a stack is to come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    Made,
    Gone,
    /// It was last updated at that time before.
    Updated(Option<String>),
}

/// Dropped, it asks no more.
pub struct Poller {
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<HashMap<String, Waiting>>,
    news: Notify,
}

struct Waiting {
    goal: Goal,
    case: Option<usize>,
    status: String,
    looks: u32,
    answer: oneshot::Sender<Result<Stack, (ErrorKind, String)>>,
}

impl Poller {
    pub fn start(session: Session, events: Events) -> Self {
        let shared = Arc::<Shared>::default();
        let polling = Polling { session, events, shared: shared.clone(), pages: 1, is_lost: false };
        Self { shared, task: tokio::spawn(polling.run()) }
    }

    /// The stack, once it rests. A stack that is gone has the status `DELETE_COMPLETE`. `case` is told of each status.
    pub async fn ended(&self, stack_id: &str, goal: Goal, case: Option<usize>) -> Result<Stack> {
        let (answer, ended) = oneshot::channel();
        let waiting = Waiting { goal, case, status: String::new(), looks: 0, answer };
        self.shared.lock().insert(stack_id.to_owned(), waiting);
        self.shared.news.notify_one();
        let guard = Forget { shared: &self.shared, stack_id };
        let ended = ended.await;
        drop(guard);
        match ended {
            Ok(Ok(stack)) => Ok(stack),
            Ok(Err((kind, message))) => Err(Error::new(kind, message)),
            Err(_) => Err(Error::new(ErrorKind::Service, "watching the stacks ended early")),
        }
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Whoever stops waiting is not polled for any longer.
struct Forget<'a> {
    shared: &'a Shared,
    stack_id: &'a str,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.shared.lock().remove(self.stack_id);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Polling {
    session: Session,
    events: Events,
    shared: Arc<Shared>,
    /// Of the region's list, when it was last gone through.
    pages: usize,
    is_lost: bool,
}

impl Polling {
    async fn run(mut self) {
        let pace = self.session.pace;
        let mut pause = self.first();
        let mut patience = Patience::default();
        loop {
            if self.shared.lock().is_empty() {
                self.shared.news.notified().await;
                pause = self.first();
            }
            self.rest(&mut pause).await;
            match self.look().await {
                Ok(has_news) => {
                    patience.answered();
                    self.tell(None);
                    pause = if has_news { self.first() } else { pace.slower(pause) };
                }
                Err(error) => match patience.tolerate(&self.session, error).await {
                    Ok(loss) => {
                        self.tell(Some(loss));
                        pause = (pause * 2).min(pace.max * DEFAULT_THROTTLED_PAUSES);
                    }
                    Err(error) => self.give_up(&error),
                },
            }
        }
    }

    /// Waits for the next look, which comes sooner when somebody new waits, though not at once: more may come.
    async fn rest(&self, pause: &mut Duration) {
        let soon = Instant::now() + jittered(self.first());
        let mut until = Instant::now() + jittered(*pause);
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(until) => return,
                () = self.shared.news.notified() => {
                    *pause = self.first();
                    until = until.min(soon.max(Instant::now()));
                }
            }
        }
    }

    fn first(&self) -> Duration {
        (self.session.pace.min * DEFAULT_FIRST_PAUSES).min(self.session.pace.max)
    }

    fn tell(&mut self, loss: Option<jqs_stacks::patience::Loss>) {
        if loss.is_some() || self.is_lost {
            self.is_lost = loss.is_some();
            let _ = self.events.send(Event::Lost { region: self.session.region.clone(), loss });
        }
    }

    fn give_up(&self, error: &Error) {
        for (_, waiting) in self.shared.lock().drain() {
            let _ = waiting.answer.send(Err((error.kind(), error.full())));
        }
    }

    /// Asks for all that is waited for; tells whether anything has changed.
    async fn look(&mut self) -> Result<bool> {
        let ids: Vec<String> = self.shared.lock().keys().cloned().collect();
        let mut found: HashMap<String, Stack> = HashMap::new();
        let mut missing: Vec<&String> = ids.iter().collect();
        if ids.len() > self.pages.max(2) {
            let (stacks, pages) = stack::list_counted(&self.session).await?;
            self.pages = pages;
            found.extend(stacks.into_iter().map(|stack| (stack.id.clone(), stack)));
            missing.retain(|id| !found.contains_key(*id));
        }
        let mut has_news = false;
        // In the list there are none that are gone.
        for id in missing {
            match stack::find(&self.session, id).await? {
                Some(stack) => drop(found.insert(id.clone(), stack)),
                None => has_news |= self.is_gone(id),
            }
        }
        for id in &ids {
            if let Some(stack) = found.remove(id) {
                has_news |= self.take(id, stack);
            }
        }
        Ok(has_news)
    }

    /// AWS does not know it any more.
    fn is_gone(&self, id: &str) -> bool {
        let Some(waiting) = self.shared.lock().remove(id) else { return false };
        let answer = match waiting.goal {
            Goal::Gone => Ok(Stack { id: id.to_owned(), status: "DELETE_COMPLETE".to_owned(), ..Stack::default() }),
            _ => Err((ErrorKind::NotFound, "the stack is not there any more: somebody else has deleted it".to_owned())),
        };
        let _ = waiting.answer.send(answer);
        true
    }

    fn take(&self, id: &str, stack: Stack) -> bool {
        let mut all = self.shared.lock();
        let Some(waiting) = all.get_mut(id) else { return false };
        waiting.looks += 1;
        let has_moved = waiting.status != stack.status;
        if has_moved {
            waiting.status.clone_from(&stack.status);
            if let Some(case) = waiting.case {
                let _ = self.events.send(Event::Moved { case, status: stack.status.clone() });
            }
        }
        let rests = !matches!(stack.readiness(), Readiness::Busy | Readiness::Empty);
        let is_believed = waiting.looks > STALE_LOOKS_MAX
            || match &waiting.goal {
                Goal::Made => true,
                Goal::Gone => stack.status.starts_with("DELETE_"),
                Goal::Updated(before) => stack.updated != *before,
            };
        if rests && is_believed {
            if let Some(waiting) = all.remove(id) {
                let _ = waiting.answer.send(Ok(stack));
            }
            return true;
        }
        has_moved
    }
}

/// Up to a fifth less, so that the regions are not asked all at the same time.
fn jittered(pause: Duration) -> Duration {
    pause * rand::RngExt::random_range(&mut rand::rng(), 80..=100) / 100
}
