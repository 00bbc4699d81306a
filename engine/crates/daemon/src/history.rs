//! What a publication changed, and what the functions were before.

use std::collections::VecDeque;
use std::sync::Arc;

use cranefly_cgu::{CodegenUnit, LoadedUnit};
use cranefly_image::PublishedCode;
use hashbrown::{HashMap, HashSet};

use crate::body_lane::same_version;
use crate::program_state::remaining;
use crate::view::View;

/// Changed functions whose former versions are kept.
const MAX_FUNCTIONS: usize = 64;
/// Bytes of the units that former versions keep in memory, together.
const MAX_BYTES: usize = 16 << 20;

/// A function before its last change.
#[derive(Debug)]
pub struct Former {
    /// Linker name.
    pub symbol: Arc<str>,
    /// The generation that had it last.
    pub generation: u64,
    /// Its unit then.
    pub unit: Arc<LoadedUnit>,
    /// Its number there.
    pub number: usize,
    /// Its code then, if it had any.
    pub code: Option<PublishedCode>,
}

/// What one publication changes of a program.
#[derive(Debug, Default)]
pub struct Changes {
    /// There was nothing before: all is new.
    first: bool,
    /// Functions that are new or have other content, by symbol.
    symbols: HashSet<Arc<str>>,
    /// Those that were there before, the first of them.
    former: Vec<Arc<Former>>,
}

impl Changes {
    /// Compares `units` with what was published before. Reads the code of what is about to be replaced, so this comes before
    /// the image is touched. `copies`: functions that are no news.
    pub fn since(view: Option<&View>, units: &[Arc<LoadedUnit>], copies: &HashSet<Arc<str>>) -> Self {
        let Some(view) = view else { return Self { first: true, ..Self::default() } };
        let kept: HashSet<*const CodegenUnit> = units.iter().map(|unit| Arc::as_ptr(&unit.unit)).collect();
        let replaced = view.units.iter().filter(|unit| !kept.contains(&Arc::as_ptr(&unit.unit)));
        let known: HashSet<*const CodegenUnit> = view.units.iter().map(|unit| Arc::as_ptr(&unit.unit)).collect();
        let remain = remaining(&view.units, units);
        let mut old: HashMap<&Arc<str>, (&Arc<LoadedUnit>, usize)> = HashMap::new();
        for unit in replaced {
            for (number, function) in unit.unit.functions.iter().enumerate() {
                if remain.contains(&Arc::as_ptr(function)) {
                    continue;
                }
                old.insert(&unit.unit.module.globals[function.global.0 as usize].name, (unit, number));
            }
        }
        let mut changes = Self::default();
        for unit in units.iter().filter(|unit| !known.contains(&Arc::as_ptr(&unit.unit))) {
            for (number, function) in unit.unit.functions.iter().enumerate() {
                if remain.contains(&Arc::as_ptr(function)) {
                    continue;
                }
                let symbol = &unit.unit.module.globals[function.global.0 as usize].name;
                let before = old.get(symbol).copied();
                let is_same = before.map(|(before, old)| same_version((&before.unit, old), (&unit.unit, number)));
                if is_same.unwrap_or_else(|| copies.contains(symbol)) {
                    continue;
                }
                if !changes.symbols.insert(symbol.clone()) || changes.former.len() == MAX_FUNCTIONS {
                    continue;
                }
                let Some((unit, number)) = before else { continue };
                let before = &unit.unit.functions[number];
                let live = view.live.as_ref();
                let code = live.and_then(|live| live.program().published(&unit.unit.id, before.global));
                changes.former.push(Arc::new(Former {
                    symbol: symbol.clone(),
                    generation: view.generation,
                    unit: unit.clone(),
                    number,
                    // Of another unit that defines the same name: not this function's.
                    code: code.filter(|code| code.key == before.key),
                }));
            }
        }
        changes
    }

    /// Whether the function is new, or has other content than before.
    pub fn contain(&self, symbol: &str) -> bool {
        self.first || self.symbols.contains(symbol)
    }
}

/// Former versions of the functions that were changed last.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The newest last, one a symbol.
    entries: VecDeque<Arc<Former>>,
}

impl History {
    /// This history and what `changes` replaces.
    pub fn with(&self, changes: &Changes) -> Self {
        let newer: HashSet<&Arc<str>> = changes.former.iter().map(|former| &former.symbol).collect();
        let older = self.entries.iter().filter(|entry| !newer.contains(&entry.symbol)).cloned();
        let mut entries: VecDeque<Arc<Former>> = older.chain(changes.former.iter().cloned()).collect();
        while entries.len() > MAX_FUNCTIONS || bytes(&entries) > MAX_BYTES {
            entries.pop_front();
        }
        Self { entries }
    }

    /// The function before its last change, if that is still known.
    pub fn of(&self, symbol: &str) -> Option<&Arc<Former>> {
        self.entries.iter().find(|entry| *entry.symbol == *symbol)
    }
}

/// Bytes of bitcode that entries keep.
fn bytes(entries: &VecDeque<Arc<Former>>) -> usize {
    let units: HashMap<*const LoadedUnit, usize> =
        entries.iter().map(|entry| (Arc::as_ptr(&entry.unit), entry.unit.bytes.len())).collect();
    units.values().sum()
}
