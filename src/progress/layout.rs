//! How the rows of the live tree stand side by side: name, state and time first and in columns, so that a narrow terminal cuts
//! what matters least. What is said of a failure is wrapped below it.

use crate::paragraph::wrap;
use crate::printer::paint;
use console::{Alignment, Style, measure_text_width, pad_str, truncate_str};

/// Of what is said of a failure, while others go on.
const DEFAULT_REASON_LINES_MAX: usize = 2;
/// A name is not cut below this.
const NAME_COLUMNS_MIN: usize = 12;
/// Less of the rest says nothing.
const REST_COLUMNS_MIN: usize = 4;
const GAP: &str = "  ";

#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) depth: usize,
    pub(super) sign: String,
    pub(super) name: String,
    pub(super) status: String,
    pub(super) style: Style,
    pub(super) time: String,
    /// What may be cut: counts, that it is late or the slowest, the type.
    pub(super) rest: String,
    pub(super) reason: Option<String>,
    /// The name stands out.
    pub(super) is_decisive: bool,
    pub(super) rank: Rank,
}

/// What gives way first, when the screen is too small for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Rank {
    Over,
    #[default]
    GoesOn,
    Late,
    Decisive,
    Failed,
    Root,
}

/// The lines for a screen of that size; without a height all of them, and in full.
pub(super) fn lines(mut rows: Vec<Row>, width: usize, height: Option<usize>) -> Vec<String> {
    let reason_lines = height.map_or(usize::MAX, |_| DEFAULT_REASON_LINES_MAX);
    let mut hidden = 0;
    while let Some(height) =
        height.filter(|height| lines_of(&rows, width, reason_lines) + usize::from(hidden > 0) > *height)
        && rows.len() > 1
    {
        debug_assert!(height > 0, "a screen has lines");
        let least = rows.iter().map(|row| row.rank).min().unwrap_or_default();
        if let Some(last) = rows.iter().rposition(|row| row.rank == least) {
            rows.remove(last);
        }
        hidden += 1;
    }
    let columns = Columns::of(&rows, width);
    let mut lines: Vec<String> = rows.iter().flat_map(|row| columns.lines(row, width, reason_lines)).collect();
    if hidden > 0 {
        lines.push(format!("  … and {hidden} more"));
    }
    lines
}

fn lines_of(rows: &[Row], width: usize, reason_lines: usize) -> usize {
    rows.iter().map(|row| 1 + row.reason_lines(width, reason_lines).len()).sum()
}

impl Row {
    fn indent(&self) -> usize {
        self.depth * 2 + 2
    }

    fn reason_lines(&self, width: usize, most: usize) -> Vec<String> {
        let Some(reason) = &self.reason else { return Vec::new() };
        let indent = " ".repeat(self.indent());
        let mut lines = wrap(reason, width.saturating_sub(indent.len()));
        if lines.len() > most {
            lines.truncate(most);
            if let Some(last) = lines.last_mut() {
                last.push('…');
            }
        }
        // Where the screen is drawn again, every line is one.
        let most = if most == usize::MAX { most } else { width };
        lines.iter().map(|line| truncate_str(&format!("{indent}{line}"), most, "…").into_owned()).collect()
    }
}

struct Columns {
    name: usize,
    status: usize,
    time: usize,
}

impl Columns {
    fn of(rows: &[Row], width: usize) -> Self {
        let most = |of: fn(&Row) -> usize| rows.iter().map(of).max().unwrap_or_default();
        let status = most(|row| row.status.chars().count());
        let time = most(|row| row.time.chars().count());
        let room = width.saturating_sub(status + time + 2 * GAP.len()).max(NAME_COLUMNS_MIN);
        Self { name: most(|row| row.indent() + row.name.chars().count()).min(room), status, time }
    }

    fn lines(&self, row: &Row, width: usize, reason_lines: usize) -> Vec<String> {
        let indent = "  ".repeat(row.depth);
        let name = truncate_str(&row.name, self.name.saturating_sub(row.indent()).max(1), "…");
        let name = if row.is_decisive { paint(&name, Style::new().bold()) } else { name.into_owned() };
        let name = format!("{indent}{} {name}", row.sign);
        let name = pad_str(&name, self.name, Alignment::Left, None);
        let status = paint(&row.status, row.style.clone());
        let status = pad_str(&status, self.status, Alignment::Left, None);
        let time = pad_str(&row.time, self.time, Alignment::Left, None);
        let mut line = [name, status, time].join(GAP);
        let room = width.saturating_sub(measure_text_width(&line) + GAP.len());
        if room >= REST_COLUMNS_MIN {
            line.push_str(GAP);
            line.push_str(&truncate_str(&row.rest, room, "…"));
        }
        let line = truncate_str(line.trim_end(), width, "…").into_owned();
        std::iter::once(line).chain(row.reason_lines(width, reason_lines)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, rank: Rank, reason: Option<&str>) -> Row {
        Row {
            depth: 1,
            sign: "⠋".to_owned(),
            name: name.to_owned(),
            status: "CREATE_IN_PROGRESS".to_owned(),
            time: "1m 05s of ~2m".to_owned(),
            rest: "slowest  AWS::ElasticLoadBalancingV2::LoadBalancer".to_owned(),
            reason: reason.map(str::to_owned),
            rank,
            ..Row::default()
        }
    }

    #[test]
    fn at_every_width_name_state_and_time_come_first() {
        console::set_colors_enabled_stderr(false);
        for width in [60, 76, 116] {
            let all = lines(
                vec![row("Service", Rank::GoesOn, None), row(&"Long".repeat(20), Rank::GoesOn, None)],
                width,
                None,
            );
            assert!(all.iter().all(|line| line.chars().count() <= width), "{all:#?}");
            assert!(all.iter().all(|line| line.contains("CREATE_IN_PROGRESS  1m 05s of ~2m")), "{all:#?}");
            assert!(all[0].starts_with("  ⠋ Service ") && all[1].starts_with("  ⠋ LongLong"), "{all:#?}");
        }
    }

    #[test]
    fn a_reason_is_wrapped_and_shortened_only_while_others_go_on() {
        let reason = "Resource handler returned message: the maximum number of addresses has been reached. ".repeat(3);
        let full = lines(vec![row("Address", Rank::Failed, Some(&reason))], 60, None);
        assert!(full.len() > 4 && full.iter().all(|line| line.chars().count() <= 60), "{full:#?}");
        assert!(
            full[1].starts_with("    Resource handler") && full.last().is_some_and(|line| line.ends_with("reached."))
        );
        let live = lines(vec![row("Address", Rank::Failed, Some(&reason))], 60, Some(20));
        assert!(live.len() == 3 && live[2].ends_with('…'), "{live:#?}");
    }

    #[test]
    fn what_matters_least_gives_way_on_a_small_screen() {
        let rows = || {
            let mut rows = vec![row("Root", Rank::Root, None), row("Done", Rank::Over, None)];
            rows.extend((0..9).map(|number| row(&format!("Other{number}"), Rank::GoesOn, None)));
            rows.extend([row("Slow", Rank::Decisive, None), row("Bad", Rank::Failed, Some("no room"))]);
            rows
        };
        let all = lines(rows(), 76, Some(6));
        assert_eq!(all.len(), 6, "{all:#?}");
        for (line, name) in all.iter().zip(["Root", "Other0", "Slow", "Bad", "no room", "… and 9 more"]) {
            assert!(line.contains(name), "{all:#?}");
        }
        assert_eq!(lines(rows(), 76, Some(40)).len(), 14);
    }
}
