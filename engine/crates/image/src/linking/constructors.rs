//! The arrays of constructors and destructors, as far as their entries are not variables of the program's.

use crate::Error;
use crate::file::ImageFile;
use crate::file::region::Region;
use crate::tables::dynamic::DynamicRelocation;
use crate::tables::relocations::{Relocations, Row};
use crate::tables::stub::OwnCode;
use crate::tables::symbols::Place;

/// Size of an entry.
pub(crate) const ENTRY: u64 = 8;

/// The relocations of those entries. The first constructor is always the image's own, whose relocation stays as it is.
#[derive(Debug)]
pub(crate) struct Constructors {
    /// Of the base image's entries.
    rows: Vec<Row>,
}

impl Constructors {
    /// Arrays with the image's own constructor: the first thing that runs at start maps the control file, which must not fail later
    /// for want of descriptors.
    pub(crate) fn new(file: &mut ImageFile, relocations: &mut Relocations, own: OwnCode) -> Result<Self, Error> {
        let cell = file.reserve(Region::InitArray, ENTRY, ENTRY)?;
        let attach = DynamicRelocation::Relative(own.attach().cast_signed());
        relocations.add(file, cell, attach)?;
        Ok(Self { rows: Vec::new() })
    }

    /// Empties both arrays, but for the image's own constructor.
    pub(crate) fn clear(&mut self, file: &mut ImageFile, relocations: &mut Relocations) -> Result<(), Error> {
        for row in self.rows.drain(..) {
            relocations.remove(file, row);
        }
        file.set_used(Region::InitArray, ENTRY)?;
        file.set_used(Region::FiniArray, 0)
    }

    /// Appends a function to the array in `region`.
    pub(crate) fn add(
        &mut self,
        file: &mut ImageFile,
        relocations: &mut Relocations,
        region: Region,
        function: Place,
    ) -> Result<(), Error> {
        let cell = file.reserve(region, ENTRY, ENTRY)?;
        let pointer = relocations.anchors().pointer_to(function, 0);
        self.rows.push(relocations.add(file, cell, pointer)?);
        Ok(())
    }
}
