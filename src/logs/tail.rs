//! Following logs: nothing is told twice, and nothing that comes a little late is missed. Every look reads again what is
//! younger than a while, and leaves out what it has seen.

use super::{Line, Logs, Source, Wanted, in_order};
use jiff::{SignedDuration, Timestamp};
use jqs_cfn::Result;
use std::collections::BTreeSet;

/// How much later than others a line may turn up.
pub(crate) const DEFAULT_LATENESS_SECONDS: i64 = 300;
/// How far back a log is read again of which nothing has come yet.
pub(crate) const DEFAULT_SILENCE_SECONDS: i64 = 3_600;
/// Lines of one source that are remembered; where there are more, late ones are looked for in a shorter while.
pub(crate) const DEFAULT_SEEN_MAX: usize = 50_000;

pub(crate) struct Tail<'a> {
    logs: Logs<'a>,
    cursors: Vec<Cursor>,
    wanted: Wanted,
    /// Lines that were read and not told yet: a look that breaks off in the middle must not lose them.
    untold: Vec<Line>,
}

impl<'a> Tail<'a> {
    pub(crate) fn new(logs: Logs<'a>, sources: Vec<Source>, wanted: Wanted) -> Self {
        let cursors = sources.into_iter().map(|source| Cursor::new(source, wanted.since)).collect();
        Self { logs, cursors, wanted, untold: Vec::new() }
    }

    /// What has come since the last look, in the order of time.
    pub(crate) async fn look(&mut self) -> Result<Vec<Line>> {
        for cursor in &mut self.cursors {
            let wanted = Wanted { since: cursor.from, ..self.wanted.clone() };
            let mut read = Vec::new();
            self.logs.read(&cursor.source, &wanted, |line| read.push(line)).await?;
            self.untold.extend(cursor.fresh(read, Timestamp::now()));
        }
        let mut lines = std::mem::take(&mut self.untold);
        in_order(&mut lines);
        Ok(lines)
    }
}

struct Cursor {
    source: Source,
    /// Where the next look begins.
    from: Timestamp,
    seen: BTreeSet<(Timestamp, String)>,
}

impl Cursor {
    fn new(source: Source, from: Timestamp) -> Self {
        Self { source, from, seen: BTreeSet::new() }
    }

    /// Those of the lines that are new; moves on.
    fn fresh(&mut self, read: Vec<Line>, now: Timestamp) -> Vec<Line> {
        let fresh = read.into_iter().filter(|line| self.seen.insert((line.time, line.id.clone()))).collect();
        let ago = |seconds| SignedDuration::from_secs(seconds);
        let from = match self.seen.last() {
            // A clock that is ahead must not hide what others write.
            Some((newest, _)) => *newest.min(&now) - ago(DEFAULT_LATENESS_SECONDS),
            None => now - ago(DEFAULT_SILENCE_SECONDS),
        };
        self.move_to(from);
        while self.seen.len() > DEFAULT_SEEN_MAX {
            let Some((oldest, _)) = self.seen.first() else { break };
            self.move_to(*oldest + SignedDuration::from_millis(1));
        }
        fresh
    }

    /// What lies before is never read again, and need not be remembered.
    fn move_to(&mut self, from: Timestamp) {
        if from > self.from {
            self.from = from;
            self.seen = self.seen.split_off(&(from, String::new()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(second: i64, id: &str) -> Line {
        let time = Timestamp::from_second(second).expect("a small number");
        let text = || String::new();
        Line {
            time,
            service: text(),
            task: text(),
            group: text(),
            stream: text(),
            message: text(),
            origin: text(),
            id: id.to_owned(),
        }
    }

    fn cursor() -> Cursor {
        Cursor::new(Source::default(), Timestamp::UNIX_EPOCH)
    }

    fn ids(lines: &[Line]) -> Vec<&str> {
        lines.iter().map(|line| line.id.as_str()).collect()
    }

    #[test]
    fn a_late_line_is_told_once_and_no_other_twice() {
        let (mut cursor, now) = (cursor(), Timestamp::from_second(10_000).expect("a small number"));
        assert_eq!(ids(&cursor.fresh(vec![line(9_900, "a"), line(9_990, "b")], now)), ["a", "b"]);
        assert_eq!(cursor.from.as_second(), 9_990 - DEFAULT_LATENESS_SECONDS);
        let again = vec![line(9_900, "a"), line(9_950, "late"), line(9_990, "b"), line(9_990, "same time")];
        assert_eq!(ids(&cursor.fresh(again, now)), ["late", "same time"]);
        assert!(cursor.fresh(vec![line(9_950, "late")], now).is_empty());
    }

    #[test]
    fn a_clock_that_is_ahead_hides_nothing() {
        let (mut cursor, now) = (cursor(), Timestamp::from_second(10_000).expect("a small number"));
        cursor.fresh(vec![line(90_000, "ahead")], now);
        assert_eq!(cursor.from.as_second(), 10_000 - DEFAULT_LATENESS_SECONDS);
        assert_eq!(ids(&cursor.fresh(vec![line(9_999, "others"), line(90_000, "ahead")], now)), ["others"]);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (mut cursor, now) = (cursor(), Timestamp::from_second(10_000).expect("a small number"));
        let many = (0..DEFAULT_SEEN_MAX + 10).map(|number| line(9_900 + i64::from(number > 9), &number.to_string()));
        let many: Vec<Line> = many.collect();
        cursor.fresh(many.clone(), now);
        assert_eq!((cursor.seen.len(), cursor.from.as_second()), (DEFAULT_SEEN_MAX, 9_900));
        let again = many.into_iter().filter(|line| line.time >= cursor.from).collect();
        assert!(cursor.fresh(again, now).is_empty(), "nothing is told twice");
    }
}
