//! Publishing: from a request to an image that may be started.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use cranefly_cache::Key;
use cranefly_cgu::{Digest, LoadedUnit, UnitError};
use cranefly_image::{BUILD_ID_SIZE, BaseImage, Contents, Identity, Interface, Publication, UnitInterface};
use hashbrown::HashSet;
use rayon::prelude::*;

use crate::body_lane::{self, BodyUnit, Edit, Origin, Patch};
use crate::compile::{CodeOptions, EagerCompiler};
use crate::contain::contained;
use crate::engine::{Engine, ProgramKey, give_memory_back};
use crate::generation::Generation;
use crate::history::Changes;
use crate::program_file::ProgramFile;
use crate::program_state::ProgramState;
use crate::protocol::{BitcodeFile, InstantiatorsResult, PublishParams, PublishResult, Strip, UnitParams};
use crate::rpc::RpcError;
use crate::view::View;

/// After so many units were read at a time, there is much free memory that will not be needed soon.
const MANY_UNITS: u64 = 64;

impl Engine {
    /// Makes and publishes a new generation of a program. After a panic the program is made anew the next time.
    pub fn publish(&self, params: &PublishParams) -> Result<PublishResult, RpcError> {
        contained("publish", || self.publish_generation(params)).unwrap_or_else(|reason| {
            self.abandon(&(params.workspace.clone(), params.program.clone()));
            Err(RpcError::failed("internal", reason))
        })
    }

    fn publish_generation(&self, params: &PublishParams) -> Result<PublishResult, RpcError> {
        let start = Instant::now();
        let options = options(params);
        self.serve.compile.store.tick();
        let mut result = PublishResult::default();
        let eager = EagerCompiler::new(&self.serve.compile, &options, self.eager);
        let (mut units, mut compiled) = self.load_units(&params.units, &eager, &mut result)?;

        let key: ProgramKey = (params.workspace.clone(), params.program.clone());
        let state = self.program(&key);
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((before, keys)) = state.unlinked.take() {
            result.add(&before);
            compiled.extend(keys);
        }
        let base = params.base.as_ref().map(|path| self.base(path)).transpose();
        let base = base.map_err(|error| RpcError::failed("base", error.to_string()))?;
        let Some(base) = base.as_ref().filter(|base| is_linked_for(base, &units)).cloned() else {
            state.unlinked = Some((result, compiled));
            return Err(not_linked_for(base.as_deref(), &units));
        };
        if params.verify && !state.patch.is_empty() {
            result.verified = Some(state.patch.verify(&units));
        }
        let patch = if params.body_lane.is_empty() {
            Patch::default()
        } else {
            self.take_bodies(params, &mut state, &base, &options, &mut units, &mut result)?
        };
        if !is_linked_for(&base, &units) {
            return Err(not_linked_for(Some(&base), &units));
        }
        let image = self.image_path(&key).map_err(|error| RpcError::failed("image", format!("{error:#}")))?;
        let failed = |error: cranefly_image::Error| RpcError::failed("executable", error.to_string());
        let build_id = build_id(&units, &options, &base);
        let executable = without_links(&params.executable).map_err(failed)?;
        let stand_in = stand_in_of(params);
        let publication =
            Publication { image: &image, executable: &executable, stand_in: stand_in.as_deref(), build_id: &build_id };
        let before = self.known_view(&key);
        let copies = body_lane::copies(&units);
        let changes = Changes::since(before.as_deref(), &units, &copies);
        let compiled = RefCell::new(compiled);
        let generation = Generation {
            engine: self,
            base: &base,
            units: &units,
            options: &options,
            publication,
            copies: &copies,
            compiled,
            own: RefCell::default(),
        };
        // Before the image is one that the program there does not start from.
        let file = ProgramFile::begin(&params.executable).map_err(failed)?;
        let last = generation.link(&mut state, &mut result).map_err(|error| {
            let kind = if matches!(error, cranefly_image::Error::Unresolved { .. }) { "unresolved" } else { "image" };
            RpcError::failed(kind, error.to_string())
        })?;
        let sections = state.live().map(|live| live.program().named_sections()).unwrap_or_default();
        let identity = Identity { build_id, has_names: options.contents.names, sections };
        if let Some(live) = state.live() {
            file.finish(&live.program(), &image, &base, &identity).map_err(failed)?;
        }

        result.generation = state.advance(base.clone(), units.clone(), &image);
        state.patch = patch;
        result.fallbacks = self.fallbacks(&state);
        self.hits.fetch_add(result.functions.hit, Ordering::Relaxed);
        let history = before.map(|before| before.history.with(&changes)).unwrap_or_default();
        let (generation, live) = (result.generation, state.live().cloned());
        self.show(&key, View { generation, units, outcomes: last, changes, history, live, options });
        result.image = image;
        drop(state);
        self.units.prune();
        self.trim(&key);
        if result.units.read > MANY_UNITS {
            give_memory_back();
        }
        result.us.wall = start.elapsed().as_secs_f64() * 1e6;
        Ok(result)
    }

