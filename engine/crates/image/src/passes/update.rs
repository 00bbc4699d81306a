//! Making an image consist of other units.

use std::sync::Arc;

use cranefly_bitcode::ir::GlobalKind;
use cranefly_cgu::CodegenUnit;
use hashbrown::HashSet;

use crate::Error;
use crate::input::object_file::Assembly;
use crate::linking::Linking;
use crate::passes::assembly;
use crate::passes::contested::Contested;
use crate::passes::place_groups::check_groups;
use crate::passes::resolve::resolve;
use crate::tables::Tables;
use crate::tables::code::{Pending, binding};
use crate::tables::symbols::SymbolIndex;

/// Makes the program consist of `units`: resolves names, places variables, and tells which functions must be bound
/// (again). Units that are the same value as before cost nothing.
pub(crate) fn update(
    tables: &mut Tables,
    linking: &mut Linking,
    units: &[Arc<CodegenUnit>],
) -> Result<Vec<Pending>, Error> {
    let kept: HashSet<&Arc<str>> = units.iter().map(|unit| &unit.id).collect();
    let changed: Vec<&Arc<CodegenUnit>> = units.iter().filter(|unit| !tables.units.contains(unit)).collect();
    tracing::debug!(
        changed = changed.len(),
        functions = changed.iter().map(|unit| unit.functions.len()).sum::<usize>(),
        "units of the image change"
    );
    let removed: Vec<Arc<str>> =
        tables.units.iter().map(|state| &state.unit().id).filter(|id| !kept.contains(id)).cloned().collect();

    let mut touched = HashSet::new();
    let mut contested = Contested::default();
    if tables.units.set_order(units) {
        touched.extend(contested.note_all(tables));
        touched.extend(linking.assemblies.ordered(&tables.symbols));
        linking.groups.note_reordered();
    }
    removed.iter().chain(changed.iter().map(|unit| &unit.id)).for_each(|id| contested.note_unit(tables, id));
    for id in removed.iter().chain(changed.iter().map(|unit| &unit.id)) {
        forget(tables, linking, id, &mut touched);
    }
    for id in &removed {
        tables.units.remove(id);
    }
    // Those that are bound to others' locals come behind these.
    let (plain, bound): (Vec<&Arc<CodegenUnit>>, Vec<&Arc<CodegenUnit>>) =
        changed.iter().copied().partition(|unit| unit.bound.is_empty());
    for unit in plain.into_iter().chain(bound) {
        let assembly = Assembly::of(unit)?;
        let locals = assembly.as_ref().map_or(Ok(Vec::new()), Assembly::locals)?;
        tables.units.add(unit, &locals, &mut tables.symbols, &mut touched);
        if let Some(assembly) = assembly {
            assembly::place(tables, linking, &assembly, &mut touched)?;
        }
    }
    let moved = resolve(tables, linking, &touched)?;
    check_groups(tables, linking)?;

    // Units that did not change but refer to something that moved, or define what they gave way in before, are bound as well.
    let mut affected: Vec<Arc<CodegenUnit>> = changed.iter().copied().cloned().collect();
    affected.extend(unchanged(tables, linking, &changed, &moved, &contested.taking_over(tables)));
    tracing::debug!(units = affected.len(), moved = moved.len(), "units are bound again");
    let mut pending = Vec::new();
    removed.into_iter().for_each(|id| tables.debug.mark(id));
    for unit in &affected {
        tables.debug.mark(unit.id.clone());
        linking.provide_cells(tables, unit)?;
        fill_variables(tables, linking, unit)?;
        if let Some(assembly) = Assembly::of(unit)? {
            assembly::bind(tables, linking, &assembly)?;
        }
        find_pending(tables, unit, &mut pending);
    }
    Ok(pending)
}

/// Forgets what a unit defines and adds.
fn forget(tables: &mut Tables, linking: &mut Linking, id: &str, touched: &mut HashSet<SymbolIndex>) {
    let Tables { file, symbols, units, symtab, .. } = tables;
    units.forget(id, symbols, touched);
    linking.groups.forget(id);
    linking.assemblies.forget(file, &mut linking.relocations, *symtab, symbols, id, touched);
}

/// Units, but for those that `changed`, that refer to what has moved, or are `taking_over`.
fn unchanged(
    tables: &Tables,
    linking: &mut Linking,
    changed: &[&Arc<CodegenUnit>],
    moved: &HashSet<SymbolIndex>,
    taking_over: &HashSet<Arc<str>>,
) -> Vec<Arc<CodegenUnit>> {
    let moved_assemblies = linking.assemblies.take_moved();
    if moved.is_empty() && moved_assemblies.is_empty() && taking_over.is_empty() {
        return Vec::new();
    }
    let fresh: HashSet<&Arc<str>> = changed.iter().map(|unit| &unit.id).collect();
    // Every reference of the program is looked up.
    let mut has_moved = vec![false; tables.symbols.len()];
    moved.iter().for_each(|symbol| has_moved[symbol.number() as usize] = true);
    let named: HashSet<&str> = tables.code.named_among(moved).map(|symbol| &**tables.symbols.name(symbol)).collect();
    let units = tables.units.iter().filter(|state| !fresh.contains(&state.unit().id)).filter(|state| {
        let in_assembly = linking.assemblies.references(&state.unit().id);
        state.symbols().iter().copied().chain(in_assembly).any(|symbol| has_moved[symbol.number() as usize])
            || moved_assemblies.contains(&state.unit().id)
            || taking_over.contains(&state.unit().id)
            || tables.code.names_any(state, &named)
    });
    units.map(|state| state.unit().clone()).collect()
}

fn fill_variables(tables: &mut Tables, linking: &mut Linking, unit: &CodegenUnit) -> Result<(), Error> {
    let Tables { file, symbols, units, .. } = tables;
    let state = &units[&unit.id];
    for (global, &symbol) in unit.module.globals.iter().zip(state.symbols()) {
        let GlobalKind::Variable(variable) = &global.kind else { continue };
        let counts = symbols.definition(symbol).is_some_and(|definer| {
            definer.unit == unit.id && std::ptr::eq(&unit.module.globals[definer.global.0 as usize], global)
        });
        if counts {
            linking.data.fill(file, &mut linking.relocations, symbols, symbol, variable, state.symbols())?;
        }
    }
    Ok(())
}

fn find_pending(tables: &Tables, unit: &Arc<CodegenUnit>, pending: &mut Vec<Pending>) {
    let state = &tables.units[&unit.id];
    for (number, function) in unit.functions.iter().enumerate() {
        let symbol = state.symbol(function.global);
        if !tables.symbols.is_definition(symbol, &unit.id, function.global) {
            continue;
        }
        let code = tables.code.get(symbol);
        let changed = code.is_none_or(|code| code.key != function.key);
        let bound = code.is_some_and(|code| code.binding == binding(&tables.symbols, state, function, &code.code));
        if changed || !bound {
            pending.push(Pending { symbol, unit: unit.clone(), function: number, changed });
        }
    }
}
