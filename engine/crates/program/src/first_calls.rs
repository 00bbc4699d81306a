//! Functions without code: compiled for the programs that call them, and ahead of that.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use cranefly_bitcode::demangled;
use cranefly_cache::{Compiled, Key};
use cranefly_compile::{Failure, UnitCompiler, contained};
use cranefly_image::Pending;
use cranefly_runtime::Request;

use crate::STACK;
use crate::live::LiveImage;
use crate::memory::give_memory_back;
use crate::serve::AnsweredImage;

/// Functions that are compiled ahead in one go: what is installed at a time, with one description.
const AHEAD_BATCH: usize = 64;
/// After so many functions were compiled there is much free memory that will not be needed soon.
const MANY_FUNCTIONS: usize = 10_000;
/// How often an image that was replaced is checked for programs that still run from it.
const RETIRED_CHECK: Duration = Duration::from_secs(2);

/// Why a function has no code. The program that calls it prints this.
#[derive(Debug, thiserror::Error)]
enum NoCode {
    /// It cannot be compiled.
    #[error(transparent)]
    Compile(#[from] Failure),
    /// Its code cannot be placed.
    #[error(transparent)]
    Place(#[from] cranefly_image::Error),
    /// Cannot happen while the daemon that published an image serves it; said rather than run wrong code.
    #[error("its unit is of an older generation")]
    OlderUnit,
}

impl AnsweredImage for LiveImage {
    fn is_awaited(&self) -> bool {
        let image = self.image();
        !matches!(image.file().lease(), Ok(Some(_))) && !image.is_compiled()
    }
}

impl LiveImage {
    /// Starts answering programs.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(self: &Arc<Self>) -> io::Result<()> {
        let live = self.clone();
        std::thread::Builder::new().name("first calls".to_owned()).stack_size(STACK).spawn(move || live.answer())?;
        let image: Weak<dyn AnsweredImage> = Arc::<Self>::downgrade(self);
        self.serve.answers(image);
        Ok(())
    }

    /// Starts compiling what is not compiled yet, if there is any and it is wanted.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn compile_ahead(self: &Arc<Self>) -> io::Result<()> {
        if !self.serve.ahead {
            return Ok(());
        }
        let number = self.inputs().number;
        if !self.image().is_compiled() {
            let live = self.clone();
            std::thread::Builder::new()
                .name("compile ahead".to_owned())
                .stack_size(STACK)
                .spawn(move || live.guarded("compile ahead", || live.work_ahead(number)))?;
        }
        Ok(())
    }

    fn answer(&self) {
        loop {
            let retired = self.retired.load(Ordering::Acquire);
            match self.control.next_request(retired.then_some(RETIRED_CHECK)) {
                Request::Compile(slot) => {
                    self.guarded("first call", || {
                        let pending = self.image().deferred(slot);
                        if let Some(pending) = pending {
                            self.serve.first_calls.fetch_add(1, Ordering::Relaxed);
                            self.supply(&[pending]);
                        }
                    });
                    // Also when there was nothing to do: the function may have got its code in between.
                    self.control.complete();
                }
                Request::TimedOut | Request::Interrupted => {
                    if retired && matches!(self.image().file().lease(), Ok(Some(_))) {
                        break;
                    }
                }
            }
        }
        // Nobody runs from the image any more.
        self.resume().discard();
        let _ = std::fs::remove_file(&self.control_path);
    }

    /// Compiles what no program has called yet, in the order in which it is likely to be called.
    fn work_ahead(&self, number: u64) {
        // Programs and the user's own work come first.
        let _ = rustix::process::nice(10);
        let ahead = self.image().deferred_in_call_order();
        for batch in ahead.chunks(AHEAD_BATCH) {
            if self.inputs().number != number {
                return;
            }
            let mut batch: Vec<Pending> = {
                let image = self.image();
                batch.iter().filter(|pending| image.is_deferred(pending)).cloned().collect()
            };
            // Functions of the same unit next to each other: it is opened once.
            batch.sort_by(|a, b| a.unit.id.cmp(&b.unit.id));
            self.supply(&batch);
            self.control.complete();
        }
        self.forget_pages();
        if ahead.len() > MANY_FUNCTIONS {
            give_memory_back();
        }
    }

    /// Compiles and installs functions; one that cannot be compiled gets code that says so.
    pub(crate) fn supply(&self, batch: &[Pending]) {
        let compiled: Vec<(&Pending, Result<Compiled, NoCode>)> = batch
            .chunk_by(|a, b| Arc::ptr_eq(&a.unit, &b.unit))
            .flat_map(|group| group.iter().zip(self.code(group)))
            .collect();
        let mut image = self.image();
        // A publication that failed leaves an image that nobody runs from.
        let Some(mut running) = image.running() else { return };
        for (pending, compiled) in compiled {
            // A publication, or a request, may have come in between.
            if !running.is_deferred(pending) {
                continue;
            }
            let name = running.name(pending.symbol).clone();
            let result = compiled.and_then(|compiled| Ok(running.install(pending, &compiled.code)?));
            if let Err(reason) = result {
                if let NoCode::Place(error) = &reason {
                    self.note_if_full(error);
                }
                tracing::error!(%name, %reason, "cannot compile on first call");
                let message = format!("cranefly: cannot run `{}`: {reason}\n", demangled(&name));
                if let Err(error) = running.install_failure(pending, &message) {
                    self.note_if_full(&error);
                    self.control.fail_all(&format!("cranefly: {error}; start the program again\n"));
                }
            }
        }
        if let Err(error) = running.publish() {
            self.note_if_full(&error);
            tracing::warn!(%error, "no debug info for functions compiled on first call");
        }
        self.resume().progressed();
        // Under the lock: a publication may just begin.
        if image.is_compiled() {
            self.resume().discard();
            if let Err(error) = image.admit_others(true) {
                tracing::warn!(%error, "other users cannot start the program");
            }
        }
    }

    /// The next generation's image has more room for what this one has none for.
    fn note_if_full(&self, error: &cranefly_image::Error) {
        if let cranefly_image::Error::Full(shortage) = error {
            self.note_shortage(*shortage);
        }
    }

    /// Code for functions of one unit.
    fn code(&self, group: &[Pending]) -> Vec<Result<Compiled, NoCode>> {
        let context = &self.serve.compile;
        let cached = |pending: &Pending| context.store.get(Key(pending.info().key));
        let inputs = self.inputs();
        let unit = inputs.units.get(&group[0].unit.id).filter(|unit| Arc::ptr_eq(&unit.unit, &group[0].unit));
        let Some(unit) = unit else {
            return group.iter().map(|pending| cached(pending).ok_or(NoCode::OlderUnit)).collect();
        };
        let mut compiler = UnitCompiler::new(context, unit, &inputs.options.code);
        group
            .iter()
            .map(|pending| {
                if let Some(compiled) = cached(pending) {
                    return Ok(compiled);
                }
                let result = contained("compile", || compiler.compile(pending.function));
                let (key, compiled) = result.map_err(Failure::from).and_then(|it| it)?;
                context.store.insert(key, compiled.clone());
                Ok(compiled)
            })
            .collect()
    }
}
