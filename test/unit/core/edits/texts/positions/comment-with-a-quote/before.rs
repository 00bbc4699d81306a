//! A module.
use std::fmt;

/// Doc of one.
pub fn one(x: u32) -> u32 {
    // a comment
    x + 1
}

struct Pair(u8, u8);
