//! What the crate lane made of edited functions must all be replaced: every instance, and every copy in other crates.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use cranefly_bitcode::ir::Subprogram;
use cranefly_cgu::LoadedUnit;

use super::{Node, Selector};
use crate::edit::{EditedFunction, range_of};
use crate::edited_functions::{Declared, is_shim};
use crate::names::Origin;
use crate::references::{References, is_closure, is_instance};
use crate::refusal::Refusal;

/// What a function is called: its name and its namespaces, which its copies in other crates have as well.
type Called<'a> = (&'a Arc<str>, &'a [Arc<str>]);

impl<'a> Selector<'a> {
    /// Whether the crate lane has made an edited function of an overlay, under its name or as a copy in another crate.
    pub(super) fn is_in_program(&self, node: Node, edited: &[&EditedFunction]) -> bool {
        let name = self.name(node);
        if is_shim(&name) {
            // It is what it was: it calls the function by its name.
            return false;
        }
        if self.crate_definition(&name).is_some() {
            return true;
        }
        let Some(subprogram) = self.subprogram(node).filter(|it| !is_instance(it)) else { return false };
        let Some(range) = range_of(Some(subprogram), edited, |function| function.new) else { return false };
        let range = &[range];
        let declared = Declared::new(range);
        let functions = self.crates.iter().flat_map(|unit| declared.in_unit(unit));
        functions.filter_map(|(function, _)| function.subprogram.as_ref()).any(|it| called(it) == called(subprogram))
    }

    /// Finds the crate lane's copies of what was taken, and refuses the edit if there is something that was not made for the body
    /// lane although the program still refers to it.
    pub(super) fn check_instances(&mut self, edited: &[&EditedFunction]) -> Result<(), Refusal> {
        let taken: HashSet<Arc<str>> = self.taken.iter().map(|node| self.name(*node)).collect();
        let mut missing = Vec::new();
        // Whether there is a function among them that is gone.
        let mut is_any_gone = false;
        // The content of an edited function in the crate lane, which its copies must share.
        let mut contents: HashMap<Node, u128> = HashMap::new();
        let declared = Declared::new(edited);
        for (number, unit) in self.crates.iter().enumerate() {
            for (function, range) in declared.in_unit(unit) {
                let name = &unit.global(function.global).name;
                let Some(subprogram) = &function.subprogram else { continue };
                // (A closure goes with the function that it is in.)
                if is_closure(subprogram) || is_shim(name) || taken.contains(name) {
                    continue;
                }
                let Some(node) = self.original(unit, subprogram, range)? else {
                    is_any_gone |= range.is_gone();
                    missing.push((number, function.global));
                    continue;
                };
                let own = self.crate_definition(&self.name(node)).and_then(|(number, global)| {
                    let unit = &self.crates[number];
                    Some(unit.unit.functions[unit.function(global)?].key)
                });
                if *contents.entry(node).or_insert(own.unwrap_or(function.key)) != function.key {
                    return Err(Refusal::UnequalCopies);
                }
                self.copies.insert(name.clone(), node);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let is_gone = |name: &str| taken.contains(name) || self.copies.contains_key(name);
        let is_named = self.referenced.iter().any(|&reference| {
            let name = self.name(reference);
            // (A twin has no more than the name of what it defines.)
            self.definition(reference).is_none_or(|definition| self.is_twins_own(definition))
                && missing.iter().any(|&(number, global)| self.crates[number].global(global).name == name)
        });
        // Statics that what is taken refers to are the crate lane's, and so are functions that were not taken.
        let kept: HashSet<Arc<str>> = self.referenced.iter().map(|&reference| self.name(reference)).collect();
        if is_named || References::of(self.crates).lead_to(&missing, &is_gone, &|name| kept.contains(name)) {
            return Err(if is_any_gone { Refusal::GoneInUse } else { Refusal::MissingInstance });
        }
        Ok(())
    }

    /// The taken function of which one of the crate lane's is a copy that another crate has made for itself.
    fn original(
        &self,
        unit: &LoadedUnit,
        copy: &Arc<Subprogram>,
        range: &EditedFunction,
    ) -> Result<Option<Node>, Refusal> {
        let made = self.instance_of(unit, copy, range);
        if is_instance(copy) || made.is_some() {
            return Ok(made);
        }
        let mut found: Option<Node> = None;
        for &node in self.taken.iter().filter(|node| self.edited.contains(node)) {
            let is_original = self.origin(node) == Origin::Overlay
                && !is_shim(&self.name(node))
                && self.subprogram(node).is_some_and(|it| {
                    called(it) == called(copy) && range_of(Some(it), &[range], |function| function.new).is_some()
                });
            match found {
                _ if !is_original => {}
                Some(other) if self.name(other) != self.name(node) => {
                    return Err(Refusal::Ambiguous);
                }
                Some(_) => {}
                None => found = Some(node),
            }
        }
        Ok(found)
    }
}

fn called(subprogram: &Subprogram) -> Called<'_> {
    (&subprogram.name, &subprogram.namespace)
}
