//! The assembly of a program's units: where its parts lie, and what it defines and refers to.

use std::sync::Arc;

use cranefly_cgu::CodegenUnit;
use hashbrown::{HashMap, HashSet};
use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget, SectionIndex, SymbolSection, elf};

use crate::file::ImageFile;
use crate::input::object_file::{Assembly, flags};
use crate::tables::relocations::{Relocations, Row};
use crate::tables::symbols::{Place, SymbolIndex, Symbols};
use crate::tables::symtab::Symtab;
use crate::tables::units::Units;

/// A definition in assembly that other units see.
#[derive(Clone, Debug)]
struct Definition {
    unit: Arc<str>,
    place: Place,
    is_weak: bool,
}

/// Where the parts of a unit's assembly lie.
#[derive(Debug, Default)]
pub(crate) struct PlacedAssembly {
    pub(crate) sections: HashMap<SectionIndex, PlacedSection>,
    pub(crate) symbols: Vec<PlacedSymbol>,
    /// In `.symtab`.
    pub(crate) rows: Vec<u32>,
    pub(crate) relocations: Vec<Row>,
    /// What it refers to by name.
    pub(crate) references: HashSet<SymbolIndex>,
    /// Names of its sections with code.
    pub(crate) code_sections: Vec<Box<str>>,
    /// Its local symbols with GOT entries.
    pub(crate) cells: HashMap<object::SymbolIndex, SymbolIndex>,
}

impl PlacedAssembly {
    /// Where `value` in a section is; nowhere yet if the section is a member of a group. `tdata`: where thread-locals begin.
    pub(crate) fn place(&self, tdata: u64, section: SectionIndex, value: u64) -> Place {
        match self.sections.get(&section) {
            None => Place::Undefined,
            Some(PlacedSection { at, thread_local: true, .. }) => Place::ThreadLocal(at + value - tdata),
            Some(PlacedSection { at, .. }) => Place::Image(at + value),
        }
    }
}

/// A section at its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlacedSection {
    pub(crate) at: u64,
    /// The loader may write to it.
    pub(crate) writable: bool,
    /// It holds instructions.
    pub(crate) code: bool,
    /// A part of every thread's block.
    pub(crate) thread_local: bool,
}

/// A symbol that is known outside of the object: to the unit, or to all.
#[derive(Debug)]
pub(crate) struct PlacedSymbol {
    pub(crate) symbol: SymbolIndex,
    /// `None` for what is in no section, and never moves.
    pub(crate) section: Option<SectionIndex>,
    pub(crate) value: u64,
    pub(crate) is_global: bool,
}

/// All of it, by unit. Whatever it defines is here under its symbol.
#[derive(Debug, Default)]
pub(crate) struct Assemblies {
    placed: HashMap<Arc<str>, PlacedAssembly>,
    /// By name, what all units see.
    global: HashMap<Arc<str>, Vec<Definition>>,
    /// What one unit sees.
    local: HashMap<SymbolIndex, Place>,
    /// Units whose assembly was placed anew without being another one.
    moved: HashSet<Arc<str>>,
}

impl Assemblies {
    /// Takes a unit's out, to be changed and [put back](Self::put).
    pub(crate) fn take(&mut self, unit: &str) -> Option<PlacedAssembly> {
        self.placed.remove(unit)
    }

    /// Keeps where the parts of a unit's lie.
    pub(crate) fn put(&mut self, unit: &Arc<str>, placed: PlacedAssembly) {
        self.placed.insert(unit.clone(), placed);
    }

    /// Notes that a unit's was placed anew, so that what refers to it has to be bound again.
    pub(crate) fn note_moved(&mut self, unit: &Arc<str>) {
        self.moved.insert(unit.clone());
    }

    /// Units whose assembly was placed anew since this was asked last.
    pub(crate) fn take_moved(&mut self) -> HashSet<Arc<str>> {
        std::mem::take(&mut self.moved)
    }

