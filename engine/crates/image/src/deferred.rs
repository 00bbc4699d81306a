//! Functions that have no code until they are called.

use std::collections::VecDeque;

use hashbrown::HashSet;

use std::sync::Arc;

use crate::image::{Image, Pending};
use crate::symbols::SymbolIndex;
use crate::text;

impl Image {
    /// Lets the function be compiled when it is first called.
    pub fn defer(&mut self, pending: &Pending) {
        let symbol = &mut self.symbols[pending.symbol];
        symbol.code = None;
        let slot = symbol.slot.expect("a defined function has a slot");
        self.file.publish_u64(slot, text::lazy_word(slot, self.stub_entry));
    }

    /// Whether the function that is to be bound had code before.
    pub fn has_code(&self, pending: &Pending) -> bool {
        self.symbols[pending.symbol].code.is_some()
    }

    /// Whether `pending` still says what its slot needs: it has no code, and its definition is the same.
    pub fn is_deferred(&self, pending: &Pending) -> bool {
        let same = |(unit, global)| Arc::ptr_eq(&unit, &pending.unit) && global == pending.info().global;
        !self.has_code(pending) && self.definition(pending.symbol).is_some_and(same)
    }

    /// What must be bound for the slot with this number to have code; `None` if it has, or if there is no such slot.
    pub fn deferred(&self, slot: u32) -> Option<Pending> {
        let symbol = *self.slots.get(slot as usize)?;
        if self.symbols[symbol].code.is_some() {
            return None;
        }
        let (unit, global) = self.definition(symbol)?;
        let function = unit.functions.iter().position(|function| function.global == global)?;
        Some(Pending { symbol, unit, function, changed: true })
    }

    /// Every function that has no code yet, callees after their callers as far as calls are direct, from `main` on; the rest
    /// in the order of the units.
    pub fn deferred_in_call_order(&self) -> Vec<Pending> {
        let mut order = Vec::new();
        if !self.slots.iter().any(|&symbol| self.symbols[symbol].code.is_none()) {
            return order;
        }
        let mut seen = HashSet::new();
        let mut queue: VecDeque<SymbolIndex> = self.symbols.find("main").into_iter().collect();
        let mut rest = self.slots.iter().copied();
        while let Some(symbol) = queue.pop_front().or_else(|| rest.next()) {
            if !seen.insert(symbol) {
                continue;
            }
            let Some((unit, global)) = self.definition(symbol) else { continue };
            let Some(function) = unit.functions.iter().position(|function| function.global == global) else { continue };
            let state = &self.units[&unit.id];
            queue.extend(
                unit.functions[function]
                    .symbols
                    .iter()
                    .map(|reference| state.symbols[reference.global.0 as usize])
                    .filter(|callee| self.symbols[*callee].slot.is_some()),
            );
            if self.symbols[symbol].code.is_none() {
                order.push(Pending { symbol, unit, function, changed: true });
            }
        }
        order
    }
}
