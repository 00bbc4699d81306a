//! A published image: answers the programs that run from it, and compiles ahead of them.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cranefly_cache::{Compiled, Key};
use cranefly_cgu::LoadedUnit;
use cranefly_image::{Image, Pending};
use cranefly_runtime::{Command, Control, ControlError, Request};

use crate::STACK;
use crate::compile::{CodeOptions, UnitCompiler};
use crate::contain::contained;
use crate::resume::ResumeFolder;
use crate::serve_context::ServeContext;

/// Functions that are compiled ahead in one go: what is installed at a time, with one description.
const AHEAD_BATCH: usize = 64;
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
/// How often an image that was replaced is checked for programs that still run from it.
const RETIRED_CHECK: Duration = Duration::from_secs(2);

/// An image that programs may run from.
#[derive(Debug)]
pub struct LiveImage {
    program: Mutex<Image>,
    control: Control,
    control_path: PathBuf,
    resume: ResumeFolder,
    inputs: Mutex<Inputs>,
    /// A newer image has taken the path.
    retired: AtomicBool,
    /// Something went wrong while it was changed.
    broken: AtomicBool,
    serve: Arc<ServeContext>,
}

/// What the image was made of last.
#[derive(Debug, Default)]
struct Inputs {
    units: HashMap<Arc<str>, Arc<LoadedUnit>>,
    options: CodeOptions,
    /// Counts publications: work ahead of an older one ends.
    number: u64,
}

impl LiveImage {
    /// Takes charge of `program`. The control file is made at `control_path`, which must be free.
    pub fn new(program: Image, control_path: &Path, serve: Arc<ServeContext>) -> Result<Arc<Self>, ControlError> {
        let control = Control::create(control_path, &Command::with_environment(serve.command.clone(), &ENVIRONMENT))?;
        let image = Arc::new(Self::with(program, control, control_path, ResumeFolder::of(control_path), serve));
        image.start()?;
        Ok(image)
    }

    /// Takes charge of a `program` that was taken over, as was `control`, the file at `control_path`. Serves nobody before it
    /// is [started](Self::start).
    pub fn with(
        program: Image,
        control: Control,
        control_path: &Path,
        resume: ResumeFolder,
        serve: Arc<ServeContext>,
    ) -> Self {
        Self {
            program: Mutex::new(program),
            control,
            control_path: control_path.to_owned(),
            resume,
            inputs: Mutex::default(),
            retired: AtomicBool::new(false),
            broken: AtomicBool::new(false),
            serve,
        }
    }

    /// Starts answering programs.
    pub fn start(self: &Arc<Self>) -> io::Result<()> {
        let server = self.clone();
        std::thread::Builder::new().name("first calls".to_owned()).stack_size(STACK).spawn(move || server.serve())?;
        Ok(())
    }

    /// The program, for as long as the guard lives.
    pub fn program(&self) -> MutexGuard<'_, Image> {
        self.program.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a program that loads `path` gets this image, and finds its control file.
    pub fn is_at(&self, path: &Path) -> bool {
        self.program().file().is_at(path) && self.control_path.exists()
    }

    /// What is kept for the daemon after this one.
    pub fn resume(&self) -> &ResumeFolder {
        &self.resume
    }

    /// Tells what the program consists of from now on: before it is one that may be run.
    pub fn set_inputs(&self, units: &[Arc<LoadedUnit>], options: &CodeOptions) {
        let units = units.iter().map(|unit| (unit.unit.id.clone(), unit.clone())).collect();
        let mut inputs = self.inputs.lock().unwrap_or_else(PoisonError::into_inner);
        *inputs = Inputs { units, options: options.clone(), number: inputs.number + 1 };
    }

    /// Starts compiling what is not compiled yet, if there is any and it is wanted.
    pub fn compile_ahead(self: &Arc<Self>) -> io::Result<()> {
        if !self.serve.ahead {
            return Ok(());
        }
        let number = self.inputs.lock().unwrap_or_else(PoisonError::into_inner).number;
        let ahead = self.program().deferred_in_call_order();
        if !ahead.is_empty() {
            let image = self.clone();
            std::thread::Builder::new()
                .name("compile ahead".to_owned())
                .stack_size(STACK)
                .spawn(move || image.guarded("compile ahead", || image.work_ahead(&ahead, number)))?;
        }
        Ok(())
    }

    /// Compiles and installs functions now, before anyone calls them; those of one unit should be neighbours.
    pub fn compile(&self, batch: &[Pending]) {
        self.guarded("compile", || self.supply(batch));
        self.control.complete();
    }

