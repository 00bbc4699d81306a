//! What of a program others find by its name: the base image, shared libraries, and whatever is opened later.

use cranefly_bitcode::ir::Linkage;
use hashbrown::HashSet;

use crate::base::BaseImage;
use crate::input::mangling::is_mangled;
use crate::linking::assemblies::Assemblies;
use crate::tables::dynamic::DynamicTables;
use crate::tables::symbols::{Place, SymbolIndex, Symbols};
use crate::tables::units::Units;

/// The symbols in the dynamic symbol table that the program defines.
#[derive(Debug)]
pub(crate) struct Exports {
    /// Every visible symbol is to be there (`--export-dynamic`).
    is_all: bool,
    /// Those that are there because all are.
    all: HashSet<SymbolIndex>,
    /// Those that shared libraries see, or saw once.
    to_libraries: HashSet<SymbolIndex>,
}

impl Exports {
    pub(crate) fn new(is_all: bool) -> Self {
        Self { is_all, all: HashSet::new(), to_libraries: HashSet::new() }
    }

    /// Those that shared libraries see, or saw once.
    pub(crate) fn to_libraries(&self) -> impl Iterator<Item = SymbolIndex> {
        self.to_libraries.iter().copied()
    }

    /// Notes whether shared libraries see the definition of a symbol.
    pub(crate) fn note(
        &mut self,
        base: &BaseImage,
        units: &Units,
        assemblies: &Assemblies,
        symbols: &Symbols,
        symbol: SymbolIndex,
    ) {
        let name = symbols.name(symbol);
        if is_mangled(name) || !base.is_known_to_libraries(name) {
            return;
        }
        if is_visible(units, symbols, symbol) || assemblies.place(symbols, symbol).is_some() {
            self.to_libraries.insert(symbol);
        }
    }

    /// Exports what a linker would of an executable that is to have all its symbols in the dynamic symbol table.
    pub(crate) fn export_all(&mut self, dynamic: &mut DynamicTables, units: &Units, symbols: &Symbols) {
        if !self.is_all {
            return;
        }
        for symbol in std::mem::take(&mut self.all) {
            dynamic.withdraw(symbols.name(symbol));
        }
        for symbol in symbols.iter() {
            if let Place::Image(at) = symbols.place(symbol)
                && is_visible(units, symbols, symbol)
            {
                dynamic.export(symbols.name(symbol), at);
                self.all.insert(symbol);
            }
        }
    }

    /// Defines what a linker would export to the shared libraries that the program needs, since they define or expect it.
    pub(crate) fn export_to_libraries(&self, dynamic: &mut DynamicTables, symbols: &Symbols) {
        for symbol in self.to_libraries() {
            export(dynamic, symbols.name(symbol), symbols.place(symbol));
        }
    }
}

/// Whether a unit defines the symbol, and lets others see it.
fn is_visible(units: &Units, symbols: &Symbols, symbol: SymbolIndex) -> bool {
    symbols.definition(symbol).is_some_and(|definer| {
        let global = &units[&definer.unit].unit().module.globals[definer.global.0 as usize];
        definer.linkage != Linkage::Local && !global.hidden
    })
}

/// Has others find `name` at its place, if that is in the image.
pub(crate) fn export(dynamic: &mut DynamicTables, name: &str, place: Place) {
    match place {
        Place::Image(at) => drop(dynamic.export(name, at)),
        Place::ThreadLocal(offset) => drop(dynamic.export_thread_local(name, offset)),
        _ => dynamic.withdraw(name),
    }
}
