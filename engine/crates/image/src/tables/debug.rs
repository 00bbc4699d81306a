//! Keeps the image's debug info in step with its code: in contributions of some functions each, replaced as a whole.

use std::sync::Arc;

use cranefly_bitcode::ir::Location;
use cranefly_cgu::{CodegenUnit, FunctionInfo as UnitFunction};
use cranefly_machine::PackedCode;
use hashbrown::{HashMap, HashSet};

use crate::Error;
use crate::debug_info::{self, Bases, DebugInfoError, Detail, FunctionInfo};
use crate::file::ImageFile;
use crate::file::region::Region;
use crate::tables::code::Code;
use crate::tables::symbols::Symbols;
use crate::tables::units::{UnitState, Units};

/// How many functions a contribution describes: when one of them changes, the others are described again as well; and what all of them
/// have in common (file names, inlined functions) is in each contribution.
const CONTRIBUTION: usize = 256;

/// Where a contribution of a unit lies in `.debug_info`, and what it is about.
#[derive(Debug)]
struct Contribution {
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

/// What there is to describe.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) units: &'a Units,
    pub(crate) symbols: &'a Symbols,
    pub(crate) code: &'a Code,
}

impl<'a> Subject<'a> {
    /// Those of the unit's functions with these numbers that have code.
    fn placed(self, state: &'a UnitState, numbers: impl Iterator<Item = usize>) -> Vec<Described> {
        let unit = state.unit();
        let placed = numbers.filter_map(|number| {
            let function = &unit.functions[number];
            let symbol = state.symbol(function.global);
            let is_ours = self.symbols.is_definition(symbol, &unit.id, function.global);
            let address = self.code.get(symbol).filter(|_| is_ours)?.address;
            Some(Described { function: function.clone(), address })
        });
        placed.collect()
    }

    /// The source positions of a function that has code.
    fn positions(self, state: &UnitState, described: &Described) -> FunctionPositions {
        let code = self.code.get(state.symbol(described.function.global)).map(|placed| &*placed.code);
        FunctionPositions {
            length: code.map_or(0, PackedCode::text_len),
            lines: code.map(PackedCode::lines).unwrap_or_default(),
            locations: described.function.positions.unpack(),
        }
    }
}

/// Source positions of a function, for as long as it is being described.
struct FunctionPositions {
    length: u32,
    lines: Vec<(u32, u32)>,
    locations: Vec<Location>,
}

impl Described {
    fn info<'a>(&'a self, positions: &'a FunctionPositions) -> FunctionInfo<'a> {
        FunctionInfo {
            address: self.address,
            length: positions.length,
            lines: &positions.lines,
            locations: &positions.locations,
            subprogram: self.function.subprogram.as_ref(),
        }
    }
}

/// The image's debug info. Every function with code of a unit that is not [marked](Self::mark) is described at its address, in one
/// contribution.
#[derive(Debug)]
pub(crate) struct DebugInfo {
    is_wanted: bool,
    detail: Detail,
    contributions: HashMap<Arc<str>, Vec<Contribution>>,
    marked: HashSet<Arc<str>>,
}

impl DebugInfo {
    pub(crate) fn new(is_wanted: bool, detail: Detail) -> Self {
        Self { is_wanted, detail, contributions: HashMap::new(), marked: HashSet::new() }
    }

    /// How much it tells.
    pub(crate) fn detail(&self) -> Detail {
        self.detail
    }

    /// Whether there is any.
    pub(crate) fn is_wanted(&self) -> bool {
        self.is_wanted
    }

    /// Notes that the code of a unit is not what was described.
    pub(crate) fn mark(&mut self, unit: Arc<str>) {
        self.marked.insert(unit);
    }

    /// Describes the code of the units that are marked anew. No program may have the image mapped.
    pub(crate) fn describe_marked(&mut self, file: &mut ImageFile, subject: Subject) -> Result<(), Error> {
        if file.used(Region::DebugAbbrev) == 0 {
            file.append(Region::DebugAbbrev, &debug_info::abbreviations(), 1)?;
        }
        let marked = std::mem::take(&mut self.marked);
        let mut ids: Vec<&Arc<str>> = marked.iter().collect();
        ids.sort_unstable();
        for id in ids {
            let state = subject.units.get(id);
            let placed = state.map(|state| subject.placed(state, 0..state.unit().functions.len())).unwrap_or_default();
            let current: HashSet<_> = placed.iter().map(Described::identity).collect();
            let mut described = HashSet::new();
            for old in self.contributions.remove(id).unwrap_or_default() {
                if old.functions.iter().all(|function| current.contains(&function.identity())) {
                    described.extend(old.functions.iter().map(Described::identity));
                    self.contributions.entry(id.clone()).or_default().push(old);
                    continue;
                }
                let padding = debug_info::neutralise(file.read(old.at, old.len)).map_err(failed(id))?;
                file.write(old.at, &padding);
            }
            let Some(state) = state else { continue };
            let new: Vec<Described> =
                placed.into_iter().filter(|function| !described.contains(&function.identity())).collect();
            self.contribute(file, subject, state, &new)?;
        }
        Ok(())
    }

    /// Describes functions of a unit, by number, that have got code since. Only appends.
    pub(crate) fn describe_added(
        &mut self,
        file: &mut ImageFile,
        subject: Subject,
        unit: &Arc<str>,
        functions: &[usize],
    ) -> Result<(), Error> {
        let state = &subject.units[unit];
        let new = subject.placed(state, functions.iter().copied());
        self.contribute(file, subject, state, &new)
    }

    /// Appends contributions for functions of a unit.
    fn contribute(
        &mut self,
        file: &mut ImageFile,
        subject: Subject,
        state: &UnitState,
        placed: &[Described],
    ) -> Result<(), Error> {
        let unit = state.unit();
        let placed = if self.is_wanted { placed } else { &[] };
        // Found once: it may take a look at every function of the unit.
        let (directory, detail) = (directory(unit), self.detail);
        for functions in placed.chunks(CONTRIBUTION) {
            let positions: Vec<FunctionPositions> =
                functions.iter().map(|function| subject.positions(state, function)).collect();
            let infos: Vec<FunctionInfo> =
                functions.iter().zip(&positions).map(|(function, positions)| function.info(positions)).collect();
            let bases = Bases {
                info: file.used(Region::DebugInfo),
                line: file.used(Region::DebugLine),
                ranges: file.used(Region::DebugRanges),
            };
            let description = debug_info::Unit { name: &unit.id, directory, detail, functions: &infos };
            let new = debug_info::contribution(&description, bases).map_err(failed(&unit.id))?;
            if new.info.is_empty() {
                continue;
            }
            file.append(Region::DebugLine, &new.line, 1)?;
            file.append(Region::DebugRanges, &new.ranges, 1)?;
            let at = file.append(Region::DebugInfo, &new.info, 1)?;
            let contribution = Contribution { at, len: new.info.len(), functions: functions.to_vec() };
            self.contributions.entry(unit.id.clone()).or_default().push(contribution);
        }
        Ok(())
    }
}

/// The directory that rustc ran in, as far as the unit tells: that of the first file with a relative name.
fn directory(unit: &CodegenUnit) -> &str {
    unit.functions
        .iter()
        .filter_map(|function| function.subprogram.as_ref())
        .map(|subprogram| &subprogram.file)
        .find(|file| !file.name.starts_with('/'))
        .map_or("", |file| &file.directory)
}

fn failed(unit: &str) -> impl FnOnce(DebugInfoError) -> Error {
    move |source| Error::DebugInfo { unit: unit.to_owned(), source }
}
