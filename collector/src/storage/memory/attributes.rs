//! What a span has beside the fields that are columns: mostly attributes, of which most were seen before.
//!
//! Written as runs. A run begins with a varint `n`. If `n` is odd, it is the attribute with number `n / 2` of the dictionary;
//! if it is even, `n / 2` bytes follow that are fields of the span as they came.

use prost::encoding::{decode_varint, encode_varint};

use super::{
    dictionary::Dictionary,
    filter::{Doorkeeper, Filter},
};
use crate::model::{encoded_attributes, is_regular_attribute, messages, wire::Field};

/// The key of the field `attributes` of a span.
const ATTRIBUTE_KEY: u8 = 9 << 3 | 2;
const ATTRIBUTES: u32 = 9;
const EVENTS: u32 = 11;

/// Attributes are `KeyValue` messages, encoded.
pub(super) struct Attributes {
    /// Those that came more than once.
    known: Dictionary,
    doorkeeper: Option<Doorkeeper>,
    /// All others, of spans and of events.
    others: Filter,
    /// Whether some of the others are encoded in a way that hashes do not find.
    irregular: bool,
    runs: Vec<u8>,
}

#[derive(Clone, Copy)]
pub(super) enum Run<'a> {
    Known(u32),
    /// Fields of a span.
    Fields(&'a [u8]),
}

/// Where an attribute may be.
#[derive(Default)]
pub(super) struct Places {
    pub(super) known: Vec<u32>,
    pub(super) others: bool,
}

impl Attributes {
    /// `bytes` is how much the segment will have.
    pub(super) fn new(hasher: hashbrown::DefaultHashBuilder, bytes: usize) -> Self {
        Self {
            known: Dictionary::new(hasher),
            doorkeeper: Some(Doorkeeper::new(bytes / 64)),
            others: Filter::new(bytes / 32),
            irregular: false,
            runs: Vec::new(),
        }
    }

    /// Where the next span's runs will begin.
    pub(super) fn end(&self) -> usize {
        self.runs.len()
    }

    /// Takes a field of a span that is no column; `whole` is the field with its key.
    #[inline]
    pub(super) fn push(
        &mut self,
        pending: &mut Pending,
        number: u32,
        field: Field<'_>,
        whole: std::ops::Range<usize>,
        span: &[u8],
    ) {
        match (number, field) {
            (ATTRIBUTES, Field::Bytes(attribute)) => {
                if let Some(number) = self.number(attribute.bytes) {
                    self.flush(pending, span);
                    encode_varint(u64::from(number) << 1 | 1, &mut self.runs);
                    return;
                }
            }
            (EVENTS, Field::Bytes(event)) => {
                for attribute in messages(event.bytes, 3) {
                    self.remember(attribute);
                }
                for name in messages(event.bytes, 2) {
                    // As a text, which is the first of its forms.
                    let attribute = encoded_attributes("event", std::str::from_utf8(name).unwrap_or_default()).next();
                    self.others.add(self.known.hash(&attribute.unwrap_or_default()));
                }
            }
            _ => {}
        }
        if pending.0.end == whole.start {
            pending.0.end = whole.end;
        } else {
            self.flush(pending, span);
            pending.0 = whole;
        }
    }

    /// Writes the fields that are held back because more may follow them.
    pub(super) fn flush(&mut self, pending: &mut Pending, span: &[u8]) {
        let fields = &span[std::mem::take(&mut pending.0)];
        if !fields.is_empty() {
            encode_varint((fields.len() as u64) << 1, &mut self.runs);
            self.runs.extend_from_slice(fields);
        }
    }

    fn number(&mut self, attribute: &[u8]) -> Option<u32> {
        let hash = self.known.hash(attribute);
        if let Some(number) = self.known.find(hash, attribute) {
            return Some(number);
        }
        if !is_regular_attribute(attribute) {
            self.irregular = true;
            return None;
        }
        if self.doorkeeper.as_mut().is_some_and(|keeper| keeper.knows(hash)) {
            return Some(self.known.insert(hash, attribute));
        }
        self.others.add(hash);
        None
    }

    fn remember(&mut self, attribute: &[u8]) {
        self.irregular |= !is_regular_attribute(attribute);
        self.others.add(self.known.hash(attribute));
    }

    pub(super) fn places(&self, key: &str, value: &str) -> Places {
        let mut places = Places { others: self.irregular, ..Places::default() };
        for attribute in encoded_attributes(key, value) {
            let hash = self.known.hash(&attribute);
            places.known.extend(self.known.find(hash, &attribute));
            places.others |= self.others.may_hold(hash);
        }
        places
    }

    pub(super) fn runs(&self, range: std::ops::Range<usize>) -> impl Iterator<Item = Run<'_>> {
        let mut rest = &self.runs[range];
        std::iter::from_fn(move || {
            // Written by ourselves: it cannot fail, and if it did, nothing would follow.
            let head = if rest.is_empty() { return None } else { decode_varint(&mut rest).ok()? };
            if head & 1 == 1 {
                return Some(Run::Known((head >> 1) as u32));
            }
            let (fields, after) = rest.split_at_checked((head >> 1) as usize)?;
            rest = after;
            Some(Run::Fields(fields))
        })
    }

    /// The attribute with this number, encoded.
    pub(super) fn known(&self, number: u32) -> &[u8] {
        self.known.get(number)
    }

    /// Appends the fields that the runs stand for.
    pub(super) fn expand(&self, range: std::ops::Range<usize>, into: &mut Vec<u8>) {
        for run in self.runs(range) {
            match run {
                Run::Known(number) => {
                    let attribute = self.known.get(number);
                    into.push(ATTRIBUTE_KEY);
                    encode_varint(attribute.len() as u64, into);
                    into.extend_from_slice(attribute);
                }
                Run::Fields(fields) => into.extend_from_slice(fields),
            }
        }
    }

    /// Nothing more is expected.
    pub(super) fn shrink(&mut self) {
        self.doorkeeper = None;
        self.known.shrink();
        self.runs.shrink_to_fit();
    }

    pub(super) fn allocated(&self) -> usize {
        self.known.allocated()
            + self.doorkeeper.as_ref().map_or(0, Doorkeeper::allocated)
            + self.others.allocated()
            + self.runs.capacity()
    }
}

/// Fields of one span that follow each other and are not written yet.
#[derive(Default)]
pub(super) struct Pending(std::ops::Range<usize>);