    /// Forgets what the assembly of a unit defined.
    pub(crate) fn forget(
        &mut self,
        file: &mut ImageFile,
        relocations: &mut Relocations,
        symtab: Symtab,
        symbols: &Symbols,
        unit: &str,
        touched: &mut HashSet<SymbolIndex>,
    ) {
        let Some(old) = self.placed.remove(unit) else { return };
        for row in old.relocations {
            relocations.remove(file, row);
        }
        for row in old.rows {
            symtab.clear(file, row);
        }
        for PlacedSymbol { symbol, is_global, .. } in old.symbols {
            touched.insert(symbol);
            self.local.remove(&symbol);
            let name = symbols.name(symbol);
            if is_global && let Some(definitions) = self.global.get_mut(name) {
                definitions.retain(|definition| *definition.unit != *unit);
                if definitions.is_empty() {
                    self.global.remove(name);
                }
            }
        }
    }

    /// Adds a definition that all units see.
    pub(crate) fn define(&mut self, name: &Arc<str>, unit: &Arc<str>, place: Place, is_weak: bool) {
        self.global.entry(name.clone()).or_default().push(Definition { unit: unit.clone(), place, is_weak });
    }

    /// Adds a definition that one unit sees, or tells where it is now.
    pub(crate) fn define_local(&mut self, symbol: SymbolIndex, place: Place) {
        self.local.insert(symbol, place);
    }

    /// Tells where a definition is now that all units see.
    pub(crate) fn move_definition(&mut self, name: &str, unit: &str, place: Place) {
        let definitions = self.global.get_mut(name).into_iter().flatten();
        for definition in definitions.filter(|definition| *definition.unit == *unit) {
            definition.place = place;
        }
    }

    /// What the assembly of a unit refers to by name.
    pub(crate) fn references(&self, unit: &str) -> impl Iterator<Item = SymbolIndex> {
        self.placed.get(unit).into_iter().flat_map(|placed| &placed.references).copied()
    }

    /// Puts the definitions of a symbol into the order in which a linker finds them: the first strong one counts, or else the first.
    pub(crate) fn order<K: Ord>(&mut self, symbols: &Symbols, symbol: SymbolIndex, rank: impl Fn(&str) -> K) {
        if let Some(definitions) = self.global.get_mut(symbols.name(symbol))
            && definitions.len() > 1
        {
            definitions.sort_by_cached_key(|definition| rank(&definition.unit));
        }
    }

    /// The symbols of definitions that count, or do not, by the order of the units.
    pub(crate) fn ordered(&self, symbols: &Symbols) -> impl Iterator<Item = SymbolIndex> {
        let ordered = self.global.iter().filter(|(_, definitions)| definitions.iter().any(|it| it.is_weak));
        ordered.filter_map(|(name, _)| symbols.find(name))
    }

    /// The unit whose assembly has the definition of a symbol that counts among those in assembly, if that is a weak one.
    pub(crate) fn weak_definer(&self, symbols: &Symbols, symbol: SymbolIndex) -> Option<&Arc<str>> {
        let definitions = self.definitions(symbols, symbol);
        let all_weak = definitions.iter().all(|definition| definition.is_weak);
        definitions.first().filter(|_| all_weak).map(|definition| &definition.unit)
    }

    /// Units whose assembly defines a symbol, and not weakly.
    pub(crate) fn strong_definers(&self, symbols: &Symbols, symbol: SymbolIndex) -> impl Iterator<Item = &Arc<str>> {
        let definitions = self.definitions(symbols, symbol);
        definitions.iter().filter(|definition| !definition.is_weak).map(|definition| &definition.unit)
    }

    /// Where assembly defines a symbol.
    pub(crate) fn place(&self, symbols: &Symbols, symbol: SymbolIndex) -> Option<Place> {
        if let Some(&place) = self.local.get(&symbol) {
            return Some(place);
        }
        let definitions = self.definitions(symbols, symbol);
        let counts = definitions.iter().find(|definition| !definition.is_weak).or_else(|| definitions.first())?;
        Some(counts.place)
    }

