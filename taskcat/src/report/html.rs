//! One page that needs nothing else: no network, no script.

use super::{explained, log_name, seconds, span, summary, verdict, word};
use crate::run::{CaseResult, PhaseTime, RunResult, Verdict};
use jiff::Timestamp;
use jqs_cfn::markup::escaped;
use std::fmt::Write as _;

const STYLE: &str = include_str!("style.css");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

pub fn html(result: &RunResult) -> String {
    let mut page = String::new();
    let title = format!("{}: {}", result.project, summary(result));
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\"><title>{}</title><style>{STYLE}</style></head><body>\n",
        escaped(&title)
    );
    head(&mut page, result);
    matrix(&mut page, result);
    timeline(&mut page, result);
    for (at, one) in result.cases.iter().enumerate() {
        case(&mut page, at, one);
    }
    page + "</body></html>\n"
}

fn head(page: &mut String, result: &RunResult) {
    let class = if result.has_passed() { "passed" } else { "failed" };
    let cost: f64 = result.cases.iter().filter_map(|case| case.cost).sum();
    let took = result.ended.duration_since(result.started).as_secs_f64();
    let _ = writeln!(
        page,
        "<header class=\"{class}\"><h1>{}</h1><p class=\"sum\">{}</p><p>{} UTC, {}; run <code>{}</code>; about {cost:.2} USD</p></header>",
        escaped(&result.project),
        escaped(&summary(result)),
        result.started.strftime("%Y-%m-%d %H:%M:%S"),
        span(took),
        escaped(&result.run),
    );
    if !result.remains.is_empty() {
        page.push_str("<section class=\"remains\"><h2>Left behind</h2><ul>");
        for what in &result.remains {
            let _ = write!(page, "<li>{}</li>", escaped(what));
        }
        let _ = writeln!(
            page,
            "</ul><p>To clear it away: <code>jqs test clean --run {}</code></p></section>",
            escaped(&result.run)
        );
    }
}

/// Tests by regions.
fn matrix(page: &mut String, result: &RunResult) {
    let mut regions: Vec<&str> = result.cases.iter().map(|case| case.region.as_str()).collect();
    regions.sort_unstable();
    regions.dedup();
    page.push_str("<section><h2>Matrix</h2><div class=\"wide\"><table class=\"matrix\"><thead><tr><th>Test</th>");
    for region in &regions {
        let _ = write!(page, "<th>{}</th>", escaped(region));
    }
    page.push_str("</tr></thead><tbody>");
    let mut tests: Vec<&str> = result.cases.iter().map(|case| case.test.as_str()).collect();
    tests.dedup();
    for test in tests {
        let _ = write!(page, "<tr><th>{}</th>", escaped(test));
        for region in &regions {
            match result.cases.iter().enumerate().find(|(_, case)| case.test == test && case.region == *region) {
                Some((at, case)) => {
                    let (class, text) = (class(case), verdict(case));
                    let _ = write!(page, "<td><a class=\"{class}\" href=\"#case-{at}\">{text}</a></td>");
                }
                None => page.push_str("<td></td>"),
            }
        }
        page.push_str("</tr>");
    }
    page.push_str("</tbody></table></div></section>\n");
}

fn class(case: &CaseResult) -> &'static str {
    match case.verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
        Verdict::Skipped => "skipped",
    }
}

/// When each case was in which phase, all on one scale.
fn timeline(page: &mut String, result: &RunResult) {
    let whole = result.ended.duration_since(result.started).as_secs_f64().max(0.001);
    let percent = |seconds: f64| (seconds / whole * 100.0).clamp(0.0, 100.0);
    page.push_str("<section><h2>Timeline</h2><p class=\"legend\"><span><i class=\"preparing\"></i>preparing</span> <span><i class=\"creating\"></i>creating</span> <span><i class=\"asserting\"></i>asserting</span> <span><i class=\"deleting\"></i>deleting</span></p><div class=\"chart\">");
    for case in &result.cases {
        let _ = write!(
            page,
            "<div class=\"row\"><span>{} <small>{}</small></span><div class=\"bar\">",
            escaped(&case.test),
            escaped(&case.region)
        );
        for phase in &case.phases {
            let from = percent(since(result.started, phase));
            let width = percent(phase.seconds).max(0.2);
            let kind = word(&phase.phase);
            let _ = write!(
                page,
                "<i class=\"{kind}\" style=\"left:{from:.2}%;width:{width:.2}%\" title=\"{kind}: {}\"></i>",
                span(phase.seconds)
            );
        }
        page.push_str("</div></div>");
    }
    page.push_str("</div></section>\n");
}

fn since(start: Timestamp, phase: &PhaseTime) -> f64 {
    phase.started.duration_since(start).as_secs_f64().max(0.0)
}

fn case(page: &mut String, at: usize, case: &CaseResult) {
    let open = if case.verdict == Verdict::Failed { " open" } else { "" };
    let _ = writeln!(
        page,
        "<details id=\"case-{at}\" class=\"case\"{open}><summary><b class=\"{}\">{}</b> {} <small>{} · {}</small></summary>",
        class(case),
        verdict(case),
        escaped(&case.test),
        escaped(&case.region),
        span(seconds(case)),
    );
    for failure in &case.failures {
        let lines: Vec<String> = explained(failure).iter().map(|line| escaped(line)).collect();
        let hint = failure.hint.as_ref().map(|hint| format!("<br><em>{}</em>", escaped(hint))).unwrap_or_default();
        let _ = write!(page, "<p class=\"failure\"><b>{}</b> {}{hint}</p>", word(&failure.kind), lines.join("<br>"));
    }
    for retry in &case.retries {
        let _ = write!(page, "<p class=\"retry\">tried again ({}): {}</p>", word(&retry.phase), escaped(&retry.cause));
    }
    let account =
        if case.account.is_empty() { String::new() } else { format!(" in account {}", escaped(&case.account)) };
    let cost = case.cost.map(|sum| format!(", about {sum:.2} USD")).unwrap_or_default();
    let _ = write!(
        page,
        "<p>Stack <code>{}</code>{account}{cost}; <a href=\"{}\">log</a></p>",
        escaped(&case.stack_name),
        escaped(&log_name(case))
    );
    let phases: Vec<String> =
        case.phases.iter().map(|phase| format!("{} {}", word(&phase.phase), span(phase.seconds))).collect();
    let _ = write!(page, "<p>{}</p>", phases.join(" · "));
    if !case.assertions.is_empty() {
        page.push_str("<h3>Assertions</h3><ul class=\"assertions\">");
        for one in &case.assertions {
            let class = if one.is_met { "passed" } else { "failed" };
            let _ =
                write!(page, "<li class=\"{class}\">{} <small>{}</small></li>", escaped(&one.name), escaped(&one.said));
        }
        page.push_str("</ul>");
    }
    pairs(page, "Outputs", case.outputs.iter());
    pairs(page, "Parameters", case.parameters.iter());
    if !case.remains.is_empty() {
        page.push_str("<h3>Left behind</h3><ul>");
        for arn in &case.remains {
            let _ = write!(page, "<li><code>{}</code></li>", escaped(arn));
        }
        page.push_str("</ul>");
    }
    page.push_str("</details>\n");
}

fn pairs<'a>(page: &mut String, title: &str, all: impl ExactSizeIterator<Item = (&'a String, &'a String)>) {
    if all.len() == 0 {
        return;
    }
    let _ = write!(page, "<h3>{title}</h3><dl>");
    for (key, value) in all {
        let _ = write!(page, "<dt>{}</dt><dd>{}</dd>", escaped(key), escaped(value));
    }
    page.push_str("</dl>");
}
