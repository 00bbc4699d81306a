//! What the unwinder reads, kept in step with the code; and the first-call stub, which is described like a function.

use std::path::Path;

use cranefly_machine::MachineCode;

use crate::dynamic::DynamicRelocation;
use crate::image::Image;
use crate::layout::Region;
use crate::{Error, start, unwind};

impl Image {
    pub(crate) fn start_unwind_tables(&mut self) -> Result<(), Error> {
        for (index, personality) in [None, Some(self.personality_cell)].into_iter().enumerate() {
            let at = self.file.end(Region::EhFrame);
            let cie = unwind::cie(personality, at).map_err(|error| unwind_error("the common frame entry", &error))?;
            self.cies[index] = self.file.append(Region::EhFrame, &cie, unwind::FRAME_ALIGN)?;
        }
        let hdr = self.file.layout().start(Region::EhFrameHdr);
        let header = unwind::hdr_header(hdr, self.file.layout().start(Region::EhFrame))
            .map_err(|error| unwind_error("the frame header", &error))?;
        self.file.append(Region::EhFrameHdr, &header, unwind::HDR_ALIGN)?;
        Ok(())
    }

    /// Copies the first-call stub, and describes it and all slots to the unwinder.
    pub(crate) fn place_stub(&mut self, control: &Path) -> Result<(), Error> {
        let failed = |error: &dyn std::fmt::Display| Error::Relocation {
            function: "the first-call stub".to_owned(),
            reason: error.to_string(),
        };
        let stub = cranefly_runtime::stub();
        let block = cranefly_runtime::data_block(control).map_err(|error| failed(&error))?;
        let data = self.file.append(Region::Runtime, &block, cranefly_runtime::DATA_ALIGN)?;
        let slots = self.file.layout().start(Region::Slots);
        let at = self.file.reserve(Region::Stub, stub.code.len() as u64, cranefly_runtime::STUB_ALIGN)?;
        self.file.write(at, &stub.bind(at, slots, data));
        self.stub_entry = at + stub.entry as u64;
        self.attach = at + stub.attach as u64;
        let check = cranefly_runtime::start_check();
        self.start = self.file.reserve(Region::Stub, start::LENGTH as u64, start::ALIGN)?;
        self.check = self.file.reserve(Region::Stub, check.code.len() as u64, cranefly_runtime::STUB_ALIGN)?;
        let length = u32::try_from(stub.code.len()).expect("a page of code");
        self.add_fde("the first-call stub", at, length, None, &stub.cfi())?;
        let length = u32::try_from(start::LENGTH).expect("a few bytes");
        self.add_fde("_start", self.start, length, None, &start::CFI)?;
        let length = u32::try_from(check.calls.len()).expect("a page of code");
        self.add_fde("the constructors' caller", self.check + check.calls.start as u64, length, None, &check.cfi())?;
        let length = u32::try_from(self.file.layout().capacity(Region::Slots)).expect("an image is smaller than 2 GB");
        self.add_fde("the slots", slots, length, None, cranefly_runtime::SLOTS_CFI)?;
        self.start_init_array()
    }

    /// The first thing that runs at start: mapping the control file, which must not fail later for want of descriptors.
    pub(crate) fn start_init_array(&mut self) -> Result<(), Error> {
        self.file.set_used(Region::InitArray, 0)?;
        let cell = self.file.reserve(Region::InitArray, 8, 8)?;
        let attach = DynamicRelocation::Relative(self.attach.cast_signed());
        match self.attach_row {
            Some(row) => self.relocations.write(&mut self.file, row, cell, attach),
            None => self.attach_row = Some(self.relocations.add(&mut self.file, cell, attach)?),
        }
        Ok(())
    }

    pub(crate) fn add_frame(&mut self, name: &str, address: u64, code: &MachineCode) -> Result<(), Error> {
        let failed = |error: unwind::UnwindError| unwind_error(name, &error);
        let lsda = if code.has_personality {
            let bytes = unwind::lsda(&code.call_sites, code.text_len).map_err(failed)?;
            Some(self.file.append(Region::Lsda, &bytes, unwind::LSDA_ALIGN)?)
        } else {
            None
        };
        self.add_fde(name, address, code.text_len, lsda, &code.cfi)
    }

    pub(crate) fn add_fde(
        &mut self,
        name: &str,
        address: u64,
        len: u32,
        lsda: Option<u64>,
        cfi: &[u8],
    ) -> Result<(), Error> {
        let failed = |error: unwind::UnwindError| unwind_error(name, &error);
        let cie = self.cies[usize::from(lsda.is_some())];
        let at = self.file.end(Region::EhFrame);
        let fde = unwind::fde(cie, at, address, len, lsda, cfi).map_err(failed)?;
        // Behind it the file is still zero, which terminates the section.
        let fde = self.file.append(Region::EhFrame, &fde, unwind::FRAME_ALIGN)?;
        self.add_frame_row(name, address, fde)
    }

    /// Lets the unwinder find the frame description at `fde` for the code at `address`, which lies behind all that has one.
    pub(crate) fn add_frame_row(&mut self, name: &str, address: u64, fde: u64) -> Result<(), Error> {
        let failed = |error: unwind::UnwindError| unwind_error(name, &error);
        let hdr = self.file.layout().start(Region::EhFrameHdr);
        let row = unwind::hdr_entry(hdr, address, fde).map_err(failed)?;
        self.file.append(Region::EhFrameHdr, &row, 4)?;
        self.fdes += 1;
        if !self.sealed {
            self.publish_frames();
        }
        Ok(())
    }

    /// Lets the unwinder see every frame that was added.
    pub(crate) fn publish_frames(&mut self) {
        let hdr = self.file.layout().start(Region::EhFrameHdr);
        self.file.publish_u32(hdr + unwind::HDR_COUNT_OFFSET as u64, self.fdes);
    }
}

fn unwind_error(function: &str, error: &unwind::UnwindError) -> Error {
    Error::Relocation { function: function.to_owned(), reason: error.to_string() }
}
