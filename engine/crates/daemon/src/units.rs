//! Codegen units in memory: read once, known by their contents.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use cranefly_bitcode::ir::{Global, GlobalId, Module};
use cranefly_bitcode::{Error, Reader};
use cranefly_cache::{Key, Keyer};
use cranefly_image::{FunctionInfo, Unit, UnitInterface};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::body_lane::{self, Shape};
use crate::compile::{EagerCompiler, Identity, Source};
use crate::digest::Digest;
use crate::protocol::{BitcodeFile, FunctionTimes};
use crate::sources::UnitIndex;
use crate::system_calls;

/// A unit, where it came from, and what it took.
#[derive(Debug)]
pub struct LoadedUnit {
    /// For the image.
    pub unit: Arc<Unit>,
    /// Its file.
    pub path: PathBuf,
    /// The bitcode: the file may be gone by the time that a function is first called.
    pub bytes: Arc<[u8]>,
    /// Microseconds of opening the module.
    pub open_us: f64,
    /// By function.
    pub times: Vec<FunctionTimes>,
    /// Functions that were compiled when the unit was read.
    pub compiled: Vec<Key>,
    /// By function: what the body lane has to know of its body.
    pub shapes: Vec<Shape>,
    /// Its `module asm` may ask the kernel for something.
    pub assembly_enters_kernel: bool,
    /// Not the whole of the bitcode, or not only that.
    pub is_derived: bool,
    /// Something was found out that its functions' keys do not say: it is to be read again for the next generation.
    pub is_outdated: AtomicBool,
    /// Where its functions are written: see [`LoadedUnit::index`].
    pub index: OnceLock<UnitIndex>,
    digest: OnceLock<Digest>,
    interface: OnceLock<UnitInterface>,
    definitions: OnceLock<FxHashMap<Arc<str>, Definition>>,
    paths: OnceLock<FxHashMap<String, Vec<GlobalId>>>,
    identities: OnceLock<FxHashSet<u64>>,
}

/// Something that a unit defines.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// Its global.
    pub global: GlobalId,
    /// Its number among the unit's functions, if it is one.
    pub function: Option<usize>,
}

impl LoadedUnit {
    /// Digest of the bitcode; computed when first asked for of what is not a file's.
    pub fn digest(&self) -> &Digest {
        self.digest.get_or_init(|| Digest::of(&self.bytes))
    }

    /// A unit that is made from another one's bitcode.
    pub fn new(unit: Unit, path: PathBuf, bytes: Arc<[u8]>, times: Vec<FunctionTimes>, shapes: Vec<Shape>) -> Self {
        let (digest, interface, definitions, paths, identities) = Default::default();
        Self {
            assembly_enters_kernel: system_calls::may_be_in_assembly(&unit.module.assembly),
            unit: Arc::new(unit),
            path,
            bytes,
            open_us: 0.0,
            times,
            compiled: Vec::new(),
            shapes,
            is_derived: true,
            is_outdated: AtomicBool::new(false),
            index: OnceLock::new(),
            digest,
            interface,
            definitions,
            paths,
            identities,
        }
    }

    /// Whether its code may ask the kernel for something without a library's doing.
    pub fn may_enter_kernel(&self) -> bool {
        self.shapes.iter().any(|shape| shape.may_enter_kernel) || self.assembly_enters_kernel
    }

    /// Its part of the program's C-level interface.
    pub fn interface(&self) -> &UnitInterface {
        self.interface.get_or_init(|| UnitInterface::of(&self.unit))
    }

    /// A global by its number.
    pub fn global(&self, global: GlobalId) -> &Global {
        &self.unit.module.globals[global.0 as usize]
    }

    /// The number of a function by its global.
    pub fn function(&self, global: GlobalId) -> Option<usize> {
        self.definitions().get(&self.global(global).name).filter(|it| it.global == global)?.function
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
                if !body_lane::is_anonymous(self.global(definition.global)) {
                    paths.entry(body_lane::path_of(name)).or_default().push(definition.global);
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
            globals.flat_map(body_lane::identities).copied().collect()
        })
    }

    /// What it defines, by name.
    pub fn definitions(&self) -> &FxHashMap<Arc<str>, Definition> {
        self.definitions.get_or_init(|| {
            let functions: FxHashMap<GlobalId, usize> =
                self.unit.functions.iter().enumerate().map(|(number, function)| (function.global, number)).collect();
            body_lane::definitions(&self.unit.module)
                .map(|(name, global)| (name.clone(), Definition { global, function: functions.get(&global).copied() }))
                .collect()
        })
    }
}

/// Why a unit cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum UnitError {
    /// Somebody has written to the file since rustc has.
    #[error("{} is not what rustc wrote", .0.display())]
    Altered(PathBuf),
    /// It cannot be read, or holds what there is no way to run.
    #[error(transparent)]
    Bitcode(#[from] Error),
}

impl UnitError {
    /// Whether rustc would make another file of it.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Altered(_) => true,
            Self::Bitcode(error) => {
                matches!(error, Error::Io { .. } | Error::NotBitcode { .. } | Error::Truncated { .. })
            }
        }
    }
}

/// What a unit is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct UnitKey {
    bitcode: Digest,
    id: Arc<str>,
    configuration: Arc<str>,
}

