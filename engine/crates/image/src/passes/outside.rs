//! Symbols that no unit's module defines: assembly, bounds of sections, the allocator, the base image, shared libraries.

use std::sync::Arc;

use crate::Error;
use crate::base::BasePlace;
use crate::file::region::Region;
use crate::input::linker_symbols::{is_linker_defined, is_of_dynamic, is_of_headers};
use crate::input::mangling::AllocatorSymbol;
use crate::linking::Linking;
use crate::tables::Tables;
use crate::tables::symbols::{Place, SymbolIndex};

/// Where a symbol is that no unit defines.
pub(crate) fn place(tables: &mut Tables, linking: &mut Linking, symbol: SymbolIndex) -> Result<Place, Error> {
    if let Some(place) = allocator_entry(tables, linking, symbol)? {
        return Ok(place);
    }
    let name = tables.symbols.name(symbol).clone();
    let (base, assemblies, symbols) = (&linking.base, &linking.assemblies, &tables.symbols);
    let is_overridden = base.overrides(&name) && assemblies.strong_definers(symbols, symbol).next().is_none();
    if let Some(place) = assemblies.place(symbols, symbol).filter(|_| !is_overridden) {
        return Ok(place);
    }
    for (prefix, start) in [("__start_", true), ("__stop_", false)] {
        let Some(section) = name.strip_prefix(prefix) else { continue };
        if let Some((from, to)) = linking.groups.bounds(section) {
            return Ok(Place::Image(if start { from } else { to }));
        }
    }
    if is_of_headers(&name) {
        // The image's file begins with them.
        let at = if is_of_dynamic(&name) { tables.file.layout().start(Region::Dynamic) } else { 0 };
        return Ok(Place::Image(at));
    }
    if is_linker_defined(&name) {
        return Err(Error::LinkerDefined { name: name.to_string() });
    }
    match base.symbol(&name) {
        Some(BasePlace::Address(distance)) => return Ok(Place::Base(distance)),
        Some(BasePlace::ThreadLocal(distance)) => return Ok(Place::BaseThreadLocal(distance)),
        None => {}
    }
    if let Some(import) = base.import(&name) {
        let index = linking.dynamic.import(&name, Some(import), import.thread_local);
        return Ok(Place::Import { index, thread_local: import.thread_local });
    }
    Ok(if symbols.is_weak(symbol) { Place::Null } else { Place::Undefined })
}

/// Finds a place anew for a symbol that no unit defines; one that had another is `moved`.
pub(crate) fn place_again(
    tables: &mut Tables,
    linking: &mut Linking,
    symbol: SymbolIndex,
    moved: &mut hashbrown::HashSet<SymbolIndex>,
) -> Result<(), Error> {
    let place = place(tables, linking, symbol)?;
    tables.symbols.move_to(symbol, place, moved);
    Ok(())
}

/// The symbol of a run-time support function: the program's own, or else one from outside.
pub(crate) fn runtime(tables: &mut Tables, linking: &mut Linking, name: &str) -> Result<SymbolIndex, Error> {
    let (symbol, new) = tables.symbols.global(&Arc::from(name));
    if new {
        tables.symbols.require(symbol);
        let place = place(tables, linking, symbol)?;
        tables.symbols.set_place(symbol, place);
    }
    Ok(symbol)
}

/// Where a symbol lies if it is an allocator entry point.
fn allocator_entry(tables: &mut Tables, linking: &mut Linking, symbol: SymbolIndex) -> Result<Option<Place>, Error> {
    let name = tables.symbols.name(symbol).clone();
    let Some(entry) = AllocatorSymbol::parse(&name) else { return Ok(None) };
    if !linking.allocator.contains(&symbol) {
        linking.allocator.push(symbol);
    }
    let Some(method) = entry.method else {
        // `__rust_no_alloc_shim_is_unstable_v2`
        return Ok(Some(Place::Image(tables.cells.empty_function(&mut tables.file, symbol)?)));
    };
    let implementation = |prefix: &str| {
        let name = entry.sibling(&format!("{prefix}{method}"));
        let in_units = tables.symbols.find(&name).is_some_and(|symbol| !tables.symbols.definers(symbol).is_empty());
        (in_units || linking.base.symbol(&name).is_some()).then_some(name)
    };
    let Some(target) = implementation("__rg_").or_else(|| implementation("__rdl_")) else { return Ok(None) };
    let target = runtime(tables, linking, &target)?;
    Ok(Some(Place::Image(linking.call_target(tables, target)?)))
}
