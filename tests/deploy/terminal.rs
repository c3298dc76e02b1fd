//! What people see: whole sessions on terminals of 80 and of 120 columns, with colour and without.

use crate::fake::{Fake, Phase};
use crate::tmux::Terminal;

const DEPLOY: &[&str] = &["deploy", "--skip-image-check"];

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

/// How somebody's terminal is.
#[derive(Clone, Copy)]
struct Look {
    columns: u32,
    is_coloured: bool,
}

const LOOKS: [Look; 4] = [
    Look { columns: 80, is_coloured: false },
    Look { columns: 80, is_coloured: true },
    Look { columns: 120, is_coloured: false },
    Look { columns: 120, is_coloured: true },
];

impl Look {
    fn run(self, fake: &Fake, arguments: &[&str]) -> Terminal {
        let jqs = fake.jqs().with("TERM", "screen-256color");
        let jqs = if self.is_coloured { jqs } else { jqs.with("NO_COLOR", "1") };
        Terminal::run(&jqs, self.columns, arguments)
    }

    fn name(self, session: &str) -> String {
        format!("{session}_{}{}", self.columns, if self.is_coloured { "_in_colour" } else { "" })
    }

    /// Compares the screen as it is now, `text` without its colours.
    #[track_caller]
    fn compare(self, session: &str, terminal: &Terminal, text: String) {
        screen!(self.name(session), if self.is_coloured { terminal.coloured() } else { text });
    }
}

/// A deployment that was approved and has come so far; the clock stands.
fn halfway(fake: &Fake, look: Look, seconds: u64) -> Terminal {
    fake.before("ExecuteChangeSet", 0, |world| world.step = 0);
    let terminal = look.run(fake, DEPLOY);
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
    for look in LOOKS {
        let fake = Fake::start();
        let terminal = halfway(&fake, look, 60);
        let live = terminal.wait_for(&["Storage", "slowest", "left", "6/8"]);
        look.compare("deploy_live", &terminal, live);
        fake.world().step = 10;
        let end = terminal.wait_for_end();
        is_tidy(&terminal, &end);
        look.compare("deploy", &terminal, end);
    }
}

#[test]
fn a_deployment_that_fails() {
    for look in LOOKS {
        let fake = Fake::start();
        let reason = "Resource handler returned message: \"The security token included in the request is not authorized \
                      to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role/jaeger-task because no \
                      identity-based policy allows the iam:PassRole action\" (HandlerErrorCode: AccessDenied)";
        fake.fails("Jaeger/Storage/Role", Phase::Create, 1, reason);
        let terminal = look.run(&fake, &[DEPLOY, &["--yes"]].concat());
        let end = terminal.wait_for_end();
        is_tidy(&terminal, &end);
        look.compare("deploy_failed", &terminal, end);
    }
}

#[test]
fn a_plan_a_state_and_the_end_of_a_stack() {
    for look in LOOKS {
        let fake = Fake::deployed();
        for (session, arguments) in
            [("diff", &["diff", "--skip-image-check", "-P", "LogRetentionDays=7"][..]), ("status", &["status"][..])]
        {
            let terminal = look.run(&fake, arguments);
            let end = terminal.wait_for_end();
            look.compare(session, &terminal, end);
        }
        let terminal = look.run(&fake, &["teardown"]);
        terminal.wait_for(&["Delete `jaeger` and everything in it? [y/N]"]);
        terminal.press(&["y", "Enter"]);
        let end = terminal.wait_for_end();
        is_tidy(&terminal, &end);
        look.compare("teardown", &terminal, end);
    }
}

#[test]
fn ctrl_c_leaves_a_tidy_screen() {
    for look in LOOKS {
        let fake = Fake::start();
        let terminal = halfway(&fake, look, 60);
        terminal.wait_for(&["Storage", "slowest", "6/8"]);
        terminal.press(&["C-c"]);
        let end = terminal.wait_for_end();
        is_tidy(&terminal, &end);
        look.compare("detached", &terminal, end);
    }
}
