//! Definitions of many units by name, kept between edits: hardly any unit is another one after a save.

use std::sync::Arc;

use cranefly_bitcode::ir::GlobalId;
use cranefly_cgu::LoadedUnit;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

/// Who defines what, among the units that it was last updated to.
#[derive(Debug, Default)]
pub struct SymbolTable {
    /// The units, by slot; a unit keeps its slot wherever it stands among the others.
    units: Vec<Option<Indexed>>,
    /// Slots by address, which nobody else has while the unit is held.
    slots: FxHashMap<usize, usize>,
    free: Vec<usize>,
    names: FxHashMap<Arc<str>, SmallVec<[(usize, GlobalId); 1]>>,
}

#[derive(Debug)]
struct Indexed {
    unit: Arc<LoadedUnit>,
    /// Its number among the units.
    number: usize,
}

impl SymbolTable {
    /// Makes it the table of `units`.
    pub fn update(&mut self, units: &[Arc<LoadedUnit>]) {
        let wanted: FxHashSet<usize> = units.iter().map(address).collect();
        for slot in 0..self.units.len() {
            if let Some(gone) = self.units[slot].take_if(|it| !wanted.contains(&address(&it.unit))) {
                self.remove(slot, &gone.unit);
            }
        }
        // (From the end, so that a unit that is there twice has its first number.)
        for (number, unit) in units.iter().enumerate().rev() {
            match self.slots.get(&address(unit)) {
                Some(&slot) => self.units[slot].iter_mut().for_each(|it| it.number = number),
                None => self.insert(number, unit),
            }
        }
    }

    fn insert(&mut self, number: usize, unit: &Arc<LoadedUnit>) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.units.push(None);
            self.units.len() - 1
        });
        for (name, definition) in unit.definitions() {
            self.names.entry(name.clone()).or_default().push((slot, definition.global));
        }
        self.slots.insert(address(unit), slot);
        self.units[slot] = Some(Indexed { unit: unit.clone(), number });
    }

    fn remove(&mut self, slot: usize, unit: &Arc<LoadedUnit>) {
        for name in unit.definitions().keys() {
            let Some(found) = self.names.get_mut(name) else { continue };
            found.retain(|(other, _)| *other != slot);
            if found.is_empty() {
                self.names.remove(name);
            }
        }
        self.slots.remove(&address(unit));
        self.free.push(slot);
    }

    /// The definitions of a name: numbers of units, and globals. In no order.
    pub fn definitions(&self, name: &str) -> impl Iterator<Item = (usize, GlobalId)> {
        let found = self.names.get(name).into_iter().flatten();
        found.filter_map(|&(slot, global)| Some((self.units[slot].as_ref()?.number, global)))
    }
}

fn address(unit: &Arc<LoadedUnit>) -> usize {
    Arc::as_ptr(unit).addr()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use cranefly_bitcode::ir::{Global, GlobalKind, Linkage, Module};
    use cranefly_cgu::{CodegenUnit, Digest};

    use super::*;

    fn unit(names: &[&str]) -> Arc<LoadedUnit> {
        let globals = names.iter().map(|&name| Global {
            name: name.into(),
            linkage: Linkage::External,
            hidden: false,
            kind: GlobalKind::Alias { target: GlobalId(0), offset: 0 },
        });
        let module = Module { globals: globals.collect(), ..Module::default() };
        let unit = CodegenUnit {
            id: "app:app/1".into(),
            module,
            assembly: None,
            functions: Vec::new(),
            bound: BTreeMap::new(),
            is_body_lane: false,
        };
        let digest = Digest::of(&[]);
        LoadedUnit::derived(unit, "1.bc".into(), Arc::default(), digest, Vec::new(), Vec::new())
    }

    fn found(table: &SymbolTable, name: &str) -> Vec<(usize, u32)> {
        let mut found: Vec<_> = table.definitions(name).map(|(number, global)| (number, global.0)).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn what_was_replaced_is_gone_and_what_moved_has_its_new_number() {
        let (a, b, c) = (unit(&["f", "g"]), unit(&["g"]), unit(&["h", "f"]));
        let mut table = SymbolTable::default();
        table.update(&[a.clone(), b.clone()]);
        assert_eq!(found(&table, "f"), [(0, 0)]);
        assert_eq!(found(&table, "g"), [(0, 1), (1, 0)]);
        table.update(&[b.clone(), c.clone()]);
        assert_eq!(found(&table, "f"), [(1, 1)]);
        assert_eq!(found(&table, "g"), [(0, 0)]);
        assert_eq!(found(&table, "h"), [(1, 0)]);
        // Slots are used again.
        table.update(&[a, c, b]);
        assert_eq!(table.units.len(), 3);
        assert_eq!(found(&table, "g"), [(0, 1), (2, 0)]);
        table.update(&[]);
        assert_eq!(found(&table, "f"), []);
        assert!(table.names.is_empty() && table.slots.is_empty());
    }

    #[test]
    fn a_unit_that_is_there_twice_has_its_first_number() {
        let (a, b) = (unit(&["f"]), unit(&["g"]));
        let mut table = SymbolTable::default();
        table.update(&[b, a.clone(), a]);
        assert_eq!(found(&table, "f"), [(1, 0)]);
    }
}
