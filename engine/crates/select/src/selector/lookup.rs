//! Definitions of the two lanes, and what they are called.

use std::sync::Arc;

use cranefly_bitcode::ir::{GlobalId, Linkage, Subprogram};
use cranefly_cgu::{LoadedUnit, is_definition};

use super::{Node, Selector};
use crate::names::Origin;

impl<'a> Selector<'a> {
    pub(super) fn unit(&self, node: Node) -> &'a LoadedUnit {
        &self.body[node.0].unit
    }

    pub(super) fn subprogram(&self, node: Node) -> Option<&'a Arc<Subprogram>> {
        let unit = self.unit(node);
        unit.unit.functions[unit.function(node.1)?].subprogram.as_ref()
    }

    pub(super) fn origin(&self, node: Node) -> Origin {
        self.body[node.0].origin
    }

    /// A global's name in the program.
    pub(super) fn name(&self, node: Node) -> Arc<str> {
        let global = self.unit(node).global(node.1);
        match self.origin(node) {
            Origin::Overlay => global.name.clone(),
            Origin::Patch | Origin::Twin => self.names.name(&global.name),
        }
    }

    /// The crate lane's units of the crate that a unit of the body lane belongs to.
    pub(super) fn crates_of(&self, number: usize) -> impl Iterator<Item = (usize, &'a Arc<LoadedUnit>)> {
        let units = &self.crate_units[&*self.body[number].crate_id];
        units.iter().map(|&number| (number, &self.crates[number]))
    }

    /// Where the body lane defines what `reference` names.
    pub(super) fn definition(&self, reference: Node) -> Option<Node> {
        let global = self.unit(reference).global(reference.1);
        if is_definition(global) {
            return Some(reference);
        }
        // (Other units do not see what is local.)
        let seen = self.exported.definitions(&global.name);
        seen.filter(|&node| self.unit(node).global(node.1).linkage != Linkage::Local).min_by_key(|(number, _)| *number)
    }

    /// The crate lane's definitions of a name.
    pub(super) fn crate_definitions(&self, name: &str) -> impl Iterator<Item = (usize, GlobalId)> {
        self.present.definitions(name)
    }

    /// The crate lane's definition of a name: one that all can see, or else the first.
    pub(super) fn crate_definition(&self, name: &str) -> Option<(usize, GlobalId)> {
        let rank = |&(number, global): &(usize, GlobalId)| {
            (self.crates[number].global(global).linkage == Linkage::Local, number)
        };
        self.crate_definitions(name).min_by_key(rank)
    }
}
