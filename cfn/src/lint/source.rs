//! The files to lint.

/// One file to lint.
#[derive(Debug, Clone)]
pub struct Source {
    pub name: String,
    pub text: String,
}

impl Source {
    /// Whether a text means to be a template, however broken it is: other files that lie beside templates do not.
    pub fn looks_like_a_template(text: &str) -> bool {
        text.lines().any(|line| {
            let key = line.trim_start().trim_start_matches(['{', '"', '\'']);
            key.starts_with("AWSTemplateFormatVersion")
                || (key.starts_with("Resources") && !line.starts_with("  - "))
                    && key["Resources".len()..].trim_start_matches(['"', '\'']).trim_start().starts_with(':')
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_known_by_what_they_begin_with() {
        for text in
            ["Resources:\n  A: [", "{\"Resources\": {", "AWSTemplateFormatVersion: x", "x: 1\n\"Resources\" : {}"]
        {
            assert!(Source::looks_like_a_template(text), "{text}");
        }
        for text in ["services: {}", "# Resources: none", "Resourceful: yes", "{\"name\": \"jqs\"}", ""] {
            assert!(!Source::looks_like_a_template(text), "{text}");
        }
    }
}
