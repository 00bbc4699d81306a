//! A unit with its file, and what is found out about it once.

use std::any::Any;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use cranefly_bitcode::demangled;
use cranefly_bitcode::ir::{Global, GlobalId};
use cranefly_cache::Key;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::attached::Attached;
use crate::digest::Digest;
use crate::intern::Interner;
use crate::packed::Packed;
use crate::shape::Shape;
use crate::source_index::SourceIndex;
use crate::unit::{CodegenUnit, definitions, is_anonymous, is_definition};
use crate::{system_calls, type_id};

/// Microseconds that reading one function took.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadTimes {
    /// Decoding.
    pub decode: f32,
    /// Its key.
    pub key: f32,
}

/// A unit, where it came from, and what it took. Always shared, so that what was found out about it stays true.
#[derive(Debug)]
pub struct LoadedUnit {
    /// What an image is made of.
    pub unit: Arc<CodegenUnit>,
    /// Its file.
    pub path: PathBuf,
    /// The bitcode: the file may be gone by the time that a function is first called.
    pub bitcode: Arc<Packed>,
    open_us: f64,
    /// By function.
    times: Vec<ReadTimes>,
    /// By function.
    shapes: Vec<Shape>,
    compiled: Vec<Key>,
    /// Functions that LLVM compiles.
    by_llvm: Box<[usize]>,
    may_enter_kernel: bool,
    is_derived: bool,
    is_outdated: AtomicBool,
    sources: OnceLock<SourceIndex>,
    digest: Digest,
    definitions: OnceLock<FxHashMap<Arc<str>, Definition>>,
    paths: OnceLock<FxHashMap<String, Vec<GlobalId>>>,
    identities: OnceLock<FxHashSet<u64>>,
    attached: Attached,
    /// What it has in common with others.
    interner: Arc<Interner>,
}

/// Something that a unit defines.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// Its global.
    pub global: GlobalId,
    /// Its number among the unit's functions, if it is one.
    pub function: Option<usize>,
}

/// What a loaded unit begins with.
pub(crate) struct Parts {
    pub unit: CodegenUnit,
    pub path: PathBuf,
    pub bitcode: Arc<Packed>,
    pub digest: Digest,
    pub open_us: f64,
    pub times: Vec<ReadTimes>,
    pub compiled: Vec<Key>,
    pub shapes: Vec<Shape>,
    pub interner: Arc<Interner>,
}

impl LoadedUnit {
    /// A unit that is made from another one's bitcode: not the whole of it, or not only that. `path`, `bitcode` and `digest` are the
    /// other one's, `times` and `shapes` are by function.
    ///
    /// # Panics
    /// If there is not one of them for each function.
    pub fn derived(
        unit: CodegenUnit,
        path: PathBuf,
        bitcode: Arc<Packed>,
        digest: Digest,
        times: Vec<ReadTimes>,
        shapes: Vec<Shape>,
    ) -> Arc<Self> {
        let (compiled, interner) = (Vec::new(), Arc::default());
        let parts = Parts { unit, path, bitcode, digest, open_us: 0.0, times, compiled, shapes, interner };
        Arc::new(Self { is_derived: true, ..Self::read(parts) })
    }

    /// A unit that is just what its file holds.
    pub(crate) fn read(parts: Parts) -> Self {
        let Parts { unit, path, bitcode, digest, open_us, times, compiled, shapes, interner } = parts;
        assert!(times.len() == unit.functions.len() && shapes.len() == unit.functions.len(), "one for each function");
        debug_assert!(unit.functions.is_sorted_by_key(|function| function.global), "by global");
        let of_llvm = unit.functions.iter().enumerate().filter(|(_, function)| function.is_llvm);
        Self {
            by_llvm: of_llvm.map(|(number, _)| number).collect(),
            may_enter_kernel: shapes.iter().any(|shape| shape.may_enter_kernel)
                || system_calls::may_be_in_assembly(&unit.module.assembly),
            unit: Arc::new(unit),
            path,
            bitcode,
            open_us,
            times,
            shapes,
            compiled,
            is_derived: false,
            is_outdated: AtomicBool::new(false),
            sources: OnceLock::new(),
            digest,
            definitions: OnceLock::new(),
            paths: OnceLock::new(),
            identities: OnceLock::new(),
            attached: Attached::default(),
            interner,
        }
    }

