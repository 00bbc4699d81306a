//! Finding places: names to definitions, definitions to addresses, addresses to GOT and PLT entries.

use std::sync::Arc;

use cranefly_bitcode::ir::{GlobalId, GlobalKind, Linkage, Variable};
use hashbrown::HashSet;

use crate::Error;
use crate::base::BasePlace;
use crate::data;
use crate::dynamic::DynamicRelocation;
use crate::groups::Part;
use crate::image::Image;
use crate::input::Unit;
use crate::interface::is_bound;
use crate::layout::Region;
use crate::linker_symbols::is_linker_defined;
use crate::section::SectionKind;
use crate::symbols::{Place, SymbolIndex};
use crate::text::{self, SLOT_SIZE};

impl Image {
    /// Finds a place for every touched symbol; gives those whose place is another one than before.
    pub(crate) fn resolve(&mut self, touched: &HashSet<SymbolIndex>) -> Result<HashSet<SymbolIndex>, Error> {
        let mut moved = HashSet::new();
        let mut aliases = Vec::new();
        let mut dirty_groups = std::mem::take(&mut self.regroup)
            || self.has_doubtful_members
            || self.groups.values().any(Vec::is_empty)
            || touched.iter().any(|&index| is_bound(&self.symbols[index].name));
        let mut order: Vec<SymbolIndex> = touched.iter().copied().collect();
        order.sort_unstable();
        for &index in &order {
            let before = self.symbols[index].place;
            self.check_unique(index)?;
            self.note_export(index);
            let definition = self.definition(index);
            if definition.as_ref().is_none_or(|(unit, global)| data::variable_of(unit, *global).is_none()) {
                // What is no variable any more must not be relocated as one: something else may lie there soon.
                self.forget_data(index);
            }
            match definition {
                None => self.symbols[index].place = self.resolve_outside(index)?,
                Some((unit, global)) => match &unit.module.globals[global.0 as usize].kind {
                    GlobalKind::Function { .. } => {
                        let slot = self.slot(index)?;
                        self.symbols[index].place = Place::Image(slot);
                    }
                    GlobalKind::Variable(variable) => {
                        let kind = data::kind_of(variable).map_err(|_| unplaceable(variable))?;
                        if matches!(kind, SectionKind::Ordinary | SectionKind::Text) {
                            let align = if variable.thread_local { &mut self.tls_align } else { &mut self.load_align };
                            *align = variable.align.max(*align);
                            let region = data::region_of(variable);
                            data::place(&mut self.file, &mut self.symbols, index, variable, region)?;
                        } else {
                            dirty_groups = true;
                            self.add_member(kind, &unit, Part::Variable(global));
                        }
                    }
                    GlobalKind::Alias { .. } => aliases.push(index),
                },
            }
            if self.symbols[index].place != before {
                moved.insert(index);
            }
        }
        if dirty_groups {
            self.place_groups(&mut moved)?;
        }
        for index in self.allocator_symbols.clone() {
            let place = self.resolve_outside(index)?;
            self.move_to(index, place, &mut moved);
        }
        for index in aliases {
            let place = self.alias_place(index, 0);
            self.move_to(index, place, &mut moved);
        }
        Ok(moved)
    }

    /// Gives a symbol its place; one that had another is `moved`.
    pub(crate) fn move_to(&mut self, index: SymbolIndex, place: Place, moved: &mut HashSet<SymbolIndex>) {
        if std::mem::replace(&mut self.symbols[index].place, place) != place {
            moved.insert(index);
        }
    }

    /// Two strong definitions of a name that people chose are what a linker refuses. (Mangled names are rustc's business.)
    fn check_unique(&self, index: SymbolIndex) -> Result<(), Error> {
        let symbol = &self.symbols[index];
        let in_units = symbol.definers.iter().filter(|it| it.linkage == Linkage::External).map(|definer| &definer.unit);
        let mut strong = in_units.chain(self.strong_in_assembly(index));
        let mangled = symbol.name.starts_with("_R") || symbol.name.starts_with("_ZN");
        match (strong.next(), strong.next()) {
            (Some(first), Some(second)) if !mangled => Err(Error::Duplicate {
                name: symbol.name.to_string(),
                first: first.to_string(),
                second: second.to_string(),
            }),
            _ => Ok(()),
        }
    }

