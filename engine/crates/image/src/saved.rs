//! An image that another process can complete: what must be saved of a program for that, and how it is taken over.
//!
//! Laying everything out again from the same units would not do: where things lie depends on every update before. So the
//! result is saved: what the functions without code refer to, and where that lies. Everything else of a committed program is
//! in the image, or is not needed by code that is only appended.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::sync::Arc;

use cranefly_bitcode::ir::{GlobalId, Linkage};
use hashbrown::{HashMap, HashSet};
use serde::{Deserialize, Serialize};

use crate::assembly::AssemblyDefinition;
use crate::base::BaseImage;
use crate::checkpoint::{Checkpoint, word};
use crate::contents::Contents;
use crate::data::{Anchors, Relocations};
use crate::dynamic::DynamicTables;
use crate::file::{Cursors, ImageFile};
use crate::groups::Groups;
use crate::image::{Image, UnitState};
use crate::input::Unit;
use crate::layout::{Layout, Region, by_region};
use crate::symbols::{Definer, Place, Symbol, SymbolIndex, Symbols};
use crate::text::{PlacedCode, SLOT_SIZE};
use crate::unwind::{HDR_COUNT_OFFSET, HDR_ENTRY_SIZE, HDR_TABLE_OFFSET};
use crate::{Error, elf};

/// A committed program some of whose functions have no code, without its units.
#[derive(Debug, Serialize, Deserialize)]
pub struct SavedImage {
    stamp: u64,
    layout: Layout,
    #[serde(with = "by_region")]
    used: Cursors,
    full_debug_info: bool,
    contents: Contents,
    anchors: (u32, u32),
    cies: [u64; 2],
    personality_cell: u64,
    stub_entry: u64,
    attach: u64,
    symbols: Vec<SavedSymbol>,
    /// Symbols by slot number.
    slots: Vec<u32>,
    /// Ids of the units with functions without code, and the symbols of their globals.
    units: Vec<(String, Vec<u32>)>,
    group_bounds: BTreeMap<String, (u64, u64)>,
    assembly_symbols: BTreeMap<String, Place>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedSymbol {
    name: String,
    /// Known by its name everywhere.
    global: bool,
    /// The definition that counts: unit and global there.
    definition: Option<(u32, u32)>,
    place: Place,
    slot: Option<u64>,
    got: Option<u64>,
    tp_got: Option<u64>,
    plt: Option<u64>,
    variadic: Option<u64>,
}

impl SavedImage {
    /// Ids of the units that [`Image::take_over`] needs.
    pub fn unit_ids(&self) -> impl ExactSizeIterator<Item = &str> {
        self.units.iter().map(|(id, _)| id.as_str())
    }
}

impl Image {
    /// Whether every function has code.
    pub fn is_compiled(&self) -> bool {
        !self.slots.iter().any(|&symbol| {
            self.symbols[symbol].code.is_none()
                && self
                    .definition(symbol)
                    .is_some_and(|(unit, global)| unit.functions.iter().any(|function| function.global == global))
        })
    }

    /// Units with functions that have no code yet, by id.
    pub fn incomplete_units(&self) -> Vec<Arc<Unit>> {
        let mut seen = HashSet::new();
        let mut units = Vec::new();
        for &symbol in self.slots.iter().filter(|&&symbol| self.symbols[symbol].code.is_none()) {
            let Some((unit, global)) = self.definition(symbol) else { continue };
            if !seen.contains(&unit.id) && unit.functions.iter().any(|function| function.global == global) {
                seen.insert(unit.id.clone());
                units.push(unit);
            }
        }
        units.sort_by(|a, b| a.id.cmp(&b.id));
        units
    }

