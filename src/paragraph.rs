//! Text in lines that fit a terminal.

use console::measure_text_width;

/// Breaks at spaces alone, and nowhere inside of a command in backticks: an address or a command is there to be copied, and one
/// that is longer than a line is for the terminal to break. What fits stays as it is.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    text.split('\n').flat_map(|line| wrap_line(line, width.max(1))).collect()
}

fn wrap_line(text: &str, width: usize) -> Vec<String> {
    if measure_text_width(text) <= width {
        return vec![text.to_owned()];
    }
    let mut lines = vec![String::new()];
    for word in words(text) {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(&word),
            Some(line) if measure_text_width(line) + 1 + measure_text_width(&word) <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// The words of a text; a command in backticks is one.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_open = false;
    for part in text.split_whitespace() {
        match words.last_mut().filter(|_| is_open) {
            Some(word) => {
                word.push(' ');
                word.push_str(part);
            }
            None => words.push(part.to_owned()),
        }
        is_open ^= part.matches('`').count() % 2 == 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_short_and_commands_stay_whole() {
        let text = "mend the cause and run `jqs deploy --name jaeger` again; it replaces what failed";
        let lines = wrap(text, 30);
        assert_eq!(lines, ["mend the cause and run", "`jqs deploy --name jaeger`", "again; it replaces what failed"]);
        assert_eq!(wrap(text, 500), [text]);
        assert_eq!(wrap("two  columns\nand a second", 12), ["two  columns", "and a second"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abcdefgh", "ij"]);
        assert_eq!(wrap("", 10), [""]);
        assert_eq!(wrap("an open ` tick", 8), ["an open", "` tick"]);
    }
}
