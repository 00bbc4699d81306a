//! A program's image: units in, functions to bind out, and code put in place.

use std::path::Path;
use std::sync::Arc;

use crate::Error;
use crate::assembly::{self, Assembly, AssemblyDefinition, PlacedAssembly};
use crate::base::{ANCHOR, BaseImage, BasePlace, TLS_ANCHOR};
use crate::contents::Contents;
use crate::data::{self, Anchors, Relocations};
use crate::debug::Contribution;
use crate::dynamic::DynamicTables;
use crate::elf;
use crate::file::ImageFile;
use crate::groups::Groups;
use crate::identity::{self, BUILD_ID_SIZE};
use crate::input::{FunctionInfo, LocalOf, Unit};
use crate::layout::{Demand, Layout, PAGE, Region};
use crate::own_file;
use crate::runtime_functions::RUNTIME_FUNCTIONS;
use crate::section::SectionKind;
use crate::symbols::{Definer, Place, SymbolIndex, Symbols};
use cranefly_bitcode::ir::{GlobalId, GlobalKind, Linkage};
use cranefly_machine::Target;
use hashbrown::{HashMap, HashSet};

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

/// Code that waits for [`Image::publish_added`].
#[derive(Debug)]
pub(crate) struct Added {
    pub(crate) unit: Arc<Unit>,
    pub(crate) function: usize,
    pub(crate) slot: u64,
    pub(crate) word: u64,
}

/// A unit as part of a program.
#[derive(Debug)]
pub(crate) struct UnitState {
    pub(crate) unit: Arc<Unit>,
    /// By `GlobalId`.
    pub(crate) symbols: Vec<SymbolIndex>,
    pub(crate) locals: HashMap<Arc<str>, SymbolIndex>,
    /// Variables in sections of names that the sources chose.
    pub(crate) named: Vec<GlobalId>,
    /// See [`own_file`].
    pub(crate) finds_itself: bool,
}

/// The image under construction or in use, with everything that is needed to go on linking.
#[derive(Debug)]
pub struct Image {
    pub(crate) file: ImageFile,
    pub(crate) base: Arc<BaseImage>,
    pub(crate) symbols: Symbols,
    pub(crate) dynamic: DynamicTables,
    pub(crate) relocations: Relocations,
    pub(crate) anchors: Anchors,
    pub(crate) units: HashMap<Arc<str>, UnitState>,
    pub(crate) groups: Groups,
    pub(crate) group_bounds: HashMap<Arc<str>, (u64, u64)>,
    /// Units whose assembly was placed anew without being another one.
    pub(crate) moved_assemblies: HashSet<Arc<str>>,
    /// Groups have members without a place, or have lost some.
    pub(crate) regroup: bool,
    /// Groups have members that are there only if they are reached, which any change may change.
    pub(crate) has_doubtful_members: bool,
    /// The crates that the units are of, those that others depend on first.
    pub(crate) crates: Vec<Arc<str>>,
    /// Relocations of the entries of constructors' and destructors' arrays that are the base image's.
    pub(crate) array_rows: Vec<u32>,
    pub(crate) allocator_symbols: Vec<SymbolIndex>,
    pub(crate) runtime_symbols: Vec<SymbolIndex>,
    /// What code refers to by name, whether its unit does or not.
    pub(crate) named_by_code: HashSet<SymbolIndex>,
    /// Those that shared libraries see, or saw once.
    pub(crate) exported: HashSet<SymbolIndex>,
    pub(crate) contributions: HashMap<Arc<str>, Vec<Contribution>>,
    pub(crate) dirty_units: HashSet<Arc<str>>,
    pub(crate) assemblies: HashMap<Arc<str>, PlacedAssembly>,
    pub(crate) assembly_symbols: HashMap<Arc<str>, Vec<AssemblyDefinition>>,
    pub(crate) full_debug_info: bool,
    /// What the load address must be a multiple of.
    pub(crate) load_align: u64,
    pub(crate) contents: Contents,
    /// What is exported because everything is.
    pub(crate) visible: HashSet<SymbolIndex>,
    pub(crate) tls_align: u64,
    pub(crate) cies: [u64; 2],
    pub(crate) fdes: u32,
    /// What the image was committed as last.
    pub(crate) build_id: Option<[u8; BUILD_ID_SIZE]>,
    pub(crate) personality_cell: u64,
    pub(crate) stub_entry: u64,
    pub(crate) attach: u64,
    /// `_start`, for a [complete executable](crate::complete), which the loader enters by no other way.
    pub(crate) start: u64,
    /// The GOT entry of `__libc_start_main`.
    pub(crate) start_cell: u64,
    /// The start check.
    pub(crate) check: u64,
    pub(crate) attach_row: Option<u32>,
    /// Symbols by slot number.
    pub(crate) slots: Vec<SymbolIndex>,
    /// Code that was installed since the image was committed and that no slot jumps to yet.
    pub(crate) added: Vec<Added>,
    /// What the image's [checkpoint](crate::checkpoint) and what was [saved](Self::save) of it must have in common; 0 before.
    pub(crate) stamp: u64,
    /// Another process made it: it can be completed but, most of what is needed for that being gone, not updated.
    pub(crate) taken_over: bool,
    /// Programs may have the image mapped: nothing that the loader reads may change any more.
    pub(crate) sealed: bool,
}