    fn definitions(&self, symbols: &Symbols, symbol: SymbolIndex) -> &[Definition] {
        if self.global.is_empty() {
            return &[];
        }
        let definitions = self.global.get(symbols.name(symbol)).filter(|_| symbols.is_global(symbol));
        definitions.map_or(&[], Vec::as_slice)
    }

    /// Sections by name that hold code of a unit.
    pub(crate) fn code_sections<'a>(&'a self, unit: &'a CodegenUnit) -> impl Iterator<Item = &'a str> {
        let of_functions = unit.module.function_sections.iter().map(|(_, name)| &**name);
        let placed = self.placed.get(&unit.id).into_iter();
        of_functions.chain(placed.flat_map(|placed| &placed.code_sections).map(|name| &**name))
    }

    /// Units whose assembly defines a symbol.
    pub(crate) fn units_of<'a>(&self, units: &'a Units, symbol: SymbolIndex) -> Vec<&'a Arc<CodegenUnit>> {
        let ids = self.placed.iter().filter(|(_, placed)| placed.symbols.iter().any(|it| it.symbol == symbol));
        ids.map(|(id, _)| units[id].unit()).collect()
    }

    /// Whether something that is reached, or another section of the object, refers to a section of a unit's assembly.
    pub(crate) fn is_reached(&self, unit: &Arc<CodegenUnit>, section: usize, live: &HashSet<SymbolIndex>) -> bool {
        let section = SectionIndex(section);
        let Some(placed) = self.placed.get(&unit.id) else { return false };
        let mut symbols = placed.symbols.iter().filter(|it| it.section == Some(section));
        if symbols.any(|it| live.contains(&it.symbol)) {
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

/// The program's symbols that a unit's assembly names without defining them. By object, not by section: what one section refers to
/// all of them do.
pub(crate) fn names(units: &Units, symbols: &Symbols, unit: &Arc<CodegenUnit>) -> Vec<SymbolIndex> {
    let Ok(Some(assembly)) = Assembly::of(unit) else { return Vec::new() };
    let globals = &unit.module.globals;
    let names = assembly.elf.symbols().filter(|symbol| symbol.is_undefined()).filter_map(|it| it.name().ok());
    names
        .filter_map(|name| match globals.iter().position(|global| *global.name == *name) {
            Some(number) => Some(units[&unit.id].symbols()[number]),
            None => symbols.find(name),
        })
        .collect()
}

/// Whether a section of a unit's assembly says that it is to be kept.
pub(crate) fn is_retained(unit: &Arc<CodegenUnit>, section: usize) -> bool {
    of_section(unit, section, |flags, _, _| flags & elf::SHF_GNU_RETAIN.0 != 0).unwrap_or(false)
}

/// Whether nobody, the loader included, writes to a section of a unit's assembly.
pub(crate) fn is_plain(unit: &Arc<CodegenUnit>, section: usize) -> bool {
    of_section(unit, section, |flags, _, is_relocated| flags & elf::SHF_WRITE.0 == 0 && !is_relocated).unwrap_or(false)
}

/// Alignment of a section of a unit's assembly.
pub(crate) fn align(unit: &Arc<CodegenUnit>, section: usize) -> u64 {
    of_section(unit, section, |_, align, _| align.max(1)).unwrap_or(1)
}

/// What follows from a section's flags, its alignment, and whether it has relocations.
fn of_section<T>(unit: &Arc<CodegenUnit>, section: usize, what: impl FnOnce(u64, u64, bool) -> T) -> Option<T> {
    let assembly = Assembly::of(unit).ok()??;
    let section = assembly.elf.section_by_index(SectionIndex(section)).ok()?;
    Some(what(flags(&section), section.align(), section.relocations().next().is_some()))
}
