//! A program's image: units in, functions to bind out, and code put in place.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

use cranefly_bitcode::ir::{GlobalId, GlobalKind, Linkage};
use cranefly_machine::{MachineCode, RelocationKind, Target};

use crate::assembly::PlacedAssembly;
use crate::base::{ANCHOR, BaseImage, BasePlace, TLS_ANCHOR};
use crate::data::{self, Anchors, Groups, Relocations, SectionKind};
use crate::debug::Contribution;
use crate::dynamic::{DynamicRelocation, DynamicTables, symbol as elf_symbol};
use crate::file::ImageFile;
use crate::input::{FunctionInfo, Unit};
use crate::layout::{Demand, Layout, Region};
use crate::runtime_symbols::RUNTIME_FUNCTIONS;
use crate::symbols::{Definer, Place, SymbolIndex, Symbols};
use crate::text::{self, Bound, PlacedCode, SLOT_SIZE};
use crate::{Error, unwind};

/// A function whose slot must be given code.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Its symbol.
    pub symbol: SymbolIndex,
    /// The unit that defines it.
    pub unit: Arc<Unit>,
    /// Index in the unit's functions.
    pub function: usize,
    /// Its content changed; otherwise only what it refers to moved.
    pub changed: bool,
}

impl Pending {
    /// The function.
    pub fn info(&self) -> &FunctionInfo {
        &self.unit.functions[self.function]
    }
}

/// A unit as part of a program.
#[derive(Debug)]
pub(crate) struct UnitState {
    pub(crate) unit: Arc<Unit>,
    /// By `GlobalId`.
    pub(crate) symbols: Vec<SymbolIndex>,
    locals: HashMap<Arc<str>, SymbolIndex>,
}

/// The image under construction or in use, with everything that is needed to go on linking.
#[derive(Debug)]
pub struct Program {
    pub(crate) file: ImageFile,
    pub(crate) base: Arc<BaseImage>,
    pub(crate) symbols: Symbols,
    pub(crate) dynamic: DynamicTables,
    pub(crate) relocations: Relocations,
    pub(crate) anchors: Anchors,
    pub(crate) units: HashMap<Arc<str>, UnitState>,
    pub(crate) groups: Groups,
    pub(crate) group_bounds: HashMap<Arc<str>, (u64, u64)>,
    pub(crate) allocator_symbols: Vec<SymbolIndex>,
    runtime_symbols: Vec<SymbolIndex>,
    pub(crate) contributions: HashMap<Arc<str>, Vec<Contribution>>,
    pub(crate) dirty_units: HashSet<Arc<str>>,
    pub(crate) assemblies: HashMap<Arc<str>, PlacedAssembly>,
    pub(crate) assembly_symbols: HashMap<Arc<str>, u64>,
    pub(crate) full_debug_info: bool,
    pub(crate) tls_align: u64,
    cies: [u64; 2],
    fdes: u32,
    personality_cell: u64,
    stub_entry: u64,
    attach: u64,
    attach_row: Option<u32>,
    /// Symbols by slot number.
    slots: Vec<SymbolIndex>,
    /// Code that was added since the last contribution, by unit and function.
    pub(crate) added: Vec<(Arc<Unit>, usize)>,
    /// Programs may have the image mapped: nothing that the loader reads may change any more.
    pub(crate) sealed: bool,
}

/// What a program needs room for.
pub fn demand(units: &[Arc<Unit>], scale: u64) -> Demand {
    let mut demand = Demand { scale, ..Demand::default() };
    for global in units.iter().flat_map(|unit| &unit.module.globals) {
        demand.name_bytes += global.name.len() as u64 + 1;
        match &global.kind {
            GlobalKind::Function { defined: true } => demand.functions += 1,
            GlobalKind::Variable(variable) if variable.init.is_some() => {
                demand.variables += 1;
                match data::region_of(variable) {
                    Region::Bss => demand.zero_bytes += variable.size + variable.align,
                    Region::Tdata => demand.tls_bytes += variable.size + variable.align,
                    _ => demand.data_bytes += variable.size + variable.align,
                }
            }
            _ => demand.imports += 1,
        }
    }
    demand
}