/// What a program needs room for.
pub fn demand(units: &[Arc<Unit>], scale: u64) -> Demand {
    let mut demand = Demand { scale, ..Demand::default() };
    for bytes in units.iter().filter_map(|unit| unit.assembly.as_deref()) {
        assembly::add_demand(bytes, &mut demand);
    }
    for global in units.iter().flat_map(|unit| &unit.module.globals) {
        demand.name_bytes += global.name.len() as u64 + 1;
        match &global.kind {
            GlobalKind::Function { defined: true } => demand.functions += 1,
            GlobalKind::Variable(variable) if variable.init.is_some() => {
                demand.variables += 1;
                demand.pointers += variable.init.as_ref().map_or(0, |init| init.pointers.len() as u64);
                let [constants, others, zeros] = &mut demand.far_bytes;
                let kind = data::kind_of(variable);
                let in_group = kind != Ok(SectionKind::Ordinary);
                let bytes = match data::region_of(variable) {
                    _ if matches!(kind, Ok(SectionKind::InitArray(_) | SectionKind::FiniArray(_))) => {
                        &mut demand.array_bytes
                    }
                    _ if in_group => &mut demand.data_bytes,
                    Region::Bss => &mut demand.zero_bytes,
                    Region::Tdata => &mut demand.tls_bytes,
                    Region::FarRodata => constants,
                    Region::FarData => others,
                    Region::FarBss => zeros,
                    _ => &mut demand.data_bytes,
                };
                *bytes += variable.size + variable.align;
            }
            _ => demand.imports += 1,
        }
    }
    demand
}

