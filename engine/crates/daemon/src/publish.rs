//! A new generation of a program: from bitcode files to an image that may be started.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use cranefly_cache::Key;
use cranefly_image::{BaseImage, Pending, Program, Unit, write_executable};
use rayon::prelude::*;

use crate::compile::{CodeOptions, compile_all};
use crate::engine::{Engine, ProgramKey};
use crate::protocol::{
    Fallback, FunctionCounts, FunctionEntry, FunctionsResult, ProgramStatus, PublishParams, PublishResult,
};
use crate::rpc::RpcError;
use crate::units::LoadedUnit;

/// A program between publications.
#[derive(Debug, Default)]
pub struct ProgramState {
    generation: u64,
    program: Option<Program>,
    base: Option<Arc<BaseImage>>,
    units: Vec<Arc<LoadedUnit>>,
    /// What happened in the last generation, by symbol.
    last: HashMap<Arc<str>, &'static str>,
    scale: u64,
    image: PathBuf,
}

impl Engine {
    /// Makes and publishes a new generation of a program.
    pub fn publish(&self, params: &PublishParams) -> Result<PublishResult, RpcError> {
        let start = Instant::now();
        let options = CodeOptions {
            opt_level: params.opt_level.clone(),
            full_debug_info: params.debug_info.as_deref() != Some("line-tables-only"),
        };
        self.store.tick();
        let mut result = PublishResult::default();
        let units = self.load_units(params, &options, &mut result)?;

        let key: ProgramKey = (params.workspace.clone(), params.program.clone());
        let state = self.program(&key);
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let base = self.base(&params.base).map_err(|error| RpcError::failed("base", error.to_string()))?;
        let image = self.image_path(&key);

        let pending = match self.link(&mut state, &base, &units, &image, &options, &mut result) {
            // Full, or in any other way unusable: the image is made anew from cached code.
            Err(cranefly_image::Error::Full { .. }) => {
                state.program = None;
                state.scale = (state.scale.max(1) * 2).min(1 << 10);
                self.link(&mut state, &base, &units, &image, &options, &mut result)
            }
            other => other,
        };
        let pending = pending.map_err(|error| {
            state.program = None;
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
        drop(state);
        self.units.prune();
        Ok(result)
    }

    fn load_units(
        &self,
        params: &PublishParams,
        options: &CodeOptions,
        result: &mut PublishResult,
    ) -> Result<Vec<Arc<LoadedUnit>>, RpcError> {
        let configuration: Arc<str> = options.configuration().into();
        let files: Vec<(&Path, Arc<str>)> = params
            .units
            .iter()
            .flat_map(|unit| unit.bitcode.iter().map(|path| (path.as_path(), unit_id(&unit.id, path))))
            .collect();
        let loaded: Vec<(Arc<LoadedUnit>, bool)> = files
            .par_iter()
            .map(|(path, id)| self.units.load(&self.llvm, path, id, &configuration))
            .collect::<Result<_, _>>()
            .map_err(|error| RpcError::failed("bitcode", error.to_string()))?;
        for (unit, read) in &loaded {
            if *read {
                result.units.read += 1;
                result.us.parse += unit.open_us + unit.times.iter().map(|times| f64::from(times.parse)).sum::<f64>();
                result.us.hash += unit.times.iter().map(|times| f64::from(times.hash)).sum::<f64>();
            } else {
                result.units.reused += 1;
            }
        }
        Ok(loaded.into_iter().map(|(unit, _)| unit).collect())
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
    ) -> Result<HashMap<Arc<str>, &'static str>, cranefly_image::Error> {
        let start = Instant::now();
        result.functions = FunctionCounts::default();
        let inputs: Vec<Arc<Unit>> = units.iter().map(|unit| unit.unit.clone()).collect();
        // The old image is updated in place if nobody runs from it; the lease keeps programs from starting meanwhile.
        let same_base = state.base.as_ref().is_some_and(|old| Arc::ptr_eq(old, base));
        let before = state.keys();
        let old = state.program.take().filter(|program| same_base && program.file().path() == image && image.exists());
        let lease = old.as_ref().map(|program| program.file().lease()).transpose()?.flatten();
        let (mut program, fresh) = match old.filter(|_| lease.is_some()) {
            Some(program) => (program, false),
            None => (self.fresh_image(base, &inputs, image, state.scale, options.full_debug_info)?, true),
        };

        let pending = program.update(&inputs)?;
        let linked = start.elapsed();
        let compiled = self.compile_missing(units, &pending, options, result)?;
        let start = Instant::now();
        let mut last = HashMap::new();
        for pending in &pending {
            let key = Key(pending.info().key);
            let name = program.name(pending.symbol).clone();
            let code = self.store.get(key).ok_or_else(|| cranefly_image::Error::Relocation {
                function: name.to_string(),
                reason: "its code is not in the store".to_owned(),
            })?;
            program.install(pending, &code.code)?;
            let changed = before.get(&name).is_none_or(|&old| old != key.0);
            result.functions.changed += u64::from(changed);
            let status = if compiled.contains(&key) {
                "compiled"
            } else if changed {
                result.functions.hit += 1;
                "hit"
            } else {
                continue;
            };
            last.insert(name, status);
        }
        result.functions.total = inputs.iter().map(|unit| unit.functions.len() as u64).sum();
        result.warnings = warnings(&program);
        program.commit(&image.to_string_lossy())?;
        if fresh {
            program.file_mut().rename(image)?;
        }
        state.program = Some(program);
        drop(lease);
        result.us.publish = (linked + start.elapsed()).as_secs_f64() * 1e6;
        Ok(last)
    }

    fn fresh_image(
        &self,
        base: &Arc<BaseImage>,
        units: &[Arc<Unit>],
        image: &Path,
        scale: u64,
        full_debug_info: bool,
    ) -> Result<Program, cranefly_image::Error> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let temporary = image.with_extension(format!("{}-{number}", std::process::id()));
        Program::create(&temporary, base.clone(), &cranefly_image::demand(units, scale), full_debug_info)
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
            if !compiled.contains(&key) && self.store.get(key).is_none() {
                compiled.insert(key);
                wanted.entry(&pending.unit.id).or_default().push(pending.function);
            }
        }
        let wanted: Vec<(Arc<LoadedUnit>, Vec<usize>)> =
            wanted.into_iter().map(|(id, functions)| (by_id[id].clone(), functions)).collect();
        compile_all(&self.llvm, &self.store, &wanted, options)
            .map_err(|error| cranefly_image::Error::Relocation { function: error.function, reason: error.reason })?;
        for key in &compiled {
            if let Some(code) = self.store.get(*key) {
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
            if let Some(construct) = self.store.get(key).and_then(|compiled| compiled.construct) {
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
                let compiled = self.store.get(Key(function.key));
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

impl ProgramState {
    /// Content keys of the generation before, by symbol.
    fn keys(&self) -> HashMap<Arc<str>, u128> {
        self.units
            .iter()
            .flat_map(|unit| {
                unit.unit
                    .functions
                    .iter()
                    .map(|function| (unit.unit.module.globals[function.global.0 as usize].name.clone(), function.key))
            })
            .collect()
    }

    /// For `status`.
    pub fn status(&self, key: &ProgramKey) -> ProgramStatus {
        ProgramStatus {
            workspace: key.0.clone(),
            program: key.1.clone(),
            generation: self.generation,
            functions: self.units.iter().map(|unit| unit.unit.functions.len() as u64).sum(),
            image: self.image.clone(),
            image_bytes: self.program.as_ref().map_or(0, |program| program.file().allocated_bytes()),
        }
    }

    /// Removes the image's file; programs that run from it go on.
    pub fn remove_image(&mut self) {
        self.program = None;
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
