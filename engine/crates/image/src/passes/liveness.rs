//! What a linker's garbage collection would keep, as far as a program can see it: which parts of a section between
//! `__start_` and `__stop_` symbols are there.
//!
//! As lld does it for rustc: reached from `main`, from constructors and from what is `#[used]` or `#[no_mangle]`, without
//! counting the symbols of a section's bounds. (GNU ld counts them, and keeps all of such a section.)

use cranefly_bitcode::ir::{Global, GlobalId, GlobalKind, Linkage};
use cranefly_cgu::{CodegenUnit, is_definition};
use hashbrown::HashSet;

use crate::input::mangling::{AllocatorSymbol, is_mangled};
use crate::linking::Linking;
use crate::linking::assemblies;
use crate::linking::groups::{Member, Part};
use crate::tables::Tables;
use crate::tables::symbols::SymbolIndex;

/// Symbols that are reached from `main`, from what the base image expects, from `members` of groups that are kept in any case,
/// and from `roots`.
pub(crate) fn reached<'a>(
    tables: &Tables,
    linking: &Linking,
    members: impl Iterator<Item = &'a Member>,
    roots: impl Iterator<Item = SymbolIndex>,
) -> HashSet<SymbolIndex> {
    let Tables { symbols, units, .. } = tables;
    let mut queue: Vec<SymbolIndex> = symbols.find("main").into_iter().chain(roots).collect();
    queue.extend(linking.base.undefined().filter_map(|(name, _)| symbols.find(name)));
    for member in members {
        match member.part {
            Part::Variable(global) => queue.push(units[&member.unit.id].symbol(global)),
            Part::Assembly(_) => queue.extend(assemblies::names(units, symbols, &member.unit)),
        }
    }
    for state in units.iter() {
        let module = &state.unit().module;
        queue.extend(module.used.iter().map(|&global| state.symbol(global)));
        let exported = module.globals.iter().zip(state.symbols()).filter(|(global, _)| is_exported(global));
        queue.extend(exported.map(|(_, &symbol)| symbol));
    }
    let mut live = HashSet::new();
    while let Some(symbol) = queue.pop() {
        if !live.insert(symbol) {
            continue;
        }
        match units.definition(symbols, symbol) {
            Some((unit, global)) => reached_from(tables, unit, global, &mut queue),
            None => {
                queue.extend(allocator_implementation(tables, symbols.name(symbol)));
                for unit in linking.assemblies.units_of(units, symbol) {
                    queue.extend(assemblies::names(units, symbols, unit));
                }
            }
        }
    }
    live
}

fn reached_from(tables: &Tables, unit: &CodegenUnit, global: GlobalId, queue: &mut Vec<SymbolIndex>) {
    let state = &tables.units[&unit.id];
    match &unit.module.globals[global.0 as usize].kind {
        GlobalKind::Function { .. } => {
            let function = unit.function(global).map(|number| &unit.functions[number]);
            queue.extend(function.iter().flat_map(|it| &it.symbols).map(|it| state.symbol(it.global)));
        }
        GlobalKind::Variable(variable) => {
            let pointers = variable.init.iter().flat_map(|init| &init.pointers);
            queue.extend(pointers.map(|pointer| state.symbol(pointer.target)));
        }
        GlobalKind::Alias { target, .. } => queue.push(state.symbol(*target)),
    }
}

/// What the program itself has for an entry point of the allocator.
fn allocator_implementation(tables: &Tables, name: &str) -> Option<SymbolIndex> {
    let entry = AllocatorSymbol::parse(name)?;
    tables.symbols.find(&entry.sibling(&format!("__rg_{}", entry.method?)))
}

/// Whether something that is reached refers to a member.
pub(crate) fn is_reached(tables: &Tables, linking: &Linking, member: &Member, live: &HashSet<SymbolIndex>) -> bool {
    match member.part {
        Part::Variable(global) => live.contains(&tables.units[&member.unit.id].symbol(global)),
        Part::Assembly(section) => linking.assemblies.is_reached(&member.unit, section, live),
    }
}

/// Whether a definition has a name that its author chose: rustc has the linker keep these.
fn is_exported(global: &Global) -> bool {
    !is_mangled(&global.name) && global.linkage == Linkage::External && is_definition(global)
}
