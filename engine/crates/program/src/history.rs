//! What functions were before they changed.

use std::collections::VecDeque;
use std::sync::Arc;

use cranefly_cgu::LoadedUnit;
use cranefly_image::PublishedCode;
use hashbrown::{HashMap, HashSet};

use crate::difference::Difference;
use crate::live::LiveImage;

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

impl Former {
    /// The versions that are about to be replaced, the first of them. Reads their code, so this comes before their image is
    /// touched.
    pub(crate) fn of(difference: &Difference, generation: u64, live: &LiveImage) -> Vec<Arc<Self>> {
        let replaced = difference.replaced().iter().take(MAX_FUNCTIONS);
        let former = replaced.map(|function| {
            let info = function.info();
            let code = live.image().published(&function.unit.unit.id, info.global);
            Arc::new(Self {
                symbol: function.symbol().clone(),
                generation,
                unit: function.unit.clone(),
                number: function.number,
                // Of another unit that defines the same name: not this function's.
                code: code.filter(|code| code.key == info.key),
            })
        });
        former.collect()
    }
}

/// Former versions of the functions that were changed last.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The newest last, one a symbol.
    entries: VecDeque<Arc<Former>>,
}

impl History {
    /// This history and what was replaced since.
    pub(crate) fn with(&self, replaced: Vec<Arc<Former>>) -> Self {
        let newer: HashSet<Arc<str>> = replaced.iter().map(|former| former.symbol.clone()).collect();
        let older = self.entries.iter().filter(|entry| !newer.contains(&entry.symbol)).cloned();
        let mut entries: VecDeque<Arc<Former>> = older.chain(replaced).collect();
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
        entries.iter().map(|entry| (Arc::as_ptr(&entry.unit), entry.unit.bitcode.compressed().len())).collect();
    units.values().sum()
}