    /// Microseconds of opening the module.
    pub fn open_us(&self) -> f64 {
        self.open_us
    }

    /// What reading took, by function.
    #[inline]
    pub fn times(&self) -> &[ReadTimes] {
        &self.times
    }

    /// What must be known of bodies, by function.
    #[inline]
    pub fn shapes(&self) -> &[Shape] {
        &self.shapes
    }

    /// Functions that LLVM compiles, by number.
    pub fn by_llvm(&self) -> &[usize] {
        &self.by_llvm
    }

    /// Functions that were compiled when the unit was read.
    pub fn compiled(&self) -> &[Key] {
        &self.compiled
    }

    /// Whether it is made from another unit: not the whole of the bitcode, or not only that.
    pub fn is_derived(&self) -> bool {
        self.is_derived
    }

    /// Whether something was found out that its functions' keys do not say.
    pub fn is_outdated(&self) -> bool {
        self.is_outdated.load(Ordering::Relaxed)
    }

    /// Notes that something was found out that its functions' keys do not say: it is read again for the next generation.
    pub fn set_outdated(&self) {
        self.is_outdated.store(true, Ordering::Relaxed);
    }

    /// Digest of the bitcode.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Whether its code may ask the kernel for something without a library's doing.
    pub fn may_enter_kernel(&self) -> bool {
        self.may_enter_kernel
    }

    /// What a later stage finds out about a unit by itself, kept with the unit so that it is found out once. Its type says what
    /// it is: `find_out` gives the same whoever asks for it.
    pub fn attached<T: Any + Send + Sync>(&self, find_out: impl FnOnce(&CodegenUnit) -> T) -> &T {
        self.attached.get_or_insert_with(|| find_out(&self.unit))
    }

    /// Where its functions are written; found out when it is first asked for.
    pub fn sources(&self) -> &SourceIndex {
        self.sources.get_or_init(|| SourceIndex::new(&self.unit, &self.interner))
    }

    /// A global by its number.
    #[inline]
    pub fn global(&self, global: GlobalId) -> &Global {
        &self.unit.module.globals[global.0 as usize]
    }

    /// The number of a function by its global.
    pub fn function(&self, global: GlobalId) -> Option<usize> {
        is_definition(self.global(global)).then(|| self.unit.function(global))?
    }

    /// Whether a function's body is what a blanked one becomes.
    pub fn is_blank(&self, global: GlobalId) -> bool {
        self.function(global).is_some_and(|function| self.shapes[function].is_blank)
    }

    /// Whether the unit names a symbol that others may define.
    pub fn declares(&self, name: &str) -> bool {
        self.unit.module.globals.iter().any(|global| &*global.name == name)
    }

    /// What it defines under a demangled name without hashes.
    pub fn at_path(&self, path: &str) -> &[GlobalId] {
        let paths = self.paths.get_or_init(|| {
            let mut paths: FxHashMap<String, Vec<GlobalId>> = FxHashMap::default();
            for (name, definition) in self.definitions() {
                if !is_anonymous(self.global(definition.global)) {
                    paths.entry(demangled(name)).or_default().push(definition.global);
                }
            }
            paths
        });
        paths.get(path).map_or(&[], Vec::as_slice)
    }

    /// The halves of all `TypeId`s in its constants.
    pub fn identities(&self) -> &FxHashSet<u64> {
        self.identities.get_or_init(|| {
            let globals = self.unit.module.globals.iter();
            globals.flat_map(type_id::in_constant).copied().collect()
        })
    }

    /// What it defines, by name.
    pub fn definitions(&self) -> &FxHashMap<Arc<str>, Definition> {
        self.definitions.get_or_init(|| {
            let named = definitions(&self.unit.module);
            named
                .map(|(name, global)| (name.clone(), Definition { global, function: self.unit.function(global) }))
                .collect()
        })
    }
}
