//! `publish`, `instantiators`, `instances` and `tests`: from the wire's form of a program to the engine's, and back.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use cranefly_cgu::{BitcodeFile, BitcodeForm, LoadedUnit};
use cranefly_compile::{CodeOptions, EagerCompiler};
use cranefly_image::Contents;
use cranefly_program::{BodyLaneCrate, CrateBitcode, Error, ProgramOptions, Published, Request, read};
use cranefly_select::{EditedCrate, EditedFunction, Refusal, SourceLine};
use cranefly_wire::{
    BodyLaneCounts, BodyLaneParams, Fallback, FunctionCounts, Instance, InstancesResult, Instantiator,
    InstantiatorsResult, Needed, PublishParams, PublishResult, RpcError, StageTimes, Strip, TestsResult, UnitCounts,
    Verified,
};

use crate::engine::Engine;

/// Makes and publishes a new generation of a program.
pub fn publish(engine: &Engine, params: PublishParams) -> Result<PublishResult, RpcError> {
    let start = Instant::now();
    let key = (params.workspace.clone(), params.program.clone());
    let request = tracing::debug_span!("request").in_scope(|| request(params))?;
    let published = tracing::debug_span!("publish").in_scope(|| engine.publish(&key, &request)).map_err(failure)?;
    let look = || published.view.fallbacks(&engine.compile().store);
    let fallbacks = fallbacks(tracing::debug_span!("fallbacks").in_scope(look));
    let mut result = answer(published, fallbacks);
    result.us.wall = start.elapsed().as_secs_f64() * 1e6;
    Ok(result)
}

/// The functions without which instances of edited generic functions would not be made.
pub fn instantiators(engine: &Engine, params: PublishParams) -> Result<InstantiatorsResult, RpcError> {
    let (units, edits) = crate_lane(engine, params)?;
    let functions = cranefly_select::instantiators(&units, &edits)
        .map_err(|refusal| RpcError::failed("bodyLane", refusal.to_string()))?;
    let functions = functions.into_iter().map(|it| Instantiator { file: it.file, line: it.line, is_root: it.is_root });
    Ok(InstantiatorsResult { functions: functions.collect() })
}

/// The instances that the program has of edited generic functions.
pub fn instances(engine: &Engine, params: PublishParams) -> Result<InstancesResult, RpcError> {
    let (units, edits) = crate_lane(engine, params)?;
    let found = cranefly_select::instances(&units, &edits)
        .map_err(|refusal| RpcError::failed("bodyLane", refusal.to_string()))?;
    let instances = found.into_iter().map(|it| Instance { file: it.file, line: it.line, name: it.name.to_string() });
    Ok(InstancesResult { instances: instances.collect() })
}

/// The tests of the crates that are asked for, as the crate lane compiled them.
pub fn tests(engine: &Engine, params: PublishParams) -> Result<TestsResult, RpcError> {
    let (units, edits) = crate_lane(engine, params)?;
    let mut tests = Vec::new();
    for edit in edits {
        let own = units.iter().filter(|unit| edit.has(&unit.unit.id)).map(|unit| &**unit);
        tests.extend(
            cranefly_select::tests_of(own).map_err(|refusal| RpcError::failed("bodyLane", refusal.to_string()))?,
        );
    }
    Ok(TestsResult { tests })
}

/// A program's units as the crate lane compiled them, and what was edited since.
fn crate_lane(engine: &Engine, params: PublishParams) -> Result<(Vec<Arc<LoadedUnit>>, Vec<EditedCrate>), RpcError> {
    let edits = params.body_lane.iter().map(edited_crate).collect();
    let request = request(params)?;
    let lazy = EagerCompiler::new(engine.compile(), &request.options.code, 0);
    let units = read(&request.crates, &engine.resources().units, &lazy).map_err(failure)?.units;
    Ok((units, edits))
}

/// What is asked for.
fn request(params: PublishParams) -> Result<Request, RpcError> {
    let stand_in = stand_in_of(&params);
    let options = ProgramOptions {
        full_debug_info: params.debug_info.as_deref() != Some("line-tables-only"),
        contents: Contents {
            debug_info: params.strip == Strip::None,
            names: params.strip != Strip::Symbols,
            all_exported: params.export_dynamic,
        },
        code: CodeOptions { opt_level: params.opt_level },
    };
    Ok(Request {
        executable: params.executable,
        stand_in,
        base: params.base,
        crates: params.units.into_iter().map(|unit| crate_bitcode(unit.id, unit.bitcode)).collect::<Result<_, _>>()?,
        options,
        body_lane: params.body_lane.into_iter().map(body_lane_crate).collect::<Result<_, _>>()?,
        verify: params.verify,
        verify_all: params.verify_all,
    })
}

fn crate_bitcode(id: impl Into<Arc<str>>, files: Vec<cranefly_wire::BitcodeFile>) -> Result<CrateBitcode, RpcError> {
    let file = |file: cranefly_wire::BitcodeFile| {
        let digest = file.digest.try_into();
        let digest = digest.map_err(|error| RpcError::invalid(format!("{}: {error}", file.path.display())))?;
        Ok(BitcodeFile { path: file.path, digest, form: BitcodeForm::Plain })
    };
    Ok(CrateBitcode { id: id.into(), bitcode: files.into_iter().map(file).collect::<Result<_, RpcError>>()? })
}

