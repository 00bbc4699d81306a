//! Variables: where they lie, and the dynamic relocations of the pointers in them.

use std::collections::BTreeMap;
use std::sync::Arc;

use cranefly_bitcode::ir::{GlobalKind, Variable};
use smallvec::SmallVec;

use crate::Error;
use crate::dynamic::{DynamicRelocation, RELA_SIZE};
use crate::file::ImageFile;
use crate::input::Unit;
use crate::layout::Region;
use crate::symbols::{Place, SymbolIndex, Symbols};

/// Zero-initialised variables of at least this many bytes take no room in the file.
const BSS_THRESHOLD: u64 = 4096;

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
        let start = file.layout().start(Region::Rela);
        file.write(start + u64::from(row) * RELA_SIZE, &relocation.encode(at));
    }

    /// Gives row `row` back.
    pub fn remove(&mut self, file: &mut ImageFile, row: u32) {
        self.write(file, row, 0, DynamicRelocation::None);
        self.free.push(row);
    }
}

/// How a variable's `section` attribute places it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SectionKind {
    /// Pointers run at start, by priority.
    InitArray(u32),
    /// Pointers run at exit, by priority.
    FiniArray(u32),
    /// A contiguous group between `__start_NAME` and `__stop_NAME`.
    Group(Arc<str>),
    /// By content, as if there were no attribute.
    Ordinary,
}

impl SectionKind {
    /// What ELF linkers do with an input section of that name.
    pub fn of(section: Option<&Arc<str>>) -> Self {
        let Some(name) = section else { return Self::Ordinary };
        let array = |prefix: &str| {
            let rest = name.strip_prefix(prefix)?;
            // Without a number an entry runs after all that have one.
            if rest.is_empty() { Some(u32::MAX) } else { rest.strip_prefix('.')?.parse().ok() }
        };
        if let Some(priority) = array(".init_array").or_else(|| array(".ctors")) {
            return Self::InitArray(priority);
        }
        if let Some(priority) = array(".fini_array").or_else(|| array(".dtors")) {
            return Self::FiniArray(priority);
        }
        let identifier = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if identifier && !name.is_empty() { Self::Group(name.clone()) } else { Self::Ordinary }
    }
}

/// Members of sections whose parts must lie side by side, by section.
pub type Groups = BTreeMap<SectionKind, Vec<(SymbolIndex, Arc<Unit>)>>;

/// The region for a variable outside of groups.
pub fn region_of(variable: &Variable) -> Region {
    let zero =
        variable.init.as_ref().is_none_or(|init| init.pointers.is_empty() && init.bytes.iter().all(|&byte| byte == 0));
    if variable.thread_local {
        Region::Tdata
    } else if variable.constant {
        let pointers = variable.init.as_ref().is_some_and(|init| !init.pointers.is_empty());
        if pointers { Region::DataRelRo } else { Region::Rodata }
    } else if zero && variable.size >= BSS_THRESHOLD {
        Region::Bss
    } else {
        Region::Data
    }
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
        let address = if region == Region::Bss {
            let start = file.layout().bss_address();
            let at = (start + file.used(Region::Bss)).next_multiple_of(variable.align.max(1));
            file.set_used(Region::Bss, at + variable.size - start)?;
            at
        } else {
            // A variable without a size takes no room, or a group between start and stop symbols would have a hole.
            file.reserve(region, variable.size, variable.align)?
        };
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
    if data.region != Region::Bss {
        let mut bytes = vec![0; usize::try_from(data.size).expect("a size in the file")];
        if let Some(init) = &variable.init {
            bytes[..init.bytes.len()].copy_from_slice(&init.bytes);
        }
        file.write(data.address, &bytes);
        for pointer in variable.init.iter().flat_map(|init| &init.pointers) {
            let place = symbols[unit_symbols[pointer.target.0 as usize]].place;
            let relocation = anchors.pointer_to(place, pointer.addend);
            if relocation != DynamicRelocation::None {
                data.relocations.push(relocations.add(file, data.address + pointer.offset, relocation)?);
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
            Place::Undefined | Place::Null | Place::ThreadLocal(_) | Place::BaseThreadLocal(_) => {
                DynamicRelocation::None
            }
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
