//! Keeps the image's debug info in step with its code: one contribution a unit, replaced as a whole.

use std::collections::HashSet;
use std::sync::Arc;

use crate::Error;
use crate::debug_info::{self, Bases, Detail, FunctionInfo};
use crate::elf;
use crate::input::Unit;
use crate::layout::Region;
use crate::program::{Added, Program};

/// Where a unit's contribution lies in `.debug_info`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contribution {
    at: u64,
    len: usize,
}

impl Program {
    /// Describes the code of the units named by `dirty` anew.
    pub(crate) fn describe(&mut self, dirty: &HashSet<Arc<str>>) -> Result<(), Error> {
        if self.file.used(Region::DebugAbbrev) == 0 {
            self.file.append(Region::DebugAbbrev, &debug_info::abbreviations(), 1)?;
        }
        let mut ids: Vec<&Arc<str>> = dirty.iter().collect();
        ids.sort_unstable();
        for id in ids {
            for old in self.contributions.remove(id).unwrap_or_default() {
                let padding =
                    debug_info::neutralise(self.file.read(old.at, old.len)).map_err(|error| failed(id, &error))?;
                self.file.write(old.at, &padding);
            }
            let Some(state) = self.units.get(id) else { continue };
            let unit = state.unit.clone();
            self.contribute(&unit, |_| true)?;
        }
        Ok(())
    }

    /// Lets programs run the code that was installed since the image was committed or this was last called. Only appends,
    /// so they may read meanwhile. The error says that debug info is missing; the code is published all the same.
    ///
    /// The process may end at any instruction here: slots come last, so that code which can run is described and lies before
    /// the cursors that another process goes on from.
    pub fn publish_added(&mut self) -> Result<(), Error> {
        let mut added = std::mem::take(&mut self.added);
        added.sort_by(|a, b| (&a.unit.id, a.function).cmp(&(&b.unit.id, b.function)));
        let described = self.describe_added(&added);
        self.checkpoint();
        self.publish_frames();
        elf::write_sections(&mut self.file);
        for code in &added {
            self.file.publish_u64(code.slot, code.word);
        }
        described
    }

    fn describe_added(&mut self, added: &[Added]) -> Result<(), Error> {
        for group in added.chunk_by(|a, b| a.unit.id == b.unit.id) {
            self.contribute(&group[0].unit, |number| group.iter().any(|code| code.function == number))?;
        }
        Ok(())
    }

    /// Appends a contribution for the functions of `unit` that `wanted` picks by number.
    fn contribute(&mut self, unit: &Arc<Unit>, wanted: impl Fn(usize) -> bool) -> Result<(), Error> {
        let functions = self.placed_functions(unit, wanted);
        let bases = Bases {
            info: self.file.used(Region::DebugInfo),
            line: self.file.used(Region::DebugLine),
            ranges: self.file.used(Region::DebugRanges),
        };
        let description = debug_info::Unit {
            name: &unit.id,
            directory: directory(unit),
            detail: if self.full_debug_info { Detail::Full } else { Detail::LineTables },
            functions: &functions,
        };
        let new = debug_info::contribution(&description, bases).map_err(|error| failed(&unit.id, &error))?;
        drop(functions);
        if new.info.is_empty() {
            return Ok(());
        }
        self.file.append(Region::DebugLine, &new.line, 1)?;
        self.file.append(Region::DebugRanges, &new.ranges, 1)?;
        let at = self.file.append(Region::DebugInfo, &new.info, 1)?;
        let contribution = Contribution { at, len: new.info.len() };
        self.contributions.entry(unit.id.clone()).or_default().push(contribution);
        Ok(())
    }

    /// The unit's functions that have code, with what is known of their source positions.
    fn placed_functions<'a>(&'a self, unit: &'a Unit, wanted: impl Fn(usize) -> bool) -> Vec<FunctionInfo<'a>> {
        let state = &self.units[&unit.id];
        let mut functions = Vec::new();
        for (_, function) in unit.functions.iter().enumerate().filter(|(number, _)| wanted(*number)) {
            let symbol = &self.symbols[state.symbols[function.global.0 as usize]];
            let ours =
                symbol.definition().is_some_and(|definer| definer.unit == unit.id && definer.global == function.global);
            let Some(code) = symbol.code.as_ref().filter(|_| ours) else { continue };
            functions.push(FunctionInfo {
                address: code.address,
                length: code.code.text_len,
                lines: &code.code.lines,
                locations: &function.locations,
                subprogram: function.subprogram.as_ref(),
            });
        }
        functions
    }
}

/// The directory that rustc ran in, as far as the unit tells: that of the first file with a relative name.
fn directory(unit: &Unit) -> &str {
    unit.functions
        .iter()
        .filter_map(|function| function.subprogram.as_ref())
        .map(|subprogram| &subprogram.file)
        .find(|file| !file.name.starts_with('/'))
        .map_or("", |file| &file.directory)
}

fn failed(unit: &str, error: &debug_info::DebugInfoError) -> Error {
    Error::Relocation { function: unit.to_owned(), reason: error.to_string() }
}
