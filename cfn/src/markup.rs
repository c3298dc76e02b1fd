//! Text within XML, HTML and SVG, in elements and in attributes between double quotes.

/// Control characters have no place in XML at all.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(letter),
            letter if letter.is_control() => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_is_escaped_and_what_has_no_place_is_replaced() {
        assert_eq!(escaped("a<b> & \"c\"\n\u{1b}[1m"), "a&lt;b&gt; &amp; &quot;c&quot;\n\u{fffd}[1m");
    }
}
