//! Looking at what is in an image.

use std::sync::Arc;

use cranefly_bitcode::ir::GlobalId;
use cranefly_machine::MachineCode;

use crate::image::{Image, Pending};

/// Code of a function as it lies in the image.
#[derive(Clone, Debug)]
pub struct PublishedCode {
    /// Content key of the function that it is the code of.
    pub key: u128,
    /// Virtual address.
    pub address: u64,
    /// The bytes, bound.
    pub bytes: Vec<u8>,
    /// What they were made of.
    pub unbound: Arc<MachineCode>,
}

impl Image {
    /// The code that calls of the function `global` of a unit get; `None` while it has none, or is not in the program.
    pub fn published(&self, unit: &str, global: GlobalId) -> Option<PublishedCode> {
        let symbol = *self.units.get(unit)?.symbols.get(global.0 as usize)?;
        let code = self.symbols[symbol].code.as_ref()?;
        Some(PublishedCode {
            key: code.key,
            address: code.address,
            bytes: self.file.read(code.address, code.code.bytes.len()).to_vec(),
            unbound: code.code.clone(),
        })
    }

    /// What must be bound for the function `global` of a unit to have code; `None` if it has, or is not in the program.
    pub fn uncompiled(&self, unit: &str, global: GlobalId) -> Option<Pending> {
        let symbol = *self.units.get(unit)?.symbols.get(global.0 as usize)?;
        let slot = self.symbols[symbol].slot?;
        let number = (slot - self.file.layout().start(crate::layout::Region::Slots)) / crate::text::SLOT_SIZE;
        self.deferred(u32::try_from(number).ok()?)
    }
}