impl Image {
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
        let demand = Demand { array_bytes: demand.array_bytes.saturating_add(base.arrays().bytes()), ..*demand };
        let layout = Layout::new(&demand).ok_or(Error::TooLarge)?;
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
            moved_assemblies: HashSet::new(),
            // The base image's constructors are in the image's array also when the program has none.
            regroup: true,
            has_doubtful_members: false,
            crates: Vec::new(),
            array_rows: Vec::new(),
            allocator_symbols: Vec::new(),
            runtime_symbols: Vec::new(),
            named_by_code: HashSet::new(),
            exported: HashSet::new(),
            contributions: HashMap::new(),
            dirty_units: HashSet::new(),
            assemblies: HashMap::new(),
            assembly_symbols: HashMap::new(),
            full_debug_info,
            load_align: PAGE,
            contents: Contents::default(),
            visible: HashSet::new(),
            tls_align: 8,
            cies: [0; 2],
            fdes: 0,
            build_id: None,
            personality_cell,
            stub_entry: 0,
            attach: 0,
            start: 0,
            start_cell: 0,
            check: 0,
            attach_row: None,
            slots: Vec::new(),
            added: Vec::new(),
            stamp: 0,
            taken_over: false,
            sealed: false,
        };
        program.start_unwind_tables()?;
        program.place_stub(control)?;
        let libc = program.runtime("__libc_start_main")?;
        program.start_cell = program.cell(libc)?;
        for name in RUNTIME_FUNCTIONS {
            let index = program.runtime(name)?;
            program.call_target(index)?;
        }
        Ok(program)
    }

    /// Makes the program consist of `units`: resolves names, places variables, and tells which functions must be bound
    /// (again). Units that are the same value as before cost nothing.
    ///
    /// No program may have the image mapped (see [`ImageFile::lease`]). Ends with [`Self::commit`]; after an error the image
    /// is not usable and must be made anew.
    pub fn update(&mut self, units: &[Arc<Unit>]) -> Result<Vec<Pending>, Error> {
        if self.taken_over {
            return Err(self.take_over_error("it can be completed, but not updated"));
        }
        elf::invalidate(&mut self.file);
        self.sealed = false;
        self.build_id = None;
        self.added.clear();
        let kept: HashSet<&Arc<str>> = units.iter().map(|unit| &unit.id).collect();
        let changed: Vec<&Arc<Unit>> = units
            .iter()
            .filter(|unit| self.units.get(&unit.id).is_none_or(|state| !Arc::ptr_eq(&state.unit, unit)))
            .collect();
        tracing::debug!(
            changed = changed.len(),
            functions = changed.iter().map(|unit| unit.functions.len()).sum::<usize>(),
            "units of the image change"
        );
        let removed: Vec<Arc<str>> = self.units.keys().filter(|id| !kept.contains(id)).cloned().collect();

        let mut touched = HashSet::new();
        for id in removed.iter().chain(changed.iter().map(|unit| &unit.id)) {
            self.forget_definitions(id, &mut touched);
            self.forget_assembly(id, &mut touched);
        }
        for id in &removed {
            self.units.remove(id);
        }
        // Those that are bound to others' locals come behind these.
        let (plain, bound): (Vec<&Arc<Unit>>, Vec<&Arc<Unit>>) =
            changed.iter().copied().partition(|unit| unit.bound.is_empty());
        for unit in plain.into_iter().chain(bound) {
            let assembly = Assembly::of(unit)?;
            let locals = assembly.as_ref().map_or(Ok(Vec::new()), Assembly::locals)?;
            self.intern(unit, &locals, &mut touched);
            if let Some(assembly) = assembly {
                self.place_assembly(&assembly, &mut touched)?;
            }
        }
        self.crates = crates_of(units);
        let moved = self.resolve(&touched)?;
        self.check_groups()?;

        // Units that did not change but refer to something that moved are bound again as well.
        let mut affected: Vec<(Arc<Unit>, bool)> = changed.iter().map(|&unit| (unit.clone(), true)).collect();
        let moved_assemblies = std::mem::take(&mut self.moved_assemblies);
        if !moved.is_empty() || !moved_assemblies.is_empty() {
            let fresh: HashSet<&Arc<str>> = changed.iter().map(|unit| &unit.id).collect();
            let named: HashSet<&str> =
                self.named_by_code.intersection(&moved).map(|&index| &*self.symbols[index].name).collect();
            affected.extend(
                self.units
                    .values()
                    .filter(|state| !fresh.contains(&state.unit.id))
                    .filter(|state| {
                        let in_assembly = self.assembly_references(&state.unit.id);
                        state.symbols.iter().chain(in_assembly).any(|symbol| moved.contains(symbol))
                            || moved_assemblies.contains(&state.unit.id)
                            || self.code_names(state, &named)
                    })
                    .map(|state| (state.unit.clone(), false)),
            );
        }
        tracing::debug!(units = affected.len(), moved = moved.len(), "units are bound again");
        let mut pending = Vec::new();
        self.dirty_units.extend(removed);
        for (unit, _) in &affected {
            self.dirty_units.insert(unit.id.clone());
            self.import_cells(unit)?;
            self.fill_variables(unit)?;
            if let Some(assembly) = Assembly::of(unit)? {
                self.bind_assembly(&assembly)?;
            }
            self.find_pending(unit, &mut pending);
        }
        Ok(pending)
    }

    pub(crate) fn forget_definitions(&mut self, id: &Arc<str>, touched: &mut HashSet<SymbolIndex>) {
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
            let before = members.len();
            members.retain(|member| member.unit.id != *id);
            // The others stand side by side without them, also if nothing takes their place.
            self.regroup |= members.len() != before;
        }
    }

    /// Gives every global of `unit` a symbol and records what it defines.
    /// `in_assembly`: names that its assembly defines for it alone.
    pub(crate) fn intern(&mut self, unit: &Arc<Unit>, in_assembly: &[String], touched: &mut HashSet<SymbolIndex>) {
        let mut old = self.units.remove(&unit.id).map(|state| state.locals).unwrap_or_default();
        let mut locals = HashMap::new();
        let in_assembly: HashSet<&str> = in_assembly.iter().map(String::as_str).collect();
        let mut indices = Vec::with_capacity(unit.module.globals.len());
        let mut named = Vec::new();
        for (number, global) in unit.module.globals.iter().enumerate() {
            let id = GlobalId(u32::try_from(number).expect("globals below 2^32"));
            let bound = unit.bound.get(&id).and_then(|local| self.local(local));
            let (index, new) = if let Some(index) = bound {
                (index, false)
            } else if global.linkage == Linkage::Local || in_assembly.contains(&*global.name) {
                // Names of locals are unique within a unit, but for unnamed ones.
                let known = if global.name.is_empty() { None } else { old.remove(&global.name) };
                let new = known.is_none();
                let index = known.unwrap_or_else(|| self.symbols.add(&global.name));
                locals.insert(global.name.clone(), index);
                (index, new)
            } else {
                self.symbols.global(&global.name)
            };
            if new {
                touched.insert(index);
            }
            let symbol = &mut self.symbols[index];
            if symbol.weak && global.linkage != Linkage::ExternWeak {
                // Nothing may have been enough for it so far.
                symbol.weak = false;
                touched.insert(index);
            }
            if defines(global) {
                symbol.definers.push(Definer { unit: unit.id.clone(), global: id, linkage: global.linkage });
                touched.insert(index);
            }
            indices.push(index);
            if identity::is_named(global) {
                named.push(id);
            }
        }
        let finds_itself = own_file::finds_itself(unit);
        let state = UnitState { unit: unit.clone(), symbols: indices, locals, named, finds_itself };
        self.units.insert(unit.id.clone(), state);
    }

    fn local(&self, LocalOf { unit, global }: &LocalOf) -> Option<SymbolIndex> {
        self.units.get(unit)?.symbols.get(global.0 as usize).copied()
    }

    /// Whether code of the unit refers to one of these names without the unit doing so.
    fn code_names(&self, state: &UnitState, names: &HashSet<&str>) -> bool {
        let code = |function: &Arc<FunctionInfo>| {
            let code = self.symbols[state.symbols[function.global.0 as usize]].code.as_ref()?;
            Some(code.code.clone())
        };
        !names.is_empty()
            && state.unit.functions.iter().filter_map(code).any(|code| {
                let named = |target: &Target| matches!(target, Target::Runtime(name) if names.contains(&**name));
                code.relocations.iter().any(|relocation| named(&relocation.target))
            })
    }

    /// Whether the program itself, not the libraries below it, refers to a symbol of this name.
    pub fn refers_to(&self, name: &str) -> bool {
        let Some(index) = self.symbols.find(name) else { return false };
        self.units.iter().any(|(id, state)| {
            state.symbols.contains(&index) || self.assembly_references(id).any(|&known| known == index)
        })
    }

    pub(crate) fn fill_variables(&mut self, unit: &Unit) -> Result<(), Error> {
        let symbols = self.units[&unit.id].symbols.clone();
        for (number, global) in unit.module.globals.iter().enumerate() {
            let GlobalKind::Variable(variable) = &global.kind else { continue };
            let index = symbols[number];
            let counts = self.symbols[index]
                .definition()
                .is_some_and(|definer| definer.unit == unit.id && definer.global.0 as usize == number);
            if counts {
                self.fill(unit, index, variable)?;
            }
        }
        Ok(())
    }

    pub(crate) fn find_pending(&self, unit: &Arc<Unit>, pending: &mut Vec<Pending>) {
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
            let bound =
                symbol.code.as_ref().is_some_and(|code| code.binding == self.binding(state, function, &code.code));
            if changed || !bound {
                pending.push(Pending { symbol: index, unit: unit.clone(), function: number, changed });
            }
        }
    }

    /// Whether the program was committed under this build id, in which the units' order counts, and consists of just these units.
    pub fn is_committed(&self, build_id: &[u8; BUILD_ID_SIZE], units: &[Arc<Unit>]) -> bool {
        self.build_id.as_ref() == Some(build_id)
            && self.units.len() == units.len()
            && units.iter().all(|unit| self.units.get(&unit.id).is_some_and(|state| Arc::ptr_eq(&state.unit, unit)))
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

/// The crates of `units`, in order of first appearance.
fn crates_of(units: &[Arc<Unit>]) -> Vec<Arc<str>> {
    let mut crates: Vec<Arc<str>> = Vec::new();
    for unit in units {
        let name = unit.id.rsplit_once('/').map_or(&*unit.id, |(name, _)| name);
        if crates.last().is_none_or(|last| **last != *name) {
            crates.push(name.into());
        }
    }
    crates
}

pub(crate) fn defines(global: &cranefly_bitcode::ir::Global) -> bool {
    if matches!(global.linkage, Linkage::AvailableExternally | Linkage::ExternWeak) {
        return false;
    }
    match &global.kind {
        GlobalKind::Function { defined } => *defined,
        GlobalKind::Variable(variable) => variable.init.is_some(),
        GlobalKind::Alias { .. } => true,
    }
}