/// Units by their contents.
#[derive(Debug, Default)]
pub struct UnitCache {
    entries: Mutex<HashMap<UnitKey, Arc<LoadedUnit>>>,
}

impl UnitCache {
    /// The unit in `file`, read if it is not known. The flag tells whether it was read.
    pub fn load(
        &self,
        file: &BitcodeFile,
        id: &Arc<str>,
        configuration: &Arc<str>,
        compiler: &EagerCompiler,
    ) -> Result<(Arc<LoadedUnit>, bool), UnitError> {
        let key = UnitKey { bitcode: file.digest, id: id.clone(), configuration: configuration.clone() };
        let known = self.entries.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(unit) = known.filter(|unit| !unit.is_outdated.load(Ordering::Relaxed)) {
            return Ok((unit, false));
        }
        let unit = Arc::new(read(file, id, configuration, compiler)?);
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).insert(key, unit.clone());
        Ok((unit, true))
    }

    /// Forgets units that nobody but the cache holds.
    pub fn prune(&self) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, unit| Arc::strong_count(unit) > 1);
    }
}

/// Reads a file as a whole, once: what LLVM reads of it, now or when a function is first called, is what was checked.
fn read_checked(file: &BitcodeFile) -> Result<Arc<[u8]>, UnitError> {
    let bytes = std::fs::read(&file.path)
        .map_err(|error| Error::Io { file: file.path.display().to_string(), reason: error.to_string() })?;
    if Digest::of(&bytes) != file.digest {
        return Err(UnitError::Altered(file.path.clone()));
    }
    Ok(bytes.into())
}

fn read(
    file: &BitcodeFile,
    id: &Arc<str>,
    configuration: &str,
    compiler: &EagerCompiler,
) -> Result<LoadedUnit, UnitError> {
    let start = Instant::now();
    let name = file.path.display().to_string();
    let bytes = read_checked(file)?;
    let reader = Reader::open(&compiler.context.llvm, &*bytes, &name)?;
    let open_us = start.elapsed().as_secs_f64() * 1e6;
    let mut keyer = Keyer::new(configuration);
    let ids: Vec<_> = reader.functions().collect();
    let mut functions = Vec::with_capacity(ids.len());
    let mut times = Vec::with_capacity(ids.len());
    let mut compiled = Vec::new();
    let mut shapes = Vec::with_capacity(ids.len());
    let module = reader.module().clone();
    for global in ids {
        let start = Instant::now();
        let body = reader.function(global)?;
        let decoded = Instant::now();
        let plain = keyer.key(&body, &bytes);
        times.push(FunctionTimes {
            parse: (decoded - start).as_secs_f32() * 1e6,
            hash: decoded.elapsed().as_secs_f32() * 1e6,
            ..FunctionTimes::default()
        });
        shapes.push(Shape::of(&body));
        let source = Source { module: &module, bitcode: &bytes, global, body: &body };
        let Identity { key, is_llvm, is_compiled } = compiler
            .identify(plain, source)
            .map_err(|reason| Error::Invalid { file: name.clone(), message: format!("{}: {reason}", source.name()) })?;
        if is_compiled {
            compiled.push(key);
        }
        functions.push(Arc::new(FunctionInfo {
            global,
            key: key.0,
            is_llvm,
            symbols: body.symbols,
            locations: body.locations,
            subprogram: body.subprogram,
        }));
    }
    check_module(&module, &name)?;
    let assembly = assemble(compiler, &module, &bytes, &name)?;
    let unit = Arc::new(Unit { id: id.clone(), module, assembly, functions, bound: BTreeMap::new() });
    let (index, interface) = (OnceLock::new(), OnceLock::new());
    let (definitions, paths, identities) = Default::default();
    Ok(LoadedUnit {
        assembly_enters_kernel: system_calls::may_be_in_assembly(&unit.module.assembly),
        unit,
        path: file.path.clone(),
        bytes,
        open_us,
        times,
        compiled,
        shapes,
        is_derived: false,
        is_outdated: AtomicBool::new(false),
        index,
        digest: file.digest.into(),
        interface,
        definitions,
        paths,
        identities,
    })
}

/// Refuses what the image would get wrong: initial contents without a flat form, and constructors that are not in a section
/// (rustc makes neither today).
fn check_module(module: &Module, name: &str) -> Result<(), Error> {
    let refuse = |message: String| Err(Error::Invalid { file: name.to_owned(), message });
    if let Some((variable, construct)) = module.unsupported.first() {
        let variable = &module.globals[variable.0 as usize].name;
        return refuse(format!("the initial value of `{variable}` has no supported form: {construct}"));
    }
    if !module.constructors.is_empty() || !module.destructors.is_empty() {
        return refuse(
            "it lists functions in llvm.global_ctors or llvm.global_dtors, which is not supported".to_owned(),
        );
    }
    Ok(())
}

/// The object of a unit's `module asm`.
fn assemble(compiler: &EagerCompiler, module: &Module, bytes: &[u8], name: &str) -> Result<Option<Vec<u8>>, Error> {
    if module.assembly.is_empty() {
        return Ok(None);
    }
    let invalid = |message: String| Error::Invalid { file: name.to_owned(), message };
    compiler.context.llvm_tier.assemble(bytes, name).map_err(|error| invalid(format!("its assembly: {error}")))
}
