//! The chart as a page: HTML and CSS alone, no script and no network, so that it can be kept, mailed and printed.

use super::chart::{Bar, Chart, Outcome, Phase, Row};
use crate::progress::duration;
use jiff::{SignedDuration, Timestamp};
use std::fmt::Write;

const STYLE: &str = include_str!("style.css");
/// Seconds between two lines of the scale, from which the first is taken that makes few enough of them.
const STEPS: [i64; 14] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200];
const STEPS_SHOWN_MAX: i64 = 10;
/// What is shorter is not drawn in phases.
const PHASE_SECONDS_MIN: i64 = 1;

/// Where on the scale a moment is.
struct Scale {
    start: Timestamp,
    seconds: f64,
}

impl Scale {
    fn at(&self, time: Timestamp) -> f64 {
        let since = time.duration_since(self.start).as_secs_f64();
        (since / self.seconds * 100.0).clamp(0.0, 100.0)
    }

    fn place(&self, from: Timestamp, to: Timestamp) -> String {
        let (left, right) = (self.at(from), self.at(to));
        format!("left:{left:.3}%;width:{:.3}%", right - left)
    }
}

pub(super) fn page(chart: &Chart) -> String {
    let mut body = String::new();
    match (chart.span, chart.rows.first()) {
        (Some((start, end)), Some(root)) => {
            // Room to the right for what would typically have taken longer.
            let typical = chart.rows.iter().flat_map(|row| &row.bars).filter_map(typical_end).max().unwrap_or(end);
            let whole = end.duration_since(start).as_secs_f64().max(1.0);
            let seconds = typical.duration_since(start).as_secs_f64().clamp(whole, whole * 1.25);
            let scale = Scale { start, seconds };
            head(&mut body, chart, root, start, end);
            axis(&mut body, &scale);
            for row in &chart.rows {
                line(&mut body, row, &scale);
            }
            body.push_str("</div>\n");
            legend(&mut body);
        }
        _ => body.push_str("<h1>Nothing has happened yet</h1>\n"),
    }
    let title = chart.rows.first().map_or("timeline", |root| root.name.as_str());
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{}: timeline</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
        escape(title)
    )
}

fn head(body: &mut String, chart: &Chart, root: &Row, start: Timestamp, end: Timestamp) {
    let last = chart.rows.iter().rfind(|row| row.path.is_empty()).unwrap_or(root);
    let resources = || chart.rows.iter().filter(|row| !row.is_stack());
    let failed = resources().filter(|row| row.bars.iter().any(|bar| bar.outcome == Outcome::Failed)).count();
    let class = match last.status.as_str() {
        status if status.ends_with("_FAILED") || status.contains("ROLLBACK") => "bad",
        status if status.ends_with("_COMPLETE") => "good",
        _ => "open",
    };
    let name = escape(&last.name);
    let status = escape(&last.status);
    let count = resources().count();
    let failed = if failed == 0 { String::new() } else { format!(", {failed} failed") };
    let took = duration(end.duration_since(start));
    let began = start.strftime("%Y-%m-%d %H:%M:%S UTC");
    write_to(body, format_args!("<h1>{name} <span class=\"status {class}\">{status}</span></h1>\n"));
    write_to(body, format_args!("<p>{began} · {took} · {count} resources{failed}</p>\n"));
    if class == "open" {
        write_to(body, format_args!("<p>It went on when this was written.</p>\n"));
    }
    if let Some(cause) = &chart.cause {
        let name = if cause.path.is_empty() { last.name.clone() } else { cause.path.join("/") };
        let (name, kind, reason) = (escape(&name), escape(&cause.kind), escape(&cause.reason));
        write_to(body, format_args!("<p class=\"cause\"><b>{name}</b> ({kind}): {reason}</p>\n"));
    }
}

