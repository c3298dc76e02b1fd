//! What people see: whole sessions on terminals of 80 and of 120 columns, with colour and without.

use crate::fake::{Fake, Phase};
use crate::run::Jqs;
use crate::tmux::Terminal;

const DEPLOY: &[&str] = &["deploy", "--skip-image-check"];
const WIDTHS: [u32; 2] = [80, 120];

/// Compares a screen, with what differs from run to run replaced.
macro_rules! screen {
    ($name:expr, $screen:expr) => {
        insta::with_settings!({
            prepend_module_to_snapshot => false,
            omit_expression => true,
            snapshot_path => "snapshots/terminal",
            filters => vec![
                (r"[⠋⠙⠸⠴⠦⠇⠏⠛]", "⠋"),
                (r"(\d+m )?\d+s( of ~\d+[smh])? +", "[TIME]$2  "),
                (r"about \d+[smh] left", "about [TIME] left"),
                (r"after (\d+m )?\d+s", "after [TIME]"),
                (r"\d+ days", "[N] days"),
                (r"about \d+ USD so far", "about [N] USD so far"),
                (r"jqs \d+\.\d+\.\d+", "jqs [VERSION]"),
            ],
        }, { insta::assert_snapshot!($name, $screen) });
    };
}

fn plain(fake: &Fake) -> Jqs {
    fake.jqs().with("NO_COLOR", "1").with("TERM", "screen-256color")
}

fn coloured(fake: &Fake) -> Jqs {
    fake.jqs().with("TERM", "screen-256color")
}

/// A deployment that was approved and has come so far; the clock stands.
fn halfway(fake: &Fake, jqs: &Jqs, columns: u32, seconds: u64) -> Terminal {
    fake.before("ExecuteChangeSet", 0, |world| world.step = 0);
    let terminal = Terminal::run(jqs, columns, DEPLOY);
    terminal.wait_for(&["Make these changes to `jaeger`? [y/N]"]);
    terminal.press(&["y", "Enter"]);
    terminal.wait_for(&["CREATE_IN_PROGRESS"]);
    fake.world().now += seconds;
    terminal
}

/// What has ended leaves nothing behind that turns or hides.
#[track_caller]
fn is_tidy(terminal: &Terminal, screen: &str) {
    let is_turning = |letter: char| "⠋⠙⠸⠴⠦⠇⠏⠛".contains(letter);
    assert!(!screen.contains(is_turning) && terminal.shows_cursor(), "{screen}");
}

#[test]
fn a_deployment_from_the_plan_to_the_address() {
    for columns in WIDTHS {
        let fake = Fake::start();
        let terminal = halfway(&fake, &plain(&fake), columns, 60);
        let live = terminal.wait_for(&["Storage", "slowest", "left", "6/8"]);
        screen!(format!("deploy_live_{columns}"), live);
        fake.world().step = 10;
        let end = terminal.wait_for_end();
        screen!(format!("deploy_{columns}"), end);
        is_tidy(&terminal, &end);
    }
}

#[test]
fn a_deployment_that_fails() {
    for columns in WIDTHS {
        let fake = Fake::start();
        let reason = "Resource handler returned message: \"The security token included in the request is not authorized \
                      to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role/jaeger-task because no \
                      identity-based policy allows the iam:PassRole action\" (HandlerErrorCode: AccessDenied)";
        fake.fails("Jaeger/Storage/Role", Phase::Create, 1, reason);
        let terminal = Terminal::run(&plain(&fake), columns, &[DEPLOY, &["--yes"]].concat());
        let end = terminal.wait_for_end();
        screen!(format!("deploy_failed_{columns}"), end);
        is_tidy(&terminal, &end);
    }
}

#[test]
fn a_plan_a_state_and_the_end_of_a_stack() {
    for columns in WIDTHS {
        let fake = Fake::deployed();
        let diff = ["diff", "--skip-image-check", "-P", "LogRetentionDays=7"];
        screen!(format!("diff_{columns}"), Terminal::run(&plain(&fake), columns, &diff).wait_for_end());
        screen!(format!("status_{columns}"), Terminal::run(&plain(&fake), columns, &["status"]).wait_for_end());
        let terminal = Terminal::run(&plain(&fake), columns, &["teardown"]);
        terminal.wait_for(&["Delete `jaeger` and everything in it? [y/N]"]);
        terminal.press(&["y", "Enter"]);
        let end = terminal.wait_for_end();
        screen!(format!("teardown_{columns}"), end);
        is_tidy(&terminal, &end);
    }
}

#[test]
fn colours_only_repeat_what_the_words_say() {
    let fake = Fake::start();
    fake.fails("Jaeger/Storage/Role", Phase::Create, 1, "Policy document is malformed");
    let terminal = halfway(&fake, &coloured(&fake), 80, 60);
    terminal.wait_for(&["ROLLBACK_IN_PROGRESS"]);
    fake.world().step = 10;
    let end = terminal.wait_for_end();
    screen!("deploy_failed_in_colour", terminal.coloured());
    is_tidy(&terminal, &end);
}

#[test]
fn ctrl_c_leaves_a_tidy_screen() {
    for columns in WIDTHS {
        let fake = Fake::start();
        let terminal = halfway(&fake, &plain(&fake), columns, 60);
        terminal.wait_for(&["Storage", "slowest", "6/8"]);
        terminal.press(&["C-c"]);
        let end = terminal.wait_for_end();
        screen!(format!("detached_{columns}"), end);
        is_tidy(&terminal, &end);
    }
}
