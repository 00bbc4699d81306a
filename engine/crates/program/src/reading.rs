//! Codegen units of a publication: read, or known from before.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use cranefly_cache::Key;
use cranefly_cgu::{BitcodeFile, LoadedUnit, UnitCache, UnitError};
use cranefly_compile::EagerCompiler;
use hashbrown::HashSet;
use rayon::prelude::*;
use tracing::debug_span;

use crate::error::Error;
use crate::published::Work;
use crate::request::CrateBitcode;

/// Units that were read, or known.
#[derive(Debug, Default)]
pub struct Reading {
    /// The units, in the order of their files.
    pub units: Vec<Arc<LoadedUnit>>,
    /// Keys of what was compiled meanwhile.
    pub compiled: HashSet<Key>,
    /// What that took.
    pub work: Work,
}

/// Reads the units of `crates` that are not known, on all cores.
///
/// # Errors
/// All files that are damaged, so that they are made anew together, or else one that cannot be run.
pub fn read<'a>(
    crates: impl IntoIterator<Item = &'a CrateBitcode>,
    cache: &UnitCache,
    compiler: &EagerCompiler,
) -> Result<Reading, Error> {
    let _span = debug_span!("read").entered();
    let context = compiler.read_context();
    let files: Vec<(&Arc<str>, &BitcodeFile)> =
        crates.into_iter().flat_map(|it| it.bitcode.iter().map(move |file| (&it.id, file))).collect();
    let load =
        |&(crate_id, file): &(&Arc<str>, &BitcodeFile)| cache.load(file, &unit_id(crate_id, &file.path), &context);
    let attempts: Vec<Result<(Arc<LoadedUnit>, bool), UnitError>> = files.par_iter().map(load).collect();
    let mut reading = Reading::default();
    let mut failed = Vec::new();
    for (attempt, (crate_id, _)) in attempts.into_iter().zip(files) {
        match attempt {
            Ok((unit, is_read)) => reading.add(unit, is_read, compiler),
            Err(error) => failed.push((error, crate_id)),
        }
    }
    failure_of(failed).map_or(Ok(reading), Err)
}

impl Reading {
    fn add(&mut self, unit: Arc<LoadedUnit>, is_read: bool, compiler: &EagerCompiler) {
        let work = &mut self.work;
        if is_read {
            work.read += 1;
            work.parse_us += unit.open_us() + unit.times().iter().map(|times| f64::from(times.decode)).sum::<f64>();
            work.hash_us += unit.times().iter().map(|times| f64::from(times.key)).sum::<f64>();
            let compiled = unit.compiled().iter().filter_map(|key| compiler.context.store.get(*key));
            compiled.for_each(|code| work.code.add(&code));
            self.compiled.extend(unit.compiled().iter().copied());
        } else {
            work.reused += 1;
        }
        self.units.push(unit);
    }
}

/// What is told of files that cannot be had.
fn failure_of(mut failed: Vec<(UnitError, &Arc<str>)>) -> Option<Error> {
    let damaged = failed.iter().filter(|(error, _)| error.is_damage());
    let crates: BTreeSet<String> = damaged.map(|(_, crate_id)| crate_id.to_string()).collect();
    let first = failed.iter().position(|(error, _)| error.is_damage());
    if let Some(first) = first {
        return Some(Error::Damaged { first: failed.swap_remove(first).0, crates });
    }
    failed.into_iter().next().map(|(error, _)| Error::Bitcode(error))
}

/// `crate/codegen-unit`. With an incremental session rustc names the files `<crate>.<codegen unit>.<invocation>.rcgu.bc`, and only
/// the last part but two changes between invocations; else `<crate>.<crate>.<hash>-cgu.<number>.rcgu.bc`, or `<crate>.bc`.
fn unit_id(crate_id: &str, path: &Path) -> Arc<str> {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let numbered = name.strip_suffix(".rcgu.bc").filter(|name| name.contains("-cgu."));
    let codegen_unit = numbered.or_else(|| name.split('.').nth(1)).unwrap_or(&name);
    format!("{crate_id}/{codegen_unit}").into()
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
