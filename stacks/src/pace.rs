//! How long to wait between two looks at AWS: longer and longer while nothing happens.

use jqs_cfn::{Error, ErrorKind, Result};
use std::str::FromStr;
use std::time::Duration;

pub const DEFAULT_POLL_MIN_MILLISECONDS: u64 = 700;
pub const DEFAULT_POLL_MAX_MILLISECONDS: u64 = 8_000;

/// The shortest pause and the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    pub min: Duration,
    pub max: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self::from_milliseconds(DEFAULT_POLL_MIN_MILLISECONDS, DEFAULT_POLL_MAX_MILLISECONDS)
    }
}

impl Pace {
    fn from_milliseconds(min: u64, max: u64) -> Self {
        Self { min: Duration::from_millis(min), max: Duration::from_millis(max) }
    }

    /// The pause that follows one of this length.
    #[must_use]
    pub fn slower(self, pause: Duration) -> Duration {
        (pause * 3 / 2).clamp(self.min, self.max)
    }
}

impl FromStr for Pace {
    type Err = Error;

    /// `MIN:MAX` in milliseconds.
    fn from_str(text: &str) -> Result<Self> {
        let parts = text.split_once(':').and_then(|(min, max)| Some((min.parse().ok()?, max.parse().ok()?)));
        match parts {
            Some((min, max)) if 0 < min && min <= max => Ok(Self::from_milliseconds(min, max)),
            _ => Err(Error::new(ErrorKind::Usage, "write it as `MIN:MAX`, in milliseconds from 1")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest() {
        let pace: Pace = "100:200".parse().expect("a pace");
        let first = pace.slower(Duration::ZERO);
        let second = pace.slower(first);
        assert_eq!((first.as_millis(), second.as_millis(), pace.slower(second).as_millis()), (100, 150, 200));
        for text in ["", "5", "0:5", "9:5", "a:b"] {
            assert!(text.parse::<Pace>().is_err(), "{text}");
        }
    }
}
