//! Hash maps keyed by LLVM's pointers: unique already, so one multiplication spreads them enough.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map from an LLVM handle.
pub(crate) type PointerMap<K, V> = HashMap<K, V, BuildHasherDefault<PointerHasher>>;

/// Fibonacci hashing of one word, with the high half folded down for tables that index by the low bits.
#[derive(Default)]
pub(crate) struct PointerHasher(u64);

impl Hasher for PointerHasher {
    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    #[inline]
    fn write_u64(&mut self, word: u64) {
        let product = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = product ^ (product >> 32);
    }

    #[inline]
    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    #[inline]
    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }
}
