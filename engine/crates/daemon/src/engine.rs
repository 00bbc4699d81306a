//! The programs of a daemon and what they share, kept within bounds.

use std::collections::HashMap;
use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cranefly_bitcode::Llvm;
use cranefly_cache::Store;
use cranefly_cgu::UnitCache;
use cranefly_compile::{CodeGenerator, CompileContext, LlvmTier, contained};

use cranefly_program::{
    BaseImages, Error, FolderError, ImageFolder, Program, ProgramStatus, Published, Request, Resources, ServeContext,
    TakenOver, View, give_memory_back,
};

/// A program's name: workspace folder and id.
pub type ProgramKey = (PathBuf, String);

/// After so many units were read at a time, there is much free memory that will not be needed soon.
const MANY_UNITS: u64 = 64;

/// How an engine is set up.
#[derive(Debug)]
pub struct EngineOptions {
    /// The toolchain's folder.
    pub sysroot: PathBuf,
    /// The folder that images live in, this daemon's alone.
    pub images: ImageFolder,
    /// Bound of the function store.
    pub cache_bytes: u64,
    /// Bound of all images together.
    pub image_bytes: u64,
    /// Bound of the daemon's resident memory, as far as giving up programs helps.
    pub memory_bytes: u64,
    /// Functions that are compiled before a program may start, at most.
    pub eager: usize,
    /// Whether functions without code are compiled while nobody waits for them.
    pub ahead: bool,
    /// Recompile what the store has, and compare: for tests and for the doubtful.
    pub paranoid: bool,
    /// How to start this daemon: its absolute path and arguments.
    pub command: Vec<OsString>,
    /// This program's file, for processes that work for the daemon. Not a path that another build may take.
    pub program: PathBuf,
    /// What functions are compiled with.
    pub generator: Box<dyn CodeGenerator>,
}

/// What outlives a request.
#[derive(Debug)]
pub struct Engine {
    resources: Resources,
    sysroot: PathBuf,
    images: ImageFolder,
    image_bytes_limit: u64,
    memory_limit: u64,
    programs: Mutex<HashMap<ProgramKey, Arc<Program>>>,
    /// Functions that publications found in the store.
    hits: AtomicU64,
    started: Instant,
}

