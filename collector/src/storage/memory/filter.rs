//! Sets of hashes that take few bits and may be wrong in one direction.

const WORDS_PER_BLOCK: usize = 8;
const PROBES: u32 = 3;

/// A Bloom filter whose bits for one hash lie in one cache line. It never denies a hash that was added.
pub(super) struct Filter {
    blocks: Box<[[u64; WORDS_PER_BLOCK]]>,
}

impl Filter {
    pub(super) fn new(bytes: usize) -> Self {
        Self { blocks: vec![[0; WORDS_PER_BLOCK]; bytes.div_ceil(8 * WORDS_PER_BLOCK).max(1)].into() }
    }

    pub(super) fn add(&mut self, hash: u64) {
        let at = self.block(hash);
        for (word, bit) in bits(hash) {
            self.blocks[at][word] |= bit;
        }
    }

    pub(super) fn may_hold(&self, hash: u64) -> bool {
        let block = &self.blocks[self.block(hash)];
        bits(hash).all(|(word, bit)| block[word] & bit != 0)
    }

    pub(super) fn allocated(&self) -> usize {
        size_of_val(&*self.blocks)
    }

    fn block(&self, hash: u64) -> usize {
        (((hash >> 32) * self.blocks.len() as u64) >> 32) as usize
    }
}

fn bits(hash: u64) -> impl Iterator<Item = (usize, u64)> {
    (0..PROBES).map(move |probe| {
        let bit = (hash >> (9 * probe)) & 511;
        (bit as usize / 64, 1 << (bit % 64))
    })
}

/// Remembers the hashes that came lately; forgets older ones, and may take one for another that was never seen.
pub(super) struct Doorkeeper {
    seen: Box<[u32]>,
}

impl Doorkeeper {
    pub(super) fn new(bytes: usize) -> Self {
        Self { seen: vec![0; (bytes / 4).next_power_of_two().max(64)].into() }
    }

    /// Whether the hash came lately; from now on, it did.
    #[inline]
    pub(super) fn knows(&mut self, hash: u64) -> bool {
        let at = hash as usize & (self.seen.len() - 1);
        let mark = (hash >> 32) as u32;
        std::mem::replace(&mut self.seen[at], mark) == mark
    }

    pub(super) fn allocated(&self) -> usize {
        size_of_val(&*self.seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Any mixing does.
    fn hash(number: u64) -> u64 {
        (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (number << 17).wrapping_mul(0xff51_afd7_ed55_8ccd)
    }

    #[test]
    fn what_was_added_is_never_denied_and_little_else_is_taken_for_it() {
        let mut filter = Filter::new(16_384);
        (0..10_000).for_each(|number| filter.add(hash(number)));
        assert!((0..10_000).all(|number| filter.may_hold(hash(number))));
        let wrong = (10_000..110_000).filter(|number| filter.may_hold(hash(*number))).count();
        assert!(wrong < 5_000, "{wrong} of 100,000");
    }

    #[test]
    fn the_doorkeeper_knows_what_came_lately() {
        let mut keeper = Doorkeeper::new(4_096);
        assert!(!keeper.knows(hash(1)));
        assert!(keeper.knows(hash(1)));
    }
}
