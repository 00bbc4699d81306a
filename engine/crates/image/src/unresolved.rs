//! Symbols that nothing defines, and whether anything that can run refers to them.
//!
//! A linker reports such a symbol unless what refers to it is dropped, because nothing that stays refers to that in turn. So
//! the same is found out here, and only when there is such a symbol.

use std::sync::Arc;

use cranefly_bitcode::ir::{GlobalId, GlobalKind};
use hashbrown::{HashMap, HashSet};
use object::read::elf::ElfFile64;
use object::{LittleEndian, Object, ObjectSymbol};

use crate::data::SectionKind;
use crate::input::{FunctionInfo, Unit};
use crate::program::Program;
use crate::symbols::{Place, SymbolIndex};

impl Program {
    /// The symbols without a definition that a linker would report, sorted.
    pub fn unresolved(&self) -> Vec<Arc<str>> {
        let is_undefined = |index: &SymbolIndex| self.symbols[*index].place == Place::Undefined;
        let assembly = self.assembly_references();
        let mut referred = self.units.values().flat_map(|state| &state.symbols).chain(&assembly);
        if !referred.any(is_undefined) {
            return Vec::new();
        }
        let functions: HashMap<(&Arc<str>, GlobalId), &FunctionInfo> = self
            .units
            .values()
            .flat_map(|state| {
                state.unit.functions.iter().map(|function| ((&state.unit.id, function.global), &**function))
            })
            .collect();
        let mut seen: HashSet<SymbolIndex> = HashSet::new();
        let mut found = Vec::new();
        let mut queue = self.roots();
        // Nobody looks into assembly.
        queue.extend(assembly);
        while let Some(index) = queue.pop() {
            if !seen.insert(index) {
                continue;
            }
            let symbol = &self.symbols[index];
            if symbol.place == Place::Undefined {
                found.push(symbol.name.clone());
            }
            let Some(definer) = symbol.definition() else { continue };
            let state = &self.units[&definer.unit];
            let globals: Vec<GlobalId> = match &state.unit.module.globals[definer.global.0 as usize].kind {
                GlobalKind::Function { .. } => {
                    let function = functions.get(&(&definer.unit, definer.global));
                    function.iter().flat_map(|function| &function.symbols).map(|symbol| symbol.global).collect()
                }
                GlobalKind::Variable(variable) => {
                    variable.init.iter().flat_map(|init| &init.pointers).map(|pointer| pointer.target).collect()
                }
                GlobalKind::Alias { target, .. } => vec![*target],
            };
            queue.extend(globals.into_iter().map(|global| state.symbols[global.0 as usize]));
        }
        found.sort_unstable();
        found
    }

    /// Where everything that can run begins: `main`, what the loader calls, what sections gather, what code outside of the
    /// units refers to.
    fn roots(&self) -> Vec<SymbolIndex> {
        let mut roots: Vec<SymbolIndex> = self.symbols.find("main").into_iter().collect();
        roots.extend(self.groups.values().flatten().map(|(index, _)| *index));
        roots.extend(self.base.undefined().filter_map(|name| self.symbols.find(name)));
        roots.extend(&self.exported);
        for state in self.units.values() {
            let is_gathered = |unit: &Unit, number: usize| match &unit.module.globals[number].kind {
                GlobalKind::Variable(variable) => SectionKind::of(variable.section.as_ref()) != SectionKind::Ordinary,
                _ => false,
            };
            roots.extend(
                (0..state.symbols.len()).filter(|&number| is_gathered(&state.unit, number)).map(|n| state.symbols[n]),
            );
        }
        roots
    }

    fn assembly_references(&self) -> Vec<SymbolIndex> {
        let assemblies = self.units.values().filter_map(|state| state.unit.assembly.as_deref());
        let assemblies = assemblies.filter_map(|bytes| ElfFile64::<LittleEndian>::parse(bytes).ok());
        let find = |elf: ElfFile64<LittleEndian>| {
            let symbols = elf.symbols().filter(|symbol| symbol.is_undefined() && !symbol.is_weak());
            symbols.filter_map(|symbol| self.symbols.find(symbol.name().ok()?)).collect::<Vec<_>>()
        };
        assemblies.flat_map(find).collect()
    }
}
