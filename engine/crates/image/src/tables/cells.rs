//! GOT entries, and the code that jumps through them: how code reaches what lies outside of the image.

use crate::Error;
use crate::file::ImageFile;
use crate::file::region::Region;
use crate::tables::dynamic::DynamicRelocation;
use crate::tables::relocations::Relocations;
use crate::tables::symbols::{BySymbol, Place, SymbolIndex, Symbols};

/// The cells of an image's symbols. Each symbol has at most one of a kind, for good, whose relocation follows the symbol's place
/// as long as no program has the image mapped.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    /// GOT entries with addresses.
    addresses: BySymbol<u64>,
    /// GOT entries with thread-pointer offsets.
    thread_pointers: BySymbol<u64>,
    /// PLT entries.
    jumps: BySymbol<u64>,
    /// Variadic thunks.
    variadic: BySymbol<u64>,
}

/// What of a symbol's cells outlives a process.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct SavedCells {
    address: Option<u64>,
    thread_pointer: Option<u64>,
    jump: Option<u64>,
    variadic: Option<u64>,
}

/// Who may ask for cells.
pub(crate) enum Asker<'a> {
    /// The image is being linked: what is missing is made.
    Linking(&'a mut Relocations),
    /// Programs run from it, and the loader is done: there is what there is.
    Running,
}

impl Cells {
    /// A symbol's cells, to be kept.
    pub(crate) fn save(&self, symbol: SymbolIndex) -> SavedCells {
        SavedCells {
            address: self.addresses.get(symbol).copied(),
            thread_pointer: self.thread_pointers.get(symbol).copied(),
            jump: self.jumps.get(symbol).copied(),
            variadic: self.variadic.get(symbol).copied(),
        }
    }

    /// Sets the cells of a symbol that has none.
    pub(crate) fn restore(&mut self, symbol: SymbolIndex, saved: SavedCells) {
        let SavedCells { address, thread_pointer, jump, variadic } = saved;
        for (cells, cell) in [
            (&mut self.addresses, address),
            (&mut self.thread_pointers, thread_pointer),
            (&mut self.jumps, jump),
            (&mut self.variadic, variadic),
        ] {
            cell.map(|cell| cells.insert(symbol, cell));
        }
    }

    /// The GOT entry with a symbol's address, if it has one.
    pub(crate) fn known_address(&self, symbol: SymbolIndex) -> Option<u64> {
        self.addresses.get(symbol).copied()
    }

    /// The GOT entry with a symbol's address.
    pub(crate) fn address(
        &mut self,
        file: &mut ImageFile,
        asker: &mut Asker,
        symbols: &Symbols,
        symbol: SymbolIndex,
    ) -> Result<u64, Error> {
        let place = symbols.place(symbol);
        cell(&mut self.addresses, file, asker, symbol, |relocations| relocations.anchors().pointer_to(place, 0))
    }

    /// The GOT entry with a symbol's thread-pointer offset.
    pub(crate) fn thread_pointer(
        &mut self,
        file: &mut ImageFile,
        asker: &mut Asker,
        symbols: &Symbols,
        symbol: SymbolIndex,
    ) -> Result<u64, Error> {
        let place = symbols.place(symbol);
        let relocation = |relocations: &Relocations| relocations.anchors().thread_pointer_offset(place);
        cell(&mut self.thread_pointers, file, asker, symbol, relocation)
    }

    /// Address to call: that of a symbol of the image's (functions: a slot), or a PLT entry.
    pub(crate) fn call_target(
        &mut self,
        file: &mut ImageFile,
        asker: &mut Asker,
        symbols: &Symbols,
        symbol: SymbolIndex,
    ) -> Result<u64, Error> {
        if let Place::Image(at) = symbols.place(symbol) {
            return Ok(at);
        }
        let cell = self.address(file, asker, symbols, symbol)?;
        if let Some(&jump) = self.jumps.get(symbol) {
            return Ok(jump);
        }
        let jump = indirect_jump(file, cell)?;
        self.jumps.insert(symbol, jump);
        Ok(jump)
    }

