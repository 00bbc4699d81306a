//! Variables: where they lie, and the dynamic relocations of the pointers in them.

use cranefly_bitcode::ir::{GlobalKind, Variable};
use smallvec::SmallVec;

use crate::Error;
use crate::dynamic::{DynamicRelocation, RELA_SIZE};
use crate::file::ImageFile;
use crate::input::Unit;
use crate::layout::Region;
use crate::section::{SectionKind, Unplaceable};
use crate::symbols::{Place, SymbolIndex, Symbols};

/// Zero-initialised variables of at least this many bytes take no room in the file.
const BSS_THRESHOLD: u64 = 4096;
/// Variables of at least this many bytes lie where only the GOT reaches, so that they take nothing of the 2 GB that code spans.
const FAR_THRESHOLD: u64 = 1 << 20;

/// Storage of a variable.
#[derive(Clone, Debug)]
pub struct PlacedData {
    /// Where its kind of variable lives.
    pub region: Region,
    /// Virtual address.
    pub address: u64,
    /// Bytes.
    pub size: u64,
    /// Dynamic relocations of its pointers.
    pub relocations: SmallVec<[u32; 2]>,
}

/// The dynamic relocation table; freed rows are used again.
#[derive(Debug, Default)]
pub struct Relocations {
    rows: u32,
    free: Vec<u32>,
}

impl Relocations {
    /// Adds a relocation of the word at `at`.
    pub fn add(&mut self, file: &mut ImageFile, at: u64, relocation: DynamicRelocation) -> Result<u32, Error> {
        let row = match self.free.pop() {
            Some(row) => row,
            None => {
                file.set_used(Region::Rela, (u64::from(self.rows) + 1) * RELA_SIZE)?;
                self.rows += 1;
                self.rows - 1
            }
        };
        self.write(file, row, at, relocation);
        Ok(row)
    }

    /// Rewrites row `row`.
    pub fn write(&self, file: &mut ImageFile, row: u32, at: u64, relocation: DynamicRelocation) {
        if let DynamicRelocation::Constant(word) = relocation {
            file.write(at, &word.to_le_bytes());
        }
        let start = file.layout().start(Region::Rela);
        file.write(start + u64::from(row) * RELA_SIZE, &relocation.encode(at));
    }

    /// Gives row `row` back.
    pub fn remove(&mut self, file: &mut ImageFile, row: u32) {
        self.write(file, row, 0, DynamicRelocation::None);
        self.free.push(row);
    }
}

/// How a variable's section places it.
pub fn kind_of(variable: &Variable) -> Result<SectionKind, Unplaceable> {
    let Some(name) = &variable.section else { return Ok(SectionKind::Ordinary) };
    let kind = SectionKind::of(name)?;
    let possible = match kind {
        // What the code's segment holds can be neither written to nor relocated.
        SectionKind::Text => is_plain(variable) && !variable.thread_local,
        SectionKind::Ordinary => true,
        // Bounds of, and entries in, every thread's copy.
        _ => !variable.thread_local,
    };
    if possible { Ok(kind) } else { Err(Unplaceable) }
}

/// The region for a variable outside of groups.
pub fn region_of(variable: &Variable) -> Region {
    let zero =
        variable.init.as_ref().is_none_or(|init| init.pointers.is_empty() && init.bytes.iter().all(|&byte| byte == 0));
    let far = variable.size >= FAR_THRESHOLD;
    if variable.thread_local {
        Region::Tdata
    } else if kind_of(variable) == Ok(SectionKind::Text) {
        Region::Text
    } else if zero && far {
        // Constants, too: a gigabyte of memory is worth more than their protection.
        Region::FarBss
    } else if variable.constant {
        match (has_pointers(variable), far) {
            (false, false) => Region::Rodata,
            (false, true) => Region::FarRodata,
            (true, false) => Region::DataRelRo,
            (true, true) => Region::FarData,
        }
    } else if zero && variable.size >= BSS_THRESHOLD {
        Region::Bss
    } else if far {
        Region::FarData
    } else {
        Region::Data
    }
}

/// Whether nobody writes to a variable, the loader included.
pub fn is_plain(variable: &Variable) -> bool {
    variable.constant && !has_pointers(variable)
}