    /// What another process needs to complete the image with functions of `units`, which are its
    /// [incomplete](Self::incomplete_units) ones. Only of a committed program, and void after its next update.
    pub fn save(&mut self, units: &[Arc<Unit>]) -> SavedImage {
        // Any value that no other state of this file has.
        self.stamp = RandomState::new().build_hasher().finish() | 1;
        self.checkpoint();
        let number: HashMap<&str, u32> = units.iter().map(|unit| &*unit.id).zip(0..).collect();
        let save = |(index, symbol): (SymbolIndex, &Symbol)| SavedSymbol {
            name: symbol.name.to_string(),
            global: self.symbols.find(&symbol.name) == Some(index),
            definition: symbol.definition().and_then(|definer| Some((*number.get(&*definer.unit)?, definer.global.0))),
            place: symbol.place,
            slot: symbol.slot,
            got: symbol.got,
            tp_got: symbol.tp_got,
            plt: symbol.plt,
            variadic: symbol.variadic,
        };
        let symbols_of = |unit: &Arc<Unit>| self.units[&unit.id].symbols.iter().map(|symbol| symbol.0).collect();
        SavedImage {
            stamp: self.stamp,
            layout: self.file.layout().clone(),
            used: self.file.cursors(),
            full_debug_info: self.full_debug_info,
            contents: self.contents,
            anchors: (self.anchors.address, self.anchors.thread_local),
            cies: self.cies,
            personality_cell: self.personality_cell,
            stub_entry: self.stub_entry,
            attach: self.attach,
            symbols: self.symbols.iter().map(save).collect(),
            slots: self.slots.iter().map(|symbol| symbol.0).collect(),
            units: units.iter().map(|unit| (unit.id.to_string(), symbols_of(unit))).collect(),
            group_bounds: self.group_bounds.iter().map(|(name, bounds)| (name.to_string(), *bounds)).collect(),
            assembly_symbols: self
                .assembly_symbols
                .keys()
                .filter_map(|name| Some((name.to_string(), self.assembly_place(self.symbols.find(name)?)?)))
                .collect(),
        }
    }

    /// Goes on with the image at `path` where another process ended, whenever that was. `units` are those that were
    /// [saved](Self::save), in the same order. Checks that file, saved state and units belong together.
    pub fn take_over(path: &Path, saved: SavedImage, units: &[Arc<Unit>]) -> Result<Self, Error> {
        let refuse = |reason: &str| Error::TakeOver { path: path.to_owned(), reason: reason.to_owned() };
        let mut file = ImageFile::open(path, saved.layout.clone())?;
        let checkpoint = Checkpoint::read(&file).map_err(refuse)?;
        check_cursors(&file, &saved, &checkpoint).map_err(refuse)?;
        file.restore(checkpoint.used);
        let symbols = restore_symbols(&file, &saved, units).map_err(refuse)?;
        let mut program = Self {
            file,
            base: Arc::new(BaseImage::unknown()),
            symbols,
            dynamic: DynamicTables::default(),
            relocations: Relocations::default(),
            anchors: Anchors { address: saved.anchors.0, thread_local: saved.anchors.1 },
            units: restore_units(&saved, units).map_err(refuse)?,
            groups: Groups::new(),
            regroup: false,
            has_doubtful_members: false,
            crates: Vec::new(),
            array_rows: Vec::new(),
            moved_assemblies: HashSet::new(),
            group_bounds: saved.group_bounds.into_iter().map(|(name, bounds)| (name.into(), bounds)).collect(),
            allocator_symbols: Vec::new(),
            runtime_symbols: Vec::new(),
            named_by_code: HashSet::new(),
            exported: HashSet::new(),
            contributions: HashMap::new(),
            dirty_units: HashSet::new(),
            assemblies: HashMap::new(),
            assembly_symbols: saved
                .assembly_symbols
                .into_iter()
                .map(|(name, place)| (name.into(), vec![AssemblyDefinition::saved(place)]))
                .collect(),
            full_debug_info: saved.full_debug_info,
            load_align: 0,
            contents: saved.contents,
            visible: HashSet::new(),
            tls_align: 0,
            cies: saved.cies,
            fdes: checkpoint.fdes,
            build_id: None,
            personality_cell: saved.personality_cell,
            stub_entry: saved.stub_entry,
            attach: saved.attach,
            start: 0,
            start_cell: 0,
            check: 0,
            attach_row: None,
            slots: saved.slots.into_iter().map(SymbolIndex).collect(),
            added: Vec::new(),
            stamp: saved.stamp,
            taken_over: true,
            sealed: true,
        };
        // A frame that was being written would stand where the section's terminator belongs.
        program.file.clear_behind(Region::EhFrame)?;
        program.publish_frames();
        elf::write_sections(&mut program.file);
        Ok(program)
    }
}

/// Whether the image is the one that was saved, and has only grown since. Errors are reasons, in words.
fn check_cursors(file: &ImageFile, saved: &SavedImage, checkpoint: &Checkpoint) -> Result<(), &'static str> {
    if checkpoint.stamp != saved.stamp {
        return Err("it is of another generation");
    }
    for region in Region::ALL {
        let (before, now) = (saved.used[region as usize], checkpoint.used[region as usize]);
        if now < before || now > saved.layout.capacity(region) {
            return Err("its checkpoint is damaged");
        }
    }
    let frames = u64::from(checkpoint.fdes);
    if checkpoint.used[Region::EhFrameHdr as usize] != HDR_TABLE_OFFSET as u64 + frames * HDR_ENTRY_SIZE as u64 {
        return Err("its frames are not as many as its checkpoint says");
    }
    let count = word(file, saved.layout.start(Region::EhFrameHdr) + HDR_COUNT_OFFSET as u64) & u64::from(u32::MAX);
    if count > frames {
        return Err("it has more frames than its checkpoint says");
    }
    Ok(())
}

