//! Symbols with several definitions: when the one goes that counts, another may count that did not change.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use crate::tables::Tables;
use crate::tables::symbols::{Definer, SymbolIndex};

/// Which definition of such symbols counts before an update.
#[derive(Debug, Default)]
pub(crate) struct Contested(HashMap<SymbolIndex, Option<Definer>>);

impl Contested {
    /// Notes those that a unit defines.
    pub(crate) fn note_unit(&mut self, tables: &Tables, id: &str) {
        let symbols = tables.units.get(id).into_iter().flat_map(|state| state.symbols());
        symbols.for_each(|&symbol| self.note(tables, symbol));
    }

    /// Notes all; gives them.
    pub(crate) fn note_all(&mut self, tables: &Tables) -> impl Iterator<Item = SymbolIndex> {
        tables.symbols.iter().for_each(|symbol| self.note(tables, symbol));
        self.0.keys().copied()
    }

    fn note(&mut self, tables: &Tables, symbol: SymbolIndex) {
        if tables.symbols.definers(symbol).len() > 1 {
            self.0.insert(symbol, tables.symbols.definition(symbol).cloned());
        }
    }

    /// The units that have a definition which counts now and did not before.
    pub(crate) fn taking_over(&self, tables: &Tables) -> HashSet<Arc<str>> {
        let taking_over = self.0.iter().filter_map(|(&symbol, before)| {
            let now = tables.symbols.definition(symbol)?;
            let counted = before.as_ref().is_some_and(|it| it.unit == now.unit && it.global == now.global);
            (!counted).then(|| now.unit.clone())
        });
        taking_over.collect()
    }
}
