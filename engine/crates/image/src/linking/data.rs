//! Variables: where they lie, and the dynamic relocations of the pointers in them.

use cranefly_bitcode::ir::Variable;
use smallvec::SmallVec;

use crate::Error;
use crate::file::ImageFile;
use crate::file::region::Region;
use crate::tables::dynamic::DynamicRelocation;
use crate::tables::relocations::{Relocations, Row};
use crate::tables::symbols::{BySymbol, Place, SymbolIndex, Symbols};

/// Storage of a variable.
#[derive(Debug)]
struct PlacedData {
    region: Region,
    address: u64,
    size: u64,
    /// Of its pointers.
    relocations: SmallVec<[Row; 2]>,
}

/// The storage of an image's variables. Each variable has the relocations of its own pointers and no others.
#[derive(Debug, Default)]
pub(crate) struct Data(BySymbol<PlacedData>);

impl Data {
    /// Finds room for `variable` in `region`, where it was before if it fits. Tells whether the symbol moved.
    pub(crate) fn place(
        &mut self,
        file: &mut ImageFile,
        symbols: &mut Symbols,
        symbol: SymbolIndex,
        variable: &Variable,
        region: Region,
    ) -> Result<bool, Error> {
        let old = self.0.get(symbol).filter(|old| {
            old.region == region && old.size >= variable.size && old.address.is_multiple_of(variable.align.max(1))
        });
        let address = match old {
            Some(old) => old.address,
            None => {
                // A variable without a size takes no room, or a group between start and stop symbols would have a hole.
                let address = file.reserve(region, variable.size, variable.align)?;
                let relocations = self.0.remove(symbol).map_or_else(SmallVec::new, |old| old.relocations);
                self.0.insert(symbol, PlacedData { region, address, size: variable.size, relocations });
                address
            }
        };
        let place = if region == Region::Tdata {
            Place::ThreadLocal(address - file.layout().start(Region::Tdata))
        } else {
            Place::Image(address)
        };
        Ok(symbols.set_place(symbol, place))
    }

    /// Writes the initial contents of a variable that has room, and the relocations of its pointers. `unit_symbols` are those of
    /// its unit's globals.
    pub(crate) fn fill(
        &mut self,
        file: &mut ImageFile,
        relocations: &mut Relocations,
        symbols: &Symbols,
        symbol: SymbolIndex,
        variable: &Variable,
        unit_symbols: &[SymbolIndex],
    ) -> Result<(), Error> {
        let Some(data) = self.0.get_mut(symbol) else { return Ok(()) };
        for row in data.relocations.drain(..) {
            relocations.remove(file, row);
        }
        if data.region.is_zero() {
            return Ok(());
        }
        let mut bytes = vec![0; usize::try_from(data.size).expect("a size in the file")];
        if let Some(init) = &variable.init {
            bytes[..init.bytes.len()].copy_from_slice(&init.bytes);
        }
        file.write(data.address, &bytes);
        let anchors = relocations.anchors();
        for pointer in variable.init.iter().flat_map(|init| &init.pointers) {
            let place = symbols.place(unit_symbols[pointer.target.0 as usize]);
            let at = data.address + pointer.offset;
            match anchors.pointer_to(place, pointer.addend) {
                DynamicRelocation::None => {}
                DynamicRelocation::Constant(word) => file.write(at, &word.to_le_bytes()),
                relocation => data.relocations.push(relocations.add(file, at, relocation)?),
            }
        }
        Ok(())
    }

    /// Gives back the relocations of a variable that is there no more, or moves.
    pub(crate) fn forget(&mut self, file: &mut ImageFile, relocations: &mut Relocations, symbol: SymbolIndex) {
        let Some(PlacedData { relocations: rows, .. }) = self.0.remove(symbol) else { return };
        for row in rows {
            relocations.remove(file, row);
        }
    }

    /// The address of a variable that has room.
    pub(crate) fn address(&self, symbol: SymbolIndex) -> Option<u64> {
        self.0.get(symbol).map(|data| data.address)
    }
}
