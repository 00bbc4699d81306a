//! From edited functions to everything that must come with them.

mod async_fns;
mod counterpart;
mod finish;
mod follow;
mod generics;
mod identities;
mod instances;
mod lookup;
mod same_instances;
mod test_list;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use cranefly_bitcode::ir::{GlobalId, Init, Subprogram};
use cranefly_cgu::LoadedUnit;

use crate::content::same_function;
use crate::derive::DerivedUnits;
use crate::edit::{Edit, EditedFunction, range_of};
use crate::edited_functions::{self, Root};
use crate::names::{BodyUnit, Names, Origin, prepare_names, units_by_crate};
use crate::references::is_instance;
use crate::refusal::{Needed, Refusal};
use crate::symbol_table::SymbolTable;
use crate::verify::Patch;

/// A definition in the body lane: unit and global.
type Node = (usize, GlobalId);

/// How much of a body lane was looked at and taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SelectionCounts {
    /// Functions that were looked at.
    pub reached: u64,
    /// Taken from the body lane's bitcode.
    pub taken: u64,
    /// Of those, the ones that the program did not have under their names.
    pub new: u64,
}

/// A program's units with the body lane's functions in their places.
#[derive(Debug)]
pub struct Selection {
    /// All units.
    pub units: Vec<Arc<LoadedUnit>>,
    /// What was taken.
    pub counts: SelectionCounts,
    /// What was taken, for the crate lane to be compared with.
    pub patch: Patch,
}

/// What is worth keeping of a program's selections from one edit to the next.
#[derive(Debug, Default)]
pub struct SelectionCache {
    /// The crate lane's definitions.
    crates: SymbolTable,
    /// The body lane's.
    body: SymbolTable,
    derived: DerivedUnits,
}

impl SelectionCache {
    /// Finds out ahead of the first edit what selections begin with.
    pub fn prepare(&mut self, crates: &[Arc<LoadedUnit>], body: &[BodyUnit]) {
        prepare_names(crates, body);
        self.update(crates, body);
    }

    fn update(&mut self, crates: &[Arc<LoadedUnit>], body: &[BodyUnit]) {
        self.crates.update(crates);
        let body: Vec<Arc<LoadedUnit>> = body.iter().map(|unit| unit.unit.clone()).collect();
        self.body.update(&body);
    }
}

/// Puts the edited functions of `body`, and what they need, in the place of those of `crates`. `is_defined_outside`: whether what the
/// program stands on, its base image or its allocator, defines a name.
///
/// # Errors
/// The edit cannot be taken: the crate has to be compiled as a whole.
pub fn select(
    crates: &[Arc<LoadedUnit>],
    body: &[BodyUnit],
    edit: &Edit<'_>,
    is_defined_outside: &dyn Fn(&str) -> bool,
    cache: &mut SelectionCache,
) -> Result<Selection, Refusal> {
    cache.update(crates, body);
    let SelectionCache { crates: defined, body: exported, derived } = cache;
    let mut selector = Selector {
        crates,
        body,
        crate_units: units_by_crate(crates, body),
        names: Names::default(),
        is_defined_outside,
        exported,
        present: defined,
        edited: HashSet::new(),
        fresh: HashSet::new(),
        fresh_futures: HashSet::new(),
        seen: HashSet::new(),
        queue: VecDeque::new(),
        taken: BTreeSet::new(),
        old_instances: HashMap::new(),
        referenced: BTreeSet::new(),
        copies: BTreeMap::new(),
        needs: BTreeSet::new(),
        is_twin_behind: edit.is_twin_behind,
        program_tests: HashMap::new(),
        lists: HashMap::new(),
    };
    selector.start_at(&edit.functions)?;
    for tests in &edit.tests {
        selector.take_tests(tests)?;
    }
    selector.visit_all()?;
    selector.check_instances(&edit.functions)?;
    selector.check_identities()?;
    Ok(selector.finish(derived))
}

/// A function's namespaces and its name, without types.
fn called(subprogram: &Subprogram) -> (&[Arc<str>], &str) {
    (&subprogram.namespace, subprogram.name.split('<').next().unwrap_or_default())
}

struct Selector<'a> {
    crates: &'a [Arc<LoadedUnit>],
    body: &'a [BodyUnit],
    /// The numbers of the crate lane's units of each crate that the body lane has units of. (A program has units by the ten thousands.)
    crate_units: BTreeMap<&'a str, Vec<usize>>,
    names: Names,
    /// Whether what the program stands on defines a name.
    is_defined_outside: &'a dyn Fn(&str) -> bool,
    /// The body lane's definitions.
    exported: &'a SymbolTable,
    /// The crate lane's definitions.
    present: &'a SymbolTable,
    edited: HashSet<Node>,
    /// New functions of patch crates: the crate lane has yet to see them.
    fresh: HashSet<Node>,
    /// What polls and drops the futures of these.
    fresh_futures: HashSet<Node>,
    /// Instances of edited functions as they were before, and whether the program's own are known.
    old_instances: HashMap<Node, bool>,
    seen: HashSet<Node>,
    queue: VecDeque<Node>,
    /// Functions and constants that are taken.
    taken: BTreeSet<Node>,
    /// Globals that what is taken refers to.
    referenced: BTreeSet<Node>,
    /// Edited functions that the crate lane has under other names, too, by those names.
    copies: BTreeMap<Arc<str>, Node>,
    needs: BTreeSet<Needed>,
    /// Whether a twin's bodies of `async fn`s may be old ones.
    is_twin_behind: bool,
    /// Descriptions of tests that stand for the program's.
    program_tests: HashMap<Node, (usize, GlobalId)>,
    /// What the lists of tests are to hold.
    lists: HashMap<Node, Init>,
}

