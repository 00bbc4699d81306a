//! What the unwinder reads, kept in step with the code.

use cranefly_machine::MachineCode;

use crate::Error;
use crate::file::ImageFile;
use crate::file::region::Region;
use crate::unwind::{self, UnwindError};

/// The frame descriptions and their search table, whose rows are by rising address: code is described in the order in which it
/// is appended.
#[derive(Debug)]
pub(crate) struct Frames {
    /// The common entries, without and with a personality.
    common: [u64; 2],
    /// Rows of the search table. The unwinder sees as many as were [published](Self::publish).
    count: u32,
}

impl Frames {
    /// Writes the beginnings of both tables. `personality`: a GOT entry.
    pub(crate) fn new(file: &mut ImageFile, personality: u64) -> Result<Self, Error> {
        let mut common = [0; 2];
        for (place, personality) in common.iter_mut().zip([None, Some(personality)]) {
            let at = file.end(Region::EhFrame);
            *place = file.append(Region::EhFrame, &unwind::cie(personality, at), unwind::FRAME_ALIGN)?;
        }
        let at = file.layout().start(Region::EhFrameHdr);
        let header =
            unwind::hdr_header(at, file.layout().start(Region::EhFrame)).map_err(failed("the frame header"))?;
        file.append(Region::EhFrameHdr, &header, unwind::HDR_ALIGN)?;
        Ok(Self { common, count: 0 })
    }

    /// The tables of an image that was saved, whose search table has `count` complete rows.
    pub(crate) fn restore(common: [u64; 2], count: u32) -> Self {
        Self { common, count }
    }

    /// Where the common entries are.
    pub(crate) fn common(&self) -> [u64; 2] {
        self.common
    }

    /// How many rows the search table has.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Describes a function that lies at `address`.
    pub(crate) fn add_function(
        &mut self,
        file: &mut ImageFile,
        name: &str,
        address: u64,
        code: &MachineCode,
    ) -> Result<(), Error> {
        let lsda = if code.has_personality {
            let bytes = unwind::lsda(&code.call_sites, code.text_len).map_err(failed(name))?;
            Some(file.append(Region::Lsda, &bytes, unwind::LSDA_ALIGN)?)
        } else {
            None
        };
        self.add(file, name, address, code.text_len, lsda, &code.cfi)
    }

    /// Describes `length` bytes of code at `address`. `cfi`: as [`MachineCode::cfi`].
    pub(crate) fn add(
        &mut self,
        file: &mut ImageFile,
        name: &str,
        address: u64,
        length: u32,
        lsda: Option<u64>,
        cfi: &[u8],
    ) -> Result<(), Error> {
        let common = self.common[usize::from(lsda.is_some())];
        let at = file.end(Region::EhFrame);
        let entry = unwind::fde(common, at, address, length, lsda, cfi).map_err(failed(name))?;
        // Behind it the file is still zero, which terminates the section.
        let entry = file.append(Region::EhFrame, &entry, unwind::FRAME_ALIGN)?;
        self.add_row(file, name, address, entry)
    }

    /// Lets the unwinder find the description at `entry` for the code at `address`, which lies behind all that has one.
    pub(crate) fn add_row(&mut self, file: &mut ImageFile, name: &str, address: u64, entry: u64) -> Result<(), Error> {
        let table = file.layout().start(Region::EhFrameHdr);
        let row = unwind::hdr_entry(table, address, entry).map_err(failed(name))?;
        file.append(Region::EhFrameHdr, &row, 4)?;
        self.count += 1;
        Ok(())
    }

    /// Lets the unwinder see every row that was added.
    pub(crate) fn publish(&self, file: &mut ImageFile) {
        let table = file.layout().start(Region::EhFrameHdr);
        file.publish_u32(table + unwind::HDR_COUNT_OFFSET as u64, self.count);
    }
}

fn failed(function: &str) -> impl FnOnce(UnwindError) -> Error {
    move |source| Error::Frames { function: function.to_owned(), source }
}
