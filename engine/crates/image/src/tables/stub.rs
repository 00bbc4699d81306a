//! The image's own code: the first-call stub, the start check, and `_start` of a [complete executable](crate::executables::complete).

use std::path::Path;

use cranefly_runtime::Start;

use crate::Error;
use crate::file::ImageFile;
use crate::file::region::Region;
use crate::tables::frames::Frames;
use crate::tables::start;

/// Where it lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnCode {
    stub: Stub,
    /// What maps the control file.
    attach: u64,
    start: u64,
    check: u64,
}

/// The first-call stub.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stub {
    entry: u64,
}

impl Stub {
    /// One that is at its place.
    pub(crate) fn restore(entry: u64) -> Self {
        Self { entry }
    }

    /// What slots of functions without code call.
    pub(crate) fn entry(self) -> u64 {
        self.entry
    }

    /// What code calls in the place of which there is none.
    pub(crate) fn fail(self) -> u64 {
        let stub = cranefly_runtime::stub();
        self.entry - stub.entry as u64 + stub.fail as u64
    }
}

impl OwnCode {
    /// Copies it, and describes it and all slots to the unwinder. `control`: absolute path of the control file.
    pub(crate) fn place(file: &mut ImageFile, frames: &mut Frames, control: &Path) -> Result<Self, Error> {
        let stub = cranefly_runtime::stub();
        let block = cranefly_runtime::data_block(control).map_err(|source| Error::Stub { source })?;
        let data = file.append(Region::Runtime, &block, cranefly_runtime::DATA_ALIGN)?;
        let slots = file.layout().start(Region::Slots);
        let at = file.reserve(Region::Stub, stub.code.len() as u64, cranefly_runtime::STUB_ALIGN)?;
        file.write(at, &stub.bind(at, slots, data));
        let check = cranefly_runtime::start_check();
        let own = Self {
            stub: Stub { entry: at + stub.entry as u64 },
            attach: at + stub.attach as u64,
            start: file.reserve(Region::Stub, start::LENGTH as u64, start::ALIGN)?,
            check: file.reserve(Region::Stub, check.code.len() as u64, cranefly_runtime::STUB_ALIGN)?,
        };
        let length = u32::try_from(stub.code.len()).expect("a page of code");
        frames.add(file, "the first-call stub", at, length, None, &stub.cfi())?;
        let length = u32::try_from(start::LENGTH).expect("a few bytes");
        frames.add(file, "_start", own.start, length, None, &start::CFI)?;
        let length = u32::try_from(check.calls.len()).expect("a page of code");
        let calls = own.check + check.calls.start as u64;
        frames.add(file, "the constructors' caller", calls, length, None, &check.cfi())?;
        let length = u32::try_from(file.layout().capacity(Region::Slots)).expect("an image is smaller than 2 GB");
        frames.add(file, "the slots", slots, length, None, cranefly_runtime::SLOTS_CFI)?;
        Ok(own)
    }

    /// The first-call stub.
    pub(crate) fn stub(self) -> Stub {
        self.stub
    }

    /// The constructor that maps the control file.
    pub(crate) fn attach(self) -> u64 {
        self.attach
    }

    /// `_start`.
    pub(crate) fn start(self) -> u64 {
        self.start
    }

    /// What the executable calls before anything else.
    pub(crate) fn start_check(self) -> u64 {
        self.check + cranefly_runtime::start_check().check as u64
    }

    /// What the executable calls in the place of its constructors.
    pub(crate) fn start_init(self) -> u64 {
        self.check + cranefly_runtime::start_check().init as u64
    }

    /// Writes the start check for what is about to be published.
    pub(crate) fn bind_check(self, file: &mut ImageFile, inputs: &Start) {
        file.write(self.check, &cranefly_runtime::start_check().bind(self.check, inputs));
    }
}