fn restore_symbols(file: &ImageFile, saved: &SavedImage, units: &[Arc<Unit>]) -> Result<Symbols, &'static str> {
    let mut symbols = Symbols::default();
    for old in &saved.symbols {
        let name: Arc<str> = old.name.as_str().into();
        let index = if old.global {
            match symbols.global(&name) {
                (index, true) => index,
                _ => return Err("a symbol is listed twice"),
            }
        } else {
            symbols.add(&name)
        };
        let symbol = &mut symbols[index];
        if let Some((unit, global)) = old.definition {
            let unit = units.get(unit as usize).ok_or("a symbol is defined in an unknown unit")?.id.clone();
            symbol.definers.push(Definer { unit, global: GlobalId(global), linkage: Linkage::External });
        }
        symbol.place = old.place;
        (symbol.slot, symbol.got, symbol.tp_got) = (old.slot, old.got, old.tp_got);
        (symbol.plt, symbol.variadic) = (old.plt, old.variadic);
    }
    let first = saved.layout.start(Region::Slots);
    let total = u32::try_from(saved.symbols.len()).map_err(|_| "it has too many symbols")?;
    if saved.slots.len() as u64 * SLOT_SIZE != file.used(Region::Slots) {
        return Err("its slots are not as many as its checkpoint says");
    }
    for (at, &index) in (first..).step_by(SLOT_SIZE as usize).zip(&saved.slots) {
        if index >= total || symbols[SymbolIndex(index)].slot != Some(at) {
            return Err("a slot is not where its symbol says");
        }
        symbols[SymbolIndex(index)].code = placed_code(file, at)?;
    }
    Ok(symbols)
}

/// The code that the slot at `slot` jumps to, as far as it matters for code that is added: `None` if it calls the stub.
fn placed_code(file: &ImageFile, slot: u64) -> Result<Option<PlacedCode>, &'static str> {
    const JUMP: u8 = 0xe9;
    let bytes: [u8; 8] = word(file, slot).to_le_bytes();
    if cranefly_runtime::is_uncompiled(bytes) {
        return Ok(None);
    }
    let distance = i32::from_le_bytes(bytes[1..5].try_into().expect("four bytes"));
    let address = (slot + 5).wrapping_add_signed(distance.into());
    let text = file.layout().start(Region::Text)..file.end(Region::Text);
    if bytes[0] != JUMP || !text.contains(&address) {
        return Err("a slot leads to code that its checkpoint does not know");
    }
    Ok(Some(PlacedCode { key: 0, code: Arc::default(), address, binding: 0, symtab: 0 }))
}

fn restore_units(saved: &SavedImage, units: &[Arc<Unit>]) -> Result<HashMap<Arc<str>, UnitState>, &'static str> {
    if saved.units.len() != units.len() {
        return Err("it has another number of units");
    }
    let mut states = HashMap::with_capacity(units.len());
    for ((id, numbers), unit) in saved.units.iter().zip(units) {
        let same_name = |(number, global): (&u32, &cranefly_bitcode::ir::Global)| {
            saved.symbols.get(*number as usize).is_some_and(|symbol| *symbol.name == *global.name)
        };
        let globals = &unit.module.globals;
        if **id != *unit.id || numbers.len() != globals.len() || !numbers.iter().zip(globals).all(same_name) {
            return Err("a unit is not the one that was published");
        }
        let symbols = numbers.iter().copied().map(SymbolIndex).collect();
        states.insert(
            unit.id.clone(),
            UnitState { unit: unit.clone(), symbols, locals: HashMap::new(), named: Vec::new(), finds_itself: false },
        );
    }
    Ok(states)
}
