//! In what a generation differs from the one before: made once, for the linker's counts, the report and the history.

use std::sync::Arc;

use cranefly_cgu::LoadedUnit;
use cranefly_cgu::{CodegenUnit, FunctionInfo};
use cranefly_select::same_version;
use hashbrown::{HashMap, HashSet};
use tracing::debug_span;

use crate::function::FunctionOf;
use crate::unit_set::UnitSet;

/// What is new in a generation.
#[derive(Debug)]
pub(crate) struct Difference<'a> {
    /// There was nothing before: everything is new.
    is_first: bool,
    /// Symbols that are no news, although the generation before did not have them.
    copies: &'a HashSet<Arc<str>>,
    /// Functions of the new units that are new or have other content than before.
    changed: HashSet<*const FunctionInfo>,
    /// Their symbols.
    symbols: HashSet<Arc<str>>,
    /// Those that were there before: each symbol once, with the version before.
    replaced: Vec<FunctionOf<'a>>,
}

impl<'a> Difference<'a> {
    /// Compares two generations. `copies`: functions of the body lane that the program has under other symbols as well.
    pub(crate) fn between(old: Option<&'a UnitSet>, new: &'a UnitSet, copies: &'a HashSet<Arc<str>>) -> Self {
        let _span = debug_span!("difference").entered();
        let mut difference = Self {
            is_first: old.is_none(),
            copies,
            changed: HashSet::new(),
            symbols: HashSet::new(),
            replaced: Vec::new(),
        };
        let Some(old) = old else { return difference };
        let (gone, fresh) = (without(old, new), without(new, old));
        // Most functions of a unit that is another one are what they were.
        let in_fresh: HashSet<*const FunctionInfo> = functions(&fresh).map(identity).collect();
        let (remaining, others): (Vec<_>, Vec<_>) =
            functions(&gone).partition(|&function| in_fresh.contains(&identity(function)));
        let remaining: HashSet<*const FunctionInfo> = remaining.into_iter().map(identity).collect();
        let before: HashMap<&Arc<str>, FunctionOf<'a>> =
            others.into_iter().map(|function| (function.symbol(), function)).collect();
        for function in functions(&fresh).filter(|&function| !remaining.contains(&identity(function))) {
            let symbol = function.symbol();
            let known = before.get(symbol).copied();
            let is_same = known.map(|known| same_version(in_unit(known), in_unit(function)));
            if is_same.unwrap_or_else(|| copies.contains(symbol)) {
                continue;
            }
            difference.changed.insert(identity(function));
            // Equal names of several units are local copies of one function.
            if difference.symbols.insert(symbol.clone()) {
                difference.replaced.extend(known);
            }
        }
        difference
    }

    /// Whether a function of the new units, by its unit and its number there, had other content before or was not there.
    pub(crate) fn has_changed(&self, unit: &CodegenUnit, number: usize) -> bool {
        let info = &unit.functions[number];
        if self.is_first {
            return !self.copies.contains(&unit.module.globals[info.global.0 as usize].name);
        }
        self.changed.contains(&Arc::as_ptr(info))
    }

    /// The versions before of functions that have other content now: each symbol once.
    pub(crate) fn replaced(&self) -> &[FunctionOf<'a>] {
        &self.replaced
    }

    /// What is kept of it.
    pub(crate) fn into_changes(self) -> Changes {
        Changes { is_first: self.is_first, symbols: self.symbols }
    }
}

/// The functions that a generation changed.
#[derive(Debug, Default)]
pub struct Changes {
    is_first: bool,
    symbols: HashSet<Arc<str>>,
}

impl Changes {
    /// Whether the function is new, or has other content than in the generation before.
    pub fn contain(&self, symbol: &str) -> bool {
        self.is_first || self.symbols.contains(symbol)
    }
}

/// Units of one generation that are not in the other.
fn without<'a>(units: &'a UnitSet, others: &UnitSet) -> Vec<&'a Arc<LoadedUnit>> {
    let others: HashSet<*const CodegenUnit> = others.inputs().iter().map(Arc::as_ptr).collect();
    units.units().iter().filter(|unit| !others.contains(&Arc::as_ptr(&unit.unit))).collect()
}

fn functions<'a>(units: &[&'a Arc<LoadedUnit>]) -> impl Iterator<Item = FunctionOf<'a>> {
    units.iter().flat_map(|&unit| FunctionOf::all(unit))
}

/// One that is the same value in two units is the same function at the same lines.
fn identity(function: FunctionOf) -> *const FunctionInfo {
    Arc::as_ptr(&function.unit.unit.functions[function.number])
}

