//! The program's units with what was taken in its places.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use cranefly_bitcode::ir::{GlobalId, Linkage};
use cranefly_cgu::LocalOf;

use super::{Node, Selection, Selector};
use crate::SelectionCounts;
use crate::derive::{Change, DerivedUnits, Kept};
use crate::references::is_instance;
use crate::verify::Patch;

impl Selector<'_> {
    pub(super) fn finish(self, derived: &mut DerivedUnits) -> Selection {
        let mut counts = SelectionCounts { reached: self.seen.len() as u64, ..SelectionCounts::default() };
        let mut patch = Patch::default();
        let mut replaced: BTreeMap<usize, BTreeSet<GlobalId>> = BTreeMap::new();
        let mut copies: HashMap<Arc<str>, usize> = HashMap::new();
        let functions: Vec<(Node, usize)> =
            self.taken.iter().filter_map(|&node| Some((node, self.unit(node).function(node.1)?))).collect();
        for (node, function) in &functions {
            let unit = self.unit(*node);
            let name = self.name(*node);
            *copies.entry(name.clone()).or_default() += 1;
            counts.taken += 1;
            let copies = self.copies_of(*node);
            let is_new = self.crate_definition(&name).is_none();
            counts.new += u64::from(is_new && copies.is_empty());
            // (What belongs to a function with copies has other names in the crates that have these.)
            let is_edited = self.edited.contains(node) && (!is_new || self.copies.is_empty() || !copies.is_empty());
            // (An instance may be another crate's in the crate lane, or the program needs it no more.)
            let is_instance = self.subprogram(*node).is_none_or(|it| is_instance(it));
            let is_told = (is_edited || self.fresh.contains(node)) && !is_instance;
            // A function of which the crate lane has nothing but copies is compared with these.
            let own = (!is_new || copies.is_empty()).then_some(&name);
            for name in own.into_iter().chain(&copies) {
                if !self.is_own_copy(*node) {
                    for (number, global) in self.crate_definitions(name) {
                        replaced.entry(number).or_default().insert(global);
                    }
                }
                patch.add(name, unit.unit.functions[*function].key, is_told);
            }
        }
        let mut kept: BTreeMap<usize, BTreeMap<GlobalId, Kept>> = BTreeMap::new();
        for &node in &self.referenced {
            let name = self.name(node);
            let is_taken = self.definition(node).is_some_and(|definition| self.taken.contains(&definition));
            let local = if is_taken { None } else { self.local_of_crate(&name, &replaced) };
            let reference = Kept { linkage: None, name, subprogram: None, local, copies: Vec::new(), init: None };
            kept.entry(node.0).or_default().insert(node.1, self.program_test(node).unwrap_or(reference));
        }
        for &node in &self.taken {
            let global = self.unit(node).global(node.1);
            let name = self.name(node);
            let present = self.unit(node).function(node.1).and_then(|_| self.crate_definition(&name));
            let linkage = match (global.linkage, present) {
                (Linkage::Local, _) if self.is_own_copy(node) => Linkage::Local,
                // Others refer to it by its name now.
                (Linkage::Local, Some(_)) if copies[&name] > 1 => Linkage::Weak,
                (Linkage::Local, Some(_)) => Linkage::External,
                (linkage, _) => linkage,
            };
            let subprogram = present.and_then(|(number, global)| {
                let unit = &self.crates[number];
                unit.unit.functions[unit.function(global)?].subprogram.clone()
            });
            let subprogram = subprogram.or_else(|| self.names.own_subprogram(self.subprogram(node)?));
            let copies = self.copies_of(node);
            let init = self.lists.get(&node).cloned();
            let definition = Kept { linkage: Some(linkage), name, subprogram, local: None, copies, init };
            kept.entry(node.0).or_default().insert(node.1, definition);
        }
        let mut sources = Vec::new();
        let mut changed = Vec::new();
        for number in 0..self.crates.len() {
            if let Some(replaced) = replaced.remove(&number) {
                sources.push((self.crates[number].clone(), Change::Crate(replaced)));
                changed.push(number);
            }
        }
        sources.extend(kept.into_iter().map(|(number, kept)| (self.body[number].unit.clone(), Change::Body(kept))));
        let mut units = self.crates.to_vec();
        let mut results = derived.derive(sources).into_iter();
        for (number, unit) in changed.into_iter().zip(results.by_ref()) {
            units[number] = unit;
        }
        units.extend(results);
        Selection { units, counts, patch }
    }

    /// Whether a function is a copy for its own unit, of something that no edit can have changed: the crate lane's units keep theirs. (What
    /// has to do with a closure or a future, whose types edited bodies decide, may have changed: then nothing may call the old one.)
    fn is_own_copy(&self, node: Node) -> bool {
        let is_local = self.unit(node).global(node.1).linkage == Linkage::Local;
        let has_plain_types = self.subprogram(node).is_some_and(|subprogram| {
            let namespace = &subprogram.namespace;
            !subprogram.name.contains('{') && !namespace.iter().any(|name| name.starts_with("{closure"))
        });
        is_local && has_plain_types && !self.edited.contains(&node)
    }

    /// The crate lane's definition of a name, if only its unit sees it, and it remains.
    fn local_of_crate(&self, name: &str, replaced: &BTreeMap<usize, BTreeSet<GlobalId>>) -> Option<LocalOf> {
        let (number, global) = self.crate_definition(name)?;
        let unit = &self.crates[number];
        let is_replaced = replaced.get(&number).is_some_and(|replaced| replaced.contains(&global));
        let is_local = unit.global(global).linkage == Linkage::Local;
        (is_local && !is_replaced).then(|| LocalOf { unit: unit.unit.id.clone(), global })
    }

    /// The other names under which the crate lane has what was taken.
    fn copies_of(&self, node: Node) -> Vec<Arc<str>> {
        self.copies.iter().filter(|(_, original)| **original == node).map(|(name, _)| name.clone()).collect()
    }
}
