//! Machine code by key, bounded.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cranefly_machine::PackedCode;

use crate::key::Key;

/// Code of one function and what it took.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The code.
    pub code: Arc<PackedCode>,
    /// Why LLVM compiled it; `None` for Cranelift.
    pub construct: Option<Arc<str>>,
    /// Microseconds of translation to Cranelift IR.
    pub translate_us: f32,
    /// Microseconds of code generation.
    pub compile_us: f32,
}

#[derive(Debug)]
struct Entry {
    compiled: Compiled,
    used: u64,
}

impl Entry {
    fn bytes(&self) -> u64 {
        size(&self.compiled.code)
    }
}

/// Refusals are few, and are found out again; more than so many are forgotten.
const MAX_REFUSED: usize = 1 << 16;

/// What the store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreSize {
    /// Functions.
    pub functions: u64,
    /// Bytes, with tables.
    pub bytes: u64,
}

/// The function store. Shared by all threads and all programs.
#[derive(Debug)]
pub struct Store {
    entries: Mutex<HashMap<Key, Entry>>,
    /// What Cranelift refused, and why.
    refused: Mutex<HashMap<Key, Arc<str>>>,
    bytes: AtomicU64,
    clock: AtomicU64,
    limit: u64,
    inserted: AtomicU64,
    evicted: AtomicU64,
}

impl Store {
    /// A store that keeps at most about `limit` bytes.
    pub fn new(limit: u64) -> Self {
        let zero = || AtomicU64::new(0);
        Self {
            entries: Mutex::default(),
            refused: Mutex::default(),
            bytes: zero(),
            clock: zero(),
            limit,
            inserted: zero(),
            evicted: zero(),
        }
    }

    /// The code of `key`, if it is there. Counts as a use.
    pub fn get(&self, key: Key) -> Option<Compiled> {
        let now = self.clock.load(Ordering::Relaxed);
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get_mut(&key)?;
        entry.used = now;
        Some(entry.compiled.clone())
    }

    /// Why Cranelift does not compile the function of this key, if it is known that it does not.
    pub fn refusal(&self, key: Key) -> Option<Arc<str>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
    }

    /// Remembers why Cranelift does not compile the function of this key; gives the reason.
    pub fn refuse(&self, key: Key, reason: &str) -> Arc<str> {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() >= MAX_REFUSED {
            refused.clear();
        }
        refused.entry(key).or_insert_with(|| reason.into()).clone()
    }

    /// Shows `visit` what there is of each of `keys`, in their order. No use: what is looked at grows no younger.
    pub fn look(&self, keys: impl Iterator<Item = Key>, mut visit: impl FnMut(Option<&Compiled>)) {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            visit(entries.get(&key).map(|entry| &entry.compiled));
        }
    }

    /// Keeps `compiled`.
    pub fn insert(&self, key: Key, compiled: Compiled) {
        let bytes = size(&compiled.code);
        let used = self.clock.load(Ordering::Relaxed);
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        self.inserted.fetch_add(1, Ordering::Relaxed);
        let old = entries.insert(key, Entry { compiled, used });
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.bytes.fetch_sub(old.map_or(0, |old| old.bytes()), Ordering::Relaxed);
    }

    /// Begins a generation: the unit of age. Drops the least recently used code when there is too much.
    pub fn tick(&self) {
        self.clock.fetch_add(1, Ordering::Relaxed);
        if self.bytes.load(Ordering::Relaxed) <= self.limit {
            return;
        }
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ages: Vec<(u64, u64, Key)> =
            entries.iter().map(|(key, entry)| (entry.used, entry.bytes(), *key)).collect();
        ages.sort_unstable();
        // Down to three quarters, so that the next generations need not sort again.
        let goal = self.limit / 4 * 3;
        let mut bytes = self.bytes.load(Ordering::Relaxed);
        for (_, size, key) in ages {
            if bytes <= goal {
                break;
            }
            entries.remove(&key);
            self.evicted.fetch_add(1, Ordering::Relaxed);
            bytes -= size;
        }
        self.bytes.store(bytes, Ordering::Relaxed);
    }

    /// Functions that were ever put in.
    pub fn inserted(&self) -> u64 {
        self.inserted.load(Ordering::Relaxed)
    }

    /// Functions that were dropped for want of room.
    pub fn evicted(&self) -> u64 {
        self.evicted.load(Ordering::Relaxed)
    }

    /// Bytes that it keeps at most, about.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// How much there is.
    pub fn size(&self) -> StoreSize {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        StoreSize { functions: entries.len() as u64, bytes: self.bytes.load(Ordering::Relaxed) }
    }
}

/// Approximate memory of a function's code with its tables, and with its place here.
fn size(code: &PackedCode) -> u64 {
    const PLACE: usize = 128;
    (code.size() + PLACE) as u64
}

#[cfg(test)]
mod tests {
    use cranefly_machine::MachineCode;

    use super::*;

    fn compiled(len: usize) -> Compiled {
        let code = Arc::new(PackedCode::of(&MachineCode { bytes: vec![0; len], ..MachineCode::default() }));
        Compiled { code, construct: None, translate_us: 0.0, compile_us: 0.0 }
    }

    #[test]
    fn least_recently_used_code_goes_first() {
        let store = Store::new(5500);
        for number in 0..4 {
            store.insert(Key(number), compiled(1000));
        }
        store.tick();
        assert!(store.get(Key(0)).is_some(), "within the limit nothing goes");
        store.insert(Key(4), compiled(1000));
        store.tick();
        assert!(store.get(Key(0)).is_some(), "used in the last generation");
        assert!(store.get(Key(4)).is_some(), "new");
        assert!(store.get(Key(1)).is_none());
        assert_eq!((store.inserted(), store.evicted()), (5, 2));
        assert!(store.size().bytes <= 4125, "{:?}", store.size());
    }
}