impl Program {
    /// An empty image at `path`, which must not exist, on top of `base`. `full_debug_info`: the sources' debug info has more
    /// than line tables, so that functions have entries of their own. `control`: absolute path of the control file by which
    /// programs ask for functions that have no code yet.
    pub fn create(
        path: &Path,
        base: Arc<BaseImage>,
        demand: &Demand,
        full_debug_info: bool,
        control: &Path,
    ) -> Result<Self, Error> {
        let layout = Layout::new(demand).ok_or(Error::TooLarge)?;
        let mut file = ImageFile::create(path, layout)?;
        let mut dynamic = DynamicTables::default();
        let anchors = Anchors {
            address: dynamic.import(ANCHOR, None, false),
            thread_local: dynamic.import(TLS_ANCHOR, None, true),
        };
        let mut relocations = Relocations::default();
        let personality_cell = file.reserve(Region::Got, 8, 8)?;
        let reason = "it does not define `rust_eh_personality`";
        let personality = match base.symbol("rust_eh_personality") {
            Some(BasePlace::Address(distance)) => anchors.pointer_to(Place::Base(distance), 0),
            _ => return Err(Error::Base { path: base.path().to_owned(), reason: reason.to_owned() }),
        };
        relocations.add(&mut file, personality_cell, personality)?;
        let mut program = Self {
            file,
            base,
            symbols: Symbols::default(),
            dynamic,
            relocations,
            anchors,
            units: HashMap::new(),
            groups: Groups::new(),
            group_bounds: HashMap::new(),
            allocator_symbols: Vec::new(),
            runtime_symbols: Vec::new(),
            contributions: HashMap::new(),
            dirty_units: HashSet::new(),
            assemblies: HashMap::new(),
            assembly_symbols: HashMap::new(),
            full_debug_info,
            tls_align: 8,
            cies: [0; 2],
            fdes: 0,
            personality_cell,
            stub_entry: 0,
            attach: 0,
            attach_row: None,
            slots: Vec::new(),
            added: Vec::new(),
            sealed: false,
        };
        program.start_unwind_tables()?;
        program.place_stub(control)?;
        for name in RUNTIME_FUNCTIONS {
            let index = program.runtime(name)?;
            program.call_target(index)?;
        }
        Ok(program)
    }

