//! The units that a program consists of, and the symbols of their globals.

use std::collections::BTreeMap;
use std::sync::Arc;

use cranefly_bitcode::ir::{GlobalId, Linkage};
use cranefly_cgu::{CodegenUnit, LocalOf, global_id, is_definition};
use hashbrown::{HashMap, HashSet};

use crate::input::globals::{self, crate_of};
use crate::input::own_file;
use crate::tables::symbols::{Definer, SymbolIndex, Symbols};

/// A unit as part of a program.
#[derive(Debug)]
pub(crate) struct UnitState {
    unit: Arc<CodegenUnit>,
    /// By `GlobalId`.
    symbols: Vec<SymbolIndex>,
    /// Variables in sections of names that the sources chose.
    named: Vec<GlobalId>,
    /// See [`own_file`].
    finds_itself: bool,
}

impl UnitState {
    /// One of which only its globals' symbols are known, as many as there are globals.
    pub(crate) fn restored(unit: Arc<CodegenUnit>, symbols: Vec<SymbolIndex>) -> Self {
        debug_assert_eq!(unit.module.globals.len(), symbols.len(), "a symbol for every global");
        Self { unit, symbols, named: Vec::new(), finds_itself: false }
    }

    pub(crate) fn unit(&self) -> &Arc<CodegenUnit> {
        &self.unit
    }

    /// The symbols of its globals, by `GlobalId`.
    pub(crate) fn symbols(&self) -> &[SymbolIndex] {
        &self.symbols
    }

    /// The symbol of a global that it has.
    pub(crate) fn symbol(&self, global: GlobalId) -> SymbolIndex {
        self.symbols[global.0 as usize]
    }

    /// The symbol of something that only this unit sees.
    pub(crate) fn local(&self, symbols: &Symbols, name: &str) -> Option<SymbolIndex> {
        self.locals(symbols).find_map(|(known, symbol)| (**known == *name).then_some(symbol))
    }

    /// What of its globals only this unit sees. Found out when it is asked for, which is when there is another version of the unit:
    /// names of their own are most of what units have.
    fn locals<'a>(&'a self, symbols: &'a Symbols) -> impl Iterator<Item = (&'a Arc<str>, SymbolIndex)> {
        let unit = &self.unit;
        let globals = unit.module.globals.iter().zip(&self.symbols).enumerate();
        globals.filter_map(move |(number, (global, &symbol))| {
            // Assembly may define for the unit alone what its module declares for all.
            let is_local = global.linkage == Linkage::Local || unit.assembly.is_some() && !symbols.is_global(symbol);
            (is_local && !unit.bound.contains_key(&global_id(number))).then_some((&global.name, symbol))
        })
    }
}

/// All units of a program, by id. Every global of each has a symbol, and every definition in one is known to its symbol.
#[derive(Debug, Default)]
pub(crate) struct Units {
    all: HashMap<Arc<str>, UnitState>,
    /// The crates that they are of, those that others depend on first.
    crates: Vec<Arc<str>>,
}

impl std::ops::Index<&Arc<str>> for Units {
    type Output = UnitState;

    fn index(&self, id: &Arc<str>) -> &UnitState {
        &self.all[id]
    }
}

impl Units {
    /// Units whose definitions their symbols know already.
    pub(crate) fn restore(states: impl Iterator<Item = UnitState>) -> Self {
        Self { all: states.map(|state| (state.unit.id.clone(), state)).collect(), crates: Vec::new() }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&UnitState> {
        self.all.get(id)
    }

    /// All of them, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &UnitState> {
        self.all.values()
    }

    /// Whether this very unit is one of them.
    pub(crate) fn contains(&self, unit: &Arc<CodegenUnit>) -> bool {
        self.get(&unit.id).is_some_and(|state| Arc::ptr_eq(&state.unit, unit))
    }

    /// Whether they are just these.
    pub(crate) fn are(&self, units: &[Arc<CodegenUnit>]) -> bool {
        self.all.len() == units.len() && units.iter().all(|unit| self.contains(unit))
    }

