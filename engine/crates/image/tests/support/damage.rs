//! Damage as files and messages from outside have it: flipped bits, other words, parts that are lost, doubled or moved.
#![allow(dead_code, reason = "no test uses all of it")]

use proptest::prelude::*;
use proptest::sample::Index;

/// One place that is damaged.
#[derive(Clone, Debug)]
pub enum Damage {
    /// Bits that flip.
    Flip { at: Position, mask: u8 },
    /// A little-endian number of so many bytes that becomes another one.
    Number { at: Position, bytes: usize, value: u64 },
    /// A number that becomes somewhat larger or smaller.
    Shift { at: Position, bytes: usize, by: i64 },
    /// Everything behind is lost.
    Cut { at: Position },
    /// A part is lost.
    Remove { at: Position, bytes: usize },
    /// A part is there once more, in the place of another one.
    Copy { from: Position, to: Position, bytes: usize },
}

/// Where. Headers are at the beginnings and ends of files, and most of what can be wrong is in them.
#[derive(Clone, Debug)]
pub enum Position {
    Anywhere(Index),
    Near(Index),
    NearEnd(Index),
}

impl Position {
    fn of(&self, length: usize) -> usize {
        const NEAR: usize = 256;
        let near = length.clamp(1, NEAR);
        match self {
            Self::Anywhere(index) => index.index(length.max(1)),
            Self::Near(index) => index.index(near),
            // An object's section headers.
            Self::NearEnd(index) => length.saturating_sub(1 + index.index(length.clamp(1, 8 * NEAR))),
        }
    }
}

fn position() -> impl Strategy<Value = Position> {
    let index = || any::<Index>();
    prop_oneof![
        index().prop_map(Position::Anywhere),
        index().prop_map(Position::Near),
        index().prop_map(Position::NearEnd),
    ]
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        0..64u64,
        (0..64u32).prop_map(|bit| 1 << bit),
        (0..64u32).prop_map(|bit| (1 << bit) - 1),
        (0..64u64).prop_map(|less| u64::MAX - less),
    ]
}

fn damage() -> impl Strategy<Value = Damage> {
    let bytes = || prop_oneof![Just(1usize), Just(2), Just(4), Just(8)];
    prop_oneof![
        3 => (position(), 1..=u8::MAX).prop_map(|(at, mask)| Damage::Flip { at, mask }),
        4 => (position(), bytes(), number()).prop_map(|(at, bytes, value)| Damage::Number { at, bytes, value }),
        2 => (position(), bytes(), -16..=16i64).prop_map(|(at, bytes, by)| Damage::Shift { at, bytes, by }),
        1 => position().prop_map(|at| Damage::Cut { at }),
        1 => (position(), 1..64usize).prop_map(|(at, bytes)| Damage::Remove { at, bytes }),
        1 => (position(), position(), 1..256usize).prop_map(|(from, to, bytes)| Damage::Copy { from, to, bytes }),
    ]
}

/// Up to a handful of places.
pub fn damages() -> impl Strategy<Value = Vec<Damage>> {
    proptest::collection::vec(damage(), 1..6)
}

/// The bytes with all of it.
pub fn damaged(bytes: &[u8], damages: &[Damage]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for damage in damages {
        let length = bytes.len();
        let end = |at: usize, count: usize| at.saturating_add(count).min(length);
        match damage {
            Damage::Flip { at, mask } => {
                if let Some(byte) = bytes.get_mut(at.of(length)) {
                    *byte ^= mask;
                }
            }
            Damage::Number { at, bytes: count, value } => {
                let at = at.of(length) / count * count;
                let end = end(at, *count);
                bytes[at.min(end)..end].copy_from_slice(&value.to_le_bytes()[..end - at.min(end)]);
            }
            Damage::Shift { at, bytes: count, by } => {
                let at = at.of(length) / count * count;
                if let Some(word) = bytes.get_mut(at..at + count) {
                    let mut value = [0; 8];
                    value[..*count].copy_from_slice(word);
                    let value = u64::from_le_bytes(value).wrapping_add_signed(*by);
                    word.copy_from_slice(&value.to_le_bytes()[..*count]);
                }
            }
            Damage::Cut { at } => bytes.truncate(at.of(length)),
            Damage::Remove { at, bytes: count } => {
                let at = at.of(length).min(length);
                bytes.drain(at..end(at, *count));
            }
            Damage::Copy { from, to, bytes: count } => {
                let (from, to) = (from.of(length).min(length), to.of(length).min(length));
                let count = (*count).min(length - from).min(length - to);
                bytes.copy_within(from..from + count, to);
            }
        }
    }
    bytes
}
