//! Functions that a body lane brings although the program has them: instances of generic functions under symbols of its own.

use std::sync::Arc;

use cranefly_bitcode::ir::Subprogram;
use cranefly_cgu::LoadedUnit;
use hashbrown::HashSet;

/// What a function is in the sources: its names with type arguments, and where it is declared.
fn identity(subprogram: &Subprogram) -> (&[Arc<str>], &str, &str, u32) {
    (&subprogram.namespace, &subprogram.name, &subprogram.file.name, subprogram.line)
}

/// The symbols of such functions among `units`. They are none of the program's functions to whoever counts them.
pub fn copies(units: &[Arc<LoadedUnit>]) -> HashSet<Arc<str>> {
    let (body, crates): (Vec<_>, Vec<_>) = units.iter().partition(|unit| unit.unit.is_body_lane);
    let brought: HashSet<_> = body
        .iter()
        .flat_map(|unit| &unit.unit.functions)
        .filter_map(|function| function.subprogram.as_deref().map(identity))
        .collect();
    if brought.is_empty() {
        return HashSet::new();
    }
    // Nearly all functions of the program are on other lines, which a number tells without a look at their names.
    let lines: HashSet<u32> = brought.iter().map(|&(.., line)| line).collect();
    let present: HashSet<_> = crates
        .iter()
        .flat_map(|unit| &unit.unit.functions)
        .filter_map(|function| function.subprogram.as_deref())
        .filter(|subprogram| lines.contains(&subprogram.line))
        .map(identity)
        .filter(|identity| brought.contains(identity))
        .collect();
    let copies = body.iter().flat_map(|unit| {
        let functions = unit.unit.functions.iter();
        let copies = functions
            .filter(|function| function.subprogram.as_deref().is_some_and(|it| present.contains(&identity(it))));
        copies.map(|function| unit.global(function.global).name.clone())
    });
    copies.collect()
}
