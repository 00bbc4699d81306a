//! Symbols that nothing defines, and whether anything that can run refers to them.
//!
//! A linker reports such a symbol unless what refers to it is dropped, because nothing that stays refers to that in turn. So
//! the same is found out here, and only when there is such a symbol.

use std::sync::Arc;

use object::read::elf::ElfFile64;
use object::{LittleEndian, Object, ObjectSymbol};

use crate::image::Image;
use crate::symbols::{Place, SymbolIndex};

impl Image {
    /// The symbols without a definition that a linker would report, sorted.
    pub fn unresolved(&self) -> Vec<Arc<str>> {
        let is_undefined = |index: &SymbolIndex| self.symbols[*index].place == Place::Undefined;
        let assembly = self.needed_by_assembly();
        let mut referred = self.units.values().flat_map(|state| &state.symbols).chain(&assembly);
        if !referred.any(is_undefined) {
            return Vec::new();
        }
        // Nobody looks into assembly.
        let roots = self.exported.iter().copied().chain(assembly);
        let live = self.live(self.groups.values().flatten(), roots);
        let mut found: Vec<Arc<str>> =
            live.into_iter().filter(is_undefined).map(|index| self.symbols[index].name.clone()).collect();
        found.sort_unstable();
        found
    }

    fn needed_by_assembly(&self) -> Vec<SymbolIndex> {
        let assemblies = self.units.values().filter_map(|state| state.unit.assembly.as_deref());
        let assemblies = assemblies.filter_map(|bytes| ElfFile64::<LittleEndian>::parse(bytes).ok());
        let find = |elf: ElfFile64<LittleEndian>| {
            let symbols = elf.symbols().filter(|symbol| symbol.is_undefined() && !symbol.is_weak());
            symbols.filter_map(|symbol| self.symbols.find(symbol.name().ok()?)).collect::<Vec<_>>()
        };
        assemblies.flat_map(find).collect()
    }
}
