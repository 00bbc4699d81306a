//! Who refers to instances of an edited generic function.
//!
//! In an overlay nothing instantiates an edited generic function, since all its callers are blanked. Those that lead to the
//! crate lane's instances of it have to be there as well: up to the first ones that are no instances themselves.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cranefly_bitcode::ir::{GlobalId, GlobalKind, Linkage, Subprogram};
use cranefly_cgu::{LoadedUnit, global_id, is_anonymous, is_definition, polls_future, without_dots};
use rustc_hash::FxHashMap;

use crate::edit::{EditedCrate, EditedFunction, SourceLine, range_of, source_file};
use crate::edited_functions::{Declared, is_shim};
use crate::refusal::Refusal;

/// A definition of the crate lane's: unit and global.
type Node = (usize, GlobalId);

/// A function without whose body some instance of an edited one is not made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instantiator {
    /// Where it is written.
    pub file: PathBuf,
    /// Line (from 1) of its declaration.
    pub line: u32,
    /// It is no instance: what leads to it is not looked at, so something has to name it.
    pub is_root: bool,
}

/// An instance that the program has of an edited generic function.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instance {
    /// Where the function is written.
    pub file: PathBuf,
    /// Line (from 1) of its declaration.
    pub line: u32,
    /// Its name with its types, as debug info has it.
    pub name: Arc<str>,
}

/// What leads to the crate lane's instances of edited generic functions. Those of other crates are refused: nothing is compiled there.
pub fn instantiators(crates: &[Arc<LoadedUnit>], lanes: &[EditedCrate]) -> Result<Vec<Instantiator>, Refusal> {
    let mut instances = Vec::new();
    for Version { node, subprogram, is_own } in versions(crates, lanes) {
        if is_own {
            instances.push(node);
        } else if is_instance(subprogram) && !is_edited_in(lanes, &crates[node.0], subprogram) {
            return Err(Refusal::InstancesElsewhere);
        }
    }
    check_files(crates, lanes)?;
    let passed: Vec<&SourceLine> = lanes.iter().flat_map(|lane| &lane.passed).collect();
    Ok(References::of(crates).ways_to(&instances, &passed).functions.into_iter().collect())
}

/// The instances of edited generic functions, of whatever crates. Instances of one name are for types that are called the same.
pub fn instances(crates: &[Arc<LoadedUnit>], lanes: &[EditedCrate]) -> Result<BTreeSet<Instance>, Refusal> {
    check_files(crates, lanes)?;
    let all = versions(crates, lanes).into_iter().map(|it| it.subprogram).filter(|it| is_instance(it));
    let instance = |it: &Arc<Subprogram>| Instance { file: source_file(it), line: it.line, name: it.name.clone() };
    Ok(all.map(instance).collect())
}

/// What the program has of an edited generic function.
struct Version<'a> {
    node: Node,
    subprogram: &'a Arc<Subprogram>,
    /// The function's own crate has it.
    is_own: bool,
}

fn versions<'a>(crates: &'a [Arc<LoadedUnit>], lanes: &[EditedCrate]) -> Vec<Version<'a>> {
    let mut found = Vec::new();
    for lane in lanes {
        let edited = generic_functions(lane);
        let declared = Declared::new(&edited);
        for (number, unit) in crates.iter().enumerate() {
            let is_own = is_of(unit, lane);
            for (function, _) in declared.in_unit(unit) {
                let Some(subprogram) = &function.subprogram else { continue };
                if !is_closure(subprogram) && !is_shim(&unit.global(function.global).name) {
                    found.push(Version { node: (number, function.global), subprogram, is_own });
                }
            }
        }
    }
    found
}

/// Refuses files that debug info may call otherwise: then it would look as if there were no instances.
fn check_files(crates: &[Arc<LoadedUnit>], lanes: &[EditedCrate]) -> Result<(), Refusal> {
    let is_known = |lane: &EditedCrate, file: &Path| {
        crates.iter().filter(|unit| is_of(unit, lane)).any(|unit| has_functions_of(unit, file))
    };
    let are_known = lanes.iter().all(|lane| {
        let files: BTreeSet<&Path> = generic_functions(lane).into_iter().map(|function| &*function.file).collect();
        files.into_iter().all(|file| is_known(lane, file))
    });
    if are_known { Ok(()) } else { Err(Refusal::UnknownFile) }
}

