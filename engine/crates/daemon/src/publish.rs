//! A new generation of a program: from bitcode files to an image that may be started.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use cranefly_bitcode::ir::GlobalId;
use cranefly_cache::Key;
use cranefly_image::{BaseImage, Pending, Program, Unit, write_executable};
use rayon::prelude::*;

use crate::compile::{CodeOptions, EagerCompiler, compile_all};
use crate::engine::{Engine, ProgramKey};
use crate::live::LiveImage;
use crate::protocol::{
    Fallback, FunctionCounts, FunctionEntry, FunctionsResult, ProgramStatus, PublishParams, PublishResult,
};
use crate::rpc::RpcError;
use crate::units::LoadedUnit;

/// A program between publications.
#[derive(Debug, Default)]
pub struct ProgramState {
    generation: u64,
    live: Option<Arc<LiveImage>>,
    base: Option<Arc<BaseImage>>,
    units: Vec<Arc<LoadedUnit>>,
    /// What happened in the last generation, by symbol.
    last: HashMap<Arc<str>, &'static str>,
    scale: u64,
    options: CodeOptions,
    image: PathBuf,
    last_use: Option<Instant>,
}

impl Engine {
    /// Makes and publishes a new generation of a program.
    pub fn publish(&self, params: &PublishParams) -> Result<PublishResult, RpcError> {
        let start = Instant::now();
        let options = CodeOptions {
            opt_level: params.opt_level.clone(),
            full_debug_info: params.debug_info.as_deref() != Some("line-tables-only"),
        };
        self.shared.store.tick();
        let mut result = PublishResult::default();
        let (units, compiled) = self.load_units(params, &options, &mut result)?;

        let key: ProgramKey = (params.workspace.clone(), params.program.clone());
        let state = self.program(&key);
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let base = self.base(&params.base).map_err(|error| RpcError::failed("base", error.to_string()))?;
        let image = self.image_path(&key);

        let pending = match self.link(&mut state, &base, &units, &image, &options, &mut result, &compiled) {
            // Full, or in any other way unusable: the image is made anew from cached code.
            Err(cranefly_image::Error::Full { .. }) => {
                state.retire();
                state.scale = (state.scale.max(1) * 2).min(1 << 10);
                self.link(&mut state, &base, &units, &image, &options, &mut result, &compiled)
            }
            other => other,
        };
        let pending = pending.map_err(|error| {
            state.retire();
            RpcError::failed("image", error.to_string())
        })?;
        write_executable(&params.executable, &image, &base)
            .map_err(|error| RpcError::failed("executable", error.to_string()))?;

        state.generation += 1;
        state.base = Some(base);
        state.units = units;
        state.last = pending;
        state.image.clone_from(&image);
        result.generation = state.generation;
        result.image = image;
        result.fallbacks = self.fallbacks(&state);
        result.us.wall = start.elapsed().as_secs_f64() * 1e6;
        state.last_use = Some(Instant::now());
        drop(state);
        self.units.prune();
        self.trim_images(&key);
        Ok(result)
    }

    fn load_units(
        &self,
        params: &PublishParams,
        options: &CodeOptions,
        result: &mut PublishResult,
    ) -> Result<(Vec<Arc<LoadedUnit>>, HashSet<Key>), RpcError> {
        let configuration: Arc<str> = options.configuration().into();
        let files: Vec<(&Path, Arc<str>)> = params
            .units
            .iter()
            .flat_map(|unit| unit.bitcode.iter().map(|path| (path.as_path(), unit_id(&unit.id, path))))
            .collect();
        let compiler = EagerCompiler::new(&self.shared.llvm, &self.shared.store, options, self.eager);
        let loaded: Vec<(Arc<LoadedUnit>, bool)> = files
            .par_iter()
            .map(|(path, id)| self.units.load(path, id, &configuration, &compiler))
            .collect::<Result<_, _>>()
            .map_err(|error| RpcError::failed("bitcode", error.to_string()))?;
        for (unit, read) in &loaded {
            if *read {
                result.units.read += 1;
                result.us.parse += unit.open_us + unit.times.iter().map(|times| f64::from(times.parse)).sum::<f64>();
                for code in unit.compiled.iter().filter_map(|key| self.shared.store.get(*key)) {
                    result.us.translate += f64::from(code.translate_us);
                    result.us.compile += f64::from(code.compile_us);
                    result.functions.compiled += 1;
                    result.functions.llvm += u64::from(code.construct.is_some());
                }
                result.us.hash += unit.times.iter().map(|times| f64::from(times.hash)).sum::<f64>();
            } else {
                result.units.reused += 1;
            }
        }
        let read = loaded.iter().filter(|(_, read)| *read);
        let compiled = read.flat_map(|(unit, _)| unit.compiled.iter().copied()).collect();
        Ok((loaded.into_iter().map(|(unit, _)| unit).collect(), compiled))
    }

