//! Edited functions in patch crates of which other crates hold the body: generic and inline ones. The static of a root names the types of
//! each instance that the program has.
//!
//! Every crate that uses such a function may have an instance or a copy of its own, under a symbol of its own; the one that is taken stands
//! for all of them. And what a patch crate uses of its twin may call the twin's version of an edited function, which has the body of before.
//! Such an instance is never taken: it stands for the program's instance of its name.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use cranefly_bitcode::demangled;
use cranefly_bitcode::ir::Subprogram;
use cranefly_cgu::LoadedUnit;

use super::{Node, Selector};
use crate::edit::{EditedFunction, range_of, source_file};
use crate::edited_functions::{Declared, is_shim};
use crate::names::Origin;
use crate::refusal::Refusal;

/// A patch crate's instance of an edited function, by what the program calls it.
struct Made<'e> {
    of: &'e EditedFunction,
    /// With its types, as debug info has it.
    called: String,
    symbol: Arc<str>,
    path: String,
}

impl Selector<'_> {
    /// Finds the crate lane's version of what other crates may have as well. Returns whether there is one.
    pub(super) fn name_made(&mut self, node: Node, edited: Option<&EditedFunction>) -> Result<bool, Refusal> {
        let Some(edited) = edited.filter(|it| !it.name.is_empty()) else { return Ok(false) };
        let Some(own) = self.instance(node, edited)? else { return Ok(false) };
        let is_first = self.names.edited(&self.unit(node).global(node.1).name, &own);
        if is_first { Ok(true) } else { Err(Refusal::Ambiguous) }
    }

    /// The crate lane's symbol of an instance that a patch crate has made: that of the function's own crate, if it has one. None where the
    /// program has no such instance.
    fn instance(&self, node: Node, edited: &EditedFunction) -> Result<Option<Arc<str>>, Refusal> {
        let Some(called) = self.subprogram(node).map(|it| called(it, edited)) else { return Ok(None) };
        let own = &*self.body[node.0].crate_id;
        let range = &[edited];
        let declared = Declared::new(range);
        let mut found: BTreeMap<&str, BTreeSet<&Arc<str>>> = BTreeMap::new();
        for unit in self.crates {
            let of_crate = crate_of(unit);
            if !self.may_be_of(node, of_crate) {
                continue;
            }
            for (function, _) in declared.in_unit(unit) {
                let symbol = &unit.global(function.global).name;
                if function.subprogram.as_ref().is_some_and(|it| *it.name == *called) && !is_shim(symbol) {
                    found.entry(of_crate).or_default().insert(symbol);
                }
            }
        }
        // A crate has one instance for the same types. Types of one name may be several: of two versions of a crate, say.
        if found.values().any(|symbols| symbols.len() > 1) {
            return Err(Refusal::Ambiguous);
        }
        let best = found.remove(own).or_else(|| found.into_values().next());
        Ok(best.and_then(|symbols| symbols.into_iter().next().cloned()))
    }

    /// Finds the instances that patch crates and their twins have of edited functions as they were before.
    pub(super) fn find_old_instances(&mut self, edited: &[&EditedFunction]) {
        let named: Vec<&EditedFunction> =
            edited.iter().copied().filter(|it| !it.name.is_empty() && !it.is_new()).collect();
        let made: Vec<Made<'_>> = self.edited.iter().filter_map(|&node| self.made(node, &named)).collect();
        // (A twin has as many functions as its crate.)
        let names: HashSet<&str> = named.iter().map(|it| &*it.name).collect();
        let units = self.body.iter().enumerate().filter(|(_, unit)| unit.origin != Origin::Overlay);
        for (number, body) in units {
            for function in &body.unit.unit.functions {
                let node = (number, function.global);
                let symbol = &body.unit.global(function.global).name;
                let Some(subprogram) = &function.subprogram else { continue };
                // (To demangle all symbols would take longer than anything else here.)
                let is_named = names.contains(plain_name(subprogram));
                if !is_named || !named.iter().any(|it| is_called(it, subprogram)) || self.is_twins_own(node) {
                    continue;
                }
                let is_plain = !subprogram.name.starts_with('{') && !is_shim(symbol);
                if self.edited.contains(&node) || !is_plain {
                    continue;
                }
                let path = demangled(symbol);
                let is_of = |it: &&&EditedFunction| may_be(it, subprogram, symbol, &path, &made);
                let Some(of) = named.iter().find(is_of) else { continue };
                let same = made.iter().find(|it| {
                    std::ptr::eq(it.of, *of)
                        && it.path == path
                        && it.called == *subprogram.name
                        && !it.symbol.is_empty()
                });
                if let Some(same) = same {
                    self.names.same(symbol, &same.symbol);
                }
                self.old_instances.insert(node, same.is_some());
            }
        }
    }

    fn made<'e>(&self, node: Node, edited: &[&'e EditedFunction]) -> Option<Made<'e>> {
        let subprogram = self.subprogram(node)?;
        let of = range_of(Some(subprogram), edited, |function| function.new)?;
        let symbol = self.name(node);
        let path = demangled(&symbol);
        Some(Made { of, called: called(subprogram, of), symbol, path })
    }

    /// The instance of an edited function that a patch crate has made in the place of the crate lane's `copy`.
    pub(super) fn instance_of(&self, unit: &LoadedUnit, copy: &Subprogram, edited: &EditedFunction) -> Option<Node> {
        let is_it = |node: &&Node| {
            let is_made = self.origin(**node) == Origin::Patch && self.edited.contains(node);
            is_made
                && self.may_be_of(**node, crate_of(unit))
                && self.subprogram(**node).is_some_and(|it| {
                    range_of(Some(it), &[edited], |function| function.new).is_some() && called(it, edited) == *copy.name
                })
        };
        self.taken.iter().find(is_it).copied()
    }

    /// Whether a crate may have copies of a function of a patch crate. One that is edited itself may have the same source, and then the
    /// function is its own.
    fn may_be_of(&self, node: Node, of_crate: &str) -> bool {
        *of_crate == *self.body[node.0].crate_id || !self.crate_units.contains_key(of_crate)
    }
}

/// The crate of a unit, as `package:target`.
fn crate_of(unit: &LoadedUnit) -> &str {
    unit.unit.id.rsplit_once('/').map_or(&*unit.unit.id, |(id, _)| id)
}

/// What the crate calls an instance. A patch crate may have another name for the function, but has the same types.
fn called(subprogram: &Subprogram, edited: &EditedFunction) -> String {
    let types = subprogram.name.find('<').map_or("", |at| &subprogram.name[at..]);
    format!("{}{types}", edited.name)
}

/// What a function is called, without types.
fn plain_name(subprogram: &Subprogram) -> &str {
    subprogram.name.split('<').next().unwrap_or_default()
}

/// Whether a function has an edited one's name and file.
fn is_called(edited: &EditedFunction, subprogram: &Subprogram) -> bool {
    *plain_name(subprogram) == *edited.name && source_file(subprogram) == edited.file
}

/// Whether an instance may be one of an edited function: it is known by its path where instances of that are known.
fn may_be(edited: &EditedFunction, subprogram: &Arc<Subprogram>, symbol: &str, path: &str, made: &[Made<'_>]) -> bool {
    if !is_called(edited, subprogram) {
        return false;
    }
    // (Other manglings have the types in the path.)
    let is_legacy = symbol.starts_with("_ZN");
    let mut others = made.iter().filter(|it| std::ptr::eq(it.of, edited)).peekable();
    !is_legacy || others.peek().is_none() || others.any(|it| it.path == path)
}