fn axis(body: &mut String, scale: &Scale) {
    let whole = scale.seconds;
    let fits = |step: &&i64| whole / **step as f64 <= STEPS_SHOWN_MAX as f64;
    let step = STEPS.iter().find(fits).copied().unwrap_or_else(|| (whole as i64 / STEPS_SHOWN_MAX / 3_600 + 1) * 3_600);
    body.push_str("<div class=\"chart\">\n<div class=\"row axis\"><div class=\"name\"></div><div class=\"track\">");
    for second in (0..).map(|number| number * step).take_while(|second| (*second as f64) < whole * 0.97) {
        let left = second as f64 / whole * 100.0;
        let text = duration(SignedDuration::from_secs(second));
        write_to(body, format_args!("<span class=\"tick\" style=\"left:{left:.3}%\">{text}</span>"));
    }
    body.push_str("</div></div>\n");
}

fn line(body: &mut String, row: &Row, scale: &Scale) {
    let is_critical = row.bars.iter().any(|bar| bar.is_critical);
    let has_failed = row.bars.iter().any(|bar| bar.outcome == Outcome::Failed);
    let class = [("stack", row.is_stack()), ("critical", is_critical), ("bad", has_failed)];
    let class: String = class.iter().filter(|(_, holds)| *holds).map(|(name, _)| format!(" {name}")).collect();
    let seconds = row.bars.iter().map(Bar::seconds).max().unwrap_or_default();
    let sign = if has_failed { "✗ " } else { "" };
    let title = escape(&format!("{}\n{}\n{}", row.path.join("/"), row.kind, row.physical_id));
    let kind = if row.is_stack() { String::new() } else { format!(" <i>{}</i>", escape(&row.kind)) };
    write_to(
        body,
        format_args!(
            "<div class=\"row{class}\"><div class=\"name\" style=\"padding-left:{:.1}em\" title=\"{title}\">\
             <span class=\"what\">{sign}<b>{}</b>{kind}</span><span class=\"took\">{}</span></div><div class=\"track\">",
            row.path.len() as f64 * 0.9 + 0.4,
            escape(&row.name),
            duration(SignedDuration::from_secs(seconds))
        ),
    );
    for bar in &row.bars {
        draw(body, bar, scale);
    }
    body.push_str("</div></div>\n");
}

fn draw(body: &mut String, bar: &Bar, scale: &Scale) {
    if let Some(end) = typical_end(bar) {
        let place = scale.place(bar.from, end);
        write_to(body, format_args!("<div class=\"ghost\" style=\"{place}\"></div>"));
    }
    let kind = match bar.phase {
        Phase::Create => "create",
        Phase::Update => "update",
        Phase::Delete => "delete",
        Phase::Rollback => "rollback",
    };
    let outcome = match bar.outcome {
        Outcome::Done => "",
        Outcome::Failed => " failed",
        Outcome::Cancelled => " cancelled",
        Outcome::GoesOn => " goes-on",
    };
    let mut title = format!("{}, {}", words(bar), duration(SignedDuration::from_secs(bar.seconds())));
    if let Some(typical) = bar.typical {
        let _ = write!(title, ", typically {}", duration(SignedDuration::from_secs(typical.cast_signed())));
    }
    let _ = write!(title, "\n{} to {}", bar.from.strftime("%H:%M:%S"), bar.to.strftime("%H:%M:%S"));
    if let Some(reason) = &bar.reason {
        let _ = write!(title, "\n{reason}");
    }
    let place = scale.place(bar.from, bar.to);
    write_to(body, format_args!("<div class=\"bar {kind}{outcome}\" style=\"{place}\" title=\"{}\">", escape(&title)));
    let whole = bar.to.duration_since(bar.from).as_secs_f64();
    let mut part = |class: &str, from: Timestamp, to: Timestamp| {
        let length = to.duration_since(from);
        if length.as_secs() >= PHASE_SECONDS_MIN && whole > 0.0 {
            let left = from.duration_since(bar.from).as_secs_f64() / whole * 100.0;
            let width = length.as_secs_f64() / whole * 100.0;
            write_to(body, format_args!("<div class=\"{class}\" style=\"left:{left:.2}%;width:{width:.2}%\"></div>"));
        }
    };
    if let Some(initiated) = bar.initiated {
        part("asked", bar.from, initiated);
    }
    if let Some(configured) = bar.configured {
        part("settles", configured, bar.to);
    }
    body.push_str("</div>");
}