    /// The functions without which instances of edited generic functions would not be made.
    pub fn instantiators(&self, params: &PublishParams) -> Result<InstantiatorsResult, RpcError> {
        let options = options(params);
        let lazy = EagerCompiler::new(&self.serve.compile, &options, 0);
        let (units, _) = self.load_units(&params.units, &lazy, &mut PublishResult::default())?;
        let functions = body_lane::instantiators(&units, &params.body_lane)
            .map_err(|refusal| RpcError::failed("bodyLane", refusal.to_string()))?;
        Ok(InstantiatorsResult { functions })
    }

    /// Puts the body lane's functions into `units`; gives what they are.
    fn take_bodies(
        &self,
        params: &PublishParams,
        state: &mut ProgramState,
        base: &BaseImage,
        options: &CodeOptions,
        units: &mut Vec<Arc<LoadedUnit>>,
        result: &mut PublishResult,
    ) -> Result<Patch, RpcError> {
        // Hardly anything of it is wanted: compiled is what is taken.
        let lazy = EagerCompiler::new(&self.serve.compile, options, 0);
        let mut body = Vec::new();
        for lane in &params.body_lane {
            let is_patch = !lane.twin.is_empty();
            let own = if is_patch { Origin::Patch } else { Origin::Overlay };
            let crate_id: Arc<str> = lane.unit.as_str().into();
            let before = body.len();
            for (origin, bitcode) in [(own, &lane.bitcode), (Origin::Twin, &lane.twin)] {
                let files = UnitParams { id: lane.unit.clone(), bitcode: bitcode.clone() };
                let (read, _) = self.load_units(&[files], &lazy, result)?;
                body.extend(read.into_iter().map(|unit| BodyUnit { unit, origin, crate_id: crate_id.clone() }));
            }
            let read = body[before..].iter().map(|unit| unit.unit.clone()).collect();
            state.body_units.insert((crate_id, is_patch), read);
        }
        let edit = Edit {
            functions: params.body_lane.iter().flat_map(|lane| &lane.edited).collect(),
            is_twin_behind: params.body_lane.iter().any(|lane| lane.is_twin_behind),
        };
        if edit.functions.is_empty() {
            // Read ahead of the first edit.
            if params.body_lane.iter().any(|lane| !lane.twin.is_empty()) {
                state.selections.prepare(units, &body);
            }
            return Ok(Patch::default());
        }
        let selection = body_lane::select(units, &body, &edit, base, &mut state.selections).map_err(|refusal| {
            let details = serde_json::to_value(&refusal.needs).ok();
            let kind = if refusal.is_final { "bodyLaneEdit" } else { "bodyLane" };
            RpcError { details, ..RpcError::failed(kind, refusal.to_string()) }
        });
        let selection = selection?;
        *units = selection.units;
        result.body_lane = Some(selection.counts);
        Ok(selection.patch)
    }

