//! For people: each finding with its line, underlined.

use super::Report;
use console::{Style, measure_text_width};
use jqs_cfn::diagnostic::{Diagnostic, Severity};

/// Characters of a line that are shown; a longer one is cut around its fault.
pub(crate) const DEFAULT_LINE_CHARACTERS_MAX: usize = 120;
/// Characters that are shown before the fault of a long line.
const CONTEXT_CHARACTERS: usize = 30;

pub(super) fn render(report: &Report<'_>) -> String {
    let mut text = String::new();
    for one in report.diagnostics {
        text.push_str(&finding(report, one));
        text.push('\n');
    }
    text + &summary(report)
}

fn finding(report: &Report<'_>, one: &Diagnostic) -> String {
    let bold = Style::new().bold();
    let frame = Style::new().blue().bold();
    let color = match one.severity {
        Severity::Error => Style::new().red().bold(),
        Severity::Warning => Style::new().yellow().bold(),
        Severity::Info => Style::new().cyan().bold(),
    };
    let place = one.span.start;
    let number = place.line.to_string();
    let margin = " ".repeat(number.len());
    let head = color.apply_to(format!("{}[{}]", one.severity, one.rule));
    let mut text = format!("{head}{}\n", bold.apply_to(format!(": {}", one.message)));
    let arrow = frame.apply_to("-->");
    text.push_str(&format!("{margin}{arrow} {}:{}:{}\n", one.file, place.line, place.column));
    let line = report.files.get(&one.file).and_then(|text| text.lines().nth(place.line as usize - 1));
    if let Some(line) = line {
        let (shown, before, width) = excerpt(line, one);
        let bar = frame.apply_to("|");
        text.push_str(&format!("{margin} {bar}\n"));
        text.push_str(format!("{} {bar} {shown}", frame.apply_to(&number)).trim_end());
        let carets = color.apply_to("^".repeat(width));
        text.push_str(&format!("\n{margin} {bar} {}{carets}\n", " ".repeat(before)));
    }
    for (at, hint) in one.hint.iter().flat_map(|hint| hint.lines()).enumerate() {
        let label = if at == 0 { "= hint:" } else { "       " };
        text.push_str(&format!("{margin} {} {hint}\n", frame.apply_to(label)));
    }
    text
}

/// The line as it is shown, the columns before the fault, and how wide it is.
fn excerpt(line: &str, one: &Diagnostic) -> (String, usize, usize) {
    let characters: Vec<char> = line.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let start = (one.span.start.column as usize - 1).min(characters.len());
    let end = match one.span.end.line == one.span.start.line {
        true => (one.span.end.column as usize).saturating_sub(1).clamp(start, characters.len()),
        false => characters.len(),
    };
    let first = match characters.len() > DEFAULT_LINE_CHARACTERS_MAX {
        true => start.saturating_sub(CONTEXT_CHARACTERS),
        false => 0,
    };
    let last = characters.len().min(first + DEFAULT_LINE_CHARACTERS_MAX);
    let text = |from: usize, to: usize| characters[from.min(to)..to].iter().collect::<String>();
    let lead = if first > 0 { "…" } else { "" };
    let tail = if last < characters.len() { "…" } else { "" };
    let before = measure_text_width(&format!("{lead}{}", text(first, start)));
    let width = measure_text_width(&text(start, end.min(last))).max(1);
    (format!("{lead}{}{tail}", text(first, last)), before, width)
}

fn summary(report: &Report<'_>) -> String {
    let plural = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    let files = plural(report.files.len(), "file");
    let counts = Severity::ALL.iter().rev().map(|severity| (report.count(*severity), severity));
    let counts: Vec<String> = counts
        .filter(|(count, _)| *count > 0)
        // "1 info" has no plural.
        .map(|(count, severity)| match severity {
            Severity::Info => format!("{count} info"),
            _ => plural(count, severity.name()),
        })
        .collect();
    if counts.is_empty() { format!("no findings in {files}") } else { format!("{} in {files}", counts.join(", ")) }
}
