//! Ranges of addresses.

use std::fmt::{self, Display};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A prefix that is shorter leaves so many addresses open that it stands for everybody.
const EVERYBODY_PREFIX_MAX: u8 = 7;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    start: u128,
    prefix: u8,
    is_v6: bool,
}

impl Range {
    /// `10.0.0.0/16`; bits beyond the prefix are cut off, as AWS does.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.trim().split_once('/')?;
        let prefix: u8 = prefix.parse().ok()?;
        let (start, bits, is_v6) = match address.parse().ok()? {
            IpAddr::V4(address) => (u128::from(u32::from(address)), 32, false),
            IpAddr::V6(address) => (u128::from(address), 128, true),
        };
        let free = u32::from(bits - prefix.min(bits));
        let start = start.checked_shr(free).map_or(0, |start| start.checked_shl(free).unwrap_or(0));
        (prefix <= bits).then_some(Self { start, prefix, is_v6 })
    }

    pub fn prefix(&self) -> u8 {
        self.prefix
    }

    pub fn is_everybody(&self) -> bool {
        self.prefix <= EVERYBODY_PREFIX_MAX
    }

    pub fn contains(&self, other: &Self) -> bool {
        let bits: u8 = if self.is_v6 { 128 } else { 32 };
        let free = u32::from(bits - self.prefix);
        let top = |start: u128| start.checked_shr(free).unwrap_or(0);
        self.is_v6 == other.is_v6 && self.prefix <= other.prefix && top(self.start) == top(other.start)
    }

    pub fn overlaps(&self, other: &Self) -> bool {
        self.contains(other) || other.contains(self)
    }
}

impl Display for Range {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = if self.is_v6 {
            IpAddr::V6(Ipv6Addr::from(self.start))
        } else {
            IpAddr::V4(Ipv4Addr::from(u32::try_from(self.start).unwrap_or(u32::MAX)))
        };
        write!(formatter, "{address}/{}", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Range {
        Range::parse(text).expect("a range")
    }

    #[test]
    fn ranges_contain_each_other_or_are_apart() {
        assert!(range("10.0.0.0/16").contains(&range("10.0.255.0/24")));
        assert!(!range("10.0.0.0/16").contains(&range("10.1.0.0/24")));
        assert!(range("10.0.3.0/24").overlaps(&range("10.0.0.0/16")));
        assert!(range("0.0.0.0/0").contains(&range("203.0.113.7/32")) && range("::/0").is_everybody());
        assert!(!range("::/0").contains(&range("10.0.0.0/8")), "the two kinds of address are apart");
        assert_eq!(range("10.0.3.7/16").to_string(), "10.0.0.0/16");
    }

    #[test]
    fn what_is_no_range_is_none() {
        for text in ["10.0.0.0", "10.0.0.0/33", "300.0.0.0/8", "", "::/129"] {
            assert_eq!(Range::parse(text), None, "{text}");
        }
    }
}
