//! What of a program anything leads to.

use std::sync::Arc;

use cranefly_bitcode::ir::{Global, GlobalId, GlobalKind, Linkage};
use cranefly_cgu::{LoadedUnit, global_id, is_definition};
use rustc_hash::{FxHashMap, FxHashSet};

/// A definition: number of the unit, and global.
type Node = (usize, GlobalId);

/// The definitions that can be come to from where a program begins.
#[derive(Debug)]
pub struct Reachable {
    numbers: FxHashMap<usize, usize>,
    seen: FxHashSet<Node>,
}

impl Reachable {
    /// Follows the references of all units.
    pub fn of(units: &[Arc<LoadedUnit>]) -> Self {
        let mut names: FxHashMap<&str, Vec<Node>> = FxHashMap::default();
        for (number, unit) in units.iter().enumerate() {
            for (name, definition) in unit.definitions() {
                names.entry(name).or_default().push((number, definition.global));
            }
        }
        let ids: FxHashMap<&str, usize> =
            units.iter().enumerate().map(|(number, unit)| (&*unit.unit.id, number)).collect();
        let mut queue = roots(units, names.contains_key("main"));
        let mut seen: FxHashSet<Node> = queue.iter().copied().collect();
        while let Some((number, global)) = queue.pop() {
            let unit = &units[number];
            let mut refer = |target: GlobalId| {
                let mut reach = |node: Node| {
                    if seen.insert(node) {
                        queue.push(node);
                    }
                };
                if is_definition(unit.global(target)) {
                    reach((number, target));
                } else if let Some(bound) = unit.unit.bound.get(&target) {
                    ids.get(&*bound.unit).into_iter().for_each(|&other| reach((other, bound.global)));
                } else {
                    let found = names.get(&*unit.global(target).name).map_or(&[][..], Vec::as_slice);
                    let is_visible = |&&(other, global): &&Node| units[other].global(global).linkage != Linkage::Local;
                    found.iter().filter(is_visible).for_each(|&node| reach(node));
                }
            };
            match &unit.global(global).kind {
                GlobalKind::Function { .. } => {
                    let function = unit.function(global).map(|function| &unit.unit.functions[function]);
                    let symbols = function.into_iter().flat_map(|function| &function.symbols);
                    symbols.for_each(|symbol| refer(symbol.global));
                }
                GlobalKind::Variable(variable) => {
                    let pointers = variable.init.iter().flat_map(|init| &init.pointers);
                    pointers.for_each(|pointer| refer(pointer.target));
                }
                GlobalKind::Alias { target, .. } => refer(*target),
            }
        }
        let numbers = units.iter().enumerate().map(|(number, unit)| (Arc::as_ptr(unit).addr(), number)).collect();
        Self { numbers, seen }
    }

    /// Whether a definition of one of the units is among them.
    pub fn contains(&self, unit: &Arc<LoadedUnit>, global: GlobalId) -> bool {
        let number = self.numbers.get(&Arc::as_ptr(unit).addr());
        number.is_some_and(|&number| self.seen.contains(&(number, global)))
    }
}

/// Where programs begin, and what others than Rust code may refer to. `has_main`: there is one; else all that can be seen.
fn roots(units: &[Arc<LoadedUnit>], has_main: bool) -> Vec<Node> {
    let mut roots = Vec::new();
    for (number, unit) in units.iter().enumerate() {
        let module = &unit.unit.module;
        let has_assembly = unit.unit.assembly.is_some();
        let is_root = |global: &Global| {
            let is_visible = global.linkage != Linkage::Local;
            let is_mangled = global.name.starts_with("_R") || global.name.starts_with("_ZN");
            // (The allocator's functions, which std calls, have mangled names of a crate that does not exist.)
            let is_called = !is_mangled || !has_main || global.name.contains("___rustc");
            let is_in_section = matches!(&global.kind, GlobalKind::Variable(variable) if variable.section.is_some());
            (is_visible && is_called) || is_in_section || has_assembly
        };
        let globals = module.globals.iter().enumerate();
        let globals = globals.filter(|(_, global)| is_definition(global) && is_root(global));
        roots.extend(globals.map(|(global, _)| (number, global_id(global))));
        roots.extend(
            module.used.iter().chain(module.function_sections.iter().map(|(it, _)| it)).map(|&it| (number, it)),
        );
    }
    roots
}
