//! Passwords from the system's randomness, with each class of letters in them.

use rand::RngExt as _;
use rand::seq::SliceRandom as _;

pub const DEFAULT_PASSWORD_LETTERS_MAX: usize = 1_024;

const CLASSES: [&[u8]; 4] =
    [b"abcdefghijklmnopqrstuvwxyz", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"0123456789", b"!#$&{*:[=,]-_%@+"];

/// At least one of each class; the first is a letter, which many services insist on.
pub(super) fn make(letters: usize, specials: bool) -> String {
    let classes = if specials { &CLASSES[..] } else { &CLASSES[..3] };
    let mut generator = rand::rng();
    let mut pick = |class: &[u8]| char::from(class[generator.random_range(0..class.len())]);
    let first = pick(CLASSES[0]);
    let mut rest: Vec<char> = classes[1..].iter().map(|class| pick(class)).collect();
    let all: Vec<u8> = classes.concat();
    while rest.len() + 1 < letters {
        rest.push(pick(&all));
    }
    rest.shuffle(&mut rand::rng());
    std::iter::once(first).chain(rest).take(letters).collect()
}
