//! Objects made from a unit's `module asm` (`global_asm!`, naked functions), placed as a classic linker would. Whatever an
//! image has no place for is [an error](Error::Unplaceable) that names it.

mod bind;
mod frames;
mod live;
mod object;
mod place;

use std::sync::Arc;

use ::object::SectionIndex;
use hashbrown::{HashMap, HashSet};
use smallvec::SmallVec;

pub(crate) use self::object::{Assembly, add_demand};
use crate::image::Image;
use crate::input::Unit;
use crate::symbols::{Place, SymbolIndex};

/// A definition in assembly that other units see.
#[derive(Clone, Debug)]
pub(crate) struct AssemblyDefinition {
    unit: Arc<str>,
    pub(crate) place: Place,
    is_weak: bool,
}

impl AssemblyDefinition {
    /// One of a program that was taken over, of which no more is known.
    pub(crate) fn saved(place: Place) -> Self {
        Self { unit: "".into(), place, is_weak: false }
    }
}

/// Where the parts of a unit's assembly lie.
#[derive(Debug, Default)]
pub(crate) struct PlacedAssembly {
    sections: HashMap<SectionIndex, PlacedSection>,
    symbols: Vec<PlacedSymbol>,
    /// Rows in `.symtab`.
    rows: Vec<u32>,
    relocations: SmallVec<[u32; 2]>,
    /// What it refers to by name.
    references: HashSet<SymbolIndex>,
    /// Names of its sections with code.
    code_sections: Vec<Box<str>>,
    /// Its local symbols with GOT entries.
    cells: HashMap<::object::SymbolIndex, SymbolIndex>,
}

#[derive(Clone, Copy, Debug)]
struct PlacedSection {
    at: u64,
    /// The loader may write to it.
    writable: bool,
    /// It holds instructions.
    code: bool,
    /// A part of every thread's block.
    thread_local: bool,
}

/// A symbol that is known outside of the object: to the unit, or to all.
#[derive(Debug)]
struct PlacedSymbol {
    index: SymbolIndex,
    /// `None` for what is in no section, and never moves.
    section: Option<SectionIndex>,
    value: u64,
    is_global: bool,
}

impl Image {
    /// Forgets what the assembly of unit `id` defined.
    pub(crate) fn forget_assembly(&mut self, id: &Arc<str>, touched: &mut HashSet<SymbolIndex>) {
        let Some(old) = self.assemblies.remove(id) else { return };
        for row in old.relocations {
            self.relocations.remove(&mut self.file, row);
        }
        for row in old.rows {
            self.clear_symtab(row);
        }
        for symbol in old.symbols {
            touched.insert(symbol.index);
            self.symbols[symbol.index].in_assembly = None;
            let name = &self.symbols[symbol.index].name;
            if symbol.is_global
                && let Some(definitions) = self.assembly_symbols.get_mut(name)
            {
                definitions.retain(|definition| definition.unit != *id);
                if definitions.is_empty() {
                    self.assembly_symbols.remove(name);
                }
            }
        }
    }

    /// What the assembly of unit `id` refers to by name.
    pub(crate) fn assembly_references(&self, id: &str) -> impl Iterator<Item = &SymbolIndex> {
        self.assemblies.get(id).into_iter().flat_map(|placed| &placed.references)
    }

    /// Units whose assembly defines a symbol, and not weakly.
    pub(crate) fn strong_in_assembly(&self, index: SymbolIndex) -> impl Iterator<Item = &Arc<str>> {
        let definitions = self.definitions_in_assembly(index);
        definitions.iter().filter(|definition| !definition.is_weak).map(|definition| &definition.unit)
    }

    /// Where assembly defines a symbol.
    pub(crate) fn assembly_place(&self, index: SymbolIndex) -> Option<Place> {
        if let Some(place) = self.symbols[index].in_assembly {
            return Some(place);
        }
        let definitions = self.definitions_in_assembly(index);
        let counts = definitions.iter().find(|definition| !definition.is_weak).or_else(|| definitions.first())?;
        Some(counts.place)
    }

    fn definitions_in_assembly(&self, index: SymbolIndex) -> &[AssemblyDefinition] {
        if self.assembly_symbols.is_empty() {
            return &[];
        }
        let name = &self.symbols[index].name;
        let is_global = self.symbols.find(name) == Some(index);
        self.assembly_symbols.get(name).filter(|_| is_global).map_or(&[], Vec::as_slice)
    }

    /// Sections by name that hold code of a unit.
    pub(crate) fn code_sections<'a>(&'a self, unit: &'a Unit) -> impl Iterator<Item = &'a str> {
        let of_functions = unit.module.function_sections.iter().map(|(_, name)| &**name);
        let placed = self.assemblies.get(&unit.id).into_iter();
        of_functions.chain(placed.flat_map(|placed| &placed.code_sections).map(|name| &**name))
    }
}