    /// Brings the image up to date with `units`; gives what happened to each function that was touched.
    fn link(
        &self,
        state: &mut ProgramState,
        base: &Arc<BaseImage>,
        units: &[Arc<LoadedUnit>],
        image: &Path,
        options: &CodeOptions,
        result: &mut PublishResult,
        read: &HashSet<Key>,
    ) -> Result<HashMap<Arc<str>, &'static str>, cranefly_image::Error> {
        let start = Instant::now();
        result.functions = FunctionCounts {
            compiled: result.functions.compiled,
            llvm: result.functions.llvm,
            ..FunctionCounts::default()
        };
        let inputs: Vec<Arc<Unit>> = units.iter().map(|unit| unit.unit.clone()).collect();
        let before = Before::new(&state.units, units);
        let same_base = state.base.as_ref().is_some_and(|old| Arc::ptr_eq(old, base));
        let old = state.live.take().filter(|_| same_base && state.options == *options && image.exists());
        if let Some(live) = &old
            && live.program().consists_of(&inputs)
        {
            result.functions.total = total(&inputs);
            result.warnings = warnings(&live.program());
            state.live = old;
            return Ok(HashMap::new());
        }
        // The old image is updated in place if nobody runs from it; the lease keeps programs from starting meanwhile.
        let in_place = old.as_ref().map(|live| live.program().file().lease()).transpose()?.flatten();
        let (live, fresh) = match old {
            Some(live) if in_place.is_some() => (live, false),
            old => {
                if let Some(old) = old {
                    old.retire();
                }
                (self.fresh_image(base, &inputs, image, state.scale, options)?, true)
            }
        };
        // Until it is complete: after an error the next publication begins anew.
        let mut program = live.program();
        let last = self.bind(&mut program, &before, units, &inputs, options, result, read)?;
        result.warnings = warnings(&program);
        program.commit(&image.to_string_lossy())?;
        if fresh {
            program.file_mut().rename(image)?;
        }
        drop(program);
        drop(in_place);
        live.published(units, options)
            .map_err(|source| cranefly_image::Error::File { path: image.to_owned(), source })?;
        state.live = Some(live);
        state.options = options.clone();
        result.us.publish = start.elapsed().as_secs_f64() * 1e6 - result.us.wait;
        Ok(last)
    }

    /// Gives code to every function that must have it now, and lets the others wait for their first call.
    fn bind(
        &self,
        program: &mut Program,
        before: &Before,
        units: &[Arc<LoadedUnit>],
        inputs: &[Arc<Unit>],
        options: &CodeOptions,
        result: &mut PublishResult,
        read: &HashSet<Key>,
    ) -> Result<HashMap<Arc<str>, &'static str>, cranefly_image::Error> {
        let pending = program.update(inputs)?;
        // What had code was called, or would be soon: its new version is compiled now. The rest waits.
        let start = Instant::now();
        let eager: Vec<Pending> = pending.iter().filter(|pending| program.has_code(pending)).cloned().collect();
        let mut compiled = self.compile_missing(units, &eager, options, result)?;
        compiled.extend(read);
        result.us.wait = start.elapsed().as_secs_f64() * 1e6;
        let mut last = HashMap::new();
        for pending in &pending {
            let key = Key(pending.info().key);
            let name = program.name(pending.symbol).clone();
            let changed = before.differs(&pending.unit, &name, key.0);
            result.functions.changed += u64::from(changed);
            let status = match self.shared.store.get(key) {
                Some(code) => {
                    program.install(pending, &code.code)?;
                    if compiled.contains(&key) { "compiled" } else { "hit" }
                }
                None => {
                    program.defer(pending);
                    result.functions.deferred += 1;
                    "deferred"
                }
            };
            result.functions.hit += u64::from(status == "hit" && changed);
            last.insert(name, status);
        }
        result.functions.total = total(inputs);
        Ok(last)
    }

    fn fresh_image(
        &self,
        base: &Arc<BaseImage>,
        units: &[Arc<Unit>],
        image: &Path,
        scale: u64,
        options: &CodeOptions,
    ) -> Result<Arc<LiveImage>, cranefly_image::Error> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let suffix = format!("{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        let temporary = image.with_extension(&suffix);
        let control = image.with_extension(format!("{suffix}.control"));
        let demand = cranefly_image::demand(units, scale);
        let program = Program::create(&temporary, base.clone(), &demand, options.full_debug_info, &control)?;
        LiveImage::new(program, &control, self.shared.clone()).map_err(|error| cranefly_image::Error::File {
            path: control,
            source: std::io::Error::other(error.to_string()),
        })
    }

    /// Compiles what is pending and not in the store.
    fn compile_missing(
        &self,
        units: &[Arc<LoadedUnit>],
        pending: &[Pending],
        options: &CodeOptions,
        result: &mut PublishResult,
    ) -> Result<HashSet<Key>, cranefly_image::Error> {
        let by_id: HashMap<&Arc<str>, &Arc<LoadedUnit>> = units.iter().map(|unit| (&unit.unit.id, unit)).collect();
        let mut compiled = HashSet::new();
        let mut wanted: HashMap<&Arc<str>, Vec<usize>> = HashMap::new();
        for pending in pending {
            let key = Key(pending.info().key);
            // Equal functions are compiled once.
            if !compiled.contains(&key) && self.shared.store.get(key).is_none() {
                compiled.insert(key);
                wanted.entry(&pending.unit.id).or_default().push(pending.function);
            }
        }
        let wanted: Vec<(Arc<LoadedUnit>, Vec<usize>)> =
            wanted.into_iter().map(|(id, functions)| (by_id[id].clone(), functions)).collect();
        compile_all(&self.shared.llvm, &self.shared.store, &wanted, options)
            .map_err(|error| cranefly_image::Error::Relocation { function: error.function, reason: error.reason })?;
        for key in &compiled {
            if let Some(code) = self.shared.store.get(*key) {
                result.us.translate += f64::from(code.translate_us);
                result.us.compile += f64::from(code.compile_us);
                result.functions.compiled += 1;
                result.functions.llvm += u64::from(code.construct.is_some());
            }
        }
        Ok(compiled)
    }

    fn fallbacks(&self, state: &ProgramState) -> Vec<Fallback> {
        let mut counts: BTreeMap<Arc<str>, u64> = BTreeMap::new();
        for key in state.units.iter().flat_map(|unit| &unit.unit.functions).map(|function| Key(function.key)) {
            if let Some(construct) = self.shared.store.get(key).and_then(|compiled| compiled.construct) {
                *counts.entry(construct).or_default() += 1;
            }
        }
        counts
            .into_iter()
            .map(|(construct, functions)| Fallback { construct: construct.to_string(), functions })
            .collect()
    }

    /// Where a program's image lies: the same path in every generation.
    fn image_path(&self, key: &ProgramKey) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let name: String = key.1.chars().map(|char| if char.is_ascii_alphanumeric() { char } else { '-' }).collect();
        self.images.join(format!("{name}-{:016x}.so", hasher.finish()))
    }

    /// Every function of a program, as of its newest generation.
    pub fn functions(&self, key: &ProgramKey) -> Result<FunctionsResult, RpcError> {
        let state = self
            .known_program(key)
            .ok_or_else(|| RpcError::failed("unknownProgram", format!("no program `{}` has been published", key.1)))?;
        let state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut functions = Vec::new();
        for unit in &state.units {
            for (function, times) in unit.unit.functions.iter().zip(&unit.times) {
                let symbol = &unit.unit.module.globals[function.global.0 as usize].name;
                let compiled = self.shared.store.get(Key(function.key));
                let mut us = *times;
                if let Some(compiled) = &compiled {
                    us.translate = compiled.translate_us;
                    us.compile = compiled.compile_us;
                }
                functions.push(FunctionEntry {
                    symbol: symbol.to_string(),
                    name: format!("{:#}", rustc_demangle::demangle(symbol)),
                    file: function.subprogram.as_ref().map(|subprogram| source_path(&subprogram.file)),
                    line: function.subprogram.as_ref().map_or(0, |subprogram| subprogram.line),
                    tier: compiled
                        .as_ref()
                        .map_or("none", |compiled| if compiled.construct.is_some() { "llvm" } else { "cranelift" }),
                    us,
                    bytes: compiled.as_ref().map_or(0, |compiled| compiled.code.bytes.len() as u64),
                    status: state.last.get(symbol).copied().unwrap_or("untouched"),
                    unit: unit.unit.id.to_string(),
                });
            }
        }
        Ok(FunctionsResult { generation: state.generation, functions })
    }
}