    /// Whether it must be made anew before another program may start from it.
    pub fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }

    /// Does something that changes the image. If it panics, nothing more is added to the image: programs that wait for a
    /// function, or will, end with a message.
    fn guarded(&self, what: &str, work: impl FnOnce()) {
        if self.is_broken() {
            return;
        }
        if let Err(reason) = contained(what, work) {
            self.broken.store(true, Ordering::Release);
            self.resume.discard();
            self.control.fail_all(&format!("cranefly: {reason}; build the program again\n"));
        }
    }

    /// A newer image has taken the path: this one lives on for the programs that run from it.
    pub fn retire(&self) {
        self.retired.store(true, Ordering::Release);
        self.control.interrupt();
    }

    fn serve(&self) {
        loop {
            let retired = self.retired.load(Ordering::Acquire);
            match self.control.next_request(retired.then_some(RETIRED_CHECK)) {
                Request::Compile(slot) => {
                    self.guarded("first call", || {
                        let pending = self.program().deferred(slot);
                        if let Some(pending) = pending {
                            self.serve.first_calls.fetch_add(1, Ordering::Relaxed);
                            self.supply(&[pending]);
                        }
                    });
                    // Also when there was nothing to do: the function may have got its code in between.
                    self.control.complete();
                }
                Request::TimedOut | Request::Interrupted => {
                    if retired && matches!(self.program().file().lease(), Ok(Some(_))) {
                        break;
                    }
                }
            }
        }
        // Nobody runs from the image any more.
        self.resume.discard();
        let _ = std::fs::remove_file(&self.control_path);
    }

    /// Compiles what no program has called yet, in the order in which it is likely to be called.
    fn work_ahead(&self, ahead: &[Pending], number: u64) {
        // Programs and the user's own work come first.
        let _ = rustix::process::nice(10);
        for batch in ahead.chunks(AHEAD_BATCH) {
            let current = self.inputs.lock().unwrap_or_else(PoisonError::into_inner).number == number;
            if !current {
                return;
            }
            let (mut batch, _): (Vec<Pending>, Vec<Pending>) = {
                let program = self.program();
                batch.iter().cloned().partition(|pending| program.is_deferred(pending))
            };
            // Functions of the same unit next to each other: it is opened once.
            batch.sort_by(|a, b| a.unit.id.cmp(&b.unit.id));
            self.supply(&batch);
            self.control.complete();
        }
    }

    /// Compiles and installs functions; one that cannot be compiled gets code that says so.
    fn supply(&self, batch: &[Pending]) {
        let compiled: Vec<(&Pending, Result<Compiled, String>)> = batch
            .chunk_by(|a, b| Arc::ptr_eq(&a.unit, &b.unit))
            .flat_map(|group| group.iter().zip(self.code(group)))
            .collect();
        let mut program = self.program();
        for (pending, compiled) in compiled {
            // A publication, or a request, may have come in between.
            if !program.is_deferred(pending) {
                continue;
            }
            let name = program.name(pending.symbol).clone();
            let result = compiled
                .and_then(|compiled| program.install(pending, &compiled.code).map_err(|error| error.to_string()));
            if let Err(reason) = result {
                tracing::error!(%name, %reason, "cannot compile on first call");
                let message = format!("cranefly: cannot run `{:#}`: {reason}\n", rustc_demangle::demangle(&name));
                if let Err(error) = program.install_failure(pending, &message) {
                    self.control.fail_all(&format!("cranefly: {error}; start the program again\n"));
                }
            }
        }
        if let Err(error) = program.publish_added() {
            tracing::warn!(%error, "no debug info for functions compiled on first call");
        }
        self.resume.progressed();
        // Under the lock: a publication may just begin.
        if program.is_compiled() {
            self.resume.discard();
            if let Err(error) = program.admit_others(true) {
                tracing::warn!(%error, "other users cannot start the program");
            }
        }
    }

    /// Code for functions of one unit.
    fn code(&self, group: &[Pending]) -> Vec<Result<Compiled, String>> {
        let cached = |pending: &Pending| self.serve.compile.store.get(Key(pending.info().key));
        let (unit, options) = {
            let inputs = self.inputs.lock().unwrap_or_else(PoisonError::into_inner);
            let unit =
                inputs.units.get(&group[0].unit.id).filter(|unit| Arc::ptr_eq(&unit.unit, &group[0].unit)).cloned();
            (unit, inputs.options.clone())
        };
        let Some(unit) = unit else {
            return group.iter().map(|pending| cached(pending).ok_or_else(|| OLDER.to_owned())).collect();
        };
        let mut compiler = UnitCompiler::new(&self.serve.compile, &unit, &options);
        group
            .iter()
            .map(|pending| {
                if let Some(compiled) = cached(pending) {
                    return Ok(compiled);
                }
                let (key, compiled) = contained("compile", || compiler.compile(pending.function)).and_then(|it| it)?;
                self.serve.compile.store.insert(key, compiled.clone());
                Ok(compiled)
            })
            .collect()
    }
}

/// Cannot happen while the daemon that published an image serves it; said rather than run wrong code.
const OLDER: &str = "its unit is of an older generation";
