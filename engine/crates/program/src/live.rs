//! A published image: kept up to date for the programs that start from it, and served to those that run.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use cranefly_compile::contained;
use cranefly_image::{Draft, Image, Pending, Publication, Shortage};
use cranefly_runtime::{Command, Control, ControlError};
use tracing::debug_span;

use crate::error::Error;
use crate::function::FunctionOf;
use crate::options::ProgramOptions;
use crate::resume::ResumeFolder;
use crate::serve::ServeContext;
use crate::unit_set::UnitSet;

/// What a daemon reads of its environment, directly or through the libraries that it uses: all that the one after it, if a
/// program has to start it, needs.
const ENVIRONMENT: [&str; 9] = [
    "XDG_RUNTIME_DIR",
    "TMPDIR",
    "HOME",
    "PATH",
    "LD_LIBRARY_PATH",
    "RUST_BACKTRACE",
    "RAYON_NUM_THREADS",
    "CRANEFLY_LOG",
    "CRANEFLY_LLVM_ONLY",
];

/// Bytes of an image of which a daemon sees no more than it needs. Of smaller ones the next edit would need most again.
const MANY_BYTES: u64 = 32 << 20;

/// An image that programs may run from.
#[derive(Debug)]
pub struct LiveImage {
    image: Mutex<Image>,
    pub(crate) control: Control,
    pub(crate) control_path: PathBuf,
    resume: ResumeFolder,
    inputs: Mutex<Inputs>,
    /// A newer image has taken the path.
    pub(crate) retired: AtomicBool,
    /// Something went wrong while it was changed.
    broken: AtomicBool,
    /// There was no room for a function that was called, or for what debuggers read of it.
    shortage: OnceLock<Shortage>,
    pub(crate) serve: Arc<ServeContext>,
}

/// What the image was made of last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inputs {
    pub(crate) units: Arc<UnitSet>,
    pub(crate) options: ProgramOptions,
    /// Counts publications: work ahead of an older one ends.
    pub(crate) number: u64,
}

impl LiveImage {
    /// Takes charge of `image`. The control file is made at `control_path`, which must be free.
    ///
    /// # Errors
    /// The control file cannot be made, or the thread that answers programs cannot be started.
    pub(crate) fn new(image: Image, control_path: &Path, serve: Arc<ServeContext>) -> Result<Arc<Self>, ControlError> {
        let control = Control::create(control_path, &Command::with_environment(serve.command.clone(), &ENVIRONMENT))?;
        let live = Arc::new(Self::with(image, control, control_path, ResumeFolder::of(control_path), serve));
        live.start()?;
        Ok(live)
    }

    /// Takes charge of an `image` that was taken over, as was `control`, the file at `control_path`. Serves nobody before it
    /// is [started](Self::start).
    pub(crate) fn with(
        image: Image,
        control: Control,
        control_path: &Path,
        resume: ResumeFolder,
        serve: Arc<ServeContext>,
    ) -> Self {
        Self {
            image: Mutex::new(image),
            control,
            control_path: control_path.to_owned(),
            resume,
            inputs: Mutex::default(),
            retired: AtomicBool::new(false),
            broken: AtomicBool::new(false),
            shortage: OnceLock::new(),
            serve,
        }
    }

    /// The image, for as long as the guard lives.
    pub fn image(&self) -> MutexGuard<'_, Image> {
        self.image.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a program that loads `path` gets this image, and finds its control file.
    pub(crate) fn is_at(&self, path: &Path) -> bool {
        self.image().file().is_at(path) && self.control_path.exists()
    }

    /// What is kept for the daemon after this one.
    pub(crate) fn resume(&self) -> &ResumeFolder {
        &self.resume
    }

