//! Edited functions: in the body lane's units, and the same in the crate lane's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use cranefly_bitcode::demangled;
use cranefly_bitcode::ir::{GlobalId, GlobalKind, Subprogram};
use cranefly_cgu::{FunctionInfo, LoadedUnit, polls_future, without_dots};

use crate::edit::{EditedFunction, range_of, source_file};
use crate::futures::{has_body_of_future, path_of_drop};
use crate::refusal::Refusal;

/// Edited functions, to be looked for in the crate lane's units.
#[derive(Debug)]
pub struct Declared<'e> {
    edited: &'e [&'e EditedFunction],
    files: BTreeSet<String>,
}

impl<'e> Declared<'e> {
    /// Of these functions.
    pub fn new(edited: &'e [&'e EditedFunction]) -> Self {
        Self { edited, files: edited.iter().map(|function| without_dots(&function.file)).collect() }
    }

    /// The functions of a crate lane's unit that are declared where an edited one was, each with that one: the function itself, its
    /// instances, and its closures.
    pub fn in_unit<'a>(
        &self,
        unit: &'a LoadedUnit,
    ) -> impl Iterator<Item = (&'a Arc<FunctionInfo>, &'e EditedFunction)> + use<'a, 'e> {
        let edited = self.edited;
        let declared: Vec<usize> = self.files.iter().flat_map(|file| unit.sources().declared_in(file)).collect();
        declared.into_iter().filter_map(move |number| {
            let function = &unit.unit.functions[number];
            Some((function, range_of(function.subprogram.as_ref(), edited, |function| function.old)?))
        })
    }
}

/// The functions of a patch crate that are new: their instances, but not their closures.
pub fn new_in_patch<'a>(
    unit: &'a LoadedUnit,
    edited: &'a [&'a EditedFunction],
) -> impl Iterator<Item = GlobalId> + use<'a> {
    let is_new = |function: &&Arc<FunctionInfo>| {
        let subprogram = function.subprogram.as_ref().filter(|it| !it.name.starts_with('{'));
        range_of(subprogram, edited, |function| function.new).is_some_and(EditedFunction::is_new)
    };
    unit.unit.functions.iter().filter(is_new).map(|function| function.global)
}

/// What polls and drops the futures of patch crates' new functions, with the numbers of their units. (By the path of one the program may
/// have another function's, or that of before.)
pub fn new_futures<'a>(
    patches: impl Iterator<Item = (usize, &'a LoadedUnit)>,
    edited: &[&EditedFunction],
) -> Result<Vec<(usize, GlobalId)>, Refusal> {
    let of_futures = patches.flat_map(|(number, unit)| {
        unit.unit.functions.iter().filter_map(move |function| {
            let subprogram = function.subprogram.as_ref().filter(|it| has_body_of_future(it))?;
            Some(((number, function.global), subprogram, demangled(&unit.global(function.global).name)))
        })
    });
    let (polls, drops): (Vec<_>, Vec<_>) = of_futures.partition(|(_, subprogram, _)| polls_future(subprogram));
    let is_new = |subprogram: &Arc<Subprogram>| {
        range_of(Some(subprogram), edited, |function| function.new).is_some_and(EditedFunction::is_new)
    };
    let (new, others): (Vec<_>, Vec<_>) = polls.into_iter().partition(|(_, subprogram, _)| is_new(subprogram));
    let mut places: BTreeMap<&str, (PathBuf, u32)> = BTreeMap::new();
    for (_, subprogram, path) in &new {
        let place = (source_file(subprogram), subprogram.line);
        // (Several crates may have the same one.)
        if *places.entry(path).or_insert_with(|| place.clone()) != place {
            return Err(Refusal::Ambiguous);
        }
    }
    if others.iter().any(|(_, _, path)| places.contains_key(&**path)) {
        return Err(Refusal::Ambiguous);
    }
    let of_drops: BTreeSet<String> = places.keys().map(|path| path_of_drop(path)).collect();
    let dropped = drops.iter().filter(|(_, _, path)| of_drops.contains(path));
    Ok(new.iter().chain(dropped).map(|&(node, ..)| node).collect())
}

