//! One generation of a program: its image brought up to date with its units, in place or anew.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use cranefly_cache::Key;
use cranefly_cgu::{CodegenUnit, LoadedUnit};
use cranefly_image::{BaseImage, Error, Image, Pending, Publication};
use hashbrown::{HashMap, HashSet};

use crate::body_lane::is_body_lane;
use crate::compile::{CodeOptions, OwnCode, compile_all};
use crate::contain::contained;
use crate::engine::Engine;
use crate::live::LiveImage;
use crate::program_state::{Before, ProgramState};
use crate::protocol::{FunctionCounts, PublishResult};

/// What happened to the functions that a generation touched, by symbol: the words of the report.
pub type Outcomes = HashMap<Arc<str>, &'static str>;

/// Functions with which a program restricts what it, or its children, may ask the kernel for: system calls of the first-call
/// stub among it. (std calls none of these.)
const RESTRICTING: [&str; 3] = ["prctl", "seccomp_load", "seccomp_export_bpf"];
/// The same, and functions with which a program takes pages of the image for its own, which no code appears in any more.
/// std calls them as well, so only the program's own use counts. Assembly of its own counts for `syscall`.
const ALTERING: [&str; 2] = ["syscall", "mprotect"];

/// A generation in the making.
pub struct Generation<'a> {
    /// Store, image folder, toolchain.
    pub engine: &'a Engine,
    /// What the program stands on.
    pub base: &'a Arc<BaseImage>,
    /// What it consists of.
    pub units: &'a [Arc<LoadedUnit>],
    /// How it is compiled.
    pub options: &'a CodeOptions,
    /// What it is published as.
    pub publication: Publication<'a>,
    /// Functions of the body lane that the program has under other symbols as well.
    pub copies: &'a HashSet<Arc<str>>,
    /// What was compiled for it, now or while the units were read.
    pub compiled: RefCell<HashSet<Key>>,
    /// Of that, what the store does not have.
    pub own: RefCell<OwnCode>,
}