fn has_pointers(variable: &Variable) -> bool {
    variable.init.as_ref().is_some_and(|init| !init.pointers.is_empty())
}

/// The variable behind a symbol's definition in `unit`.
pub fn variable_of(unit: &Unit, global: cranefly_bitcode::ir::GlobalId) -> Option<&Variable> {
    match &unit.module.globals[global.0 as usize].kind {
        GlobalKind::Variable(variable) => Some(variable),
        _ => None,
    }
}

/// Finds room for `variable` in `region`, where it was before if it fits. Tells whether the symbol moved.
pub fn place(
    file: &mut ImageFile,
    symbols: &mut Symbols,
    index: SymbolIndex,
    variable: &Variable,
    region: Region,
) -> Result<bool, Error> {
    let symbol = &mut symbols[index];
    let fits = symbol.data.as_ref().is_some_and(|old| {
        old.region == region && old.size >= variable.size && old.address.is_multiple_of(variable.align.max(1))
    });
    if !fits {
        // A variable without a size takes no room, or a group between start and stop symbols would have a hole.
        let address = file.reserve(region, variable.size, variable.align)?;
        let relocations = symbol.data.take().map_or_else(SmallVec::new, |old| old.relocations);
        symbol.data = Some(PlacedData { region, address, size: variable.size, relocations });
    }
    let data = symbol.data.as_ref().expect("just placed");
    let place = if region == Region::Tdata {
        Place::ThreadLocal(data.address - file.layout().start(Region::Tdata))
    } else {
        Place::Image(data.address)
    };
    Ok(std::mem::replace(&mut symbol.place, place) != place)
}

/// A variable's initial contents, pointers being zero.
pub fn contents(variable: &Variable) -> Vec<u8> {
    let mut bytes = variable.init.as_ref().map_or_else(Vec::new, |init| init.bytes.clone());
    bytes.resize(usize::try_from(variable.size).expect("a size in the file"), 0);
    bytes
}

/// Writes a variable's initial contents and the relocations of its pointers. `units_symbols` maps the unit's globals.
pub fn fill(
    file: &mut ImageFile,
    relocations: &mut Relocations,
    symbols: &mut Symbols,
    index: SymbolIndex,
    variable: &Variable,
    unit_symbols: &[SymbolIndex],
    anchors: Anchors,
) -> Result<(), Error> {
    let Some(mut data) = symbols[index].data.take() else { return Ok(()) };
    for row in data.relocations.drain(..) {
        relocations.remove(file, row);
    }
    if !data.region.is_zero() {
        let mut bytes = vec![0; usize::try_from(data.size).expect("a size in the file")];
        if let Some(init) = &variable.init {
            bytes[..init.bytes.len()].copy_from_slice(&init.bytes);
        }
        file.write(data.address, &bytes);
        for pointer in variable.init.iter().flat_map(|init| &init.pointers) {
            let place = symbols[unit_symbols[pointer.target.0 as usize]].place;
            let at = data.address + pointer.offset;
            match anchors.pointer_to(place, pointer.addend) {
                DynamicRelocation::None => {}
                DynamicRelocation::Constant(word) => file.write(at, &word.to_le_bytes()),
                relocation => data.relocations.push(relocations.add(file, at, relocation)?),
            }
        }
    }
    symbols[index].data = Some(data);
    Ok(())
}

/// Dynamic symbol indices of the base image's anchors.
#[derive(Clone, Copy, Debug)]
pub struct Anchors {
    /// Of [`crate::base::ANCHOR`].
    pub address: u32,
    /// Of [`crate::base::TLS_ANCHOR`].
    pub thread_local: u32,
}

impl Anchors {
    /// The relocation that makes a word point to `place` + `addend`.
    pub fn pointer_to(self, place: Place, addend: i64) -> DynamicRelocation {
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
    pub fn thread_pointer_offset(self, place: Place) -> DynamicRelocation {
        match place {
            Place::ThreadLocal(offset) => DynamicRelocation::ThreadPointerOffset(0, offset.cast_signed()),
            Place::BaseThreadLocal(distance) => DynamicRelocation::ThreadPointerOffset(self.thread_local, distance),
            Place::Import { index, thread_local: true } => DynamicRelocation::ThreadPointerOffset(index, 0),
            _ => DynamicRelocation::None,
        }
    }
}
