//! What CloudFormation makes of a scalar: YAML 1.1, in which `yes` is true and `0777` is octal. A quoted one is text.

/// A scalar as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scalar {
    pub text: String,
    /// Without quotes and not in a block: it may mean something else than text.
    pub is_plain: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    Null,
    Bool(bool),
    /// Digits in any of YAML 1.1's notations; the text is kept, so that `1.10` stays `1.10`.
    Number,
    Text,
}

impl Scalar {
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_plain: true }
    }

    pub fn quoted(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_plain: false }
    }

    pub fn meaning(&self) -> Meaning {
        if !self.is_plain {
            return Meaning::Text;
        }
        match self.text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => Meaning::Null,
            "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Meaning::Bool(true),
            "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Meaning::Bool(false),
            text if is_number(text) => Meaning::Number,
            _ => Meaning::Text,
        }
    }
}

impl Scalar {
    /// A number in decimal digits: `0x1F` and `037` are 31, `1:30` is 90. Fractions stay as they were written.
    pub fn decimal(&self) -> String {
        whole(&self.text).map_or_else(|| self.text.clone(), |number| number.to_string())
    }
}

/// The value of a whole number in any notation.
fn whole(text: &str) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = digits.replace('_', "");
    let based = |rest: &str, base: u32| i128::from_str_radix(rest, base).ok();
    let value = if let Some(rest) = digits.strip_prefix("0b") {
        based(rest, 2)
    } else if let Some(rest) = digits.strip_prefix("0x") {
        based(rest, 16)
    } else if let Some(rest) = digits.strip_prefix('0').filter(|rest| !rest.is_empty()) {
        based(rest, 8)
    } else {
        digits.split(':').try_fold(0_i128, |sum, part| sum.checked_mul(60)?.checked_add(part.parse().ok()?))
    };
    value.map(|value| sign * value)
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || digits.starts_with('_') {
        return false;
    }
    is_integer(digits) || is_float(digits)
}

fn is_integer(digits: &str) -> bool {
    let all = |rest: &str, allowed: fn(&char) -> bool| {
        !rest.is_empty() && rest.chars().all(|digit| digit == '_' || allowed(&digit))
    };
    if let Some(rest) = digits.strip_prefix("0b") {
        return all(rest, |digit| matches!(digit, '0' | '1'));
    }
    if let Some(rest) = digits.strip_prefix("0x") {
        return all(rest, char::is_ascii_hexdigit);
    }
    match digits.strip_prefix('0') {
        Some("") => true,
        Some(rest) => all(rest, |digit| matches!(digit, '0'..='7')),
        None => all(digits, char::is_ascii_digit) || is_sexagesimal(digits),
    }
}

/// `22:22` is 1342 in YAML 1.1, to the grief of everybody who writes ports.
fn is_sexagesimal(digits: &str) -> bool {
    let mut parts = digits.split(':');
    let first = parts.next().is_some_and(|part| !part.is_empty() && part.chars().all(|digit| digit.is_ascii_digit()));
    let mut rest = parts.peekable();
    let is_sixtieth = |part: &str| part.len() <= 2 && part.parse::<u8>().is_ok_and(|number| number < 60);
    first && rest.peek().is_some() && rest.all(is_sixtieth)
}

fn is_float(digits: &str) -> bool {
    if matches!(digits, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (digits, None),
    };
    let digits_only = |text: &str| text.chars().all(|digit| digit.is_ascii_digit() || digit == '_');
    let has_exponent = exponent.is_none_or(|exponent| {
        let rest = exponent.strip_prefix(['-', '+']).unwrap_or_default();
        !rest.is_empty() && rest.chars().all(|digit| digit.is_ascii_digit())
    });
    let Some((whole, part)) = mantissa.split_once('.') else { return false };
    has_exponent && digits_only(whole) && digits_only(part) && !(whole.is_empty() && part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_one_decimal_form() {
        for (text, decimal) in [
            ("0", "0"),
            ("443", "443"),
            ("010", "8"),
            ("-0x1F", "-31"),
            ("0b101", "5"),
            ("1_000", "1000"),
            ("22:22", "1342"),
            ("+7", "7"),
            ("1.50", "1.50"),
            ("123456789012", "123456789012"),
        ] {
            assert_eq!(Scalar::plain(text).decimal(), decimal);
        }
    }

    #[test]
    fn plain_scalars_mean_what_yaml_1_1_says() {
        for (text, meaning) in [
            ("", Meaning::Null),
            ("~", Meaning::Null),
            ("Yes", Meaning::Bool(true)),
            ("off", Meaning::Bool(false)),
            ("y", Meaning::Text),
            ("0", Meaning::Number),
            ("0777", Meaning::Number),
            ("0888", Meaning::Text),
            ("0x1F", Meaning::Number),
            ("1_000", Meaning::Number),
            ("-12", Meaning::Number),
            ("22:22", Meaning::Number),
            ("22:99", Meaning::Text),
            ("1.10", Meaning::Number),
            ("1.5e+3", Meaning::Number),
            ("1e3", Meaning::Text),
            (".5", Meaning::Number),
            (".", Meaning::Text),
            ("2012-10-17", Meaning::Text),
            ("10.0.0.0/16", Meaning::Text),
            ("10.0.0.1", Meaning::Text),
            ("-", Meaning::Text),
        ] {
            assert_eq!(Scalar::plain(text).meaning(), meaning, "{text}");
            assert_eq!(Scalar::quoted(text).meaning(), Meaning::Text, "'{text}'");
        }
    }
}
