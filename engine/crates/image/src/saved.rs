//! An image that another process can complete: what must be saved of it for that, and how it is taken over.
//!
//! Laying everything out again from the same units would not do: where things lie depends on every update before. So the
//! result is saved: what the functions without code refer to, and where that lies. Everything else of a committed image is
//! in its file, or is not needed by code that is only appended.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use cranefly_bitcode::ir::{Global, GlobalId, Linkage};
use cranefly_cgu::CodegenUnit;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::checkpoint::{Checkpoint, word};
use crate::debug_info::Detail;
use crate::error::AdoptError;
use crate::file::elf;
use crate::file::layout::Layout;
use crate::file::region::{Region, by_region};
use crate::file::{Cursors, ImageFile};
use crate::tables::Tables;
use crate::tables::cells::{Cells, SavedCells};
use crate::tables::code::{Code, PlacedCode};
use crate::tables::debug::DebugInfo;
use crate::tables::frames::Frames;
use crate::tables::slots::{self, Slots};
use crate::tables::stub::Stub;
use crate::tables::symbols::{Definer, Place, SymbolIndex, Symbols};
use crate::tables::symtab::Symtab;
use crate::tables::units::{UnitState, Units};
use crate::unwind::{HDR_COUNT_OFFSET, HDR_ENTRY_SIZE, HDR_TABLE_OFFSET};

