//! The relocations that the loader applies when a program starts, and what makes a word of the image hold a place.

use crate::Error;
use crate::file::ImageFile;
use crate::file::region::Region;
use crate::tables::dynamic::{DynamicRelocation, RELA_SIZE};
use crate::tables::symbols::Place;

/// The dynamic relocation table. Rows have an owner each, who gives them back; those are used again.
#[derive(Debug)]
pub(crate) struct Relocations {
    anchors: Anchors,
    rows: u32,
    free: Vec<Row>,
}

/// A row that somebody owns.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row(u32);

impl Row {
    /// Its number.
    pub(crate) fn number(&self) -> u32 {
        self.0
    }
}

impl Relocations {
    /// An empty table, for an image that reaches its base image by `anchors`.
    pub(crate) fn new(anchors: Anchors) -> Self {
        Self { anchors, rows: 0, free: Vec::new() }
    }

    /// What tells how words come to hold places.
    pub(crate) fn anchors(&self) -> Anchors {
        self.anchors
    }

    /// Adds a relocation of the word at `at`.
    pub(crate) fn add(&mut self, file: &mut ImageFile, at: u64, relocation: DynamicRelocation) -> Result<Row, Error> {
        let row = match self.free.pop() {
            Some(row) => row,
            None => {
                file.set_used(Region::Rela, (u64::from(self.rows) + 1) * RELA_SIZE)?;
                self.rows += 1;
                Row(self.rows - 1)
            }
        };
        self.set(file, row.0, at, relocation);
        Ok(row)
    }

    /// Rewrites a row, given by its number.
    pub(crate) fn set(&self, file: &mut ImageFile, row: u32, at: u64, relocation: DynamicRelocation) {
        debug_assert!(row < self.rows, "a row that was added");
        if let DynamicRelocation::Constant(word) = relocation {
            file.write(at, &word.to_le_bytes());
        }
        let start = file.layout().start(Region::Rela);
        file.write(start + u64::from(row) * RELA_SIZE, &relocation.encode(at));
    }

    /// Gives a row back.
    pub(crate) fn remove(&mut self, file: &mut ImageFile, row: Row) {
        self.set(file, row.0, 0, DynamicRelocation::None);
        self.free.push(row);
    }
}

/// Dynamic symbol indices of the base image's anchors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anchors {
    /// Of [`crate::base::ANCHOR`].
    pub(crate) address: u32,
    /// Of [`crate::base::TLS_ANCHOR`].
    pub(crate) thread_local: u32,
}

impl Anchors {
    /// The relocation that makes a word point to `place` + `addend`.
    pub(crate) fn pointer_to(self, place: Place, addend: i64) -> DynamicRelocation {
        match place {
            Place::Image(at) => DynamicRelocation::Relative(at.cast_signed() + addend),
            Place::Base(distance) => DynamicRelocation::Symbol(self.address, distance + addend),
            Place::Import { index, .. } => DynamicRelocation::Symbol(index, addend),
            Place::Absolute(value) => DynamicRelocation::Constant(value.cast_signed().wrapping_add(addend)),
            Place::Null => DynamicRelocation::Constant(addend),
            Place::Undefined | Place::ThreadLocal(_) | Place::BaseThreadLocal(_) => DynamicRelocation::None,
        }
    }

    /// The relocation that makes a word hold the thread-pointer offset of `place`; `None` if it is not thread-local.
    pub(crate) fn thread_pointer_offset(self, place: Place) -> DynamicRelocation {
        match place {
            Place::ThreadLocal(offset) => DynamicRelocation::ThreadPointerOffset(0, offset.cast_signed()),
            Place::BaseThreadLocal(distance) => DynamicRelocation::ThreadPointerOffset(self.thread_local, distance),
            Place::Import { index, thread_local: true } => DynamicRelocation::ThreadPointerOffset(index, 0),
            _ => DynamicRelocation::None,
        }
    }
}
