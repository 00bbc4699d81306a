//! Symbols that nothing defines, and whether anything that can run refers to them.
//!
//! A linker reports such a symbol unless what refers to it is dropped, because nothing that stays refers to that in turn. So
//! the same is found out here, and only when there is such a symbol.

use std::sync::Arc;

use object::read::elf::ElfFile64;
use object::{LittleEndian, Object, ObjectSymbol};

use crate::linking::Linking;
use crate::passes::liveness;
use crate::tables::Tables;
use crate::tables::symbols::{Place, SymbolIndex};

/// The symbols without a definition that a linker would report, sorted.
pub(crate) fn unresolved(tables: &Tables, linking: &Linking) -> Vec<Arc<str>> {
    let is_undefined = |symbol: &SymbolIndex| tables.symbols.place(*symbol) == Place::Undefined;
    let assembly = needed_by_assembly(tables);
    let mut referred = tables.units.iter().flat_map(|state| state.symbols()).chain(&assembly);
    if !referred.any(is_undefined) {
        return Vec::new();
    }
    // Nobody looks into assembly.
    let roots = linking.exports.to_libraries().chain(assembly);
    let live = liveness::reached(tables, linking, linking.groups.members().values().flatten(), roots);
    let mut found: Vec<Arc<str>> =
        live.into_iter().filter(is_undefined).map(|symbol| tables.symbols.name(symbol).clone()).collect();
    found.sort_unstable();
    found
}

fn needed_by_assembly(tables: &Tables) -> Vec<SymbolIndex> {
    let assemblies = tables.units.iter().filter_map(|state| state.unit().assembly.as_deref());
    let assemblies = assemblies.filter_map(|bytes| ElfFile64::<LittleEndian>::parse(bytes).ok());
    let find = |elf: ElfFile64<LittleEndian>| {
        let symbols = elf.symbols().filter(|symbol| symbol.is_undefined() && !symbol.is_weak());
        symbols.filter_map(|symbol| tables.symbols.find(symbol.name().ok()?)).collect::<Vec<_>>()
    };
    assemblies.flat_map(find).collect()
}