fn body_lane_crate(lane: BodyLaneParams) -> Result<BodyLaneCrate, RpcError> {
    let id: Arc<str> = lane.unit.into();
    Ok(BodyLaneCrate {
        own: crate_bitcode(id.clone(), lane.bitcode)?,
        twin: crate_bitcode(id, lane.twin)?,
        crate_name: lane.crate_name.into(),
        distinct_types: lane.distinct_types.map(|names| Arc::new(names.into_iter().collect())),
        is_twin_behind: lane.is_twin_behind,
        edited: lane.edited.into_iter().map(edited_function).collect(),
        gone_tests: lane.gone_tests,
    })
}

/// An edit, for those who look for what leads to its functions.
fn edited_crate(lane: &BodyLaneParams) -> EditedCrate {
    EditedCrate {
        id: lane.unit.clone(),
        edited: lane.edited.iter().cloned().map(edited_function).collect(),
        passed: lane.passed.iter().map(|it| SourceLine { file: it.file.clone(), line: it.line }).collect(),
    }
}

fn edited_function(function: cranefly_wire::EditedFunction) -> EditedFunction {
    let cranefly_wire::EditedFunction { file, old, new, generic, name, is_named } = function;
    EditedFunction { file, old, new, generic, name: name.into(), is_named }
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

fn answer(published: Published, fallbacks: Vec<Fallback>) -> PublishResult {
    let Published { view, work, functions, body_lane, verified, link, wait, before: _ } = published;
    let microseconds = |time: std::time::Duration| time.as_secs_f64() * 1e6;
    PublishResult {
        generation: view.generation,
        image: view.image.clone(),
        us: StageTimes {
            parse: work.parse_us,
            hash: work.hash_us,
            translate: work.code.translate_us,
            compile: work.code.compile_us,
            publish: microseconds(link),
            wait: microseconds(wait),
            wall: 0.0,
        },
        functions: FunctionCounts {
            total: functions.total,
            changed: functions.changed,
            hit: functions.hit,
            compiled: work.code.functions,
            llvm: work.code.llvm,
            deferred: functions.deferred,
        },
        fallbacks,
        units: UnitCounts { read: work.read, reused: work.reused },
        body_lane: body_lane.map(|it| BodyLaneCounts { reached: it.reached, taken: it.taken, new: it.new }),
        verified: verified.map(|it| Verified { equal: it.equal, unmatched: it.unmatched, diverged: it.diverged }),
    }
}

/// Constructs that went to LLVM, for the wire.
pub(super) fn fallbacks(constructs: BTreeMap<Arc<str>, u64>) -> Vec<Fallback> {
    let fallback = |(construct, functions): (Arc<str>, u64)| Fallback { construct: construct.to_string(), functions };
    constructs.into_iter().map(fallback).collect()
}

/// What a client is told of a failure.
fn failure(error: Error) -> RpcError {
    let message = error.to_string();
    let (kind, details) = match error {
        Error::Base(_) => ("base", None),
        Error::Interface(interface) => ("interface", serde_json::to_value(interface).ok()),
        Error::Damaged { crates, .. } => ("damaged", Some(serde_json::json!({ "units": crates }))),
        Error::Bitcode(_) => ("bitcode", None),
        Error::Refused(refusal) => {
            let kind = if refusal.is_final() { "bodyLaneEdit" } else { "bodyLane" };
            (kind, serde_json::to_value(needed(&refusal)).ok())
        }
        Error::Executable(_) => ("executable", None),
        Error::Link(cranefly_image::Error::Unresolved { .. }) => ("unresolved", None),
        Error::Compile(_) => ("compile", None),
        Error::Folder(_) | Error::Link(_) | Error::Control { .. } => ("image", None),
        Error::Panicked(_) => ("internal", None),
    };
    RpcError { details, ..RpcError::failed(kind, message) }
}

fn needed(refusal: &Refusal) -> Vec<Needed> {
    let needs = refusal.needs().iter();
    needs.map(|it| Needed { name: it.name.clone(), file: it.file.clone(), line: it.line }).collect()
}

#[cfg(test)]
mod tests {
    use cranefly_cgu::UnitError;

    use super::*;

    #[test]
    fn a_digest_that_is_none_names_its_file() {
        let file = cranefly_wire::BitcodeFile { path: "/x/a.bc".into(), digest: "12".to_owned() };
        let error = crate_bitcode("a:a", vec![file]).unwrap_err();
        assert_eq!(error.kind, "invalid");
        assert_eq!(error.message, "/x/a.bc: a digest has 64 hexadecimal digits");
    }

    #[test]
    fn failures_are_told_by_kind() {
        let unresolved = cranefly_image::Error::Unresolved { names: vec!["`f`".to_owned()] };
        assert_eq!(failure(Error::Link(unresolved)).kind, "unresolved");
        let first = UnitError::Altered { file: "/x/a.bc".into() };
        let told = failure(Error::Damaged { first, crates: ["a:a".to_owned()].into() });
        assert_eq!((told.kind, told.message.as_str()), ("damaged", "/x/a.bc is not what rustc wrote"));
        assert_eq!(told.details, Some(serde_json::json!({ "units": ["a:a"] })));
    }
}