/// The generation before, as far as it differs from the new one.
struct Before {
    /// Units that are the same in both.
    same: HashSet<*const Unit>,
    /// Content keys of the functions of the other old units, by symbol.
    keys: HashMap<Arc<str>, u128>,
}

impl Before {
    fn new(old: &[Arc<LoadedUnit>], new: &[Arc<LoadedUnit>]) -> Self {
        let new: HashSet<*const Unit> = new.iter().map(|unit| Arc::as_ptr(&unit.unit)).collect();
        let (same, changed): (Vec<_>, Vec<_>) = old.iter().partition(|unit| new.contains(&Arc::as_ptr(&unit.unit)));
        let name = |unit: &Unit, global: GlobalId| unit.module.globals[global.0 as usize].name.clone();
        let keys = changed
            .iter()
            .flat_map(|unit| {
                unit.unit.functions.iter().map(|function| (name(&unit.unit, function.global), function.key))
            })
            .collect();
        Self { same: same.iter().map(|unit| Arc::as_ptr(&unit.unit)).collect(), keys }
    }

    /// Whether the function `name` of `unit` had other content than `key`, or was not there.
    fn differs(&self, unit: &Arc<Unit>, name: &Arc<str>, key: u128) -> bool {
        !self.same.contains(&Arc::as_ptr(unit)) && self.keys.get(name).is_none_or(|&old| old != key)
    }
}