impl Engine {
    /// Opens the toolchain's LLVM.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn new(options: EngineOptions) -> Result<Self, cranefly_bitcode::Error> {
        let llvm = Llvm::open(&options.sysroot)?;
        let compile = CompileContext {
            llvm_tier: LlvmTier::new(&llvm, &options.sysroot, &options.program),
            generator: options.generator,
            llvm,
            store: Store::new(options.cache_bytes),
            paranoid: options.paranoid,
        };
        let serve = ServeContext {
            compile: Arc::new(compile),
            command: options.command,
            ahead: options.ahead,
            first_calls: AtomicU64::new(0),
            answered: Mutex::default(),
        };
        let resources = Resources {
            serve: Arc::new(serve),
            units: UnitCache::default(),
            bases: BaseImages::default(),
            taken_over: TakenOver::default(),
            eager: options.eager,
        };
        Ok(Self {
            resources,
            sysroot: options.sysroot,
            images: options.images,
            image_bytes_limit: options.image_bytes,
            memory_limit: options.memory_bytes,
            programs: Mutex::default(),
            hits: AtomicU64::new(0),
            started: Instant::now(),
        })
    }

    /// What the programs share.
    pub fn resources(&self) -> &Resources {
        &self.resources
    }

    /// How functions are compiled, and their code.
    pub fn compile(&self) -> &CompileContext {
        &self.resources.serve.compile
    }

    /// Whether a program runs that may call a function without code.
    pub fn is_awaited(&self) -> bool {
        self.resources.serve.is_awaited()
    }

    /// The toolchain's folder.
    pub fn sysroot(&self) -> &Path {
        &self.sysroot
    }

    fn programs(&self) -> MutexGuard<'_, HashMap<ProgramKey, Arc<Program>>> {
        self.programs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The program as last published, if it has been.
    pub fn view(&self, key: &ProgramKey) -> Option<Arc<View>> {
        let program = self.programs().get(key).cloned();
        program?.view()
    }

    /// All programs as last published.
    pub fn views(&self) -> Vec<Arc<View>> {
        let programs: Vec<Arc<Program>> = self.programs().values().cloned().collect();
        programs.iter().filter_map(|program| program.view()).collect()
    }

    /// Makes and publishes a new generation of a program. After a panic the program is made anew the next time.
    ///
    /// # Errors
    /// See [`Program::publish`].
    pub fn publish(&self, key: &ProgramKey, request: &Request) -> Result<Published, Error> {
        let image = self.image_path(key)?;
        let program = self.programs().entry(key.clone()).or_default().clone();
        let published = contained("publish", || program.publish(&self.resources, request, &image));
        let published = published.inspect_err(|_| self.abandon(key))??;
        self.hits.fetch_add(published.functions.hit, Ordering::Relaxed);
        tracing::debug_span!("prune").in_scope(|| self.resources.units.prune());
        tracing::debug_span!("trim").in_scope(|| self.trim(key));
        if published.work.read > MANY_UNITS {
            give_memory_back();
        }
        Ok(published)
    }

    /// Where a program's image lies: the same path in every generation, as long as nobody removes the folder.
    fn image_path(&self, key: &ProgramKey) -> Result<PathBuf, FolderError> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let name: String = key.1.chars().map(|char| if char.is_ascii_alphanumeric() { char } else { '-' }).collect();
        Ok(self.images.path()?.join(format!("{name}-{:016x}.so", hasher.finish())))
    }

    /// Forgets everything about `workspace` and removes its images.
    pub fn evict(&self, workspace: &Path) {
        self.programs().retain(|(owner, _), program| {
            if owner == workspace {
                program.remove_image();
            }
            owner != workspace
        });
        self.resources.units.prune();
    }

    /// Forgets a program in the middle of whose publication something went wrong, and removes its image.
    fn abandon(&self, key: &ProgramKey) {
        let program = self.programs().remove(key);
        if let Some(program) = program {
            program.remove_image();
        }
        self.resources.units.prune();
    }

    /// Gives up the programs that were not published for the longest time while images or the daemon's memory take more than
    /// their limits; never `current`. They are published anew when they are wanted again.
    fn trim(&self, current: &ProgramKey) {
        let mut programs = self.programs();
        let mut sizes: Vec<(Instant, u64, ProgramKey)> = programs
            .iter()
            .filter_map(|(key, program)| {
                let status = program.status()?;
                Some((status.last_use?, status.image_bytes, key.clone()))
            })
            .collect();
        sizes.sort_unstable();
        let mut images: u64 = sizes.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, bytes, key) in sizes {
            if images <= self.image_bytes_limit && resident_bytes() <= self.memory_limit {
                break;
            }
            if key != *current
                && let Some(program) = programs.remove(&key)
            {
                tracing::info!(program = key.1, bytes, "program given up to make room");
                program.remove_image();
                images -= bytes;
                drop(program);
                self.resources.units.prune();
                give_memory_back();
            }
        }
    }

    /// What is told of each program. One that is being published just now is left out rather than waited for.
    pub fn program_status(&self) -> Vec<(ProgramKey, ProgramStatus)> {
        self.programs().iter().filter_map(|(key, program)| Some((key.clone(), program.status()?))).collect()
    }

    /// Functions that publications found in the store.
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// Since it was made.
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// Bounds of all images together, and of the daemon's resident memory.
    pub fn limits(&self) -> (u64, u64) {
        (self.image_bytes_limit, self.memory_limit)
    }
}

/// Bytes of memory that the daemon has.
pub fn resident_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split_whitespace().nth(1)?.parse::<u64>().ok())
        .unwrap_or(0);
    pages * 4096
}
