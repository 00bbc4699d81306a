//! Room for the sections of assembly, and the places of its symbols.

use std::sync::Arc;

use hashbrown::HashSet;
use object::read::elf::Sym;
use object::{LittleEndian, Object, ObjectSection, ObjectSymbol, SectionIndex, SymbolSection, elf};

use super::object::{Home, Section, flags};
use super::{Assembly, AssemblyDefinition, PlacedAssembly, PlacedSection, PlacedSymbol};
use crate::Error;
use crate::groups::Part;
use crate::image::Image;
use crate::input::Unit;
use crate::layout::Region;
use crate::symbols::{Place, SymbolIndex};

impl PlacedAssembly {
    /// Where `value` in a section is; nowhere yet if the section is a member of a group.
    pub(super) fn place(&self, tdata: u64, section: SectionIndex, value: u64) -> Place {
        match self.sections.get(&section) {
            None => Place::Undefined,
            Some(PlacedSection { at, thread_local: true, .. }) => Place::ThreadLocal(at + value - tdata),
            Some(PlacedSection { at, .. }) => Place::Image(at + value),
        }
    }
}

impl Image {
    /// Finds room for the sections of a unit's assembly, but for those in groups, and makes its symbols known.
    pub(crate) fn place_assembly(
        &mut self,
        assembly: &Assembly,
        touched: &mut HashSet<SymbolIndex>,
    ) -> Result<(), Error> {
        let mut placed = PlacedAssembly::default();
        let mut dropped = HashSet::new();
        for section in assembly.elf.sections() {
            match assembly.home(&section)? {
                Home::Nowhere => {
                    dropped.insert(section.index());
                }
                Home::Frames => {}
                Home::Group(kind) => {
                    self.regroup = true;
                    self.add_member(kind, assembly.unit, Part::Assembly(section.index().0));
                }
                Home::Region(region) => {
                    if region == Region::Text {
                        let name = section.name().map_err(|error| assembly.failed(&error))?;
                        placed.code_sections.push(name.into());
                    }
                    let section_at = self.put_section(assembly, &section, region)?;
                    placed.sections.insert(section.index(), section_at);
                }
            }
        }
        self.place_assembly_frames(assembly, &mut placed)?;
        for symbol in assembly.elf.symbols() {
            let kind = symbol.elf_symbol().st_type();
            let name = symbol.name().map_err(|error| assembly.failed(&error))?;
            if symbol.is_undefined() && !name.is_empty() {
                self.symbol_of_assembly(assembly, name, symbol.is_weak())?;
            }
            if symbol.is_undefined() || matches!(kind, elf::STT_FILE | elf::STT_SECTION) {
                continue;
            }
            if kind == elf::STT_GNU_IFUNC || name.contains('@') {
                return Err(assembly.unplaceable(&format!("symbol `{name}`, which is resolved at start,")));
            }
            let (place, section) = match symbol.section() {
                SymbolSection::Absolute => (Place::Absolute(symbol.address()), None),
                SymbolSection::Section(section) if dropped.contains(&section) => continue,
                SymbolSection::Section(section) => {
                    let tdata = self.file.layout().start(Region::Tdata);
                    (placed.place(tdata, section, symbol.address()), Some(section))
                }
                _ => return Err(assembly.unplaceable(&format!("the common symbol `{name}`"))),
            };
            let index = if symbol.is_local() {
                let locals = &self.units[&assembly.unit.id].locals;
                locals.get(name).copied().filter(|&index| self.symbols[index].definers.is_empty())
            } else {
                Some(self.symbols.global(&Arc::from(name)).0)
            };
            if let Some(index) = index {
                touched.insert(index);
                let is_global = !symbol.is_local();
                if is_global {
                    let (unit, is_weak) = (assembly.unit.id.clone(), symbol.is_weak());
                    let name = self.symbols[index].name.clone();
                    self.assembly_symbols.entry(name).or_default().push(AssemblyDefinition { unit, place, is_weak });
                } else {
                    self.symbols[index].in_assembly = Some(place);
                }
                placed.symbols.push(PlacedSymbol { index, section, value: symbol.address(), is_global });
            }
            let is_code = section.and_then(|section| placed.sections.get(&section)).is_some_and(|it| it.code);
            if let Place::Image(at) = place
                && is_code
                && !name.is_empty()
            {
                let row = self.add_to_symtab(None, name, kind.0, at, symbol.elf_symbol().st_size(LittleEndian))?;
                placed.rows.push(row);
            }
        }
        self.assemblies.insert(assembly.unit.id.clone(), placed);
        Ok(())
    }

    fn put_section(&mut self, assembly: &Assembly, section: &Section, region: Region) -> Result<PlacedSection, Error> {
        let align = section.align().max(if region == Region::Text { 16 } else { 1 });
        let thread_local = region == Region::Tdata;
        let strictest = if thread_local { &mut self.tls_align } else { &mut self.load_align };
        *strictest = align.max(*strictest);
        let at = self.file.reserve(region, section.size(), align)?;
        self.file.write(at, assembly.contents(section)?);
        let writable = flags(section) & elf::SHF_WRITE.0 != 0;
        Ok(PlacedSection { at, writable, code: region == Region::Text, thread_local })
    }

    /// Gives a section that is a member of a group its place, and its symbols theirs. What it holds is bound later.
    pub(crate) fn place_assembly_section(
        &mut self,
        unit: &Arc<Unit>,
        section: SectionIndex,
        region: Region,
        moved: &mut HashSet<SymbolIndex>,
    ) -> Result<Option<u64>, Error> {
        let (Some(assembly), Some(mut placed)) = (Assembly::of(unit)?, self.assemblies.remove(&unit.id)) else {
            return Ok(None);
        };
        let part = assembly.elf.section_by_index(section).map_err(|error| assembly.failed(&error))?;
        let section_at = self.put_section(&assembly, &part, region)?;
        placed.sections.insert(section, section_at);
        let tdata = self.file.layout().start(Region::Tdata);
        for symbol in placed.symbols.iter().filter(|symbol| symbol.section == Some(section)) {
            let place = placed.place(tdata, section, symbol.value);
            if symbol.is_global {
                let name = &self.symbols[symbol.index].name;
                let definitions = self.assembly_symbols.get_mut(name).into_iter().flatten();
                for definition in definitions.filter(|definition| definition.unit == unit.id) {
                    definition.place = place;
                }
            } else {
                self.symbols[symbol.index].in_assembly = Some(place);
            }
            if self.definition(symbol.index).is_none() {
                let place = self.resolve_outside(symbol.index)?;
                self.move_to(symbol.index, place, moved);
            }
        }
        self.assemblies.insert(unit.id.clone(), placed);
        self.moved_assemblies.insert(unit.id.clone());
        Ok(Some(section_at.at))
    }

    /// Alignment of a section of a unit's assembly.
    pub(crate) fn assembly_align(&self, unit: &Arc<Unit>, section: SectionIndex) -> u64 {
        let Ok(Some(assembly)) = Assembly::of(unit) else { return 1 };
        assembly.elf.section_by_index(section).map_or(1, |section| section.align().max(1))
    }

    /// Whether nobody, the loader included, writes to a section of a unit's assembly.
    pub(crate) fn is_plain_assembly(&self, unit: &Arc<Unit>, section: SectionIndex) -> bool {
        let Ok(Some(assembly)) = Assembly::of(unit) else { return false };
        let section = assembly.elf.section_by_index(section);
        section.is_ok_and(|it| flags(&it) & elf::SHF_WRITE.0 == 0 && it.relocations().next().is_none())
    }
}
