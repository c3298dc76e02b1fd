//! The lower part of a terminal, drawn again and again in place. The cursor stays below it, at the left: what is typed there,
//! `^C` above all, goes with the next drawing.

use console::{Term, measure_text_width};
use std::io;

/// What a terminal has that does not tell its size.
const DEFAULT_SIZE: (u16, u16) = (24, 80);

#[derive(Debug)]
pub(crate) struct Screen {
    term: Term,
    /// The widths of the lines that are there.
    drawn: Vec<usize>,
}

impl Screen {
    pub(crate) fn stderr() -> Self {
        Self { term: Term::buffered_stderr(), drawn: Vec::new() }
    }

    /// Lines and columns.
    pub(crate) fn size(&self) -> (usize, usize) {
        let (lines, columns) = self.term.size_checked().unwrap_or(DEFAULT_SIZE);
        (usize::from(lines).max(1), usize::from(columns).max(1))
    }

    /// In place of what was drawn before. A terminal that is gone is no failure of ours.
    pub(crate) fn draw(&mut self, lines: &[String]) {
        let _ = self.try_draw(lines);
    }

    /// Lines that stay: what is drawn next comes below them.
    pub(crate) fn leave(&mut self, lines: &[String]) {
        self.draw(lines);
        self.drawn.clear();
    }

    fn try_draw(&mut self, lines: &[String]) -> io::Result<()> {
        let (_, columns) = self.size();
        // On a terminal that has become narrower, what is there takes more lines.
        let rows = self.drawn.iter().map(|width| width.div_ceil(columns).max(1)).sum();
        self.term.move_cursor_up(rows)?;
        for line in lines {
            self.term.clear_line()?;
            self.term.write_line(line)?;
        }
        self.term.clear_line()?;
        self.term.clear_to_end_of_screen()?;
        self.term.flush()?;
        self.drawn = lines.iter().map(|line| measure_text_width(line)).collect();
        Ok(())
    }
}
