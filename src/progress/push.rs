//! An image on its way to a registry: a bar on a terminal, a line for each layer elsewhere, a line of JSON with `--json`.

use crate::context::Context;
use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use jqs_image::registry::{Progress, Report};
use serde::Serialize;
use std::sync::Arc;

const BAR: &str = "{msg} [{bar:30}] {bytes}/{total_bytes}";
/// Of a digest, enough to tell layers apart.
const DIGEST_SHOWN_CHARACTERS: usize = 19;

#[derive(Serialize)]
struct Layer<'a> {
    digest: &'a str,
    bytes: u64,
    was_there: bool,
}

/// What is shown until it is finished.
pub(crate) struct Shown(ProgressBar);

impl Shown {
    pub(crate) fn finish(self) {
        self.0.finish_and_clear();
    }
}

pub(crate) fn report(context: &Context) -> (Report, Shown) {
    let target = if context.settings.can_redraw { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    if let Ok(style) = ProgressStyle::with_template(BAR) {
        bar.set_style(style);
    }
    let (printer, shown) = (context.printer.clone(), bar.clone());
    let settled = move |digest: &str, size: u64, was_there: bool| {
        printer.record("layer", &Layer { digest, bytes: size, was_there });
        let state = if was_there { "was there" } else { "sent" };
        let line = format!("{} {} {state}", shorten(digest), HumanBytes(size));
        shown.suspend(|| printer.field("Layer", &line));
    };
    let moving = bar.clone();
    let report: Report = Arc::new(move |progress| match progress {
        Progress::Present { digest, size } => settled(&digest, size, true),
        Progress::Sent { digest, size } => settled(&digest, size, false),
        Progress::Sending { digest, sent, size } => {
            moving.set_length(size);
            moving.set_message(shorten(&digest).to_owned());
            moving.set_position(sent);
        }
    });
    (report, Shown(bar))
}

fn shorten(digest: &str) -> &str {
    digest.get(..DIGEST_SHOWN_CHARACTERS).unwrap_or(digest)
}
