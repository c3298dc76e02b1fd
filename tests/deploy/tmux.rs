//! A terminal of a given size, kept by tmux, and what is to be seen on it.

use crate::run::Jqs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// Enough for the longest plan here.
const ROWS: u32 = 60;
const WAIT_MAX: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(30);

pub(crate) struct Terminal {
    folder: tempfile::TempDir,
}

impl Terminal {
    /// Runs the program on it; when it has ended, its exit code is the last line.
    pub(crate) fn run(jqs: &Jqs, columns: u32, arguments: &[&str]) -> Self {
        let terminal = Self { folder: tempfile::tempdir().unwrap() };
        let script = terminal.folder.path().join("run.sh");
        let line = jqs.shell_line(arguments);
        // Ctrl-C reaches the shell as well, which is to go on.
        std::fs::write(&script, format!("trap : INT\n{line}\nprintf 'exit code: %s\\n' $?\nexec sleep 600\n")).unwrap();
        let settings = terminal.folder.path().join("tmux.conf");
        std::fs::write(&settings, "set -g status off\nset -g history-limit 5000\n").unwrap();
        let (columns, rows) = (columns.to_string(), ROWS.to_string());
        let script = format!("sh {}", script.display());
        let settings = settings.display().to_string();
        terminal.tmux(&["-f", &settings, "new-session", "-d", "-x", &columns, "-y", &rows, &script]);
        terminal
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.arg("-S").arg(self.socket()).args(arguments).env_remove("TMUX").env("LC_ALL", "C.UTF-8");
        let output = command
            .output()
            .unwrap_or_else(|error| panic!("tmux cannot be run ({error}): tests/services/tmux/install.sh installs it"));
        assert!(output.status.success(), "tmux {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// All lines so far, those that have left the screen at the top as well.
    pub(crate) fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-S", "-"]).trim_end().to_owned()
    }

    /// The same with its colours, the escape character made visible.
    pub(crate) fn coloured(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-e", "-S", "-"]).trim_end().replace('\x1b', "␛")
    }

    /// The screen as soon as it shows all of that.
    #[track_caller]
    pub(crate) fn wait_for(&self, texts: &[&str]) -> String {
        let began = Instant::now();
        loop {
            let screen = self.screen();
            if texts.iter().all(|text| screen.contains(text)) {
                return screen;
            }
            assert!(began.elapsed() < WAIT_MAX, "{texts:?} not in\n{screen}");
            std::thread::sleep(LOOK_EVERY);
        }
    }

    #[track_caller]
    pub(crate) fn wait_for_end(&self) -> String {
        self.wait_for(&["exit code: "])
    }

    /// Types them; `C-c` and `Enter` are keys.
    pub(crate) fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    pub(crate) fn shows_cursor(&self) -> bool {
        self.tmux(&["display-message", "-p", "#{cursor_flag}"]).trim() == "1"
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        Command::new("tmux").arg("-S").arg(self.socket()).arg("kill-server").output().ok();
    }
}
