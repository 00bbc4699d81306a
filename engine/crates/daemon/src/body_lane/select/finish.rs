//! The program's units with what was taken in its places.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use cranefly_bitcode::ir::{GlobalId, Linkage};

use super::{Node, Selection, Selector};
use crate::body_lane::BodyLaneCounts;
use crate::body_lane::derive::{Change, DerivedUnits, Kept};
use crate::body_lane::verify::Patch;

impl Selector<'_> {
    pub(super) fn finish(self, derived: &mut DerivedUnits) -> Selection {
        let mut counts = BodyLaneCounts { reached: self.seen.len() as u64, ..BodyLaneCounts::default() };
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
            // A function of which the crate lane has nothing but copies is compared with these.
            let own = (!is_new || copies.is_empty()).then_some(&name);
            for name in own.into_iter().chain(&copies) {
                for (number, global) in self.crate_definitions(name) {
                    replaced.entry(number).or_default().insert(global);
                }
                patch.add(name, unit.unit.functions[*function].key, is_edited);
            }
        }
        let mut kept: BTreeMap<usize, BTreeMap<GlobalId, Kept>> = BTreeMap::new();
        for &node in &self.referenced {
            let reference = Kept { linkage: None, name: self.name(node), subprogram: None, copies: Vec::new() };
            kept.entry(node.0).or_default().insert(node.1, reference);
        }
        for &node in &self.taken {
            let global = self.unit(node).global(node.1);
            let name = self.name(node);
            let present = self.unit(node).function(node.1).and_then(|_| self.crate_definition(&name));
            let linkage = match (global.linkage, present) {
                // Others refer to it by its name now.
                (Linkage::Local, Some(_)) if copies[&name] > 1 => Linkage::Weak,
                (Linkage::Local, Some(_)) => Linkage::External,
                (linkage, _) => linkage,
            };
            let subprogram = present.and_then(|(number, global)| {
                let unit = &self.crates[number];
                unit.unit.functions[unit.function(global)?].subprogram.clone()
            });
            let copies = self.copies_of(node);
            kept.entry(node.0).or_default().insert(node.1, Kept { linkage: Some(linkage), name, subprogram, copies });
        }
        let mut sources = Vec::new();
        let mut changed = Vec::new();
        for number in 0..self.crates.len() {
            let (replaced, promoted) = (replaced.remove(&number), self.promoted.get(&number).cloned());
            if replaced.is_some() || promoted.is_some() {
                let replaced = replaced.unwrap_or_default();
                let promoted = promoted.unwrap_or_default().difference(&replaced).copied().collect();
                sources.push((self.crates[number].clone(), Change::Crate { replaced, promoted }));
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

    /// The other names under which the crate lane has what was taken.
    fn copies_of(&self, node: Node) -> Vec<Arc<str>> {
        self.copies.iter().filter(|(_, original)| **original == node).map(|(name, _)| name.clone()).collect()
    }
}