    /// Gives every global of `unit` a symbol and records what it defines: before, what the unit of this id defined is
    /// [forgotten](Self::forget). `in_assembly`: names that its assembly defines for it alone. What may have another definition
    /// or place by it is `touched`.
    pub(crate) fn add(
        &mut self,
        unit: &Arc<CodegenUnit>,
        in_assembly: &[String],
        symbols: &mut Symbols,
        touched: &mut HashSet<SymbolIndex>,
    ) {
        let old = self.all.remove(&unit.id);
        let mut old: HashMap<Arc<str>, SymbolIndex> =
            old.iter().flat_map(|state| state.locals(symbols)).map(|(name, symbol)| (name.clone(), symbol)).collect();
        let in_assembly: HashSet<&str> = in_assembly.iter().map(String::as_str).collect();
        let mut indices = Vec::with_capacity(unit.module.globals.len());
        let mut named = Vec::new();
        for (number, global) in unit.module.globals.iter().enumerate() {
            let id = global_id(number);
            let bound = unit.bound.get(&id).and_then(|local| self.local(local));
            let (index, new) = if let Some(index) = bound {
                (index, false)
            } else if global.linkage == Linkage::Local || in_assembly.contains(&*global.name) {
                // Names of locals are unique within a unit, but for unnamed ones.
                let known = if global.name.is_empty() { None } else { old.remove(&global.name) };
                let new = known.is_none();
                (known.unwrap_or_else(|| symbols.add(&global.name)), new)
            } else {
                symbols.global(&global.name)
            };
            // Nothing may have been enough for it so far.
            let is_required = global.linkage != Linkage::ExternWeak && symbols.require(index);
            let is_defined = is_definition(global);
            if is_defined {
                symbols.define(index, Definer { unit: unit.id.clone(), global: id, linkage: global.linkage });
            }
            if new || is_required || is_defined {
                touched.insert(index);
            }
            indices.push(index);
            if globals::is_named(global) {
                named.push(id);
            }
        }
        let finds_itself = own_file::finds_itself(unit);
        let state = UnitState { unit: unit.clone(), symbols: indices, named, finds_itself };
        self.all.insert(unit.id.clone(), state);
    }

    fn local(&self, LocalOf { unit, global }: &LocalOf) -> Option<SymbolIndex> {
        self.get(unit)?.symbols.get(global.0 as usize).copied()
    }

    /// Takes back what a unit defines: it will be another one, or is [removed](Self::remove).
    pub(crate) fn forget(&self, id: &str, symbols: &mut Symbols, touched: &mut HashSet<SymbolIndex>) {
        let Some(state) = self.get(id) else { return };
        for &index in &state.symbols {
            if symbols.forget(index, id) {
                touched.insert(index);
            }
        }
    }

    /// Removes a unit whose definitions were forgotten.
    pub(crate) fn remove(&mut self, id: &str) {
        self.all.remove(id);
    }

    /// Tells in which order the linker gets the units; gives whether it is another one for crates that were there before.
    pub(crate) fn set_order(&mut self, units: &[Arc<CodegenUnit>]) -> bool {
        let mut crates: Vec<Arc<str>> = Vec::new();
        for unit in units {
            let name = crate_of(&unit.id);
            if crates.last().is_none_or(|last| **last != *name) {
                crates.push(name.into());
            }
        }
        let before = std::mem::replace(&mut self.crates, crates);
        if before == self.crates {
            return false;
        }
        let (known, kept): (HashSet<&Arc<str>>, HashSet<&Arc<str>>) =
            (before.iter().collect(), self.crates.iter().collect());
        let before = before.iter().filter(|name| kept.contains(name));
        !before.eq(self.crates.iter().filter(|name| known.contains(name)))
    }

    /// rustc links a crate's units by name, and crates before those that they depend on; it is told the latter first.
    pub(crate) fn rank(&self, id: &str) -> (usize, Arc<str>) {
        let unit_crate = crate_of(id);
        let position = self.crates.iter().rev().position(|known| **known == *unit_crate);
        (position.unwrap_or(usize::MAX), id.into())
    }

    /// The unit that defines a symbol, and the global there; `None` if assembly does, or nobody in the program.
    pub(crate) fn definition(&self, symbols: &Symbols, symbol: SymbolIndex) -> Option<(&Arc<CodegenUnit>, GlobalId)> {
        let definer = symbols.definition(symbol)?;
        Some((&self.get(&definer.unit)?.unit, definer.global))
    }

    /// The function that a symbol means: its unit, and its number among the unit's functions.
    pub(crate) fn function(&self, symbols: &Symbols, symbol: SymbolIndex) -> Option<(&Arc<CodegenUnit>, usize)> {
        let (unit, global) = self.definition(symbols, symbol)?;
        Some((unit, unit.function(global)?))
    }

    /// Whether one of the units may look at the program's own file.
    pub(crate) fn finds_itself(&self) -> bool {
        self.iter().any(|state| state.finds_itself)
    }

    /// The sections of names that the program's sources chose, with their contents.
    pub(crate) fn named_sections(&self) -> BTreeMap<String, Vec<u8>> {
        let mut members = Vec::new();
        for (id, state) in &self.all {
            for &global in &state.named {
                let Some(variable) = globals::variable_of(&state.unit, global) else { continue };
                let Some(name) = variable.section.as_deref() else { continue };
                members.push((name, self.rank(id), global, variable));
            }
        }
        members.sort_unstable_by(|a, b| (a.0, &a.1, a.2).cmp(&(b.0, &b.1, b.2)));
        let mut sections: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for (name, _, _, variable) in members {
            let bytes = sections.entry(name.to_owned()).or_default();
            bytes.resize(bytes.len().next_multiple_of(usize::try_from(variable.align).unwrap_or(1)), 0);
            bytes.extend(globals::contents(variable));
        }
        sections
    }
}
