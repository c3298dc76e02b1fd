//! One stack of the tree: what is known of it, and when it is to be looked at again. Where nothing can have happened there is
//! no look; where something is expected soon it comes soon.

use super::event::StackEvent;
use crate::pace::Pace;
use crate::typical;
use jiff::Timestamp;
use jqs_cfn::template::NESTED_STACK;
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;
use tokio::time::Instant;

/// A stack that only waits for stacks in it has no news before they have: it is looked at after so many longest pauses, to be
/// sure. The stack at the top never waits so long, for somebody may cancel what goes on.
const DEFAULT_WAITING_PAUSES: u32 = 4;
/// Looks without news after which nothing else is about to begin.
const QUIET_LOOKS: u32 = 2;
/// So many looks before something is expected: the nearer it is, the closer they follow each other.
const LOOKS_AHEAD: u32 = 3;

pub(super) struct Watched {
    pub(super) id: String,
    pub(super) path: Vec<String>,
    pub(super) seen: HashSet<String>,
    /// The time of its newest event.
    pub(super) newest: Option<Timestamp>,
    /// It says that nothing goes on in it any more.
    pub(super) is_over: bool,
    /// Its parent says so.
    ends: bool,
    /// What goes on in it, by logical id.
    open: BTreeMap<String, Open>,
    /// Looks in a row that brought nothing.
    quiet: u32,
    pub(super) due: Instant,
}

/// A resource that something is done to.
struct Open {
    /// A stack of which the id is known, so that there are looks at it.
    is_watched: bool,
    typical: Duration,
    since: Instant,
}

impl Watched {
    pub(super) fn new(id: &str, path: &[String]) -> Self {
        Self {
            id: id.to_owned(),
            path: path.to_vec(),
            seen: HashSet::new(),
            newest: None,
            is_over: false,
            ends: false,
            open: BTreeMap::new(),
            quiet: 0,
            due: Instant::now(),
        }
    }

    /// Something may have happened: look at once.
    pub(super) fn wake(&mut self) {
        self.quiet = 0;
        self.due = Instant::now();
    }

    /// It begins, or goes on after it seemed to be over.
    pub(super) fn reopen(&mut self) {
        (self.is_over, self.ends) = (false, false);
        self.wake();
    }

    /// Its parent says that it is over: one more look, and that is believed.
    pub(super) fn end(&mut self) {
        self.ends = true;
        self.wake();
    }

    pub(super) fn take(&mut self, event: &StackEvent, now: Instant) {
        self.seen.insert(event.id.clone());
        self.newest = self.newest.max(Some(event.time));
        if event.is_stack_itself() {
            return;
        }
        if !event.goes_on() {
            self.open.remove(&event.logical_id);
            return;
        }
        let typical = typical::seconds_in(&event.kind, &event.status).map_or(Duration::ZERO, Duration::from_secs);
        let open = Open { is_watched: false, typical, since: now };
        let open = self.open.entry(event.logical_id.clone()).or_insert(open);
        open.is_watched |= event.kind == NESTED_STACK && !event.physical_id.is_empty();
    }

    /// After a look that brought so many events.
    pub(super) fn looked(&mut self, events: usize) {
        self.quiet = if events > 0 { 0 } else { self.quiet.saturating_add(1) };
        self.is_over |= self.ends && events == 0;
    }

    /// All that goes on in it are stacks, of which there are looks of their own.
    pub(super) fn waits(&self) -> bool {
        self.quiet >= QUIET_LOOKS && !self.open.is_empty() && self.open.values().all(|open| open.is_watched)
    }