    /// The unit that defines a symbol, and the global there; `None` if assembly does, or nobody in the program.
    pub(crate) fn definition(&self, index: SymbolIndex) -> Option<(Arc<Unit>, GlobalId)> {
        let definer = self.symbols[index].definition()?;
        let name = &self.symbols[index].name;
        let is_weak = definer.linkage == Linkage::Weak;
        if is_weak && (self.strong_in_assembly(index).next().is_some() || self.base.overrides(name)) {
            return None;
        }
        Some((self.units.get(&definer.unit)?.unit.clone(), definer.global))
    }

    pub(crate) fn alias_place(&self, index: SymbolIndex, depth: u32) -> Place {
        let Some((unit, global)) = self.definition(index) else { return self.symbols[index].place };
        match unit.module.globals[global.0 as usize].kind {
            // Aliases of aliases end somewhere, unless the module is broken.
            GlobalKind::Alias { target, offset } if depth < 64 => {
                let target = self.units[&unit.id].symbols[target.0 as usize];
                match self.alias_place(target, depth + 1) {
                    Place::Image(at) => Place::Image(at.wrapping_add_signed(offset)),
                    Place::ThreadLocal(at) => Place::ThreadLocal(at.wrapping_add_signed(offset)),
                    Place::Base(distance) => Place::Base(distance + offset),
                    Place::Absolute(value) => Place::Absolute(value.wrapping_add_signed(offset)),
                    other => other,
                }
            }
            _ => self.symbols[index].place,
        }
    }

    /// Where a symbol is that no unit defines.
    pub(crate) fn resolve_outside(&mut self, index: SymbolIndex) -> Result<Place, Error> {
        if let Some(place) = self.allocator_entry(index)? {
            return Ok(place);
        }
        let name = self.symbols[index].name.clone();
        let is_overridden = self.base.overrides(&name) && self.strong_in_assembly(index).next().is_none();
        if let Some(place) = self.assembly_place(index).filter(|_| !is_overridden) {
            return Ok(place);
        }
        for (prefix, start) in [("__start_", true), ("__stop_", false)] {
            let Some(section) = name.strip_prefix(prefix) else { continue };
            if let Some(&(from, to)) = self.group_bounds.get(section) {
                return Ok(Place::Image(if start { from } else { to }));
            }
        }
        if let Some(place) = self.place_in_headers(&name) {
            return Ok(place);
        }
        if is_linker_defined(&name) {
            return Err(Error::LinkerDefined { name: name.to_string() });
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

    pub(crate) fn slot(&mut self, index: SymbolIndex) -> Result<u64, Error> {
        if let Some(slot) = self.symbols[index].slot {
            return Ok(slot);
        }
        let slot = self.file.reserve(Region::Slots, SLOT_SIZE, SLOT_SIZE)?;
        self.file.write(slot, &[0xcc; SLOT_SIZE as usize]);
        self.symbols[index].slot = Some(slot);
        self.slots.push(index);
        Ok(slot)
    }

    /// Gives everything that `unit` refers to outside of the image its GOT entries now: a function that is compiled when
    /// it is first called cannot have new ones, since the loader is done by then.
    pub(crate) fn import_cells(&mut self, unit: &Unit) -> Result<(), Error> {
        let symbols = self.units[&unit.id].symbols.clone();
        for index in symbols {
            match self.symbols[index].place {
                Place::Image(at) if self.file.layout().is_near(at) => {}
                Place::Image(_) | Place::Absolute(_) => {
                    self.cell(index)?;
                }
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

    pub(crate) fn variadic(&mut self, index: SymbolIndex) -> Result<u64, Error> {
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

    pub(crate) fn thread_pointer_cell(&mut self, index: SymbolIndex) -> Result<u64, Error> {
        let relocation = self.anchors.thread_pointer_offset(self.symbols[index].place);
        let known = self.symbols[index].tp_got;
        let cell = self.got_cell(known, relocation)?;
        self.symbols[index].tp_got = Some(cell);
        Ok(cell)
    }

    pub(crate) fn got_cell(&mut self, known: Option<u64>, relocation: DynamicRelocation) -> Result<u64, Error> {
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

    pub(crate) fn got_rows(&self, cell: u64) -> u32 {
        let bytes = self.file.read(cell + 8, 4);
        u32::from_le_bytes(bytes.try_into().expect("four bytes"))
    }
}

fn unplaceable(variable: &Variable) -> Error {
    let section = variable.section.as_deref().unwrap_or_default();
    Error::Unplaceable { what: format!("a static in section `{section}`") }
}