    /// Reads the units that are not known; gives the keys of what was compiled meanwhile, too.
    fn load_units(
        &self,
        units: &[UnitParams],
        compiler: &EagerCompiler,
        result: &mut PublishResult,
    ) -> Result<(Vec<Arc<LoadedUnit>>, HashSet<Key>), RpcError> {
        let context = compiler.read_context();
        let files: Vec<(&UnitParams, &BitcodeFile)> =
            units.iter().flat_map(|unit| unit.bitcode.iter().map(move |file| (unit, file))).collect();
        let load = |&(unit, file): &(&UnitParams, &BitcodeFile)| {
            let id = unit_id(&unit.id, &file.path);
            self.units.load(&cranefly_cgu::BitcodeFile { path: file.path.clone(), digest: file.digest }, &id, &context)
        };
        let attempts: Vec<Result<(Arc<LoadedUnit>, bool), UnitError>> = files.par_iter().map(load).collect();
        let failed = attempts.iter().zip(&files).filter_map(|(attempt, file)| Some((attempt.as_ref().err()?, file.0)));
        if let Some(error) = refusal_of(&failed.collect::<Vec<_>>()) {
            return Err(error);
        }
        let loaded: Vec<(Arc<LoadedUnit>, bool)> = attempts.into_iter().filter_map(Result::ok).collect();
        for (unit, read) in &loaded {
            if *read {
                result.units.read += 1;
                result.us.parse +=
                    unit.open_us() + unit.times().iter().map(|times| f64::from(times.decode)).sum::<f64>();
                for code in unit.compiled().iter().filter_map(|key| self.serve.compile.store.get(*key)) {
                    result.us.translate += f64::from(code.translate_us);
                    result.us.compile += f64::from(code.compile_us);
                    result.functions.compiled += 1;
                    result.functions.llvm += u64::from(code.construct.is_some());
                }
                result.us.hash += unit.times().iter().map(|times| f64::from(times.key)).sum::<f64>();
            } else {
                result.units.reused += 1;
            }
        }
        let read = loaded.iter().filter(|(_, read)| *read);
        let compiled = read.flat_map(|(unit, _)| unit.compiled().iter().copied()).collect();
        Ok((loaded.into_iter().map(|(unit, _)| unit).collect(), compiled))
    }

    /// Where a program's image lies: the same path in every generation, as long as nobody removes the folder.
    fn image_path(&self, key: &ProgramKey) -> anyhow::Result<PathBuf> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let name: String = key.1.chars().map(|char| if char.is_ascii_alphanumeric() { char } else { '-' }).collect();
        Ok(self.images.path()?.join(format!("{name}-{:016x}.so", hasher.finish())))
    }
}

/// What is told of units that cannot be had: all that are damaged, so that they are made anew together, or else one that cannot be
/// run.
fn refusal_of(failed: &[(&UnitError, &UnitParams)]) -> Option<RpcError> {
    let damaged: Vec<_> = failed.iter().filter(|(error, _)| error.is_damage()).collect();
    let Some((error, _)) = damaged.first() else {
        return failed.first().map(|(error, _)| RpcError::failed("bitcode", error.to_string()));
    };
    let units: BTreeSet<&str> = damaged.iter().map(|(_, unit)| &*unit.id).collect();
    let details = serde_json::json!({ "units": units });
    Some(RpcError { details: Some(details), ..RpcError::failed("damaged", error.to_string()) })
}

/// Whether a linker would make the same base image for a program of these units.
fn is_linked_for(base: &BaseImage, units: &[Arc<LoadedUnit>]) -> bool {
    base.linked().is_none_or(|linked| {
        let interfaces = units.iter().map(|unit| UnitInterface::of_loaded(unit));
        linked.is_for(base, interfaces) && !linked.is_doubtful_for(units.iter().map(|unit| &*unit.unit))
    })
}

/// The base image, if there is one, is not one for these units; tells what it must be linked for.
fn not_linked_for(base: Option<&BaseImage>, units: &[Arc<LoadedUnit>]) -> RpcError {
    let interface = Interface::of(units.iter().map(|unit| UnitInterface::of_loaded(unit)));
    let modules = || units.iter().map(|unit| &*unit.unit);
    let is_doubtful = base.and_then(BaseImage::linked).is_some_and(|linked| linked.is_doubtful_for(modules()));
    let interface = if is_doubtful { interface.with_references(modules()) } else { interface };
    let message = "what the program has in common with C libraries is not what its base image was linked for";
    RpcError { details: serde_json::to_value(interface).ok(), ..RpcError::failed("interface", message) }
}

