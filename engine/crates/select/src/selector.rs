//! From edited functions to everything that must come with them.

mod async_fns;
mod counterpart;
mod finish;
mod identities;
mod instances;

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::sync::Arc;

use cranefly_bitcode::demangled;
use cranefly_bitcode::ir::{GlobalId, GlobalKind, Linkage, Subprogram};
use cranefly_cgu::{LoadedUnit, is_anonymous, is_definition};

use crate::content::{same_function, same_shape, same_variable};
use crate::derive::DerivedUnits;
use crate::edit::{Edit, EditedFunction, source_file};
use crate::edited_functions::{self, Root};
use crate::names::{BodyUnit, Names, Origin, definitions_at, prepare_names};
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
        names: Names::default(),
        is_defined_outside,
        exported,
        present: defined,
        edited: HashSet::new(),
        seen: HashSet::new(),
        queue: VecDeque::new(),
        taken: BTreeSet::new(),
        referenced: BTreeSet::new(),
        copies: BTreeMap::new(),
        needs: BTreeSet::new(),
        is_twin_behind: edit.is_twin_behind,
    };
    selector.start_at(&edit.functions)?;
    selector.visit_all()?;
    selector.check_instances(&edit.functions)?;
    selector.check_identities()?;
    Ok(selector.finish(derived))
}

struct Selector<'a> {
    crates: &'a [Arc<LoadedUnit>],
    body: &'a [BodyUnit],
    names: Names,
    /// Whether what the program stands on defines a name.
    is_defined_outside: &'a dyn Fn(&str) -> bool,
    /// The body lane's definitions.
    exported: &'a SymbolTable,
    /// The crate lane's definitions.
    present: &'a SymbolTable,
    edited: HashSet<Node>,
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
}