    pub(crate) fn inputs(&self) -> Inputs {
        self.inputs.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells what the image consists of from now on: before it is one that may be run.
    pub(crate) fn set_inputs(&self, units: Arc<UnitSet>, options: &ProgramOptions) {
        let mut inputs = self.inputs.lock().unwrap_or_else(PoisonError::into_inner);
        *inputs = Inputs { units, options: options.clone(), number: inputs.number + 1 };
    }

    /// Makes the `image`, which is this one's, consist of `units`. No program may have it mapped (see [`cranefly_image::ImageFile::lease`]). `bind`
    /// gives code to the functions that it is told of, or lets them wait. The order protects from a crash at any moment: what
    /// was kept for another daemon goes before the image is touched, and the new state is kept before the image is one that a
    /// program may start from for good.
    ///
    /// # Errors
    /// The image cannot be linked. It is not usable then, and must be made anew.
    pub fn update<T>(
        &self,
        image: &mut Image,
        units: &Arc<UnitSet>,
        options: &ProgramOptions,
        publication: &Publication,
        bind: impl FnOnce(&mut Draft, Vec<Pending>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let failed = |source| cranefly_image::Error::File { path: publication.image.to_owned(), source };
        self.resume.forget().map_err(failed)?;
        self.set_inputs(units.clone(), options);
        let (mut draft, pending) = debug_span!("update").in_scope(|| image.update(units.inputs()))?;
        let bound = debug_span!("bind").in_scope(|| bind(&mut draft, pending))?;
        debug_span!("commit").in_scope(|| draft.commit(publication))?;
        let saved = debug_span!("save").in_scope(|| self.resume.save(image, publication.image, units, options));
        let is_complete = saved.unwrap_or_else(|error| {
            self.resume.discard();
            tracing::warn!(%error, "a program that waits for a function will not outlive this engine");
            false
        });
        image.admit_others(is_complete)?;
        Ok(bound)
    }

    /// Compiles those of `functions` that have no code in the image, before anyone calls them; gives how many have it now.
    pub fn compile_functions(&self, functions: &[FunctionOf]) -> u64 {
        let pending: Vec<Pending> = {
            let image = self.image();
            let uncompiled = |function: &FunctionOf| image.uncompiled(&function.unit.unit.id, function.info().global);
            let mut pending: Vec<Pending> = functions.iter().filter_map(uncompiled).collect();
            pending.sort_by_key(|pending| pending.symbol);
            pending.dedup_by_key(|pending| pending.symbol);
            // Functions of the same unit next to each other: it is opened once.
            pending.sort_by(|a, b| a.unit.id.cmp(&b.unit.id));
            pending
        };
        if pending.is_empty() {
            return 0;
        }
        self.guarded("compile", || self.supply(&pending));
        self.control.complete();
        let image = self.image();
        pending.iter().filter(|pending| image.has_code(pending)).count() as u64
    }

    /// Lets go of the memory by which this process sees the image, if it is much: after a publication, or when everything is
    /// compiled, hardly any of it is read or written again.
    pub fn forget_pages(&self) {
        let image = self.image();
        if image.file().allocated_bytes() < MANY_BYTES {
            return;
        }
        if let Err(error) = image.file().forget_pages() {
            tracing::debug!(%error, "the daemon goes on seeing the whole image");
        }
    }

    /// Whether it must be made anew before another program may start from it.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }

    /// What there was no room for: the next generation has to be made anew, with more.
    pub(crate) fn shortage(&self) -> Option<Shortage> {
        self.shortage.get().copied()
    }

    /// Notes that there was no room for a function that was called.
    pub(crate) fn note_shortage(&self, shortage: Shortage) {
        // One is enough.
        let _ = self.shortage.set(shortage);
    }

    /// Does something that changes the image. If it panics, nothing more is added to the image: programs that wait for a
    /// function, or will, end with a message.
    pub(crate) fn guarded(&self, what: &str, work: impl FnOnce()) {
        if self.is_broken() {
            return;
        }
        if let Err(panicked) = contained(what, work) {
            self.broken.store(true, Ordering::Release);
            self.resume.discard();
            self.control.fail_all(&format!("cranefly: {panicked}; build the program again\n"));
        }
    }

    /// A newer image has taken the path: this one lives on for the programs that run from it.
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::Release);
        self.control.interrupt();
    }
}