    /// Address to call with a variable number of arguments.
    pub(crate) fn variadic_target(
        &mut self,
        file: &mut ImageFile,
        asker: &mut Asker,
        symbols: &Symbols,
        symbol: SymbolIndex,
    ) -> Result<u64, Error> {
        let target = self.call_target(file, asker, symbols, symbol)?;
        if let Some(&thunk) = self.variadic.get(symbol) {
            return Ok(thunk);
        }
        let thunk = variadic_thunk(file, target)?;
        self.variadic.insert(symbol, thunk);
        Ok(thunk)
    }

    /// A function in the place of a symbol's PLT entry that only returns.
    pub(crate) fn empty_function(&mut self, file: &mut ImageFile, symbol: SymbolIndex) -> Result<u64, Error> {
        const RETURN: [u8; 8] = [0xc3, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc];
        if let Some(&at) = self.jumps.get(symbol) {
            return Ok(at);
        }
        let at = file.append(Region::Plt, &RETURN, 8)?;
        self.jumps.insert(symbol, at);
        Ok(at)
    }

    /// Gives a symbol everything by which code can refer to it, as far as it lies outside of the image: a function that is
    /// compiled when it is first called cannot have new cells, since the loader is done by then.
    pub(crate) fn provide(
        &mut self,
        file: &mut ImageFile,
        relocations: &mut Relocations,
        symbols: &Symbols,
        symbol: SymbolIndex,
    ) -> Result<(), Error> {
        let asker = &mut Asker::Linking(relocations);
        match symbols.place(symbol) {
            Place::Image(at) if file.layout().is_near(at) => {}
            Place::Image(_) | Place::Absolute(_) => {
                self.address(file, asker, symbols, symbol)?;
            }
            Place::ThreadLocal(_) | Place::BaseThreadLocal(_) | Place::Import { thread_local: true, .. } => {
                self.thread_pointer(file, asker, symbols, symbol)?;
            }
            Place::Undefined | Place::Null | Place::Base(_) | Place::Import { .. } => {
                self.call_target(file, asker, symbols, symbol)?;
            }
        }
        Ok(())
    }
}

/// The word behind a GOT entry holds the row of its relocation.
const ROW: u64 = 8;

fn cell(
    cells: &mut BySymbol<u64>,
    file: &mut ImageFile,
    asker: &mut Asker,
    symbol: SymbolIndex,
    relocation: impl FnOnce(&Relocations) -> DynamicRelocation,
) -> Result<u64, Error> {
    match (cells.get(symbol).copied(), asker) {
        (Some(cell), Asker::Running) => Ok(cell),
        (None, Asker::Running) => Err(Error::Sealed),
        (Some(cell), Asker::Linking(relocations)) => {
            let row = u32::from_le_bytes(file.read(cell + ROW, 4).try_into().expect("four bytes"));
            relocations.set(file, row, cell, relocation(relocations));
            Ok(cell)
        }
        (None, Asker::Linking(relocations)) => {
            let cell = file.reserve(Region::Got, 16, 8)?;
            let relocation = relocation(relocations);
            let row = relocations.add(file, cell, relocation)?;
            file.write(cell + ROW, &u64::from(row.number()).to_le_bytes());
            cells.insert(symbol, cell);
            Ok(cell)
        }
    }
}

/// `to - from` as a PC-relative displacement. Both lie in regions within reach of each other, so it always fits.
fn distance(from: u64, to: u64) -> i32 {
    i32::try_from(to.cast_signed() - from.cast_signed()).expect("code reaches what it refers to")
}

/// Appends `jmp *cell(%rip)`, for calls to what lies outside of the image.
fn indirect_jump(file: &mut ImageFile, cell: u64) -> Result<u64, Error> {
    let at = file.reserve(Region::Plt, 8, 8)?;
    let mut bytes = [0xff, 0x25, 0, 0, 0, 0, 0xcc, 0xcc];
    bytes[2..6].copy_from_slice(&distance(at + 6, cell).to_le_bytes());
    file.write(at, &bytes);
    Ok(at)
}

/// Appends `mov $8, %al; jmp target`: variable-argument callees expect in AL an upper bound of the vector registers used.
fn variadic_thunk(file: &mut ImageFile, target: u64) -> Result<u64, Error> {
    let at = file.reserve(Region::Plt, 8, 8)?;
    let mut bytes = [0xb0, 8, 0xe9, 0, 0, 0, 0, 0xcc];
    bytes[3..7].copy_from_slice(&distance(at + 7, target).to_le_bytes());
    file.write(at, &bytes);
    Ok(at)
}
