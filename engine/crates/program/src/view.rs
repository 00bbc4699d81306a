//! A program as of its last good publication, for those who only look: they never wait for the next one.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use cranefly_cache::{Key, Store};
use cranefly_cgu::LoadedUnit;
use cranefly_compile::UNNAMED;

use crate::difference::Changes;
use crate::function::FunctionOf;
use crate::history::History;
use crate::live::LiveImage;
use crate::options::ProgramOptions;
use crate::outcome::Outcomes;
use crate::unit_set::UnitSet;

/// A published generation.
#[derive(Debug)]
pub struct View {
    /// Its number.
    pub generation: u64,
    /// What the program consists of.
    pub units: Arc<UnitSet>,
    /// What happened to the functions, by symbol.
    pub outcomes: Outcomes,
    /// What it changed.
    pub changes: Changes,
    /// What earlier generations had.
    pub history: History,
    /// Its image.
    pub live: Arc<LiveImage>,
    /// Where that lies.
    pub image: PathBuf,
    /// When it was published.
    pub published: Instant,
    /// How it is compiled.
    pub options: ProgramOptions,
}

impl View {
    /// All functions, in the order of the units.
    pub fn functions(&self) -> impl Iterator<Item = FunctionOf<'_>> {
        self.units.units().iter().flat_map(FunctionOf::all)
    }

    /// Functions with this linker name, of the unit `unit` if that is given. Equal names of several units are local copies
    /// of one function.
    pub fn named<'a>(&'a self, symbol: &str, unit: Option<&str>) -> Vec<FunctionOf<'a>> {
        let units = self.units.units().iter().filter(|loaded| unit.is_none_or(|id| *loaded.unit.id == *id));
        units.filter_map(|unit| Some(FunctionOf { unit, number: unit.definitions().get(symbol)?.function? })).collect()
    }

    /// The functions that a breakpoint at line `line` of `file` is in: all that have code from just that line, instances and
    /// inlined copies included; if there are none, the innermost function around it.
    pub fn at_line<'a>(&'a self, file: &'a str, line: u32) -> Vec<FunctionOf<'a>> {
        let units = self.units.units();
        let each = |unit: &'a Arc<LoadedUnit>| {
            let functions = unit.sources().with_code_at(&unit.unit, file, line);
            functions.map(move |number| FunctionOf { unit, number })
        };
        let exact: Vec<FunctionOf> = units.iter().flat_map(each).collect();
        if !exact.is_empty() {
            return exact;
        }
        let each = |unit: &'a Arc<LoadedUnit>| {
            let functions = unit.sources().covering(file, line);
            functions.map(move |number| FunctionOf { unit, number })
        };
        let around: Vec<FunctionOf> = units.iter().flat_map(each).collect();
        let innermost = around.iter().map(|function| function.place().line).max();
        around.into_iter().filter(|function| Some(function.place().line) == innermost).collect()
    }

    /// The constructs for which functions of the program are LLVM's, with how many, whether they have code or still wait for
    /// their first call.
    pub fn fallbacks(&self, store: &Store) -> BTreeMap<Arc<str>, u64> {
        // Cranelift's have none, and are nearly all: they are not looked at.
        let of_unit = |unit: &Arc<LoadedUnit>| -> Vec<Key> {
            unit.by_llvm().iter().map(|&number| Key(unit.unit.functions[number].key)).collect()
        };
        let keys: Vec<Key> = self.units.units().iter().flat_map(of_unit).collect();
        let mut constructs: Vec<Option<Arc<str>>> = Vec::with_capacity(keys.len());
        store.look(keys.iter().copied(), |compiled| {
            constructs.push(compiled.and_then(|compiled| compiled.construct.clone()));
        });
        let mut counts: BTreeMap<Arc<str>, u64> = BTreeMap::new();
        for (key, construct) in keys.into_iter().zip(constructs) {
            let construct = construct.or_else(|| store.refusal(key)).unwrap_or_else(|| UNNAMED.into());
            *counts.entry(construct).or_default() += 1;
        }
        counts
    }

    /// Finds out where the functions are written, which editors ask next, while nobody waits.
    pub fn index(&self) {
        for unit in self.units.units() {
            unit.sources();
        }
    }
}