fn typical_end(bar: &Bar) -> Option<Timestamp> {
    let typical = SignedDuration::from_secs(bar.typical?.cast_signed());
    bar.from.checked_add(typical).ok()
}

fn words(bar: &Bar) -> &'static str {
    match (bar.phase, bar.outcome) {
        (_, Outcome::Failed) => "failed",
        (_, Outcome::Cancelled) => "given up",
        (_, Outcome::GoesOn) => "goes on",
        (Phase::Create, _) => "created",
        (Phase::Update, _) => "updated",
        (Phase::Delete, _) => "deleted",
        (Phase::Rollback, _) => "rolled back",
    }
}

fn legend(body: &mut String) {
    body.push_str("<p class=\"legend\">");
    for (class, text) in [
        ("bar create", "created"),
        ("bar update", "updated"),
        ("bar delete", "deleted"),
        ("bar rollback", "rolled back"),
        ("bar create failed", "failed"),
        ("bar create cancelled", "given up"),
        ("bar create goes-on", "goes on"),
        ("ghost", "typical time"),
        ("mark", "decided the end"),
    ] {
        write_to(body, format_args!("<span><span class=\"{class}\"></span>{text}</span>"));
    }
    body.push_str("</p>\n<p class=\"legend\">A bar is lighter before AWS began with the resource, and hatched once it was configured and had only to settle. What decided the end is told by the times: each resource of that chain was the last to end before the next began.</p>\n");
}

/// Text for an element or a quoted attribute.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// Writing to a string cannot fail.
fn write_to(body: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = body.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::super::chart::tests::{event, failed};
    use super::*;

    #[test]
    fn the_page_stands_alone_and_text_in_it_is_escaped() {
        let page = page(&Chart::new(&failed()));
        assert!(page.contains("The &lt;limit&gt; of &quot;gateways&quot; &amp; addresses is reached"), "{page}");
        assert!(!page.contains("<limit>") && !page.contains("<script") && !page.contains("http://"));
        for text in
            ["ROLLBACK_COMPLETE", "1m 12s", "4 resources, 1 failed", "bar create failed", "class=\"ghost\"", "settles"]
        {
            assert!(page.contains(text), "{text} is not in\n{page}");
        }
        assert_eq!(page.matches("<div").count(), page.matches("</div>").count());
    }

    #[test]
    fn five_hundred_resources_fit() {
        let mut events = vec![event(0, &[], "AWS::CloudFormation::Stack", "CREATE_IN_PROGRESS")];
        for number in 0..500_i64 {
            let name = format!("Parameter{number}");
            for (second, status) in [(number, "CREATE_IN_PROGRESS"), (number + 9, "CREATE_COMPLETE")] {
                events.push(event(second, &[&name], "AWS::SSM::Parameter", status));
            }
        }
        let page = page(&Chart::new(&events));
        assert_eq!(page.matches("<div class=\"row").count(), 502);
        assert!(page.contains("It went on when this was written.") && page.len() < 1_000_000, "{}", page.len());
    }

    #[test]
    fn the_scale_has_few_lines_at_any_length() {
        for seconds in [1, 59, 600, 5_000, 40_000, 400_000] {
            let (root, leaf) = ("AWS::CloudFormation::Stack", "AWS::SSM::Parameter");
            let events = [event(0, &[], root, "CREATE_IN_PROGRESS"), event(seconds, &["One"], leaf, "CREATE_COMPLETE")];
            let ticks = page(&Chart::new(&events)).matches("class=\"tick\"").count();
            assert!((1..=11).contains(&ticks), "{ticks} for {seconds}");
        }
    }
}