/// The edited functions of an overlay's unit.
pub fn in_overlay<'a>(
    unit: &'a LoadedUnit,
    edited: &'a [&'a EditedFunction],
) -> Result<impl Iterator<Item = GlobalId> + use<'a>, Refusal> {
    let functions = unit.unit.functions.iter().zip(unit.shapes());
    let found = functions
        .filter(|(function, _)| range_of(function.subprogram.as_ref(), edited, |function| function.new).is_some());
    if found.clone().any(|(_, shape)| shape.is_blank) {
        // Its neighbour on the same line was meant, or it is written as a blanked one is: who knows.
        return Err(Refusal::LooksBlank);
    }
    Ok(found.map(|(function, _)| function.global))
}

/// What a root static holds.
#[derive(Clone, Copy, Debug)]
pub struct Root {
    /// The function.
    pub function: GlobalId,
    /// Of an `async fn`: what polls its future, and what drops it.
    pub future: Option<[GlobalId; 2]>,
}

/// What a unit's root statics hold. (rustc takes the address of a shim where a function expects to be told its caller; the function is
/// what the shim calls.)
pub fn roots(unit: &LoadedUnit) -> impl Iterator<Item = Root> + '_ {
    let statics = unit.unit.module.globals.iter().filter(|global| global.name.contains("__CRANEFLY_ROOT_"));
    statics.flat_map(move |global| {
        let GlobalKind::Variable(variable) = &global.kind else { return None };
        let targets: Vec<GlobalId> = variable.init.as_ref()?.pointers.iter().map(|pointer| pointer.target).collect();
        match targets[..] {
            [function, poll, drop] => Some(Root { function, future: Some([poll, drop]) }),
            [function] if !is_shim(&unit.global(function).name) => Some(Root { function, future: None }),
            [shim] => {
                let symbols = &unit.unit.functions[unit.function(shim)?].symbols;
                let called = symbols.iter().map(|symbol| symbol.global);
                let function = called.into_iter().find(|&called| unit.function(called).is_some())?;
                Some(Root { function, future: None })
            }
            _ => None,
        }
    })
}

/// Whether a symbol is that of a shim that rustc puts in front of a function: for its address, or for a vtable.
pub fn is_shim(name: &str) -> bool {
    let path = demangled(name);
    path.ends_with(".shim}}") || path.contains("{shim:")
}

/// A name as debug info has it.
fn plain(name: &str) -> &str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// The crate lane's names for an edited function of a patch crate: none where the program does not have it, several where they cannot
/// be told apart.
pub fn versions<'a>(
    unit: &LoadedUnit,
    global: GlobalId,
    edited: &[&EditedFunction],
    crates: impl Iterator<Item = &'a LoadedUnit>,
) -> Result<Vec<&'a Arc<str>>, Refusal> {
    let function = unit.function(global).map(|function| &unit.unit.functions[function]);
    let subprogram = function.and_then(|function| function.subprogram.as_ref());
    let Some(range) = range_of(subprogram, edited, |function| function.new) else {
        return Err(Refusal::Misplaced);
    };
    let range = &[range];
    // A range is one function with its closures; shims have the lines of the function that they call.
    let is_function = |unit: &LoadedUnit, function: &FunctionInfo| {
        let is_closure = function.subprogram.as_ref().is_none_or(|it| it.name.starts_with('{'));
        !is_closure && !is_shim(&unit.global(function.global).name)
    };
    let declared = Declared::new(range);
    let mut found: Vec<(&LoadedUnit, &Arc<FunctionInfo>)> = crates
        .flat_map(|unit| declared.in_unit(unit).map(move |(function, _)| (unit, function)))
        .filter(|(unit, function)| is_function(unit, function))
        .collect();
    // What stands on the same lines has another name, such as the `main` that rustc puts in front of a crate's tests, and may be all that the
    // program has there. (A patch crate may have another one for a method, so it is told what that is called.)
    let [told] = range;
    let is_named_so = |&(_, other): &(&LoadedUnit, &Arc<FunctionInfo>)| {
        let own = if told.name.is_empty() { subprogram.map(|own| &*own.name) } else { Some(plain(&told.name)) };
        other.subprogram.as_ref().zip(own).is_some_and(|(other, own)| *other.name == *own)
    };
    if !told.name.is_empty() || found.iter().any(is_named_so) {
        found.retain(is_named_so);
    }
    let mut found: Vec<&Arc<str>> =
        found.into_iter().map(|(unit, function)| &unit.global(function.global).name).collect();
    found.sort();
    found.dedup();
    Ok(found)
}
