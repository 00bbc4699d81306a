//! The resident engine: programs, their images, and what is shared between them.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use cranefly_bitcode::Llvm;
use cranefly_cache::Store;
use cranefly_cgu::UnitCache;
use cranefly_image::BaseImage;

use crate::code_generator::CodeGenerator;
use crate::compile_context::CompileContext;
use crate::live::LiveImage;
use crate::llvm_tier::LlvmTier;
use crate::program_state::ProgramState;
use crate::protocol::{CacheStatus, MemoryStatus, ProgramStatus, StatusResult};
use crate::runtime_folder::ImageFolder;
use crate::serve_context::ServeContext;
use crate::view::View;

/// A program's name: workspace folder and id.
pub type ProgramKey = (PathBuf, String);

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
    pub(crate) serve: Arc<ServeContext>,
    pub(crate) sysroot: PathBuf,
    pub(crate) units: UnitCache,
    pub(crate) images: ImageFolder,
    /// Functions without code that are compiled before a program may start, the first in call order.
    pub(crate) eager: usize,
    image_bytes_limit: u64,
    memory_limit: u64,
    programs: Mutex<HashMap<ProgramKey, Arc<Mutex<ProgramState>>>>,
    /// Images of the daemon before that programs may still start from, by path.
    taken_over: Mutex<HashMap<PathBuf, Arc<LiveImage>>>,
    /// The programs as last published.
    pub(crate) views: Mutex<HashMap<ProgramKey, Arc<View>>>,
    /// Functions that publications found in the store.
    pub(crate) hits: AtomicU64,
    bases: Mutex<HashMap<(PathBuf, SystemTime), Arc<BaseImage>>>,
    started: Instant,
}

impl Engine {
    /// Opens the toolchain's LLVM.
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
        };
        Ok(Self {
            serve: Arc::new(serve),
            sysroot: options.sysroot,
            units: UnitCache::default(),
            images: options.images,
            eager: options.eager,
            image_bytes_limit: options.image_bytes,
            memory_limit: options.memory_bytes,
            programs: Mutex::default(),
            taken_over: Mutex::default(),
            views: Mutex::default(),
            hits: AtomicU64::new(0),
            bases: Mutex::default(),
            started: Instant::now(),
        })
    }

    /// Keeps an image of the daemon before until it is [replaced](Self::replaced), which it may be already: then it serves
    /// only as long as programs run from it.
    pub(crate) fn taken_over(&self, image: PathBuf, live: Arc<LiveImage>) {
        let mut images = self.taken_over.lock().unwrap_or_else(PoisonError::into_inner);
        if live.resume().is_current(&image) {
            images.insert(image, live);
        } else {
            live.retire();
        }
    }

    /// A new image has taken the path `image`.
    pub(crate) fn replaced(&self, image: &Path) {
        if let Some(old) = self.taken_over.lock().unwrap_or_else(PoisonError::into_inner).remove(image) {
            old.retire();
        }
    }

    /// The program's state, made when new.
    pub(crate) fn program(&self, key: &ProgramKey) -> Arc<Mutex<ProgramState>> {
        let mut programs = self.programs.lock().unwrap_or_else(PoisonError::into_inner);
        programs.entry(key.clone()).or_default().clone()
    }

    /// The base image at `path`, read when it is new or has changed.
    pub(crate) fn base(&self, path: &Path) -> Result<Arc<BaseImage>, cranefly_image::Error> {
        let failed = |source| cranefly_image::Error::File { path: path.to_owned(), source };
        let modified = std::fs::metadata(path).and_then(|metadata| metadata.modified()).map_err(failed)?;
        let key = (path.to_owned(), modified);
        let mut bases = self.bases.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(base) = bases.get(&key) {
            return Ok(base.clone());
        }
        let base = Arc::new(BaseImage::open(path)?);
        bases.retain(|(old, _), base| old != path && Arc::strong_count(base) > 1);
        bases.insert(key, base.clone());
        Ok(base)
    }

    /// Forgets everything about `workspace` and removes its images.
    pub fn evict(&self, workspace: &Path) {
        let mut programs = self.programs.lock().unwrap_or_else(PoisonError::into_inner);
        programs.retain(|(owner, _), state| {
            if owner == workspace {
                state.lock().unwrap_or_else(PoisonError::into_inner).remove_image();
            }
            owner != workspace
        });
        drop(programs);
        self.views.lock().unwrap_or_else(PoisonError::into_inner).retain(|(owner, _), _| owner != workspace);
        self.units.prune();
    }

    /// Forgets a program in the middle of whose publication something went wrong, and removes its image.
    pub(crate) fn abandon(&self, key: &ProgramKey) {
        let state = self.programs.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        if let Some(state) = state {
            state.lock().unwrap_or_else(PoisonError::into_inner).remove_image();
        }
        self.views.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        self.units.prune();
    }

    /// Gives up the programs that were not published for the longest time while images or the daemon's memory take more than
    /// their limits; never `current`. They are published anew when they are wanted again.
    pub(crate) fn trim(&self, current: &ProgramKey) {
        let mut programs = self.programs.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sizes: Vec<(Instant, u64, ProgramKey)> = programs
            .iter()
            .filter_map(|(key, state)| {
                let state = state.try_lock().ok()?;
                Some((state.last_use()?, state.image_bytes(), key.clone()))
            })
            .collect();
        sizes.sort_unstable();
        let mut images: u64 = sizes.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, bytes, key) in sizes {
            if images <= self.image_bytes_limit && resident_bytes() <= self.memory_limit {
                break;
            }
            if key != *current
                && let Some(state) = programs.remove(&key)
            {
                tracing::info!(program = key.1, bytes, "program given up to make room");
                state.lock().unwrap_or_else(PoisonError::into_inner).remove_image();
                images -= bytes;
                drop(state);
                self.views.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
                self.units.prune();
                give_memory_back();
            }
        }
    }

    /// What there is.
    pub fn status(&self) -> StatusResult {
        let size = self.serve.compile.store.size();
        let programs: Vec<ProgramStatus> = self
            .programs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            // A program that is being published just now is left out rather than waited for.
            .filter_map(|(key, state)| Some(state.try_lock().ok()?.status(key)))
            .collect();
        StatusResult {
            version: env!("CARGO_PKG_VERSION"),
            pid: std::process::id(),
            uptime_ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            toolchain: self.sysroot.clone(),
            cache: CacheStatus {
                hits: self.hits.load(Ordering::Relaxed),
                misses: self.serve.compile.store.inserted(),
                evictions: self.serve.compile.store.evicted(),
            },
            tiers: self.tiers(),
            memory: MemoryStatus {
                rss_bytes: resident_bytes(),
                cache_functions: size.functions,
                cache_bytes: size.bytes,
                first_calls: self.serve.first_calls.load(Ordering::Relaxed),
                image_bytes: programs.iter().map(|program| program.image_bytes).sum(),
                cache_limit_bytes: self.serve.compile.store.limit(),
                image_limit_bytes: self.image_bytes_limit,
                memory_limit_bytes: self.memory_limit,
            },
            programs,
        }
    }
}

/// Lets the C library return freed memory to the system: LLVM's modules are freed in pieces all over its heaps.
pub fn give_memory_back() {
    // SAFETY: only touches the allocator's own free memory.
    unsafe { libc::malloc_trim(0) };
}

fn resident_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split_whitespace().nth(1)?.parse::<u64>().ok())
        .unwrap_or(0);
    pages * 4096
}