impl Generation<'_> {
    /// Brings the program's image up to date: in place if nobody runs from it, else as a new file under the same name.
    pub fn link(&self, state: &mut ProgramState, result: &mut PublishResult) -> Result<Outcomes, Error> {
        let start = Instant::now();
        let inputs: Vec<Arc<CodegenUnit>> = self.units.iter().map(|unit| unit.unit.clone()).collect();
        let before = Before::new(&state.units, self.units, self.copies.clone());
        let old = self.take_image(state);
        if let Some(live) = &old
            && live.program().is_committed(self.publication.build_id, &inputs)
        {
            result.functions.total = total(&inputs) - self.copies.len() as u64;
            state.set_image(old, self.options);
            return Ok(Outcomes::new());
        }
        let counts = result.functions;
        let updated =
            old.and_then(|old| self.update_in_place(&old, &before, &inputs, result).map(|outcomes| (old, outcomes)));
        let (live, outcomes) = match updated {
            Some(updated) => updated,
            None => {
                again(result, counts);
                let (live, scale, outcomes) = self.make_anew(state.scale, &before, &inputs, result)?;
                state.scale = scale;
                (live, outcomes)
            }
        };
        result.functions.total = total(&inputs) - self.copies.len() as u64;
        live.compile_ahead().map_err(|source| Error::File { path: self.publication.image.to_owned(), source })?;
        state.set_image(Some(live), self.options);
        result.us.publish = start.elapsed().as_secs_f64() * 1e6 - result.us.wait;
        Ok(outcomes)
    }

    /// The image of the generation before, if programs would still start from it and find us; what was removed, or replaced by
    /// somebody else, is given up.
    fn take_image(&self, state: &mut ProgramState) -> Option<Arc<LiveImage>> {
        let old = state.take_image(self.base, self.options)?;
        if old.is_at(self.publication.image) {
            return Some(old);
        }
        tracing::info!(image = %self.publication.image.display(), "the image is gone, and is made anew");
        old.retire();
        None
    }

    /// `None` when programs run from the image, or when it has no room left: it is given up then. While it is changed, a
    /// lease keeps programs from starting.
    fn update_in_place(
        &self,
        live: &LiveImage,
        before: &Before,
        inputs: &[Arc<CodegenUnit>],
        result: &mut PublishResult,
    ) -> Option<Outcomes> {
        let mut program = live.program();
        let Ok(Some(lease)) = program.file().lease() else {
            live.retire();
            return None;
        };
        let bound = contained("update", || self.bind(live, &mut program, before, inputs, result))
            .and_then(|bound| bound.map_err(|error| error.to_string()));
        match bound {
            Ok(outcomes) => Some(outcomes),
            Err(error) => {
                tracing::info!(error, "image is made anew");
                // Half changed: nobody may start from it.
                let _ = std::fs::remove_file(self.publication.image);
                drop(lease);
                live.retire();
                None
            }
        }
    }

    /// Makes a new image, with more room for as long as it turns out too small.
    fn make_anew(
        &self,
        scale: u64,
        before: &Before,
        inputs: &[Arc<CodegenUnit>],
        result: &mut PublishResult,
    ) -> Result<(Arc<LiveImage>, u64, Outcomes), Error> {
        const MAX_SCALE: u64 = 1 << 10;
        let mut scale = scale.max(1);
        let counts = result.functions;
        loop {
            let live = self.empty_image(inputs, scale)?;
            let mut program = live.program();
            again(result, counts);
            let bound =
                contained("link", || self.bind(&live, &mut program, before, inputs, result)).unwrap_or_else(|reason| {
                    Err(Error::File { path: self.publication.image.to_owned(), source: std::io::Error::other(reason) })
                });
            match bound {
                Ok(outcomes) => {
                    program.file_mut().rename(self.publication.image)?;
                    self.engine.replaced(self.publication.image);
                    drop(program);
                    return Ok((live, scale, outcomes));
                }
                Err(error) => {
                    let _ = std::fs::remove_file(program.file().path());
                    drop(program);
                    live.retire();
                    if !matches!(error, Error::Full { .. }) || scale >= MAX_SCALE {
                        return Err(error);
                    }
                    scale *= 2;
                }
            }
        }
    }

    /// Gives code to every function that must have it now, and lets the others wait for their first call.
    fn bind(
        &self,
        live: &LiveImage,
        program: &mut Image,
        before: &Before,
        inputs: &[Arc<CodegenUnit>],
        result: &mut PublishResult,
    ) -> Result<Outcomes, Error> {
        live.resume().forget().map_err(|source| Error::File { path: self.publication.image.to_owned(), source })?;
        live.set_inputs(self.units, self.options);
        let mut pending = program.update(inputs)?;
        let unresolved = program.unresolved();
        if !unresolved.is_empty() {
            let names = unresolved.iter().map(|name| format!("`{:#}`", rustc_demangle::demangle(name))).collect();
            return Err(Error::Unresolved { names });
        }
        // What had code was called, or would be soon: its new version is compiled now, and what an edit needs with it. The
        // rest waits, unless the program may make first calls impossible.
        let start = Instant::now();
        let all = RESTRICTING.iter().any(|name| program.refers_to(name) || self.base.expects(name))
            || ALTERING.iter().any(|name| program.refers_to(name))
            || self.units.iter().any(|unit| unit.may_enter_kernel());
        if all {
            // Those of earlier generations as well.
            let known: HashSet<_> = pending.iter().map(|pending| pending.symbol).collect();
            let earlier = program.deferred_in_call_order().into_iter();
            pending.extend(earlier.filter(|pending| !known.contains(&pending.symbol)));
        }
        let is_wanted = |pending: &&Pending| all || program.has_code(pending) || is_body_lane(&pending.unit.id);
        let eager: Vec<Pending> = pending.iter().filter(is_wanted).cloned().collect();
        self.compile_missing(&eager, result)?;
        result.us.wait += start.elapsed().as_secs_f64() * 1e6;
        let mut outcomes = Outcomes::new();
        let mut counts = FunctionCounts { changed: 0, hit: 0, deferred: 0, ..result.functions };
        for pending in &pending {
            let key = Key(pending.info().key);
            let name = program.name(pending.symbol).clone();
            let changed = before.differs(&pending.unit, &name, pending.function);
            counts.changed += u64::from(changed);
            let own = self.own.borrow().get(&(pending.unit.id.clone(), pending.function)).cloned();
            let outcome = if let Some(code) = own.or_else(|| self.engine.serve.compile.store.get(key)) {
                program.install(pending, &code.code)?;
                if self.compiled.borrow().contains(&key) { "compiled" } else { "hit" }
            } else {
                program.defer(pending);
                counts.deferred += 1;
                "deferred"
            };
            counts.hit += u64::from(outcome == "hit" && changed);
            outcomes.insert(name, outcome);
        }
        again(result, counts);
        // Afterwards the executable has to be replaced as well.
        if let Some(name) = program.lacks_own_headers() {
            return Err(Error::LinkerDefined { name: name.to_owned() });
        }
        program.commit(&self.publication)?;
        let saved = live.resume().save(program, self.publication.image, self.units, self.options);
        let is_complete = saved.unwrap_or_else(|error| {
            live.resume().discard();
            let reason = format!("{error:#}");
            tracing::warn!(reason, "a program that waits for a function will not outlive this engine");
            false
        });
        program.admit_others(is_complete)?;
        Ok(outcomes)
    }

    fn empty_image(&self, inputs: &[Arc<CodegenUnit>], scale: u64) -> Result<Arc<LiveImage>, Error> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let suffix = format!("{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        let temporary = self.publication.image.with_extension(&suffix);
        let control = self.publication.image.with_extension(format!("{suffix}.control"));
        let mut demand = cranefly_image::demand(inputs, scale);
        if self.options.contents.all_exported {
            demand.imports += demand.functions + demand.variables;
        }
        let mut program =
            Image::create(&temporary, self.base.clone(), &demand, self.options.full_debug_info, &control)?;
        program.set_contents(self.options.contents);
        LiveImage::new(program, &control, self.engine.serve.clone())
            .map_err(|error| Error::File { path: control, source: std::io::Error::other(error.to_string()) })
    }

    /// Compiles what is pending and not in the store.
    fn compile_missing(&self, pending: &[Pending], result: &mut PublishResult) -> Result<(), Error> {
        let mut compiled = HashSet::new();
        let mut wanted: HashMap<&Arc<str>, Vec<usize>> = HashMap::new();
        for pending in pending {
            let key = Key(pending.info().key);
            // Equal functions are compiled once.
            if !compiled.contains(&key) && self.engine.serve.compile.store.get(key).is_none() {
                compiled.insert(key);
                wanted.entry(&pending.unit.id).or_default().push(pending.function);
            }
        }
        let mut own = self.compile_wanted(wanted)?;
        if !own.is_empty() {
            // LLVM tells functions apart that are equal to Cranelift: of those that turned out to be LLVM's each has its own.
            let mut others: HashMap<&Arc<str>, Vec<usize>> = HashMap::new();
            for pending in pending {
                let is_known = own.contains_key(&(pending.unit.id.clone(), pending.function));
                if !is_known && self.engine.serve.compile.store.get(Key(pending.info().key)).is_none() {
                    others.entry(&pending.unit.id).or_default().push(pending.function);
                }
            }
            own.extend(self.compile_wanted(others)?);
        }
        let stored = compiled.iter().filter_map(|key| self.engine.serve.compile.store.get(*key));
        for code in stored.chain(own.values().cloned()) {
            result.us.translate += f64::from(code.translate_us);
            result.us.compile += f64::from(code.compile_us);
            result.functions.compiled += 1;
            result.functions.llvm += u64::from(code.construct.is_some());
        }
        self.compiled.borrow_mut().extend(compiled);
        self.own.borrow_mut().extend(own);
        Ok(())
    }

    /// Compiles functions by unit and number.
    fn compile_wanted(&self, wanted: HashMap<&Arc<str>, Vec<usize>>) -> Result<OwnCode, Error> {
        let by_id: HashMap<&Arc<str>, &Arc<LoadedUnit>> = self.units.iter().map(|unit| (&unit.unit.id, unit)).collect();
        let wanted: Vec<(Arc<LoadedUnit>, Vec<usize>)> =
            wanted.into_iter().map(|(id, functions)| (by_id[id].clone(), functions)).collect();
        compile_all(&self.engine.serve.compile, &wanted, self.options)
            .map_err(|error| Error::Relocation { function: error.function, reason: error.reason })
    }
}

/// Another attempt begins: what was compiled stays compiled, everything else is counted anew.
fn again(result: &mut PublishResult, counts: FunctionCounts) {
    let FunctionCounts { compiled, llvm, .. } = result.functions;
    result.functions = FunctionCounts { compiled, llvm, ..counts };
}

fn total(units: &[Arc<CodegenUnit>]) -> u64 {
    units.iter().map(|unit| unit.functions.len() as u64).sum()
}
