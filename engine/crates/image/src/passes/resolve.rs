//! Finding places: names to definitions, definitions to addresses.

use cranefly_bitcode::ir::{GlobalKind, Linkage};
use hashbrown::HashSet;

use crate::Error;
use crate::error::LinkerOnly;
use crate::input::globals::{self, variable_of};
use crate::input::mangling::is_bound;
use crate::input::section::SectionKind;
use crate::linking::Linking;
use crate::linking::groups::Part;
use crate::passes::outside;
use crate::passes::place_groups::place_groups;
use crate::tables::Tables;
use crate::tables::symbols::{Place, SymbolIndex};

/// Finds a definition and a place for every touched symbol; gives those whose place is another one than before.
pub(crate) fn resolve(
    tables: &mut Tables,
    linking: &mut Linking,
    touched: &HashSet<SymbolIndex>,
) -> Result<HashSet<SymbolIndex>, Error> {
    let mut moved = HashSet::new();
    let mut aliases = Vec::new();
    let mut order: Vec<SymbolIndex> = touched.iter().copied().collect();
    order.sort_unstable();
    for &symbol in &order {
        decide(tables, linking, symbol)?;
        let before = tables.symbols.place(symbol);
        match tables.units.definition(&tables.symbols, symbol) {
            None => {
                linking.forget_data(tables, symbol);
                let place = outside::place(tables, linking, symbol)?;
                tables.symbols.set_place(symbol, place);
            }
            Some((unit, global)) => {
                let unit = unit.clone();
                if variable_of(&unit, global).is_none() {
                    // What is no variable any more must not be relocated as one: something else may lie there soon.
                    linking.forget_data(tables, symbol);
                }
                match &unit.module.globals[global.0 as usize].kind {
                    GlobalKind::Function { .. } => {
                        let slot = tables.slots.make(&mut tables.file, symbol)?;
                        tables.symbols.set_place(symbol, Place::Image(slot));
                    }
                    GlobalKind::Variable(variable) => {
                        let kind = globals::kind_of(variable)
                            .map_err(|_| Error::LinkerOnly(LinkerOnly::of_static(variable)))?;
                        if matches!(kind, SectionKind::Ordinary | SectionKind::Text) {
                            linking.alignment.include(variable.thread_local, variable.align);
                            let far_from = tables.file.layout().far_from();
                            let region = globals::region_of(variable, far_from);
                            let Tables { file, symbols, .. } = tables;
                            linking.data.place(file, symbols, symbol, variable, region)?;
                        } else {
                            linking.groups.add(kind, &unit, Part::Variable(global));
                        }
                    }
                    GlobalKind::Alias { .. } => aliases.push(symbol),
                }
            }
        }
        if tables.symbols.place(symbol) != before {
            moved.insert(symbol);
        }
    }
    if linking.groups.must_be_placed() || touched.iter().any(|&symbol| is_bound(tables.symbols.name(symbol))) {
        place_groups(tables, linking, &mut moved)?;
    }
    for symbol in linking.allocator.clone() {
        outside::place_again(tables, linking, symbol, &mut moved)?;
    }
    for symbol in aliases {
        let place = alias_place(tables, symbol, 0);
        tables.symbols.move_to(symbol, place, &mut moved);
    }
    Ok(moved)
}

/// Decides which definition of a symbol counts, and whether shared libraries see it.
fn decide(tables: &mut Tables, linking: &mut Linking, symbol: SymbolIndex) -> Result<(), Error> {
    check_unique(tables, linking, symbol)?;
    let Tables { symbols, units, .. } = tables;
    symbols.order(symbol, |unit| units.rank(unit));
    linking.assemblies.order(symbols, symbol, |unit| units.rank(unit));
    let in_assembly = linking.assemblies.strong_definers(symbols, symbol).next().is_some()
        || match (linking.assemblies.weak_definer(symbols, symbol), symbols.definers(symbol).first()) {
            (Some(assembly), Some(module)) => units.rank(assembly) < units.rank(&module.unit),
            _ => false,
        };
    symbols.decide(symbol, in_assembly || linking.base.overrides(symbols.name(symbol)));
    linking.exports.note(&linking.base, units, &linking.assemblies, symbols, symbol);
    Ok(())
}

/// Two strong definitions of a name that people chose are what a linker refuses. (Mangled names are rustc's business.)
fn check_unique(tables: &Tables, linking: &Linking, symbol: SymbolIndex) -> Result<(), Error> {
    let symbols = &tables.symbols;
    let definers = symbols.definers(symbol).iter();
    let in_units = definers.filter(|it| it.linkage == Linkage::External).map(|definer| &definer.unit);
    let mut strong = in_units.chain(linking.assemblies.strong_definers(symbols, symbol));
    let name = symbols.name(symbol);
    let mangled = name.starts_with("_R") || name.starts_with("_ZN");
    match (strong.next(), strong.next()) {
        (Some(first), Some(second)) if !mangled => {
            Err(Error::Duplicate { name: name.to_string(), first: first.to_string(), second: second.to_string() })
        }
        _ => Ok(()),
    }
}

fn alias_place(tables: &Tables, symbol: SymbolIndex, depth: u32) -> Place {
    let place = tables.symbols.place(symbol);
    let Some((unit, global)) = tables.units.definition(&tables.symbols, symbol) else { return place };
    match unit.module.globals[global.0 as usize].kind {
        // Aliases of aliases end somewhere, unless the module is broken.
        GlobalKind::Alias { target, offset } if depth < 64 => {
            let target = tables.units[&unit.id].symbol(target);
            alias_place(tables, target, depth + 1).offset_by(offset)
        }
        _ => place,
    }
}