impl<'a> Selector<'a> {
    fn start_at(&mut self, edited: &[&EditedFunction]) -> Result<(), Refusal> {
        let mut found = Vec::new();
        let patches = self.body.iter().enumerate().filter(|(_, unit)| unit.origin == Origin::Patch);
        let patches = patches.map(|(number, body)| (number, &*body.unit));
        self.fresh_futures.extend(edited_functions::new_futures(patches, edited)?);
        for (number, BodyUnit { unit, origin, .. }) in self.body.iter().enumerate() {
            match origin {
                Origin::Twin => {}
                Origin::Patch => {
                    for function in edited_functions::new_in_patch(unit, edited) {
                        if !self.names.new_function(&unit.global(function).name) {
                            return Err(Refusal::NewMethodName);
                        }
                        self.fresh.insert((number, function));
                    }
                    for Root { function, future } in edited_functions::roots(unit) {
                        // Its twin's version is an old one, whether the program has it or not.
                        self.is_twin_behind |= future.is_some();
                        if self.name_edited((number, function), edited)? {
                            found.push((number, function));
                        }
                    }
                }
                Origin::Overlay => {
                    found.extend(edited_functions::in_overlay(unit, edited)?.map(|global| (number, global)))
                }
            }
        }
        let is_overlay = self.body.iter().all(|unit| unit.origin == Origin::Overlay);
        if found.is_empty() && is_overlay && !edited.iter().all(|function| function.generic) {
            return Err(Refusal::NotCompiled);
        }
        // All of them have their names before anything is compared.
        self.edited.extend(found.iter().copied());
        self.check_outer_functions()?;
        self.find_old_instances(edited);
        let futures = self.futures()?;
        for node in found {
            // What the program has not is no concern of its, unless something else needs it.
            if self.origin(node) == Origin::Patch || self.is_in_program(node, edited) {
                self.reach(node);
            }
        }
        for node in futures {
            self.reach(node);
        }
        Ok(())
    }

    /// Finds the crate lane's version of an edited function of a patch crate. Returns whether there is one: a function that the
    /// program has not is no concern of its, unless another one needs it.
    fn name_edited(&mut self, node: Node, edited: &[&EditedFunction]) -> Result<bool, Refusal> {
        let unit = self.unit(node);
        let range = range_of(self.subprogram(node), edited, |function| function.new);
        if self.subprogram(node).is_some_and(|it| is_instance(it)) {
            return self.name_made(node, range);
        }
        let crates = self.crates_of(node.0).map(|(_, unit)| &**unit);
        match edited_functions::versions(unit, node.1, edited, crates)?[..] {
            // Nothing in its own crate may call one that is inline.
            [] => self.name_made(node, range),
            [name] if self.names.edited(&unit.global(node.1).name, name) => Ok(true),
            _ => Err(Refusal::Ambiguous),
        }
    }

    /// Whoever makes a closure or the future of a block knows what is in it. A macro may say of such a function that it is elsewhere: then
    /// it would go on as it was.
    fn check_outer_functions(&self) -> Result<(), Refusal> {
        let edited: HashSet<(&[Arc<str>], &str)> =
            self.edited.iter().filter_map(|&node| Some(called(self.subprogram(node)?))).collect();
        for &node in &self.edited {
            let Some(inner) = self.subprogram(node).filter(|it| it.name.starts_with('{')) else { continue };
            let Some((name, namespace)) = inner.namespace.split_last() else { continue };
            let outer = (namespace, &**name);
            let is_outer = |it: &Arc<Subprogram>| called(it) == outer;
            let mut functions = self.crates_of(node.0).flat_map(|(_, unit)| &unit.unit.functions);
            if !edited.contains(&outer) && functions.any(|it| it.subprogram.as_ref().is_some_and(is_outer)) {
                return Err(Refusal::Misplaced);
            }
        }
        Ok(())
    }

    fn reach(&mut self, node: Node) {
        if self.seen.insert(node) {
            self.queue.push_back(node);
        }
    }

    fn visit_all(&mut self) -> Result<(), Refusal> {
        while let Some(node) = self.queue.pop_front() {
            self.visit(node)?;
        }
        if self.needs.is_empty() {
            return Ok(());
        }
        let needs = std::mem::take(&mut self.needs).into_iter().collect();
        Err(Refusal::MissingBody { needs })
    }

    /// A function whose body is there.
    fn visit(&mut self, node: Node) -> Result<(), Refusal> {
        let unit = self.unit(node);
        let Some(function) = unit.function(node.1) else {
            return Err(Refusal::Alias);
        };
        let name = self.name(node);
        let present = self.crate_definition(&name);
        let is_same = present.is_some_and(|(number, global)| {
            let present = &self.crates[number];
            present.function(global).is_some_and(|other| same_function(present, other, unit, function))
        });
        let takes = self.edited.contains(&node) || !is_same;
        if takes {
            self.taken.insert(node);
        }
        let symbols: Vec<GlobalId> = unit.unit.functions[function].symbols.iter().map(|symbol| symbol.global).collect();
        for global in symbols {
            self.refer((node.0, global), takes)?;
        }
        Ok(())
    }
}