impl<'a> Selector<'a> {
    fn start_at(&mut self, edited: &[&EditedFunction]) -> Result<(), Refusal> {
        let mut found = Vec::new();
        for (number, BodyUnit { unit, origin, .. }) in self.body.iter().enumerate() {
            match origin {
                Origin::Twin => {}
                Origin::Patch => {
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
        let (unit, crates) = (self.unit(node), self.crates_of(node.0).map(|(_, unit)| &**unit));
        match edited_functions::versions(unit, node.1, edited, crates)?[..] {
            [] => Ok(false),
            [name] if self.names.edited(&unit.global(node.1).name, name) => Ok(true),
            _ => Err(Refusal::Ambiguous),
        }
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

    /// Something that a function or a constant refers to. `takes`: what refers to it is taken.
    fn refer(&mut self, reference: Node, takes: bool) -> Result<(), Refusal> {
        if takes {
            self.referenced.insert(reference);
        }
        let global = self.unit(reference).global(reference.1);
        let Some(node) = self.definition(reference) else {
            return if takes { self.bind_outside(&global.name.clone()) } else { Ok(()) };
        };
        let unit = self.unit(node);
        match &unit.global(node.1).kind {
            GlobalKind::Function { .. } => self.refer_to_function(node, takes),
            GlobalKind::Variable(_) => self.refer_to_variable(node, takes),
            GlobalKind::Alias { .. } => Err(Refusal::Alias),
        }
    }

    fn refer_to_function(&mut self, node: Node, takes: bool) -> Result<(), Refusal> {
        if !self.edited.contains(&node) {
            if self.unit(node).is_blank(node.1) || self.is_twins_own(node) {
                if takes {
                    self.bind(node);
                }
                return Ok(());
            }
            if self.has_body_of_future(node) {
                if self.counterpart(node).is_some() {
                    return Ok(());
                }
                if self.is_twin_behind {
                    return Err(Refusal::OldFuture);
                }
            }
        }
        self.reach(node);
        Ok(())
    }

    fn refer_to_variable(&mut self, node: Node, takes: bool) -> Result<(), Refusal> {
        let unit = self.unit(node);
        let global = unit.global(node.1);
        let GlobalKind::Variable(variable) = &global.kind else { return Ok(()) };
        if !is_anonymous(global)
            && !self.is_new_static(node)
            && let Some(present) = self.counterpart(node)
        {
            let other = &self.crates[present.0];
            let GlobalKind::Variable(old) = &other.global(present.1).kind else {
                return Err(Refusal::StaticIsFunction);
            };
            let is_same = match self.origin(node) {
                Origin::Overlay => same_variable((other, old), (unit, variable)),
                Origin::Patch | Origin::Twin => same_shape(old, variable),
            };
            if !is_same {
                return Err(Refusal::StaticChanged);
            }
            // What it points to has been compared by name only. (A twin's statics are no others than the crate's.)
            return if self.origin(node) == Origin::Overlay && self.seen.insert(node) {
                self.refer_to_targets(node, false)
            } else {
                Ok(())
            };
        }
        if self.origin(node) == Origin::Twin && !is_anonymous(global) && self.has_namesake(node) {
            let path = self.names.path(&global.name);
            return Err(Refusal::AmbiguousStatic { path });
        }
        if variable.section.is_some() && self.origin(node) != Origin::Overlay {
            // In a section that others go through it would be there twice.
            return Err(Refusal::StaticInSection);
        }
        // A constant is looked through once; that it is taken may come later.
        let fresh = self.seen.insert(node);
        let newly_taken = takes && self.taken.insert(node);
        if fresh || newly_taken { self.refer_to_targets(node, takes) } else { Ok(()) }
    }

    /// Everything that a variable's initial value points to.
    fn refer_to_targets(&mut self, node: Node, takes: bool) -> Result<(), Refusal> {
        let GlobalKind::Variable(variable) = &self.unit(node).global(node.1).kind else { return Ok(()) };
        let mut targets = variable.init.iter().flat_map(|init| &init.pointers).map(|pointer| pointer.target);
        targets.try_for_each(|target| self.refer((node.0, target), takes))
    }

    /// Whether a patch crate defines a static: only an edited body can, by a macro. All that refers to it is taken, and several of them may
    /// have one path, so that it is never one that the program has.
    fn is_new_static(&self, node: Node) -> bool {
        let name = &self.unit(node).global(node.1).name;
        self.origin(node) == Origin::Patch && (name.starts_with("_R") || name.starts_with("_ZN"))
    }

    /// Whether the crate lane has anything at the path of a definition.
    fn has_namesake(&self, node: Node) -> bool {
        let path = self.names.path(&self.unit(node).global(node.1).name);
        !definitions_at(self.crates_of(node.0), &path).is_empty()
    }

    /// Whether a function has no instances and is the twin's, which may have been made before its last edit: then it is no more than
    /// a name, even if its body is there.
    fn is_twins_own(&self, node: Node) -> bool {
        self.origin(node) == Origin::Twin && self.subprogram(node).is_none_or(|it| !it.name.contains(['<', '{']))
    }

    /// A function that is only a name: the crate lane's is what is meant, if there is one.
    fn bind(&mut self, node: Node) {
        let name = &self.unit(node).global(node.1).name;
        let subprogram = self.subprogram(node);
        // An instance for a closure's type: the closure of that name may have had other captures when the crate lane
        // compiled the instance.
        let is_instance_of_closure = subprogram.is_none_or(|subprogram| {
            ["{closure", "{async", "{coroutine"].iter().any(|part| subprogram.name.contains(part))
        });
        if self.counterpart(node).is_none() || is_instance_of_closure {
            self.needs.insert(Needed {
                name: demangled(name),
                file: subprogram.map(|subprogram| source_file(subprogram)),
                line: subprogram.map_or(0, |subprogram| subprogram.line),
            });
        }
    }

    /// A name that the body lane does not define: the program must have it, or what it stands on.
    fn bind_outside(&mut self, name: &str) -> Result<(), Refusal> {
        let is_known = self.crate_definition(name).is_some()
            || (self.is_defined_outside)(name)
            || self.crates.iter().any(|unit| unit.declares(name));
        if is_known {
            return Ok(());
        }
        let name = demangled(name);
        let needs = vec![Needed { name, file: None, line: 0 }];
        Err(Refusal::NotLinked { needs })
    }

    fn unit(&self, node: Node) -> &'a LoadedUnit {
        &self.body[node.0].unit
    }

    fn subprogram(&self, node: Node) -> Option<&'a Arc<Subprogram>> {
        let unit = self.unit(node);
        unit.unit.functions[unit.function(node.1)?].subprogram.as_ref()
    }

    fn origin(&self, node: Node) -> Origin {
        self.body[node.0].origin
    }

    /// A global's name in the program.
    fn name(&self, node: Node) -> Arc<str> {
        let global = self.unit(node).global(node.1);
        match self.origin(node) {
            Origin::Overlay => global.name.clone(),
            Origin::Patch | Origin::Twin => self.names.name(&global.name),
        }
    }

    /// The crate lane's units of the crate that a unit of the body lane belongs to.
    fn crates_of(&self, number: usize) -> impl Iterator<Item = (usize, &'a Arc<LoadedUnit>)> + use<'a> {
        let id = self.body[number].crate_id.clone();
        let is_its = move |unit: &LoadedUnit| unit.unit.id.strip_prefix(&*id).is_some_and(|rest| rest.starts_with('/'));
        self.crates.iter().enumerate().filter(move |(_, unit)| is_its(unit))
    }

    /// Where the body lane defines what `reference` names.
    fn definition(&self, reference: Node) -> Option<Node> {
        let global = self.unit(reference).global(reference.1);
        if is_definition(global) {
            return Some(reference);
        }
        // (Other units do not see what is local.)
        let seen = self.exported.definitions(&global.name);
        seen.filter(|&node| self.unit(node).global(node.1).linkage != Linkage::Local).min_by_key(|(number, _)| *number)
    }

    /// The crate lane's definitions of a name.
    fn crate_definitions(&self, name: &str) -> impl Iterator<Item = (usize, GlobalId)> {
        self.present.definitions(name)
    }

    /// The crate lane's definition of a name: one that all can see, or else the first.
    fn crate_definition(&self, name: &str) -> Option<(usize, GlobalId)> {
        let rank = |&(number, global): &(usize, GlobalId)| {
            (self.crates[number].global(global).linkage == Linkage::Local, number)
        };
        self.crate_definitions(name).min_by_key(rank)
    }
}