fn generic_functions(lane: &EditedCrate) -> Vec<&EditedFunction> {
    lane.edited.iter().filter(|function| function.generic).collect()
}

fn is_of(unit: &LoadedUnit, lane: &EditedCrate) -> bool {
    lane.has(&unit.unit.id)
}

/// Whether debug info of a unit calls a file by this very name.
fn has_functions_of(unit: &LoadedUnit, file: &Path) -> bool {
    let path = without_dots(file);
    unit.sources().declared_in(&path).any(|number| {
        let subprogram = unit.unit.functions[number].subprogram.as_ref();
        subprogram.is_some_and(|subprogram| source_file(subprogram) == file)
    })
}

/// Whether a function is another unit's own edited one: both may have the same source.
fn is_edited_in(lanes: &[EditedCrate], unit: &LoadedUnit, subprogram: &Arc<Subprogram>) -> bool {
    lanes.iter().any(|lane| {
        let edited: Vec<&EditedFunction> = lane.edited.iter().collect();
        lane.has(&unit.unit.id) && range_of(Some(subprogram), &edited, |function| function.old).is_some()
    })
}

/// Whether a function is one of several that rustc makes of one in the source: debug info names its arguments.
pub fn is_instance(subprogram: &Subprogram) -> bool {
    subprogram.name.contains('<')
}

/// Whether a function is a closure.
pub fn is_closure(subprogram: &Subprogram) -> bool {
    subprogram.name.starts_with("{closure")
}

/// What is known of functions by their symbols.
struct Functions<'f> {
    /// Something else has taken its place.
    is_gone: &'f dyn Fn(&str) -> bool,
    /// It stays, and something needs it.
    is_kept: &'f dyn Fn(&str) -> bool,
}

impl Default for Functions<'_> {
    fn default() -> Self {
        Self { is_gone: &|_| false, is_kept: &|_| false }
    }
}

/// Among the crate lane's definitions, who refers to whom.
pub struct References<'a> {
    crates: &'a [Arc<LoadedUnit>],
    referrers: FxHashMap<Node, Vec<Node>>,
}

/// What leads to some definitions.
#[derive(Debug, Default)]
pub struct Ways {
    /// The functions that are written somewhere.
    pub functions: BTreeSet<Instantiator>,
    /// There is something among them that is there for its own sake: a function that is no instance, or a static.
    pub is_used: bool,
}

impl<'a> References<'a> {
    /// Reads all references.
    pub fn of(crates: &'a [Arc<LoadedUnit>]) -> Self {
        let mut visible: FxHashMap<&str, Vec<Node>> = FxHashMap::default();
        for (number, unit) in crates.iter().enumerate() {
            for (name, definition) in unit.definitions() {
                if unit.global(definition.global).linkage != Linkage::Local {
                    visible.entry(name).or_default().push((number, definition.global));
                }
            }
        }
        let mut referrers: FxHashMap<Node, Vec<Node>> = FxHashMap::default();
        for (number, unit) in crates.iter().enumerate() {
            let mut refer = |from: GlobalId, to: GlobalId| {
                let global = unit.global(to);
                if is_definition(global) {
                    referrers.entry((number, to)).or_default().push((number, from));
                } else {
                    for &node in visible.get(&*global.name).into_iter().flatten() {
                        referrers.entry(node).or_default().push((number, from));
                    }
                }
            };
            for function in &unit.unit.functions {
                function.symbols.iter().for_each(|symbol| refer(function.global, symbol.global));
            }
            for (from, global) in unit.unit.module.globals.iter().enumerate() {
                match &global.kind {
                    GlobalKind::Function { .. } => {}
                    GlobalKind::Variable(variable) => {
                        let pointers = variable.init.iter().flat_map(|init| &init.pointers);
                        pointers.for_each(|pointer| refer(global_id(from), pointer.target));
                    }
                    GlobalKind::Alias { target, .. } => refer(global_id(from), *target),
                }
            }
        }
        Self { crates, referrers }
    }

