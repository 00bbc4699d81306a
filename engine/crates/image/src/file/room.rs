//! Room for growth: how much of it regions ask for, and what is remembered of those that ran full.

use crate::file::region::{ByRegion, Region};

/// Bytes of one kind that no program has room for.
pub(crate) const MOST: u64 = 1 << 40;

/// Bytes that a region must be able to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Need {
    /// With less the program cannot be placed.
    pub(crate) least: u64,
    /// What is set aside if nobody else needs it.
    pub(crate) wanted: u64,
}

impl Need {
    /// Just so much.
    pub(crate) fn just(bytes: u64) -> Self {
        Self { least: bytes, wanted: bytes }
    }

    /// So much as far as is known.
    pub(crate) fn of(bytes: u64) -> Self {
        let bytes = bytes.min(MOST + 1);
        Self { least: bytes, wanted: bytes }
    }

    /// With `likely` bytes more, and `more` besides.
    pub(crate) fn with(self, likely: u64, more: u64) -> Self {
        Self { wanted: self.wanted.saturating_add(likely).saturating_add(more).min(MOST), ..self }
    }

    /// With as much again for what comes with edits, and `more` besides.
    pub(crate) fn twice(self, more: u64) -> Self {
        self.with(self.wanted, more)
    }
}

/// What is known of the room that a program's images need: what ran full before gets more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    least: ByRegion,
    wanted: ByRegion,
}

/// Which region ran full, at how many bytes, and how many it would have had to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// The region.
    pub region: Region,
    /// What it can hold.
    pub capacity: u64,
    /// What it would have had to hold.
    pub needed: u64,
}

impl Default for Room {
    /// Nothing ran full.
    fn default() -> Self {
        Self { least: [0; Region::COUNT], wanted: [0; Region::COUNT] }
    }
}

impl Room {
    /// Notes that a region ran full, which gets twice the room in the next image. `is_new`: it was an image that held nothing
    /// but what the program consists of, which cannot be placed with less.
    pub fn note(&mut self, shortage: &Shortage, is_new: bool) {
        let number = shortage.region as usize;
        let wanted = shortage.capacity.max(shortage.needed).saturating_mul(2);
        self.wanted[number] = self.wanted[number].max(wanted);
        if is_new {
            self.least[number] = self.least[number].max(shortage.needed);
        }
    }

    pub(crate) fn grown(&self, region: Region, need: Need) -> Need {
        let number = region as usize;
        let least = need.least.max(self.least[number]);
        Need { least, wanted: need.wanted.max(self.wanted[number]).max(least) }
    }
}
