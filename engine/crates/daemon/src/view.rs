//! A program as of its last good publication, for those who only look: they never wait for the next one.

use std::sync::{Arc, PoisonError};

use cranefly_cgu::{FunctionInfo, LoadedUnit, Place};

use crate::compile::CodeOptions;
use crate::engine::{Engine, ProgramKey};
use crate::generation::Outcomes;
use crate::history::{Changes, History};
use crate::live::LiveImage;
use crate::rpc::RpcError;

/// A published generation.
#[derive(Debug)]
pub struct View {
    /// Its number.
    pub generation: u64,
    /// What the program consists of.
    pub units: Vec<Arc<LoadedUnit>>,
    /// What happened to the functions, by symbol.
    pub outcomes: Outcomes,
    /// What it changed.
    pub changes: Changes,
    /// What earlier generations had.
    pub history: History,
    /// Its image.
    pub live: Option<Arc<LiveImage>>,
    /// How it is compiled.
    pub options: CodeOptions,
}

/// A function of a program.
#[derive(Clone, Copy, Debug)]
pub struct FunctionOf<'a> {
    /// Its unit.
    pub unit: &'a Arc<LoadedUnit>,
    /// Its number there.
    pub number: usize,
}

impl<'a> FunctionOf<'a> {
    /// What is known of it.
    pub fn info(self) -> &'a FunctionInfo {
        &self.unit.unit.functions[self.number]
    }

    /// Linker name.
    pub fn symbol(self) -> &'a Arc<str> {
        &self.unit.unit.module.globals[self.info().global.0 as usize].name
    }

    /// Where it is written.
    pub fn place(self) -> &'a Place {
        &self.unit.sources().places[self.number]
    }
}

impl View {
    /// Functions with this linker name, of the unit `unit` if that is given. Equal names of several units are local copies
    /// of one function.
    pub fn named<'a>(&'a self, symbol: &str, unit: Option<&str>) -> Vec<FunctionOf<'a>> {
        let units = self.units.iter().filter(|loaded| unit.is_none_or(|id| *loaded.unit.id == *id));
        units.filter_map(|unit| Some(FunctionOf { unit, number: unit.sources().symbol(symbol)? })).collect()
    }

    /// The functions that a breakpoint at line `line` of `file` is in: all that have code from just that line, instances and
    /// inlined copies included; if there are none, the innermost function around it.
    pub fn at_line<'a>(&'a self, file: &str, line: u32) -> Vec<FunctionOf<'a>> {
        let each = |unit: &'a Arc<LoadedUnit>| {
            let functions = unit.sources().with_code_at(&unit.unit, file, line);
            functions.map(move |number| FunctionOf { unit, number })
        };
        let exact: Vec<FunctionOf> = self.units.iter().flat_map(each).collect();
        if !exact.is_empty() {
            return exact;
        }
        let each = |unit: &'a Arc<LoadedUnit>| {
            let functions = unit.sources().covering(file, line);
            functions.map(move |number| FunctionOf { unit, number })
        };
        let around: Vec<FunctionOf> = self.units.iter().flat_map(each).collect();
        let innermost = around.iter().map(|function| function.place().line).max();
        around.into_iter().filter(|function| Some(function.place().line) == innermost).collect()
    }
}

impl Engine {
    /// The program as last published.
    pub(crate) fn view(&self, key: &ProgramKey) -> Result<Arc<View>, RpcError> {
        self.known_view(key)
            .ok_or_else(|| RpcError::failed("unknownProgram", format!("no program `{}` has been published", key.1)))
    }

    /// The program as last published, if it has been.
    pub(crate) fn known_view(&self, key: &ProgramKey) -> Option<Arc<View>> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Replaces what is shown of a program.
    pub(crate) fn show(&self, key: &ProgramKey, view: View) {
        let view = Arc::new(view);
        self.views.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone(), view.clone());
        // Editors ask next where functions are: found out meanwhile. Without a thread it is done when they ask.
        let index = move || {
            for unit in &view.units {
                unit.sources();
            }
        };
        let _ = std::thread::Builder::new().name("index".to_owned()).spawn(index);
    }
}
