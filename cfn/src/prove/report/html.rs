//! For people who were not at the terminal: one page that needs nothing else.

use super::{case, grouped, place, sentence, tally};
use crate::markup::escaped;
use crate::prove::checklist::{Checklist, Entry, Verdict};
use crate::prove::{Finding, Proof};

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#d0d7de;--soft:#57606a;--error:#b42318;--warning:#9a6700;--info:#0550ae;--good:#1a7f37}
@media(prefers-color-scheme:dark){:root{--line:#30363d;--soft:#8b949e;--error:#ff7b72;--warning:#d29922;--info:#79c0ff;--good:#3fb950}}
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.15rem;margin-top:2.5rem}h3{font-size:1rem;margin-top:2rem}
article{border:1px solid var(--line);border-left-width:4px;border-radius:6px;padding:.7rem 1rem;margin:.8rem 0}
article.error{border-left-color:var(--error)}article.warning{border-left-color:var(--warning)}article.info{border-left-color:var(--info)}
article p{margin:.2rem 0}.soft{color:var(--soft)}code{font:13px ui-monospace,monospace;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line)}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}.good{color:var(--good)}.bad{color:var(--error)}
.accepted{color:var(--warning)}td ul{margin:.2rem 0;padding-left:1.1rem}td{vertical-align:top}";

pub fn html(proofs: &[Proof]) -> String {
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Proof of templates</title>\n<style>{STYLE}</style></head>\n\
         <body><h1>Proof of templates</h1>\n"
    );
    for proof in proofs {
        text.push_str(&format!("<h2>{}</h2>\n<p>{}.</p>\n", escaped(&proof.entry), escaped(&sentence(proof))));
        proof.findings.iter().for_each(|finding| article(finding, &mut text));
        table(proof, &mut text);
        proof.checklist.iter().for_each(|checklist| section(checklist, &mut text));
    }
    text + "</body></html>\n"
}

fn article(finding: &Finding, text: &mut String) {
    let check = finding.check;
    text.push_str(&format!(
        "<article class=\"{severity}\"><p><strong>{severity} {}</strong> {}</p>\n\
         <p class=\"soft\"><code>{}</code> at <code>{}</code></p>\n<p>When <code>{}</code></p>\n",
        check.id,
        escaped(&finding.problem.message),
        escaped(&finding.path),
        escaped(&place(finding)),
        escaped(&case(finding)),
        severity = if finding.accepted.is_some() { "accepted".to_owned() } else { check.severity.to_string() },
    ));
    if let Some(reason) = &finding.accepted {
        text.push_str(&format!("<p>Because {}</p>\n", escaped(reason)));
    }
    if !finding.problem.steps.is_empty() {
        let steps: Vec<String> =
            finding.problem.steps.iter().map(|step| format!("<li>{}</li>", escaped(step))).collect();
        text.push_str(&format!("<ol>{}</ol>\n", steps.join("")));
    }
    if let Some(hint) = &finding.problem.hint {
        text.push_str(&format!("<p class=\"soft\">{}</p>\n", escaped(hint)));
    }
    text.push_str("</article>\n");
}

fn table(proof: &Proof, text: &mut String) {
    text.push_str(
        "<table><thead><tr><th>Check</th><th></th><th class=\"number\">Cases</th><th class=\"number\">Findings</th></tr>\
         </thead><tbody>\n",
    );
    for proven in &proof.checks {
        let (class, mark) = if proven.findings == 0 { ("good", "✓") } else { ("bad", "✗") };
        text.push_str(&format!(
            "<tr><td><span class=\"{class}\">{mark}</span> {}</td><td>{}</td><td class=\"number\">{}</td>\
             <td class=\"number\">{}</td></tr>\n",
            proven.check.id,
            escaped(proven.check.title),
            grouped(proven.cases),
            proven.findings
        ));
    }
    text.push_str("</tbody></table>\n");
}

fn section(checklist: &Checklist, text: &mut String) {
    text.push_str(&format!(
        "<section><h3>Checklist</h3>\n<p>{}.</p>\n<table><thead><tr><th>Rule</th><th></th><th>Verdict</th><th>Evidence</th></tr>\
         </thead><tbody>\n",
        tally(checklist)
    ));
    for Entry { rule, verdict, evidence } in &checklist.entries {
        let class = match verdict {
            Verdict::Proven => "good",
            Verdict::Accepted => "accepted",
            Verdict::Refuted => "bad",
            Verdict::NotApplicable => "soft",
        };
        let evidence: Vec<String> =
            evidence.iter().map(|one| format!("<li>{}</li>", escaped(&one.to_string()))).collect();
        text.push_str(&format!(
            "<tr><td>{}</td><td>{}</td><td class=\"{class}\">{}</td><td><ul>{}</ul></td></tr>\n",
            rule.id,
            escaped(rule.title),
            verdict.name(),
            evidence.join("")
        ));
    }
    text.push_str("</tbody></table></section>\n");
}