fn options(params: &PublishParams) -> CodeOptions {
    CodeOptions {
        opt_level: params.opt_level.clone(),
        full_debug_info: params.debug_info.as_deref() != Some("line-tables-only"),
        contents: Contents {
            debug_info: params.strip == Strip::None,
            names: params.strip != Strip::Symbols,
            all_exported: params.export_dynamic,
        },
    }
}

/// Where a file is, or will be, without symbolic links: as the kernel says where a program was started from.
fn without_links(file: &Path) -> Result<PathBuf, cranefly_image::Error> {
    let failed = |source| cranefly_image::Error::File { path: file.to_owned(), source };
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
        return Err(failed(std::io::ErrorKind::InvalidFilename.into()));
    };
    std::fs::create_dir_all(folder).and_then(|()| folder.canonicalize()).map(|folder| folder.join(name)).map_err(failed)
}

/// Where the program stands in for cargo's while tests run: a copy that is to be the current program for as long.
fn stand_in_of(params: &PublishParams) -> Option<PathBuf> {
    let name = params.executable.strip_prefix(&params.workspace).ok()?;
    let mut folder = params.workspace.parent()?.canonicalize().ok()?;
    // Links may be anywhere on the way; what is not there yet is none.
    for part in name.parent()? {
        folder.push(part);
        folder = folder.canonicalize().unwrap_or(folder);
    }
    Some(folder.join(name.file_name()?))
}

/// The build id: another one for every program that is not the same.
fn build_id(units: &[Arc<LoadedUnit>], options: &CodeOptions, base: &BaseImage) -> [u8; BUILD_ID_SIZE] {
    let digests: Vec<&Digest> = units.par_iter().map(|unit| unit.digest()).collect();
    let mut hasher = blake3::Hasher::new();
    hasher.update(options.configuration().as_bytes()).update(base.path().as_os_str().as_encoded_bytes());
    let Contents { debug_info, names, all_exported } = options.contents;
    hasher.update(&[options.full_debug_info, debug_info, names, all_exported].map(u8::from));
    for (unit, digest) in units.iter().zip(digests) {
        hasher.update(unit.unit.id.as_bytes()).update(digest.as_bytes());
        // What the body lane has replaced is not in the bitcode.
        for function in &unit.unit.functions {
            hasher.update(&function.key.to_le_bytes());
        }
    }
    let mut build_id = [0; BUILD_ID_SIZE];
    hasher.finalize_xof().fill(&mut build_id);
    build_id
}

/// `crate/codegen-unit`. With an incremental session rustc names the files `<crate>.<codegen unit>.<invocation>.rcgu.bc`, and only
/// the last part but two changes between invocations; else `<crate>.<crate>.<hash>-cgu.<number>.rcgu.bc`, or `<crate>.bc`.
fn unit_id(unit: &str, path: &Path) -> Arc<str> {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let numbered = name.strip_suffix(".rcgu.bc").filter(|name| name.contains("-cgu."));
    let codegen_unit = numbered.or_else(|| name.split('.').nth(1)).unwrap_or(&name);
    format!("{unit}/{codegen_unit}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_ids_leave_out_the_invocation() {
        let path = Path::new("/x/rg-1a2b.4o8gh.1kv2yqe.rcgu.bc");
        assert_eq!(&*unit_id("ripgrep:rg", path), "ripgrep:rg/4o8gh");
    }

    #[test]
    fn units_without_an_incremental_session_are_told_apart() {
        let id = |number| unit_id("ripgrep:rg", Path::new(&format!("/x/rg.rg.3a08f5f2c9586b3a-cgu.{number}.rcgu.bc")));
        assert_eq!(&*id(0), "ripgrep:rg/rg.rg.3a08f5f2c9586b3a-cgu.0");
        assert_ne!(id(0), id(1));
    }
}
