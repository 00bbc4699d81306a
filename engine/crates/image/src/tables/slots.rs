//! Slots: the jumps by which functions call each other, so that code can be replaced while it is in use.

use crate::Error;
use crate::error::AdoptError;
use crate::file::ImageFile;
use crate::file::region::Region;
use crate::tables::symbols::{BySymbol, SymbolIndex};

pub use cranefly_runtime::SLOT_SIZE;

/// The table of slots. A symbol that has one has it for good, and the slot with number n is the n-th of the region.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    addresses: BySymbol<u64>,
    /// By number.
    symbols: Vec<SymbolIndex>,
}

impl Slots {
    /// The slots of an image that was saved: symbols by number.
    pub(crate) fn restore(file: &ImageFile, symbols: Vec<SymbolIndex>) -> Result<Self, AdoptError> {
        if symbols.len() as u64 * SLOT_SIZE != file.used(Region::Slots) {
            return Err(AdoptError::SlotCount);
        }
        let mut addresses = BySymbol::default();
        for (at, &symbol) in (file.layout().start(Region::Slots)..).step_by(SLOT_SIZE as usize).zip(&symbols) {
            if addresses.insert(symbol, at).is_some() {
                return Err(AdoptError::MisplacedSlot);
            }
        }
        Ok(Self { addresses, symbols })
    }

    /// The slot of a symbol, made when it has none.
    pub(crate) fn make(&mut self, file: &mut ImageFile, symbol: SymbolIndex) -> Result<u64, Error> {
        if let Some(&slot) = self.addresses.get(symbol) {
            return Ok(slot);
        }
        let slot = file.reserve(Region::Slots, SLOT_SIZE, SLOT_SIZE)?;
        file.write(slot, &[0xcc; SLOT_SIZE as usize]);
        self.addresses.insert(symbol, slot);
        self.symbols.push(symbol);
        Ok(slot)
    }

    /// The slot of a symbol that defines, or once defined, a function.
    pub(crate) fn get(&self, symbol: SymbolIndex) -> Option<u64> {
        self.addresses.get(symbol).copied()
    }

    /// The slot of a function that the program defines.
    pub(crate) fn of_function(&self, symbol: SymbolIndex) -> u64 {
        self.get(symbol).expect("a defined function has a slot")
    }

    /// The number of a slot.
    pub(crate) fn number(file: &ImageFile, slot: u64) -> Option<usize> {
        usize::try_from((slot - file.layout().start(Region::Slots)) / SLOT_SIZE).ok()
    }

    /// The symbol that the slot with this number belongs to.
    pub(crate) fn symbol(&self, number: usize) -> Option<SymbolIndex> {
        self.symbols.get(number).copied()
    }

    /// The slots' symbols, by number.
    pub(crate) fn symbols(&self) -> &[SymbolIndex] {
        &self.symbols
    }
}

/// The word of a slot at `slot` that jumps to `code`.
pub(crate) fn jump_word(slot: u64, code: u64) -> u64 {
    u64::from_le_bytes(cranefly_runtime::compiled_slot(slot, code).expect("an image is smaller than 2 GB"))
}

/// The word of a slot at `slot` that calls the first-call stub at `stub`.
pub(crate) fn lazy_word(slot: u64, stub: u64) -> u64 {
    u64::from_le_bytes(cranefly_runtime::uncompiled_slot(slot, stub).expect("an image is smaller than 2 GB"))
}

/// Where the code is that the slot at `slot` jumps to; `None` if it calls the stub.
pub(crate) fn code_of(file: &ImageFile, slot: u64) -> Result<Option<u64>, AdoptError> {
    const JUMP: u8 = 0xe9;
    let bytes: [u8; 8] = file.read(slot, 8).try_into().expect("eight bytes");
    if cranefly_runtime::is_uncompiled(bytes) {
        return Ok(None);
    }
    let distance = i32::from_le_bytes(bytes[1..5].try_into().expect("four bytes"));
    let address = (slot + 5).wrapping_add_signed(distance.into());
    let text = file.layout().start(Region::Text)..file.end(Region::Text);
    if bytes[0] != JUMP || !text.contains(&address) {
        return Err(AdoptError::UnknownCode);
    }
    Ok(Some(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_one_word() {
        assert_eq!(jump_word(0x1000, 0x1005).to_le_bytes(), [0xe9, 0, 0, 0, 0, 0xcc, 0xcc, 0xcc]);
        assert_eq!(lazy_word(0x1008, 0x1000).to_le_bytes()[..5], [0xe8, 0xf3, 0xff, 0xff, 0xff]);
    }
}