/// A committed image some of whose functions have no code, without its units.
#[derive(Debug, Serialize, Deserialize)]
pub struct SavedImage {
    stamp: u64,
    layout: Layout,
    #[serde(with = "by_region")]
    used: Cursors,
    has_names: bool,
    has_debug_info: bool,
    full_debug_info: bool,
    common_frames: [u64; 2],
    stub_entry: u64,
    symbols: Vec<SavedSymbol>,
    /// Symbols by slot number.
    slots: Vec<SymbolIndex>,
    /// Ids of the units with functions without code, and the symbols of their globals.
    units: Vec<(String, Vec<SymbolIndex>)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedSymbol {
    name: String,
    /// Known by its name everywhere.
    global: bool,
    /// The definition that counts: unit and global there.
    definition: Option<(u32, u32)>,
    place: Place,
    cells: SavedCells,
}

impl SavedImage {
    /// Ids of the units that [`Image::adopt`](crate::Image::adopt) needs.
    pub fn unit_ids(&self) -> impl ExactSizeIterator<Item = &str> {
        self.units.iter().map(|(id, _)| id.as_str())
    }
}

/// A value that no other state of an image's file has.
pub(crate) fn new_stamp() -> u64 {
    RandomState::new().build_hasher().finish() | 1
}

/// Writes a checkpoint with this stamp into the image, and gives what goes with it. `units` are those that are not complete.
pub(crate) fn save(tables: &mut Tables, stamp: u64, units: &[Arc<CodegenUnit>]) -> SavedImage {
    Checkpoint::of(tables, stamp).write(&mut tables.file);
    let Tables { symbols, .. } = tables;
    let number: HashMap<&str, u32> = units.iter().map(|unit| &*unit.id).zip(0..).collect();
    let save = |symbol: SymbolIndex| SavedSymbol {
        name: symbols.name(symbol).to_string(),
        global: symbols.is_global(symbol),
        definition: symbols
            .definition(symbol)
            .and_then(|definer| Some((*number.get(&*definer.unit)?, definer.global.0))),
        place: symbols.place(symbol),
        cells: tables.cells.save(symbol),
    };
    SavedImage {
        stamp,
        layout: tables.file.layout().clone(),
        used: tables.file.cursors(),
        has_names: tables.symtab.is_wanted(),
        has_debug_info: tables.debug.is_wanted(),
        full_debug_info: tables.debug.detail() == Detail::Full,
        common_frames: tables.frames.common(),
        stub_entry: tables.stub.entry(),
        symbols: symbols.iter().map(save).collect(),
        slots: tables.slots.symbols().to_vec(),
        units: units.iter().map(|unit| (unit.id.to_string(), tables.units[&unit.id].symbols().to_vec())).collect(),
    }
}

/// The tables of the image at `path`, wherever the process ended that saved it, and its stamp.
pub(crate) fn restore(path: &Path, saved: SavedImage, units: &[Arc<CodegenUnit>]) -> Result<(Tables, u64), Error> {
    let refuse = |source| Error::Adopt { path: path.to_owned(), source };
    let mut file = ImageFile::open(path, saved.layout.clone())?;
    let checkpoint = Checkpoint::read(&file).map_err(refuse)?;
    check_cursors(&file, &saved, &checkpoint).map_err(refuse)?;
    file.restore(checkpoint.used);
    let SavedTables { symbols, cells, slots, code, units } = restore_tables(&file, &saved, units).map_err(refuse)?;
    let detail = if saved.full_debug_info { Detail::Full } else { Detail::LineTables };
    let mut tables = Tables {
        file,
        symbols,
        units,
        slots,
        cells,
        code,
        frames: Frames::restore(saved.common_frames, checkpoint.fdes),
        symtab: Symtab::new(saved.has_names),
        debug: DebugInfo::new(saved.has_debug_info, detail),
        stub: Stub::restore(saved.stub_entry),
        late_text: None,
        compiled_up_to: AtomicUsize::new(0),
    };
    // A frame that was being written would stand where the section's terminator belongs.
    tables.file.clear_behind(Region::EhFrame)?;
    tables.frames.publish(&mut tables.file);
    elf::write_sections(&mut tables.file);
    Ok((tables, saved.stamp))
}

/// Whether the image is the one that was saved, and has only grown since.
fn check_cursors(file: &ImageFile, saved: &SavedImage, checkpoint: &Checkpoint) -> Result<(), AdoptError> {
    if checkpoint.stamp != saved.stamp {
        return Err(AdoptError::OtherGeneration);
    }
    for region in Region::ALL {
        let (before, now) = (saved.used[region as usize], checkpoint.used[region as usize]);
        if now < before || now > saved.layout.capacity(region) {
            return Err(AdoptError::DamagedCheckpoint);
        }
    }
    let frames = u64::from(checkpoint.fdes);
    if checkpoint.used[Region::EhFrameHdr as usize] != HDR_TABLE_OFFSET as u64 + frames * HDR_ENTRY_SIZE as u64 {
        return Err(AdoptError::FrameCount);
    }
    let count = word(file, saved.layout.start(Region::EhFrameHdr) + HDR_COUNT_OFFSET as u64) & u64::from(u32::MAX);
    if count > frames {
        return Err(AdoptError::UnknownFrames);
    }
    Ok(())
}

/// The tables that are made of what was saved.
struct SavedTables {
    symbols: Symbols,
    cells: Cells,
    slots: Slots,
    code: Code,
    units: Units,
}

fn restore_tables(file: &ImageFile, saved: &SavedImage, units: &[Arc<CodegenUnit>]) -> Result<SavedTables, AdoptError> {
    let (symbols, cells) = restore_symbols(saved, units)?;
    if saved.slots.iter().chain(saved.units.iter().flat_map(|(_, symbols)| symbols)).any(|&it| !symbols.contains(it)) {
        return Err(AdoptError::MisplacedSlot);
    }
    let slots = Slots::restore(file, saved.slots.clone())?;
    let mut code = Code::default();
    for &symbol in slots.symbols() {
        if let Some(address) = slots::code_of(file, slots.of_function(symbol))? {
            code.set(symbol, PlacedCode::at(address));
        }
    }
    let units = restore_units(saved, units)?;
    Ok(SavedTables { symbols, cells, slots, code, units })
}

fn restore_symbols(saved: &SavedImage, units: &[Arc<CodegenUnit>]) -> Result<(Symbols, Cells), AdoptError> {
    if u32::try_from(saved.symbols.len()).is_err() {
        return Err(AdoptError::TooManySymbols);
    }
    let (mut symbols, mut cells) = (Symbols::default(), Cells::default());
    for old in &saved.symbols {
        let name: Arc<str> = old.name.as_str().into();
        let symbol = if old.global {
            match symbols.global(&name) {
                (symbol, true) => symbol,
                _ => return Err(AdoptError::DuplicateSymbol),
            }
        } else {
            symbols.add(&name)
        };
        if let Some((unit, global)) = old.definition {
            let unit = units.get(unit as usize).ok_or(AdoptError::UnknownUnit)?.id.clone();
            symbols.define(symbol, Definer { unit, global: GlobalId(global), linkage: Linkage::External });
        }
        symbols.set_place(symbol, old.place);
        cells.restore(symbol, old.cells);
    }
    Ok((symbols, cells))
}

fn restore_units(saved: &SavedImage, units: &[Arc<CodegenUnit>]) -> Result<Units, AdoptError> {
    if saved.units.len() != units.len() {
        return Err(AdoptError::UnitCount);
    }
    let same_name = |(symbol, global): (&SymbolIndex, &Global)| {
        let symbol = saved.symbols.get(symbol.number() as usize);
        symbol.is_some_and(|symbol| *symbol.name == *global.name)
    };
    for ((id, symbols), unit) in saved.units.iter().zip(units) {
        let globals = &unit.module.globals;
        if **id != *unit.id || symbols.len() != globals.len() || !symbols.iter().zip(globals).all(same_name) {
            return Err(AdoptError::OtherUnit);
        }
    }
    let states = saved.units.iter().zip(units);
    Ok(Units::restore(states.map(|((_, symbols), unit)| UnitState::restored(unit.clone(), symbols.clone()))))
}