    /// Follows references upwards from `definitions`: up to functions that are no instances and not `passed`, and to statics.
    pub fn ways_to(&self, definitions: &[Node], passed: &[&SourceLine]) -> Ways {
        self.follow(definitions, &Functions::default(), &|unit, id| is_anonymous(unit.global(id)), passed)
    }

    /// Whether anything that is there for its own sake, or that `is_kept`, leads to definitions. The references of functions that are gone
    /// do not count, nor do those of statics that nothing refers to. (An instance that stays is there for whoever needs it: a function that
    /// has replaced one of those that are gone may need it still.)
    pub fn lead_to(
        &self,
        definitions: &[Node],
        is_gone: &dyn Fn(&str) -> bool,
        is_kept: &dyn Fn(&str) -> bool,
    ) -> bool {
        let is_only_referred_to = |unit: &LoadedUnit, id: GlobalId| {
            let global = unit.global(id);
            let is_named_by_rustc = global.name.starts_with("_R") || global.name.starts_with("_ZN");
            let GlobalKind::Variable(variable) = &global.kind else { return false };
            let is_plain = is_named_by_rustc && variable.section.is_none() && !unit.unit.module.used.contains(&id);
            is_anonymous(global) || (is_plain && !is_kept(&global.name))
        };
        self.follow(definitions, &Functions { is_gone, is_kept }, &is_only_referred_to, &[]).is_used
    }

    /// `climbs`: whether a variable is there for whoever refers to it only.
    fn follow(
        &self,
        definitions: &[Node],
        functions: &Functions<'_>,
        climbs: &dyn Fn(&LoadedUnit, GlobalId) -> bool,
        passed: &[&SourceLine],
    ) -> Ways {
        let mut ways = Ways::default();
        let mut seen: HashSet<Node> = definitions.iter().copied().collect();
        let mut queue = definitions.to_vec();
        while let Some(node) = queue.pop() {
            for &from in self.referrers.get(&node).into_iter().flatten() {
                let unit = &self.crates[from.0];
                let global = unit.global(from.1);
                if !seen.insert(from) {
                    continue;
                }
                let climbs = match &global.kind {
                    GlobalKind::Function { .. } if (functions.is_gone)(&global.name) => false,
                    GlobalKind::Function { .. } if (functions.is_kept)(&global.name) => {
                        ways.is_used = true;
                        false
                    }
                    GlobalKind::Function { .. } => ways.add_function(unit, from.1, passed),
                    GlobalKind::Variable(_) => {
                        let climbs = climbs(unit, from.1);
                        ways.is_used |= !climbs;
                        climbs
                    }
                    GlobalKind::Alias { .. } => true,
                };
                if climbs {
                    queue.push(from);
                }
            }
        }
        ways
    }
}

impl Ways {
    /// Notes a function. Returns whether what refers to it is of interest, too.
    fn add_function(&mut self, unit: &LoadedUnit, global: GlobalId, passed: &[&SourceLine]) -> bool {
        let function = unit.function(global).map(|function| &unit.unit.functions[function]);
        let subprogram = function.and_then(|function| function.subprogram.as_ref());
        let Some(subprogram) = subprogram.filter(|_| !is_shim(&unit.global(global).name)) else { return true };
        // (An `async fn` is named along with what polls its future.)
        let is_root = !is_instance(subprogram) && (!subprogram.name.starts_with('{') || polls_future(subprogram));
        let place = SourceLine { file: source_file(subprogram), line: subprogram.line };
        let is_passed = passed.contains(&&place);
        self.is_used |= is_root;
        self.functions.insert(Instantiator { file: place.file, line: place.line, is_root });
        !is_root || is_passed
    }
}
