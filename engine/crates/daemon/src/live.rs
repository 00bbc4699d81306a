//! A published image: answers the programs that run from it, and compiles ahead of them.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cranefly_cache::{Compiled, Key};
use cranefly_image::{Pending, Program, Unit};
use cranefly_runtime::{Command, Control, ControlError, Request};

use crate::compile::{CodeOptions, compile_one};
use crate::engine::Shared;
use crate::units::LoadedUnit;

/// Functions that are compiled ahead before the next request is looked at, at most: a bound on how long a program waits.
const AHEAD_BATCH: usize = 8;
/// How often an image that was replaced is checked for programs that still run from it.
const RETIRED_CHECK: Duration = Duration::from_secs(2);

/// An image that programs may run from.
#[derive(Debug)]
pub struct LiveImage {
    program: Mutex<Program>,
    control: Control,
    control_path: PathBuf,
    inputs: Mutex<Inputs>,
    retired: AtomicBool,
    /// The image's file is gone from its path: a newer one is there.
    shared: Arc<Shared>,
}

/// What the image was made of last.
#[derive(Debug, Default)]
struct Inputs {
    units: HashMap<Arc<str>, Arc<LoadedUnit>>,
    options: CodeOptions,
    /// What to compile ahead, in this order.
    ahead: VecDeque<Pending>,
}

impl LiveImage {
    /// Takes charge of `program`. The control file is made at `control_path`, which must be free.
    pub fn new(program: Program, control_path: &Path, shared: Arc<Shared>) -> Result<Arc<Self>, ControlError> {
        let control = Control::create(control_path, &Command::with_current_environment(shared.command.clone()))?;
        let image = Arc::new(Self {
            program: Mutex::new(program),
            control,
            control_path: control_path.to_owned(),
            inputs: Mutex::default(),
            retired: AtomicBool::new(false),
            shared,
        });
        let server = image.clone();
        std::thread::Builder::new()
            .name("first calls".to_owned())
            .spawn(move || server.serve())
            .map_err(ControlError::from)?;
        Ok(image)
    }

    /// The program, for as long as the guard lives.
    pub fn program(&self) -> MutexGuard<'_, Program> {
        self.program.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells what the program consists of now, and starts compiling what is not compiled yet.
    pub fn published(&self, units: &[Arc<LoadedUnit>], options: &CodeOptions) {
        let ahead = self.program().deferred_in_call_order().into();
        let units = units.iter().map(|unit| (unit.unit.id.clone(), unit.clone())).collect();
        *self.inputs.lock().unwrap_or_else(PoisonError::into_inner) = Inputs { units, options: options.clone(), ahead };
        self.control.interrupt();
    }

    /// A newer image has taken the path: this one lives on for the programs that run from it.
    pub fn retire(&self) {
        self.retired.store(true, Ordering::Release);
        self.control.interrupt();
    }

    fn serve(&self) {
        loop {
            let busy = !self.inputs.lock().unwrap_or_else(PoisonError::into_inner).ahead.is_empty();
            let retired = self.retired.load(Ordering::Acquire);
            // With work ahead only those requests are taken that are there already.
            let timeout = if busy {
                Some(Duration::ZERO)
            } else if retired {
                Some(RETIRED_CHECK)
            } else {
                None
            };
            match self.control.next_request(timeout) {
                Request::Compile(slot) => {
                    let pending = self.program().deferred(slot);
                    if let Some(pending) = pending {
                        self.shared.first_calls.fetch_add(1, Ordering::Relaxed);
                        self.supply(&[pending]);
                    }
                    // Also when there was nothing to do: the function may have got its code in between.
                    self.control.complete();
                }
                Request::TimedOut if busy => self.work_ahead(),
                Request::TimedOut | Request::Interrupted => {
                    if retired && matches!(self.program().file().lease(), Ok(Some(_))) {
                        break;
                    }
                }
            }
        }
        // Nobody runs from the image any more.
        let _ = std::fs::remove_file(&self.control_path);
    }

    fn work_ahead(&self) {
        let batch: Vec<Pending> = {
            let mut inputs = self.inputs.lock().unwrap_or_else(PoisonError::into_inner);
            let count = inputs.ahead.len().min(AHEAD_BATCH);
            inputs.ahead.drain(..count).collect()
        };
        self.supply(&batch);
        self.control.complete();
    }

    /// Compiles and installs functions; one that cannot be compiled gets code that says so.
    fn supply(&self, batch: &[Pending]) {
        let compiled: Vec<(&Pending, Result<Compiled, String>)> =
            batch.iter().map(|pending| (pending, self.code(pending))).collect();
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
        if let Err(error) = program.describe_added() {
            tracing::warn!(%error, "no debug info for functions compiled on first call");
        }
    }

    fn code(&self, pending: &Pending) -> Result<Compiled, String> {
        let key = Key(pending.info().key);
        if let Some(compiled) = self.shared.store.get(key) {
            return Ok(compiled);
        }
        let (unit, options) = {
            let inputs = self.inputs.lock().unwrap_or_else(PoisonError::into_inner);
            let unit = inputs.units.get(&pending.unit.id).filter(|unit| same(&unit.unit, &pending.unit)).cloned();
            (unit.ok_or("its unit is of an older generation")?, inputs.options.clone())
        };
        let compiled = compile_one(&self.shared.llvm, &unit, pending.function, &options)?;
        self.shared.store.insert(key, compiled.clone());
        Ok(compiled)
    }
}

fn same(a: &Arc<Unit>, b: &Arc<Unit>) -> bool {
    Arc::ptr_eq(a, b)
}