impl ProgramState {
    /// For `status`.
    pub fn status(&self, key: &ProgramKey) -> ProgramStatus {
        ProgramStatus {
            workspace: key.0.clone(),
            program: key.1.clone(),
            generation: self.generation,
            functions: self.units.iter().map(|unit| unit.unit.functions.len() as u64).sum(),
            image: self.image.clone(),
            image_bytes: self.image_bytes(),
        }
    }

    /// Bytes that the image takes.
    pub fn image_bytes(&self) -> u64 {
        self.live.as_ref().map_or(0, |live| live.program().file().allocated_bytes())
    }

    /// When it was last published.
    pub fn last_use(&self) -> Option<Instant> {
        self.last_use
    }

    /// Gives the image up; programs that run from it go on.
    fn retire(&mut self) {
        if let Some(live) = self.live.take() {
            live.retire();
        }
    }

    /// Removes the image's file; programs that run from it go on.
    pub fn remove_image(&mut self) {
        self.retire();
        // Already gone is as good.
        let _ = std::fs::remove_file(&self.image);
    }
}

/// `crate/codegen-unit`: rustc names the files `<crate>.<codegen unit>.<invocation>.rcgu.bc`, and only the last part but two
/// changes between invocations.
fn unit_id(unit: &str, path: &Path) -> Arc<str> {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let codegen_unit = name.split('.').nth(1).unwrap_or(&name);
    format!("{unit}/{codegen_unit}").into()
}

fn source_path(file: &cranefly_bitcode::ir::SourceFile) -> String {
    Path::new(&*file.directory).join(&*file.name).to_string_lossy().into_owned()
}

fn total(units: &[Arc<Unit>]) -> u64 {
    units.iter().map(|unit| unit.functions.len() as u64).sum()
}

fn warnings(program: &Program) -> Vec<String> {
    let undefined = program.undefined().into_iter().map(|name| {
        format!("undefined symbol `{:#}`: the program fails if it uses it", rustc_demangle::demangle(&name))
    });
    let split = program.split_sections().into_iter().map(|section| {
        format!("section `{section}` is also in a dependency; its entries there are not visible to the program")
    });
    undefined.chain(split).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_ids_leave_out_the_invocation() {
        let path = Path::new("/x/rg-1a2b.4o8gh.1kv2yqe.rcgu.bc");
        assert_eq!(&*unit_id("ripgrep:rg", path), "ripgrep:rg/4o8gh");
    }
}
