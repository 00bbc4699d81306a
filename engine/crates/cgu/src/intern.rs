//! Names, source files and functions of debug info, each kept once: nearly every unit names what others define, and has the debug info
//! of the same inlined functions. Each time for itself, they would take more memory than everything else that is known of a unit.

use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use cranefly_bitcode::ir::{Function, Location, Module, SourceFile, Subprogram};
use rustc_hash::{FxHashMap, FxHashSet};

/// Not worth looking for what nobody has any more.
const FEW: usize = 1 << 12;

/// What units have in common. Shared by all threads that read.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    texts: Mutex<FxHashSet<Arc<str>>>,
    files: Mutex<FxHashSet<Arc<SourceFile>>>,
    subprograms: Mutex<FxHashSet<Arc<Subprogram>>>,
    /// How many there were of all, when it was looked for those that nobody has.
    kept: Mutex<usize>,
}

impl Interner {
    /// Gives the globals of a module names that are shared.
    pub(crate) fn share_names(&self, module: &mut Module) {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        for global in &mut module.globals {
            global.name = known(&mut texts, &global.name);
        }
    }

    pub(crate) fn text(&self, text: &Arc<str>) -> Arc<str> {
        known(&mut self.texts.lock().unwrap_or_else(PoisonError::into_inner), text)
    }

    fn file(&self, file: &Arc<SourceFile>) -> Arc<SourceFile> {
        known(&mut self.files.lock().unwrap_or_else(PoisonError::into_inner), file)
    }

    fn subprogram(&self, subprogram: &Arc<Subprogram>) -> Arc<Subprogram> {
        let find = || self.subprograms.lock().unwrap_or_else(PoisonError::into_inner).get(subprogram).cloned();
        if let Some(found) = find() {
            return found;
        }
        let Subprogram { name, linkage_name, namespace, file, line } = &**subprogram;
        let shared = Arc::new(Subprogram {
            name: self.text(name),
            linkage_name: self.text(linkage_name),
            namespace: namespace.iter().map(|name| self.text(name)).collect(),
            file: self.file(file),
            line: *line,
        });
        known(&mut self.subprograms.lock().unwrap_or_else(PoisonError::into_inner), &shared)
    }

    /// Forgets what only this holds, if there may be much of it: `have_gone` says so; else when there is twice as much as was kept the
    /// last time, so that looking costs no more than there is to be found.
    pub(crate) fn prune(&self, have_gone: bool) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let count = self.len();
        if count < FEW || !have_gone && count < 2 * *kept {
            return;
        }
        // Functions hold files, and both hold texts.
        retain_shared(&self.subprograms);
        retain_shared(&self.files);
        retain_shared(&self.texts);
        *kept = self.len();
    }

    fn len(&self) -> usize {
        let texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner).len();
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner).len();
        texts + files + self.subprograms.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// The one that is kept of all that are equal.
fn known<T: ?Sized + Eq + Hash>(all: &mut FxHashSet<Arc<T>>, one: &Arc<T>) -> Arc<T> {
    if let Some(found) = all.get(one) {
        return found.clone();
    }
    all.insert(one.clone());
    one.clone()
}

fn retain_shared<T: ?Sized + Eq + Hash>(all: &Mutex<FxHashSet<Arc<T>>>) {
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|one| Arc::strong_count(one) > 1);
    all.shrink_to_fit();
}

/// Shares the debug info of one unit's functions.
#[derive(Debug)]
pub(crate) struct DebugNames<'a> {
    interner: &'a Interner,
    /// By address: what was there first, which keeps the address its own, and what is shared.
    subprograms: FxHashMap<*const Subprogram, (Arc<Subprogram>, Arc<Subprogram>)>,
    files: FxHashMap<*const SourceFile, (Arc<SourceFile>, Arc<SourceFile>)>,
}

impl<'a> DebugNames<'a> {
    pub(crate) fn new(interner: &'a Interner) -> Self {
        Self { interner, subprograms: FxHashMap::default(), files: FxHashMap::default() }
    }

    /// Replaces the debug info of a function by what is shared.
    pub(crate) fn share(&mut self, function: &mut Function) {
        if let Some(subprogram) = &mut function.subprogram {
            *subprogram = self.subprogram(subprogram);
        }
        for frame in function.locations.iter_mut().flat_map(|Location { frames }| frames) {
            frame.subprogram = self.subprogram(&frame.subprogram);
            frame.file = self.file(&frame.file);
        }
    }

    fn subprogram(&mut self, own: &Arc<Subprogram>) -> Arc<Subprogram> {
        let Self { interner, subprograms, .. } = self;
        let share = || (own.clone(), interner.subprogram(own));
        subprograms.entry(Arc::as_ptr(own)).or_insert_with(share).1.clone()
    }

    fn file(&mut self, own: &Arc<SourceFile>) -> Arc<SourceFile> {
        let Self { interner, files, .. } = self;
        files.entry(Arc::as_ptr(own)).or_insert_with(|| (own.clone(), interner.file(own))).1.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subprogram(number: u32) -> Arc<Subprogram> {
        let file = Arc::new(SourceFile { directory: "/project".into(), name: "src/lib.rs".into() });
        let (name, linkage_name) = ("f".into(), format!("_R{number}").into());
        Arc::new(Subprogram { name, linkage_name, namespace: vec!["krate".into()], file, line: number })
    }

    #[test]
    fn what_is_equal_is_one() {
        let interner = Interner::default();
        let [first, again, other] = [1, 1, 2].map(|number| DebugNames::new(&interner).subprogram(&subprogram(number)));
        assert!(Arc::ptr_eq(&first, &again));
        assert!(!Arc::ptr_eq(&first, &other));
        assert!(Arc::ptr_eq(&first.file, &other.file) && Arc::ptr_eq(&first.namespace[0], &other.namespace[0]));
    }

    #[test]
    fn what_nobody_has_is_forgotten() {
        let interner = Interner::default();
        let held: Vec<_> = (0..5000).map(|number| interner.subprogram(&subprogram(number))).collect();
        interner.prune(true);
        let all = interner.len();
        drop(held);
        interner.prune(false);
        assert_eq!(interner.len(), all, "nothing came since");
        interner.prune(true);
        assert_eq!(interner.len(), 0);
    }
}
