//! Keeps the image's debug info in step with its code: in contributions of some functions each, replaced as a whole.

use std::sync::Arc;

use hashbrown::HashSet;

use crate::Error;
use crate::debug_info::{self, Bases, Detail, FunctionInfo};
use crate::elf;
use crate::image::{Added, Image};
use crate::input::{FunctionInfo as UnitFunction, Unit};
use crate::layout::Region;

/// How many functions a contribution describes: when one of them changes, the others are described again as well; and what all of them
/// have in common (file names, inlined functions) is in each contribution.
const CONTRIBUTION: usize = 256;

/// Where a contribution of a unit lies in `.debug_info`, and what it is about.
#[derive(Debug)]
pub(crate) struct Contribution {
    at: u64,
    len: usize,
    functions: Vec<Described>,
}

/// A function at its address.
#[derive(Clone, Debug)]
struct Described {
    function: Arc<UnitFunction>,
    address: u64,
}

impl Described {
    fn identity(&self) -> (*const UnitFunction, u64) {
        (Arc::as_ptr(&self.function), self.address)
    }
}

impl Image {
    /// Describes the code of the units named by `dirty` anew.
    pub(crate) fn describe(&mut self, dirty: &HashSet<Arc<str>>) -> Result<(), Error> {
        if self.file.used(Region::DebugAbbrev) == 0 {
            self.file.append(Region::DebugAbbrev, &debug_info::abbreviations(), 1)?;
        }
        let mut ids: Vec<&Arc<str>> = dirty.iter().collect();
        ids.sort_unstable();
        for id in ids {
            let unit = self.units.get(id).map(|state| state.unit.clone());
            let placed = unit.as_deref().map(|unit| self.placed(unit, |_| true)).unwrap_or_default();
            let current: HashSet<_> = placed.iter().map(Described::identity).collect();
            let mut described = HashSet::new();
            for old in self.contributions.remove(id).unwrap_or_default() {
                if old.functions.iter().all(|function| current.contains(&function.identity())) {
                    described.extend(old.functions.iter().map(Described::identity));
                    self.contributions.entry(id.clone()).or_default().push(old);
                    continue;
                }
                let padding =
                    debug_info::neutralise(self.file.read(old.at, old.len)).map_err(|error| failed(id, &error))?;
                self.file.write(old.at, &padding);
            }
            let Some(unit) = unit else { continue };
            let new: Vec<Described> =
                placed.into_iter().filter(|function| !described.contains(&function.identity())).collect();
            self.contribute(&unit, &new)?;
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
            let unit = &group[0].unit;
            let new = self.placed(unit, |number| group.iter().any(|code| code.function == number));
            self.contribute(unit, &new)?;
        }
        Ok(())
    }

    /// Appends contributions for functions of `unit`.
    fn contribute(&mut self, unit: &Arc<Unit>, placed: &[Described]) -> Result<(), Error> {
        let placed = if self.contents.debug_info { placed } else { &[] };
        for functions in placed.chunks(CONTRIBUTION) {
            let infos: Vec<FunctionInfo> = functions.iter().map(|function| self.info(unit, function)).collect();
            let bases = Bases {
                info: self.file.used(Region::DebugInfo),
                line: self.file.used(Region::DebugLine),
                ranges: self.file.used(Region::DebugRanges),
            };
            let description = debug_info::Unit {
                name: &unit.id,
                directory: directory(unit),
                detail: if self.full_debug_info { Detail::Full } else { Detail::LineTables },
                functions: &infos,
            };
            let new = debug_info::contribution(&description, bases).map_err(|error| failed(&unit.id, &error))?;
            drop(infos);
            if new.info.is_empty() {
                continue;
            }
            self.file.append(Region::DebugLine, &new.line, 1)?;
            self.file.append(Region::DebugRanges, &new.ranges, 1)?;
            let at = self.file.append(Region::DebugInfo, &new.info, 1)?;
            let contribution = Contribution { at, len: new.info.len(), functions: functions.to_vec() };
            self.contributions.entry(unit.id.clone()).or_default().push(contribution);
        }
        Ok(())
    }

    /// The unit's functions that have code, of those that `wanted` picks by number.
    fn placed(&self, unit: &Unit, wanted: impl Fn(usize) -> bool) -> Vec<Described> {
        let state = &self.units[&unit.id];
        let wanted = unit.functions.iter().enumerate().filter(|(number, _)| wanted(*number));
        let placed = wanted.filter_map(|(_, function)| {
            let symbol = &self.symbols[state.symbols[function.global.0 as usize]];
            let definition = symbol.definition()?;
            let is_ours = definition.unit == unit.id && definition.global == function.global;
            let address = symbol.code.as_ref().filter(|_| is_ours)?.address;
            Some(Described { function: function.clone(), address })
        });
        placed.collect()
    }

    /// What is known of the source positions of a function that has code.
    fn info<'a>(&'a self, unit: &Unit, Described { function, address }: &'a Described) -> FunctionInfo<'a> {
        let symbol = self.units[&unit.id].symbols[function.global.0 as usize];
        let code = self.symbols[symbol].code.as_ref();
        FunctionInfo {
            address: *address,
            length: code.map_or(0, |code| code.code.text_len),
            lines: code.map_or(&[], |code| &code.code.lines),
            locations: &function.locations,
            subprogram: function.subprogram.as_ref(),
        }
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
