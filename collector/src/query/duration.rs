//! Durations as Jaeger's clients write them (`1.5s`, `2h45m`, `100µs`), which is how Go prints and reads them.

use std::fmt;

const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];
/// Digits after the point beyond these cannot change a whole number of nanoseconds.
const FRACTION_DIGITS_MAX: usize = 15;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseDurationError {
    #[error("`{0}` is not a duration; write a number with a unit, such as `1.5s` or `200ms`")]
    Malformed(String),
    #[error("`{0}` has no unit; use `ns`, `us`, `ms`, `s`, `m` or `h`")]
    MissingUnit(String),
    #[error("`{0}` has the unknown unit `{1}`; use `ns`, `us`, `ms`, `s`, `m` or `h`")]
    UnknownUnit(String, String),
    #[error("`{0}` is negative")]
    Negative(String),
    #[error("`{0}` is longer than 292 years")]
    TooLong(String),
}

/// Reads a duration into nanoseconds.
pub fn parse_duration(text: &str) -> Result<u64, ParseDurationError> {
    let shown = || text.chars().take(64).collect::<String>();
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    if unsigned.starts_with('-') {
        return Err(ParseDurationError::Negative(shown()));
    }
    if unsigned == "0" {
        return Ok(0);
    }
    let mut rest = unsigned;
    let mut total: u128 = 0;
    loop {
        let number = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        let (digits, after) = rest.split_at(number);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return Err(ParseDurationError::Malformed(shown()));
        }
        let end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, next) = after.split_at(end);
        if unit.is_empty() {
            return Err(ParseDurationError::MissingUnit(shown()));
        }
        let Some((_, nanos)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(ParseDurationError::UnknownUnit(shown(), unit.chars().take(16).collect()));
        };
        total = total.saturating_add(scale(whole, fraction, *nanos));
        if total > i64::MAX as u128 {
            return Err(ParseDurationError::TooLong(shown()));
        }
        if next.is_empty() {
            return Ok(total as u64);
        }
        rest = next;
    }
}

/// `whole.fraction` times `unit`; a number that does not fit is as large as can be.
fn scale(whole: &str, fraction: &str, unit: u64) -> u128 {
    let number = |digits: &str| if digits.is_empty() { Ok(0) } else { digits.parse::<u128>() };
    let Ok(whole) = number(whole) else { return u128::MAX };
    let fraction = &fraction[..fraction.len().min(FRACTION_DIGITS_MAX)];
    let part = number(fraction).unwrap_or(0) * u128::from(unit) / 10u128.pow(fraction.len() as u32);
    whole.saturating_mul(u128::from(unit)).saturating_add(part)
}

/// Nanoseconds, shown as `1h2m3.5s`, `15ms` or `-2µs`.
pub struct Nanos(pub i64);

impl fmt::Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        if nanos == 0 {
            return f.write_str("0s");
        }
        if let Some((unit, size)) =
            [("ns", 1), ("µs", 1_000), ("ms", 1_000_000)].into_iter().rfind(|(_, size)| nanos >= *size)
            && nanos < 1_000_000_000
        {
            return write_decimal(f, nanos, size, unit);
        }
        let (hours, minutes) = (nanos / 3_600_000_000_000, nanos / 60_000_000_000 % 60);
        if hours > 0 {
            write!(f, "{hours}h")?;
        }
        if hours > 0 || minutes > 0 {
            write!(f, "{minutes}m")?;
        }
        write_decimal(f, nanos % 60_000_000_000, 1_000_000_000, "s")
    }
}

fn write_decimal(f: &mut fmt::Formatter<'_>, nanos: u64, size: u64, unit: &str) -> fmt::Result {
    let places = size.ilog10() as usize;
    let fraction = format!("{:0places$}", nanos % size);
    match fraction.trim_end_matches('0') {
        "" => write!(f, "{}{unit}", nanos / size),
        fraction => write!(f, "{}.{fraction}{unit}", nanos / size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        let cases = [
            ("0", 0),
            ("5ns", 5),
            ("1.5ms", 1_500_000),
            (".5s", 500_000_000),
            ("1.s", 1_000_000_000),
            ("100µs", 100_000),
            ("100us", 100_000),
            ("1h2m3s", 3_723_000_000_000),
            ("+2s", 2_000_000_000),
            ("0.0000000001s", 0),
        ];
        for (text, nanos) in cases {
            assert_eq!(parse_duration(text), Ok(nanos), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_named() {
        let cases = [
            ("", ParseDurationError::Malformed("".into())),
            ("x", ParseDurationError::Malformed("x".into())),
            (".", ParseDurationError::Malformed(".".into())),
            ("1.2.3s", ParseDurationError::Malformed("1.2.3s".into())),
            ("5", ParseDurationError::MissingUnit("5".into())),
            ("5ms5", ParseDurationError::MissingUnit("5ms5".into())),
            ("5q", ParseDurationError::UnknownUnit("5q".into(), "q".into())),
            ("-1s", ParseDurationError::Negative("-1s".into())),
            ("99999999999h", ParseDurationError::TooLong("99999999999h".into())),
            (
                "99999999999999999999999999999999999999999h",
                ParseDurationError::TooLong("99999999999999999999999999999999999999999h".into()),
            ),
        ];
        for (text, error) in cases {
            assert_eq!(parse_duration(text), Err(error), "{text}");
        }
    }

    #[test]
    fn durations_are_shown_as_go_shows_them() {
        let cases = [
            (0, "0s"),
            (1, "1ns"),
            (1_100, "1.1µs"),
            (15_000_000, "15ms"),
            (-2_200_000, "-2.2ms"),
            (1_500_000_000, "1.5s"),
            (60_000_000_000, "1m0s"),
            (3_723_500_000_000, "1h2m3.5s"),
            (i64::MIN, "-2562047h47m16.854775808s"),
        ];
        for (nanos, text) in cases {
            assert_eq!(Nanos(nanos).to_string(), text);
        }
    }
}