    /// How long to leave it alone, when so many stacks share what may be asked.
    pub(super) fn pause(&self, pace: Pace, active: u32, now: Instant) -> Duration {
        let least = pace.min.saturating_mul(active).min(pace.max);
        if self.waits() {
            return if self.path.is_empty() { pace.max } else { pace.max * DEFAULT_WAITING_PAUSES };
        }
        let resources = self.open.values().filter(|open| !open.is_watched);
        let expected = resources.map(|open| open.typical.abs_diff(now - open.since)).min();
        let pause = match expected {
            Some(expected) => expected / LOOKS_AHEAD,
            None => (0..self.quiet.min(QUIET_LOOKS * 4)).fold(least, |pause, _| pace.slower(pause)),
        };
        pause.clamp(least, pace.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(logical: &str, kind: &str, status: &str) -> StackEvent {
        StackEvent {
            id: format!("{logical}-{status}"),
            time: Timestamp::UNIX_EPOCH,
            sequence: 0,
            stack_id: "stack".to_owned(),
            path: vec![logical.to_owned()],
            logical_id: logical.to_owned(),
            physical_id: format!("id-{logical}"),
            kind: kind.to_owned(),
            status: status.to_owned(),
            detail: None,
            reason: None,
        }
    }

    fn with(kind: &str, path: &[&str], now: Instant) -> Watched {
        let path: Vec<String> = path.iter().map(|name| name.to_string()).collect();
        let mut watched = Watched::new("stack", &path);
        watched.take(&event("One", kind, "CREATE_IN_PROGRESS"), now);
        watched
    }

    #[test]
    fn looks_come_closer_to_when_something_is_expected() {
        let (pace, now) = (Pace::default(), Instant::now());
        let service = with("AWS::ECS::Service", &["Jaeger"], now);
        let after = |seconds| service.pause(pace, 2, now + Duration::from_secs(seconds)).as_millis();
        assert_eq!([0, 60, 90, 105, 110].map(after), [8_000, 8_000, 8_000, 5_000, 3_333]);
        assert_eq!(after(120), 1_400, "when it is expected, as often as two stacks may be asked for");
        assert_eq!(after(720), 8_000, "ten minutes late");
    }

    #[test]
    fn no_look_is_later_than_the_longest_pause_unless_nothing_can_have_happened() {
        let pace = Pace::default();
        for active in [1, 5, 40] {
            for kind in ["AWS::OpenSearchService::Domain", "AWS::EC2::Subnet", "Custom::Any"] {
                let mut now = Instant::now();
                let mut watched = with(kind, &["Jaeger"], now);
                for _ in 0..50 {
                    let pause = watched.pause(pace, active, now);
                    assert!(pause <= pace.max && pause >= pace.min, "{kind} {active} {pause:?}");
                    now += pause;
                    watched.looked(0);
                }
            }
        }
        let now = Instant::now();
        for (path, pauses) in [(&[][..], 1), (&["Jaeger"], DEFAULT_WAITING_PAUSES)] {
            let mut parent = with(NESTED_STACK, path, now);
            assert!(!parent.waits(), "something else may be about to begin");
            let mut unnamed = Watched::new("stack", &[]);
            let begins = StackEvent { physical_id: String::new(), ..event("One", NESTED_STACK, "CREATE_IN_PROGRESS") };
            unnamed.take(&begins, now);
            (0..9).for_each(|_| unnamed.looked(0));
            assert!(!unnamed.waits(), "there are no looks at a stack without an id");
            (0..QUIET_LOOKS).for_each(|_| parent.looked(0));
            assert!(parent.waits());
            assert_eq!(parent.pause(pace, 4, now), pace.max * pauses);
            parent.wake();
            assert!(parent.pause(pace, 4, now) < pace.max, "what it waited for has ended");
            parent.take(&event("Two", "AWS::IAM::Role", "CREATE_IN_PROGRESS"), now);
            (0..9).for_each(|_| parent.looked(0));
            assert!(!parent.waits(), "a resource of its own goes on");
        }
    }

    #[test]
    fn many_stacks_share_what_one_may_ask() {
        let (pace, now) = (Pace::default(), Instant::now());
        let watched = with("AWS::EC2::Subnet", &["Jaeger"], now);
        let soon = now + Duration::from_secs(5);
        for stacks in [1, 6, 12] {
            let calls = 60.0 / watched.pause(pace, stacks, soon).as_secs_f64() * f64::from(stacks);
            assert!(calls <= 90.1, "{calls} a minute for {stacks}");
        }
    }
}