    fn start_unwind_tables(&mut self) -> Result<(), Error> {
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

    /// Makes the program consist of `units`: resolves names, places variables, and tells which functions must be bound
    /// (again). Units that are the same value as before cost nothing.
    ///
    /// No program may have the image mapped (see [`ImageFile::lease`]). Ends with [`Self::commit`]; after an error the image
    /// is not usable and must be made anew.
    pub fn update(&mut self, units: &[Arc<Unit>]) -> Result<Vec<Pending>, Error> {
        self.sealed = false;
        self.added.clear();
        let kept: HashSet<&Arc<str>> = units.iter().map(|unit| &unit.id).collect();
        let changed: Vec<&Arc<Unit>> = units
            .iter()
            .filter(|unit| self.units.get(&unit.id).is_none_or(|state| !Arc::ptr_eq(&state.unit, unit)))
            .collect();
        let removed: Vec<Arc<str>> = self.units.keys().filter(|id| !kept.contains(id)).cloned().collect();

        let mut touched = HashSet::new();
        for id in removed.iter().chain(changed.iter().map(|unit| &unit.id)) {
            self.forget_definitions(id, &mut touched);
            self.forget_assembly(id, &mut touched);
        }
        for id in &removed {
            self.units.remove(id);
        }
        for unit in &changed {
            self.intern(unit, &mut touched);
            self.place_assembly(unit, &mut touched)?;
        }
        let moved = self.resolve(&touched)?;

        // Units that did not change but refer to something that moved are bound again as well.
        let mut affected: Vec<(Arc<Unit>, bool)> = changed.iter().map(|&unit| (unit.clone(), true)).collect();
        if !moved.is_empty() {
            let fresh: HashSet<&Arc<str>> = changed.iter().map(|unit| &unit.id).collect();
            affected.extend(
                self.units
                    .values()
                    .filter(|state| !fresh.contains(&state.unit.id))
                    .filter(|state| state.symbols.iter().any(|symbol| moved.contains(symbol)))
                    .map(|state| (state.unit.clone(), false)),
            );
        }
        let mut pending = Vec::new();
        self.dirty_units.extend(removed);
        for (unit, _) in &affected {
            self.dirty_units.insert(unit.id.clone());
            self.import_cells(unit)?;
            self.fill_variables(unit)?;
            self.bind_assembly(unit)?;
            self.find_pending(unit, &mut pending);
        }
        Ok(pending)
    }

    /// Copies the first-call stub, and describes it and all slots to the unwinder.
    fn place_stub(&mut self, control: &Path) -> Result<(), Error> {
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
        let length = u32::try_from(stub.code.len()).expect("a page of code");
        self.add_fde("the first-call stub", at, length, None, &stub.cfi())?;
        let length = u32::try_from(self.file.layout().capacity(Region::Slots)).expect("an image is smaller than 2 GB");
        self.add_fde("the slots", slots, length, None, cranefly_runtime::SLOTS_CFI)?;
        self.start_init_array()
    }

    /// The first thing that runs at start: mapping the control file, which must not fail later for want of descriptors.
    fn start_init_array(&mut self) -> Result<(), Error> {
        self.file.set_used(Region::InitArray, 0)?;
        let cell = self.file.reserve(Region::InitArray, 8, 8)?;
        let attach = DynamicRelocation::Relative(self.attach.cast_signed());
        match self.attach_row {
            Some(row) => self.relocations.write(&mut self.file, row, cell, attach),
            None => self.attach_row = Some(self.relocations.add(&mut self.file, cell, attach)?),
        }
        Ok(())
    }

    fn forget_definitions(&mut self, id: &Arc<str>, touched: &mut HashSet<SymbolIndex>) {
        let Some(state) = self.units.get(id) else { return };
        for &index in &state.symbols {
            let symbol = &mut self.symbols[index];
            let before = symbol.definers.len();
            symbol.definers.retain(|definer| definer.unit != *id);
            if symbol.definers.len() != before {
                touched.insert(index);
            }
        }
        for members in self.groups.values_mut() {
            members.retain(|(_, unit)| unit.id != *id);
        }
    }

    /// Gives every global of `unit` a symbol and records what it defines.
    fn intern(&mut self, unit: &Arc<Unit>, touched: &mut HashSet<SymbolIndex>) {
        let mut old = self.units.remove(&unit.id).map(|state| state.locals).unwrap_or_default();
        let mut locals = HashMap::new();
        let mut indices = Vec::with_capacity(unit.module.globals.len());
        for (number, global) in unit.module.globals.iter().enumerate() {
            let local = global.linkage == Linkage::Local;
            let (index, new) = if local {
                // Names of locals are unique within a unit, but for unnamed ones.
                let known = if global.name.is_empty() { None } else { old.remove(&global.name) };
                let new = known.is_none();
                let index = known.unwrap_or_else(|| self.symbols.add(&global.name, true));
                locals.insert(global.name.clone(), index);
                (index, new)
            } else {
                self.symbols.global(&global.name)
            };
            if new {
                touched.insert(index);
            }
            let symbol = &mut self.symbols[index];
            symbol.weak &= global.linkage == Linkage::ExternWeak;
            if defines(global) {
                let id = GlobalId(u32::try_from(number).expect("globals below 2^32"));
                symbol.definers.push(Definer { unit: unit.id.clone(), global: id, linkage: global.linkage });
                touched.insert(index);
            }
            indices.push(index);
        }
        self.units.insert(unit.id.clone(), UnitState { unit: unit.clone(), symbols: indices, locals });
    }

    /// Finds a place for every touched symbol; gives those whose place is another one than before.
    fn resolve(&mut self, touched: &HashSet<SymbolIndex>) -> Result<HashSet<SymbolIndex>, Error> {
        let mut moved = HashSet::new();
        let mut aliases = Vec::new();
        let mut dirty_groups = false;
        let mut order: Vec<SymbolIndex> = touched.iter().copied().collect();
        order.sort_unstable();
        for &index in &order {
            let before = self.symbols[index].place;
            match self.definition(index) {
                None => self.symbols[index].place = self.resolve_outside(index)?,
                Some((unit, global)) => match &unit.module.globals[global.0 as usize].kind {
                    GlobalKind::Function { .. } => {
                        let slot = self.slot(index)?;
                        self.symbols[index].place = Place::Image(slot);
                    }
                    GlobalKind::Variable(variable) => {
                        let kind = SectionKind::of(variable.section.as_ref());
                        if kind == SectionKind::Ordinary || variable.thread_local {
                            self.tls_align =
                                if variable.thread_local { self.tls_align.max(variable.align) } else { self.tls_align };
                            let region = data::region_of(variable);
                            data::place(&mut self.file, &mut self.symbols, index, variable, region)?;
                        } else {
                            dirty_groups = true;
                            self.groups.entry(kind).or_default().push((index, unit.clone()));
                        }
                    }
                    GlobalKind::Alias { .. } => aliases.push(index),
                },
            }
            if self.symbols[index].place != before {
                moved.insert(index);
            }
        }
        if dirty_groups || self.groups.values().any(Vec::is_empty) {
            self.place_groups(&mut moved)?;
            // Section bounds may have been looked up before their group had a place.
            for &index in &order {
                if self.definition(index).is_none() {
                    let place = self.resolve_outside(index)?;
                    if std::mem::replace(&mut self.symbols[index].place, place) != place {
                        moved.insert(index);
                    }
                }
            }
        }
        for index in self.allocator_symbols.clone() {
            let place = self.resolve_outside(index)?;
            if std::mem::replace(&mut self.symbols[index].place, place) != place {
                moved.insert(index);
            }
        }
        for index in aliases {
            let place = self.alias_place(index, 0);
            if std::mem::replace(&mut self.symbols[index].place, place) != place {
                moved.insert(index);
            }
        }
        Ok(moved)
    }

    fn definition(&self, index: SymbolIndex) -> Option<(Arc<Unit>, GlobalId)> {
        let definer = self.symbols[index].definition()?;
        Some((self.units.get(&definer.unit)?.unit.clone(), definer.global))
    }

    fn alias_place(&self, index: SymbolIndex, depth: u32) -> Place {
        let Some((unit, global)) = self.definition(index) else { return self.symbols[index].place };
        match unit.module.globals[global.0 as usize].kind {
            // Aliases of aliases end somewhere, unless the module is broken.
            GlobalKind::Alias { target, offset } if depth < 64 => {
                let target = self.units[&unit.id].symbols[target.0 as usize];
                match self.alias_place(target, depth + 1) {
                    Place::Image(at) => Place::Image(at.wrapping_add_signed(offset)),
                    Place::ThreadLocal(at) => Place::ThreadLocal(at.wrapping_add_signed(offset)),
                    Place::Base(distance) => Place::Base(distance + offset),
                    other => other,
                }
            }
            _ => self.symbols[index].place,
        }
    }

    /// Where a symbol is that no unit defines.
    fn resolve_outside(&mut self, index: SymbolIndex) -> Result<Place, Error> {
        if let Some(place) = self.allocator_entry(index)? {
            return Ok(place);
        }
        let name = self.symbols[index].name.clone();
        if let Some(place) = self.assembly_place(&name) {
            return Ok(place);
        }
        for (prefix, start) in [("__start_", true), ("__stop_", false)] {
            if let Some(&(from, to)) = name.strip_prefix(prefix).and_then(|section| self.group_bounds.get(section)) {
                return Ok(Place::Image(if start { from } else { to }));
            }
        }
        match self.base.symbol(&name) {
            Some(BasePlace::Address(distance)) => return Ok(Place::Base(distance)),
            Some(BasePlace::ThreadLocal(distance)) => return Ok(Place::BaseThreadLocal(distance)),
            None => {}
        }
        if let Some(import) = self.base.import(&name) {
            let index = self.dynamic.import(&name, Some(import), import.thread_local);
            return Ok(Place::Import { index, thread_local: import.thread_local });
        }
        Ok(if self.symbols[index].weak { Place::Null } else { Place::Undefined })
    }

    /// Lays the members of every section group side by side.
    fn place_groups(&mut self, moved: &mut HashSet<SymbolIndex>) -> Result<(), Error> {
        let groups = std::mem::take(&mut self.groups);
        self.start_init_array()?;
        self.file.set_used(Region::FiniArray, 0)?;
        for (kind, members) in &groups {
            let mut members = members.clone();
            members.sort_by(|a, b| (&a.1.id, a.0).cmp(&(&b.1.id, b.0)));
            let region = match kind {
                SectionKind::InitArray(_) => Region::InitArray,
                SectionKind::FiniArray(_) => Region::FiniArray,
                SectionKind::Group(_) | SectionKind::Ordinary => Region::Data,
            };
            let mut from = None;
            for (index, unit) in &members {
                let Some((_, global)) = self.definition(*index) else { continue };
                let Some(variable) = data::variable_of(unit, global) else { continue };
                // Never where it was: the group as a whole gets new room.
                let relocations = self.symbols[*index].data.take().map(|old| old.relocations).unwrap_or_default();
                for row in relocations {
                    self.relocations.remove(&mut self.file, row);
                }
                if data::place(&mut self.file, &mut self.symbols, *index, variable, region)? {
                    moved.insert(*index);
                }
                from = from.or(self.symbols[*index].data.as_ref().map(|data| data.address));
                // A member may be moved by this without its unit having changed.
                let symbols = self.units[&unit.id].symbols.clone();
                data::fill(
                    &mut self.file,
                    &mut self.relocations,
                    &mut self.symbols,
                    *index,
                    variable,
                    &symbols,
                    self.anchors,
                )?;
            }
            if let SectionKind::Group(name) = kind {
                let end = self.file.end(Region::Data);
                self.group_bounds.insert(name.clone(), (from.unwrap_or(end), end));
            }
        }
        self.groups = groups;
        Ok(())
    }

    fn slot(&mut self, index: SymbolIndex) -> Result<u64, Error> {
        if let Some(slot) = self.symbols[index].slot {
            return Ok(slot);
        }
        let slot = self.file.reserve(Region::Slots, SLOT_SIZE, SLOT_SIZE)?;
        self.symbols[index].slot = Some(slot);
        self.slots.push(index);
        Ok(slot)
    }

    /// Gives everything that `unit` refers to outside of the image its GOT entries now: a function that is compiled when
    /// it is first called cannot have new ones, since the loader is done by then.
    fn import_cells(&mut self, unit: &Unit) -> Result<(), Error> {
        let symbols = self.units[&unit.id].symbols.clone();
        for index in symbols {
            match self.symbols[index].place {
                Place::Image(_) => {}
                Place::ThreadLocal(_) | Place::BaseThreadLocal(_) | Place::Import { thread_local: true, .. } => {
                    self.thread_pointer_cell(index)?;
                }
                Place::Undefined | Place::Null | Place::Base(_) | Place::Import { .. } => {
                    self.call_target(index)?;
                }
            }
        }
        Ok(())
    }

    fn fill_variables(&mut self, unit: &Unit) -> Result<(), Error> {
        let symbols = self.units[&unit.id].symbols.clone();
        for (number, global) in unit.module.globals.iter().enumerate() {
            let GlobalKind::Variable(variable) = &global.kind else { continue };
            let index = symbols[number];
            let counts = self.symbols[index]
                .definition()
                .is_some_and(|definer| definer.unit == unit.id && definer.global.0 as usize == number);
            if counts {
                data::fill(
                    &mut self.file,
                    &mut self.relocations,
                    &mut self.symbols,
                    index,
                    variable,
                    &symbols,
                    self.anchors,
                )?;
            }
        }
        Ok(())
    }

    fn find_pending(&self, unit: &Arc<Unit>, pending: &mut Vec<Pending>) {
        let state = &self.units[&unit.id];
        for (number, function) in unit.functions.iter().enumerate() {
            let index = state.symbols[function.global.0 as usize];
            let symbol = &self.symbols[index];
            let counts =
                symbol.definition().is_some_and(|definer| definer.unit == unit.id && definer.global == function.global);
            if !counts {
                continue;
            }
            let changed = symbol.code.as_ref().is_none_or(|code| code.key != function.key);
            let bound = symbol.code.as_ref().is_some_and(|code| code.binding == self.binding(state, function));
            if changed || !bound {
                pending.push(Pending { symbol: index, unit: unit.clone(), function: number, changed });
            }
        }
    }

    /// Hash of the places of everything that `function` refers to.
    fn binding(&self, state: &UnitState, function: &FunctionInfo) -> u64 {
        let mut hasher = DefaultHasher::new();
        for symbol in &function.symbols {
            self.symbols[state.symbols[symbol.global.0 as usize]].place.hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Lets the function be compiled when it is first called.
    pub fn defer(&mut self, pending: &Pending) {
        let symbol = &mut self.symbols[pending.symbol];
        symbol.code = None;
        let slot = symbol.slot.expect("a defined function has a slot");
        self.file.publish_u64(slot, text::lazy_word(slot, self.stub_entry));
    }

    /// Whether the function that is to be bound had code before.
    pub fn has_code(&self, pending: &Pending) -> bool {
        self.symbols[pending.symbol].code.is_some()
    }

    /// Whether `pending` still says what its slot needs: it has no code, and its definition is the same.
    pub fn is_deferred(&self, pending: &Pending) -> bool {
        let same = |(unit, global)| Arc::ptr_eq(&unit, &pending.unit) && global == pending.info().global;
        !self.has_code(pending) && self.definition(pending.symbol).is_some_and(same)
    }

    /// What must be bound for the slot with this number to have code; `None` if it has, or if there is no such slot.
    pub fn deferred(&self, slot: u32) -> Option<Pending> {
        let symbol = *self.slots.get(slot as usize)?;
        if self.symbols[symbol].code.is_some() {
            return None;
        }
        let (unit, global) = self.definition(symbol)?;
        let function = unit.functions.iter().position(|function| function.global == global)?;
        Some(Pending { symbol, unit, function, changed: true })
    }

    /// Every function that has no code yet, callees after their callers as far as calls are direct, from `main` on; the rest
    /// in the order of the units.
    pub fn deferred_in_call_order(&self) -> Vec<Pending> {
        let mut order = Vec::new();
        if !self.slots.iter().any(|&symbol| self.symbols[symbol].code.is_none()) {
            return order;
        }
        let mut seen = HashSet::new();
        let mut queue: VecDeque<SymbolIndex> = self.symbols.find("main").into_iter().collect();
        let mut rest = self.slots.iter().copied();
        while let Some(symbol) = queue.pop_front().or_else(|| rest.next()) {
            if !seen.insert(symbol) {
                continue;
            }
            let Some((unit, global)) = self.definition(symbol) else { continue };
            let Some(function) = unit.functions.iter().position(|function| function.global == global) else { continue };
            let state = &self.units[&unit.id];
            queue.extend(
                unit.functions[function]
                    .symbols
                    .iter()
                    .map(|reference| state.symbols[reference.global.0 as usize])
                    .filter(|callee| self.symbols[*callee].slot.is_some()),
            );
            if self.symbols[symbol].code.is_none() {
                order.push(Pending { symbol, unit, function, changed: true });
            }
        }
        order
    }

    /// Gives the slot of a function that cannot be compiled code that ends the program with `message`.
    pub fn install_failure(&mut self, pending: &Pending, message: &str) -> Result<(), Error> {
        let at = self.file.end(Region::Text).next_multiple_of(16);
        let fail = self.stub_entry - cranefly_runtime::stub().entry as u64 + cranefly_runtime::stub().fail as u64;
        let code = cranefly_runtime::failure_code(at, fail, message).map_err(|error| Error::Relocation {
            function: self.symbols[pending.symbol].name.to_string(),
            reason: error.to_string(),
        })?;
        let at = self.file.append(Region::Text, &code, 16)?;
        let slot = self.symbols[pending.symbol].slot.expect("a defined function has a slot");
        self.file.publish_u64(slot, text::jump_word(slot, at));
        Ok(())
    }

    /// Whether the program consists of just these units.
    pub fn consists_of(&self, units: &[Arc<Unit>]) -> bool {
        self.units.len() == units.len()
            && units.iter().all(|unit| self.units.get(&unit.id).is_some_and(|state| Arc::ptr_eq(&state.unit, unit)))
    }

    /// Appends `code`, bound, and lets the function's slot jump to it.
    pub fn install(&mut self, pending: &Pending, code: &Arc<MachineCode>) -> Result<(), Error> {
        let name = self.symbols[pending.symbol].name.clone();
        let failed = |reason: String| Error::Relocation { function: name.to_string(), reason };
        let align = u64::from(code.align).clamp(16, 4096);
        let address = self.file.reserve(Region::Text, code.bytes.len() as u64, align)?;
        let mut bytes = code.bytes.clone();
        for relocation in &code.relocations {
            let bound = self.bind(pending, address, code, relocation).map_err(|error| match error {
                BindError::Reason(reason) => failed(reason),
                BindError::Image(error) => error,
            })?;
            text::relocate(&mut bytes, address, relocation, bound).map_err(failed)?;
        }
        self.file.write(address, &bytes);
        self.add_frame(&name, address, code)?;
        let symtab = self.symbols[pending.symbol].code.as_ref().map(|old| old.symtab);
        let symtab = self.add_to_symtab(symtab, &name, address, u64::from(code.text_len))?;
        let binding = self.binding(&self.units[&pending.unit.id], pending.info());
        let symbol = &mut self.symbols[pending.symbol];
        symbol.code = Some(PlacedCode { key: pending.info().key, code: code.clone(), address, binding, symtab });
        let slot = symbol.slot.expect("a defined function has a slot");
        self.file.publish_u64(slot, text::jump_word(slot, address));
        if self.sealed {
            self.added.push((pending.unit.clone(), pending.function));
        }
        Ok(())
    }

    fn bind(
        &mut self,
        pending: &Pending,
        address: u64,
        code: &MachineCode,
        relocation: &cranefly_machine::Relocation,
    ) -> Result<Bound, BindError> {
        let of_symbol = |program: &Self, number: u32| {
            let reference = pending.info().symbols.get(number as usize);
            let reference =
                reference.ok_or_else(|| BindError::Reason(format!("symbol operand {number} is unknown")))?;
            Ok::<_, BindError>(program.units[&pending.unit.id].symbols[reference.global.0 as usize])
        };
        let index = match &relocation.target {
            Target::Local(offset) => return Ok(Bound::Direct(address + u64::from(*offset))),
            Target::Symbol(number) => of_symbol(self, *number)?,
            Target::Variadic(number) => {
                let index = of_symbol(self, *number)?;
                return Ok(Bound::Direct(self.variadic(index)?));
            }
            Target::Global(number) => {
                let symbols = &self.units[&pending.unit.id].symbols;
                *symbols
                    .get(*number as usize)
                    .ok_or_else(|| BindError::Reason(format!("global {number} is unknown")))?
            }
            Target::Runtime(name) => self.runtime(name)?,
        };
        let relaxable = text::can_relax(&code.bytes, relocation.offset as usize);
        Ok(match (relocation.kind, self.symbols[index].place) {
            (RelocationKind::TlsGd | RelocationKind::GotTpOff, _) => {
                Bound::ThreadPointerCell(self.thread_pointer_cell(index)?)
            }
            (RelocationKind::GotPcRel32 { relaxable: true }, Place::Image(at)) if relaxable => Bound::Direct(at),
            (RelocationKind::GotPcRel32 { .. }, _) => Bound::Cell(self.cell(index)?),
            (_, Place::Image(at)) => Bound::Direct(at),
            (RelocationKind::Call32, _) => Bound::Direct(self.call_target(index)?),
            (kind, place) => {
                return Err(BindError::Reason(format!("{kind:?} to `{}` at {place:?}", self.symbols[index].name)));
            }
        })
    }

    /// The symbol of a run-time support function: the program's own, or else one from outside.
    pub(crate) fn runtime(&mut self, name: &str) -> Result<SymbolIndex, Error> {
        let (index, new) = self.symbols.global(&Arc::from(name));
        if new {
            self.symbols[index].weak = false;
            let place = self.resolve_outside(index)?;
            self.symbols[index].place = place;
            self.runtime_symbols.push(index);
        }
        Ok(index)
    }

    /// Address to call: a slot, or a PLT entry.
    pub(crate) fn call_target(&mut self, index: SymbolIndex) -> Result<u64, Error> {
        if let Place::Image(at) = self.symbols[index].place {
            return Ok(at);
        }
        let cell = self.cell(index)?;
        if let Some(plt) = self.symbols[index].plt {
            return Ok(plt);
        }
        let plt = text::indirect_jump(&mut self.file, cell)?;
        self.symbols[index].plt = Some(plt);
        Ok(plt)
    }

    fn variadic(&mut self, index: SymbolIndex) -> Result<u64, Error> {
        let target = self.call_target(index)?;
        if let Some(thunk) = self.symbols[index].variadic {
            return Ok(thunk);
        }
        let thunk = text::variadic_thunk(&mut self.file, target)?;
        self.symbols[index].variadic = Some(thunk);
        Ok(thunk)
    }

    /// The GOT entry of a symbol, whose relocation follows the symbol's place.
    pub(crate) fn cell(&mut self, index: SymbolIndex) -> Result<u64, Error> {
        let relocation = self.anchors.pointer_to(self.symbols[index].place, 0);
        let known = self.symbols[index].got;
        let cell = self.got_cell(known, relocation)?;
        self.symbols[index].got = Some(cell);
        Ok(cell)
    }

    fn thread_pointer_cell(&mut self, index: SymbolIndex) -> Result<u64, Error> {
        let relocation = self.anchors.thread_pointer_offset(self.symbols[index].place);
        let known = self.symbols[index].tp_got;
        let cell = self.got_cell(known, relocation)?;
        self.symbols[index].tp_got = Some(cell);
        Ok(cell)
    }

    fn got_cell(&mut self, known: Option<u64>, relocation: DynamicRelocation) -> Result<u64, Error> {
        if let Some(cell) = known {
            if !self.sealed {
                let row = self.got_rows(cell);
                self.relocations.write(&mut self.file, row, cell, relocation);
            }
            return Ok(cell);
        }
        if self.sealed {
            return Err(Error::Sealed);
        }
        let cell = self.file.reserve(Region::Got, 16, 8)?;
        let row = self.relocations.add(&mut self.file, cell, relocation)?;
        // The word behind a GOT entry holds the row of its relocation.
        self.file.write(cell + 8, &u64::from(row).to_le_bytes());
        Ok(cell)
    }

    fn got_rows(&self, cell: u64) -> u32 {
        let bytes = self.file.read(cell + 8, 4);
        u32::from_le_bytes(bytes.try_into().expect("four bytes"))
    }

    fn add_frame(&mut self, name: &str, address: u64, code: &MachineCode) -> Result<(), Error> {
        let failed = |error: unwind::UnwindError| unwind_error(name, &error);
        let lsda = if code.has_personality {
            let bytes = unwind::lsda(&code.call_sites, code.text_len).map_err(failed)?;
            Some(self.file.append(Region::Lsda, &bytes, unwind::LSDA_ALIGN)?)
        } else {
            None
        };
        self.add_fde(name, address, code.text_len, lsda, &code.cfi)
    }

    fn add_fde(&mut self, name: &str, address: u64, len: u32, lsda: Option<u64>, cfi: &[u8]) -> Result<(), Error> {
        let failed = |error: unwind::UnwindError| unwind_error(name, &error);
        let cie = self.cies[usize::from(lsda.is_some())];
        let at = self.file.end(Region::EhFrame);
        let fde = unwind::fde(cie, at, address, len, lsda, cfi).map_err(failed)?;
        // Behind it the file is still zero, which terminates the section.
        let fde = self.file.append(Region::EhFrame, &fde, unwind::FRAME_ALIGN)?;
        let hdr = self.file.layout().start(Region::EhFrameHdr);
        let row = unwind::hdr_entry(hdr, address, fde).map_err(failed)?;
        self.file.append(Region::EhFrameHdr, &row, 4)?;
        self.fdes += 1;
        self.file.publish_u32(hdr + unwind::HDR_COUNT_OFFSET as u64, self.fdes);
        Ok(())
    }

    fn add_to_symtab(&mut self, row: Option<u32>, name: &str, address: u64, len: u64) -> Result<u32, Error> {
        const STT_FUNC: u8 = 2;
        let start = self.file.layout().start(Region::Symtab);
        let (row, name) = if let Some(row) = row {
            let bytes = self.file.read(start + u64::from(row) * 24, 4);
            (row, u32::from_le_bytes(bytes.try_into().expect("four bytes")))
        } else {
            if self.file.used(Region::Strtab) == 0 {
                self.file.append(Region::Strtab, &[0], 1)?;
                self.file.append(Region::Symtab, &[0; 24], 8)?;
            }
            let mut text = name.as_bytes().to_vec();
            text.push(0);
            let at = self.file.append(Region::Strtab, &text, 1)? - self.file.layout().start(Region::Strtab);
            let row = self.file.reserve(Region::Symtab, 24, 8)?;
            let row = u32::try_from((row - start) / 24).expect("symbols below 2^32");
            (row, u32::try_from(at).expect("strings below 4 GB"))
        };
        self.file
            .write(start + u64::from(row) * 24, &elf_symbol(name, STT_FUNC, crate::elf::TEXT_SECTION, address, len));
        Ok(row)
    }

    /// Symbols that are referred to but that nobody defines.
    pub fn undefined(&self) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = self
            .units
            .values()
            .flat_map(|state| &state.symbols)
            .chain(&self.runtime_symbols)
            .map(|&index| &self.symbols[index])
            .filter(|symbol| symbol.place == Place::Undefined)
            .map(|symbol| symbol.name.clone())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The file.
    pub fn file(&self) -> &ImageFile {
        &self.file
    }

    /// The file, to rename it.
    pub fn file_mut(&mut self) -> &mut ImageFile {
        &mut self.file
    }

    /// Name of a symbol.
    pub fn name(&self, symbol: SymbolIndex) -> &Arc<str> {
        &self.symbols[symbol].name
    }
}

enum BindError {
    Reason(String),
    Image(Error),
}

impl From<Error> for BindError {
    fn from(error: Error) -> Self {
        Self::Image(error)
    }
}

fn unwind_error(function: &str, error: &unwind::UnwindError) -> Error {
    Error::Relocation { function: function.to_owned(), reason: error.to_string() }
}

fn defines(global: &cranefly_bitcode::ir::Global) -> bool {
    if matches!(global.linkage, Linkage::AvailableExternally | Linkage::ExternWeak) {
        return false;
    }
    match &global.kind {
        GlobalKind::Function { defined } => *defined,
        GlobalKind::Variable(variable) => variable.init.is_some(),
        GlobalKind::Alias { .. } => true,
    }
}