fn in_unit(function: FunctionOf<'_>) -> (&CodegenUnit, usize) {
    (&function.unit.unit, function.number)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use cranefly_bitcode::ir::{Global, GlobalKind, Linkage, Module};
    use cranefly_cgu::{Digest, Positions, ReadTimes, Shape, global_id};

    use super::*;

    /// A unit whose functions have these names and keys.
    fn unit(id: &str, functions: &[(&str, u128)]) -> Arc<LoadedUnit> {
        let infos = functions.iter().enumerate().map(|(number, &(_, key))| {
            let global = global_id(number);
            let (symbols, positions, subprogram) = (Box::default(), Positions::default(), None);
            Arc::new(FunctionInfo { global, key, is_llvm: false, weight: 1, symbols, positions, subprogram })
        });
        of(id, functions, infos.collect())
    }

    fn of(id: &str, names: &[(&str, u128)], functions: Vec<Arc<FunctionInfo>>) -> Arc<LoadedUnit> {
        let globals = names.iter().map(|&(name, _)| Global {
            name: name.into(),
            linkage: Linkage::External,
            hidden: false,
            kind: GlobalKind::Function { defined: true },
        });
        let module = Module { globals: globals.collect(), ..Module::default() };
        let shape = Shape { is_blank: false, suspensions: None, may_hold_identity: false, may_enter_kernel: false };
        let (times, shapes) = (vec![ReadTimes::default(); functions.len()], vec![shape; functions.len()]);
        let (assembly, bound) = (None, BTreeMap::new());
        let unit = CodegenUnit { id: id.into(), module, assembly, functions, bound, is_body_lane: false };
        LoadedUnit::derived(unit, "1.bc".into(), Arc::default(), Digest::of(&[]), times, shapes)
    }

    /// Names of the new functions that have changed, and of the old ones that were replaced.
    fn compare<'a>(old: &'a UnitSet, new: &'a UnitSet, copies: &'a HashSet<Arc<str>>) -> (Vec<&'a str>, Vec<&'a str>) {
        let difference = Difference::between(Some(old), new, copies);
        let all = new.units().iter().flat_map(FunctionOf::all);
        let changed = all.filter(|function| difference.has_changed(&function.unit.unit, function.number));
        let changed = changed.map(|function| &**function.symbol()).collect();
        (changed, difference.replaced().iter().map(|function| &**function.symbol()).collect())
    }

    #[test]
    fn a_unit_that_is_the_same_value_has_not_changed() {
        let (same, none) = (unit("a", &[("f", 1), ("g", 2)]), HashSet::new());
        let (old, new) = (UnitSet::new(vec![same.clone()]), UnitSet::new(vec![same]));
        assert_eq!(compare(&old, &new, &none), (vec![], vec![]));
    }

    #[test]
    fn functions_change_by_content_and_keep_their_names_across_units() {
        let old = UnitSet::new(vec![unit("a", &[("f", 1), ("g", 2)]), unit("b", &[("gone", 3)])]);
        // `f` moved to another unit, `g` was edited, `h` is new.
        let new = UnitSet::new(vec![unit("a", &[("g", 20), ("h", 4)]), unit("b", &[("f", 1)])]);
        let none = HashSet::new();
        assert_eq!(compare(&old, &new, &none), (vec!["g", "h"], vec!["g"]));
    }

    #[test]
    fn a_function_that_is_the_same_value_in_another_unit_has_not_changed() {
        let before = unit("a", &[("f", 1), ("g", 2)]);
        let kept = vec![before.unit.functions[0].clone()];
        let (old, new) = (UnitSet::new(vec![before]), UnitSet::new(vec![of("a", &[("f", 1)], kept)]));
        let none = HashSet::new();
        assert_eq!(compare(&old, &new, &none), (vec![], vec![]));
    }

    #[test]
    fn copies_are_no_news() {
        let (old, new) = (UnitSet::new(vec![]), UnitSet::new(vec![unit("a", &[("f", 1), ("copy", 2)])]));
        let copies = HashSet::from(["copy".into()]);
        assert_eq!(compare(&old, &new, &copies).0, ["f"]);
        let first = Difference::between(None, &new, &copies);
        assert!(first.has_changed(&new.inputs()[0], 0) && !first.has_changed(&new.inputs()[0], 1));
        assert!(first.into_changes().contain("f"));
    }

    #[test]
    fn local_copies_of_one_function_are_replaced_once() {
        let old = UnitSet::new(vec![unit("a", &[("f", 1)]), unit("b", &[("f", 1)])]);
        let new = UnitSet::new(vec![unit("a", &[("f", 2)]), unit("b", &[("f", 2)])]);
        let none = HashSet::new();
        assert_eq!(compare(&old, &new, &none), (vec!["f", "f"], vec!["f"]));
    }
}
