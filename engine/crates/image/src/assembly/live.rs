//! What refers to what in assembly. By object, not by section: what one section refers to all of them do.

use std::sync::Arc;

use hashbrown::HashSet;
use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget, SectionIndex, SymbolSection, elf};

use super::Assembly;
use super::object::flags;
use crate::image::Image;
use crate::input::Unit;
use crate::symbols::SymbolIndex;

impl Image {
    /// The program's symbols that a unit's assembly names without defining them.
    pub(crate) fn assembly_names(&self, unit: &Arc<Unit>) -> Vec<SymbolIndex> {
        let Ok(Some(assembly)) = Assembly::of(unit) else { return Vec::new() };
        let globals = &unit.module.globals;
        let names = assembly.elf.symbols().filter(|symbol| symbol.is_undefined()).filter_map(|it| it.name().ok());
        names
            .filter_map(|name| match globals.iter().position(|global| *global.name == *name) {
                Some(number) => Some(self.units[&unit.id].symbols[number]),
                None => self.symbols.find(name),
            })
            .collect()
    }

    /// Units whose assembly defines a symbol.
    pub(crate) fn assembly_units(&self, symbol: SymbolIndex) -> Vec<&Arc<Unit>> {
        let ids = self.assemblies.iter().filter(|(_, placed)| placed.symbols.iter().any(|it| it.index == symbol));
        ids.map(|(id, _)| &self.units[id].unit).collect()
    }

    /// Whether a section of a unit's assembly says that it is to be kept.
    pub(crate) fn is_retained_assembly(&self, unit: &Arc<Unit>, section: usize) -> bool {
        let Ok(Some(assembly)) = Assembly::of(unit) else { return false };
        let section = assembly.elf.section_by_index(SectionIndex(section));
        section.is_ok_and(|section| flags(&section) & elf::SHF_GNU_RETAIN.0 != 0)
    }

    /// Whether something that is reached, or another section of the object, refers to a section of a unit's assembly.
    pub(crate) fn is_reached_assembly(&self, unit: &Arc<Unit>, section: usize, live: &HashSet<SymbolIndex>) -> bool {
        let section = SectionIndex(section);
        let Some(placed) = self.assemblies.get(&unit.id) else { return false };
        let mut symbols = placed.symbols.iter().filter(|symbol| symbol.section == Some(section));
        if symbols.any(|symbol| live.contains(&symbol.index)) {
            return true;
        }
        let Ok(Some(assembly)) = Assembly::of(unit) else { return false };
        let others =
            assembly.elf.sections().filter(|other| other.index() != section && flags(other) & elf::SHF_ALLOC.0 != 0);
        others.flat_map(|other| other.relocations()).any(|(_, relocation)| {
            let RelocationTarget::Symbol(symbol) = relocation.target() else { return false };
            let symbol = assembly.elf.symbol_by_index(symbol);
            symbol.is_ok_and(|symbol| symbol.section() == SymbolSection::Section(section))
        })
    }
}
