//! What outlives the requests to a daemon: its programs, and what they share.

use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cranefly_bitcode::Llvm;
use cranefly_cache::Store;
use cranefly_cgu::UnitCache;
use cranefly_compile::{CodeGenerator, CompileContext, LlvmTier, contained};
use cranefly_program::{
    BaseImages, Error, FolderError, ImageFolder, Published, Request, Resources, ServeContext, TakenOver, View,
};

use crate::programs::{ProgramKey, Programs};

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
    resources: Arc<Resources>,
    sysroot: PathBuf,
    images: ImageFolder,
    programs: Arc<Programs>,
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
        let serve = ServeContext::new(Arc::new(compile), options.command, options.ahead);
        let resources = Arc::new(Resources {
            serve: Arc::new(serve),
            units: UnitCache::default(),
            bases: BaseImages::default(),
            taken_over: TakenOver::default(),
            eager: options.eager,
        });
        let programs = Arc::new(Programs::new(resources.clone(), options.image_bytes, options.memory_bytes));
        Ok(Self {
            resources,
            sysroot: options.sysroot,
            images: options.images,
            programs,
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

    /// Makes and publishes a new generation of a program. After a panic the program is made anew the next time.
    ///
    /// # Errors
    /// See [`Program::publish`].
    pub fn publish(&self, key: &ProgramKey, request: &Request) -> Result<Published, Error> {
        let reading = contained("read", || request.read(&self.resources))??;
        let image = self.image_path(key)?;
        let published = self.programs.with(key, |program| {
            let published = contained("publish", || program.publish(&self.resources, request, reading, &image));
            published.inspect_err(|_| self.programs.abandon(key, program))
        });
        let mut published = published.inspect_err(|_| self.resources.units.prune())??;
        self.hits.fetch_add(published.functions.hit, Ordering::Relaxed);
        let before = published.before.take();
        self.finish_meanwhile(published.view.clone(), before, published.work.read > MANY_UNITS);
        Ok(published)
    }

    /// Does after a publication what nobody is to wait for: frees the generation `before` and gives up what is too much then, and
    /// finds out what editors ask next. `is_much`: much memory is free that will not be needed soon.
    fn finish_meanwhile(&self, view: Arc<View>, before: Option<Arc<View>>, is_much: bool) {
        let programs = self.programs.clone();
        let finish = move || {
            drop(before);
            programs.tidy(is_much);
            view.index();
        };
        let started = std::thread::Builder::new().name("index".to_owned()).spawn(finish);
        if started.is_err() {
            // Editors' requests do the rest.
            self.programs.tidy(is_much);
        }
    }

    /// Where a program's image lies: the same path in every generation, as long as nobody removes the folder.
    fn image_path(&self, key: &ProgramKey) -> Result<PathBuf, FolderError> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let name: String = key.1.chars().map(|char| if char.is_ascii_alphanumeric() { char } else { '-' }).collect();
        Ok(self.images.path()?.join(format!("{name}-{:016x}.so", hasher.finish())))
    }

    /// Which programs there are.
    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    /// Functions that publications found in the store.
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// Since it was made.
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }
}
