//! What a linker's garbage collection would keep, as far as a program can see it: which parts of a section between
//! `__start_` and `__stop_` symbols are there.
//!
//! As lld does it for rustc: reached from `main`, from constructors and from what is `#[used]` or `#[no_mangle]`, without
//! counting the symbols of a section's bounds. (GNU ld counts them; see [`Image::place_groups`].)

use cranefly_bitcode::ir::{Global, GlobalId, GlobalKind, Linkage};
use hashbrown::{HashMap, HashSet};

use crate::groups::{Member, Part};
use crate::image::{Image, defines};
use crate::input::{FunctionInfo, Unit};
use crate::interface::is_mangled;
use crate::section::SectionKind;
use crate::symbols::SymbolIndex;

/// All units' functions, by unit and global.
type Functions<'a> = HashMap<(&'a str, GlobalId), &'a FunctionInfo>;

impl Image {
    /// Symbols that are reached from `main`, from what the base image expects, from `members` of groups that are kept in any case,
    /// and from `roots`.
    pub(crate) fn live<'a>(
        &self,
        members: impl Iterator<Item = &'a Member>,
        roots: impl Iterator<Item = SymbolIndex>,
    ) -> HashSet<SymbolIndex> {
        let functions: Functions<'_> = self
            .units
            .values()
            .flat_map(|state| state.unit.functions.iter().map(|it| ((&*state.unit.id, it.global), &**it)))
            .collect();
        let mut queue: Vec<SymbolIndex> = self.symbols.find("main").into_iter().chain(roots).collect();
        queue.extend(self.base.undefined().filter_map(|(name, _)| self.symbols.find(name)));
        for member in members {
            match member.part {
                Part::Variable(global) => queue.push(self.units[&member.unit.id].symbols[global.0 as usize]),
                Part::Assembly(_) => queue.extend(self.assembly_names(&member.unit)),
            }
        }
        for state in self.units.values() {
            queue.extend(state.unit.module.used.iter().map(|global| state.symbols[global.0 as usize]));
            let exported =
                state.unit.module.globals.iter().zip(&state.symbols).filter(|(global, _)| is_exported(global));
            queue.extend(exported.map(|(_, &symbol)| symbol));
        }
        let mut live = HashSet::new();
        while let Some(symbol) = queue.pop() {
            if !live.insert(symbol) {
                continue;
            }
            match self.definition(symbol) {
                Some((unit, global)) => self.reached_from(&functions, &unit, global, &mut queue),
                None => {
                    queue.extend(self.allocator_implementation(&self.symbols[symbol].name));
                    for unit in self.assembly_units(symbol) {
                        queue.extend(self.assembly_names(unit));
                    }
                }
            }
        }
        live
    }

    fn reached_from(&self, functions: &Functions<'_>, unit: &Unit, global: GlobalId, queue: &mut Vec<SymbolIndex>) {
        let symbols = &self.units[&unit.id].symbols;
        let symbol = |global: GlobalId| symbols[global.0 as usize];
        match &unit.module.globals[global.0 as usize].kind {
            GlobalKind::Function { .. } => {
                let function = functions.get(&(&*unit.id, global));
                queue.extend(function.iter().flat_map(|it| &it.symbols).map(|it| symbol(it.global)));
            }
            GlobalKind::Variable(variable) => {
                let pointers = variable.init.iter().flat_map(|init| &init.pointers);
                queue.extend(pointers.map(|pointer| symbol(pointer.target)));
            }
            GlobalKind::Alias { target, .. } => queue.push(symbol(*target)),
        }
    }

    /// Whether a member is there whether anything refers to it or not.
    pub(crate) fn is_kept(&self, kind: &SectionKind, member: &Member) -> bool {
        match member.part {
            // Constructors and destructors are.
            _ if !matches!(kind, SectionKind::Group(_)) => true,
            Part::Variable(global) => member.unit.module.used.contains(&global),
            Part::Assembly(section) => self.is_retained_assembly(&member.unit, section),
        }
    }

    /// Whether something that is reached refers to a member.
    pub(crate) fn is_reached(&self, member: &Member, live: &HashSet<SymbolIndex>) -> bool {
        match member.part {
            Part::Variable(global) => live.contains(&self.units[&member.unit.id].symbols[global.0 as usize]),
            Part::Assembly(section) => self.is_reached_assembly(&member.unit, section, live),
        }
    }
}

/// Whether a definition has a name that its author chose: rustc has the linker keep these.
fn is_exported(global: &Global) -> bool {
    !is_mangled(&global.name) && global.linkage == Linkage::External && defines(global)
}
