//! What is told of a program's functions.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, PoisonError};

use cranefly_cache::{Compiled, Key};
use cranefly_inspect::names;

use crate::engine::Engine;
use crate::program_state::ProgramState;
use crate::protocol::{Fallback, FunctionEntry, FunctionTimes, FunctionsParams, FunctionsResult, TierCounts};
use crate::rpc::RpcError;
use crate::view::{FunctionOf, View};

/// How many functions one answer has: some two megabytes of text.
const MAX_FUNCTIONS: usize = 4096;

impl Engine {
    /// The constructs for which functions of a program went to LLVM.
    pub(crate) fn fallbacks(&self, state: &ProgramState) -> Vec<Fallback> {
        let mut counts: BTreeMap<Arc<str>, u64> = BTreeMap::new();
        let keys = state.units.iter().flat_map(|unit| &unit.unit.functions).map(|function| Key(function.key));
        self.serve.compile.store.look(keys, |compiled| {
            if let Some(construct) = compiled.and_then(|compiled| compiled.construct.clone()) {
                *counts.entry(construct).or_default() += 1;
            }
        });
        counts
            .into_iter()
            .map(|(construct, functions)| Fallback { construct: construct.to_string(), functions })
            .collect()
    }

    /// Functions of all programs by who compiled them.
    pub(crate) fn tiers(&self) -> TierCounts {
        let views: Vec<Arc<View>> =
            self.views.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        let units = views.iter().flat_map(|view| &view.units);
        let mut counts = TierCounts::default();
        self.serve.compile.store.look(
            units.flat_map(|unit| &unit.unit.functions).map(|function| Key(function.key)),
            |compiled| {
                *match tier(compiled) {
                    "llvm" => &mut counts.llvm,
                    "cranelift" => &mut counts.cranelift,
                    _ => &mut counts.none,
                } += 1;
            },
        );
        counts
    }

    /// The functions of a program that are asked for, as of its newest good generation.
    pub fn functions(&self, params: &FunctionsParams) -> Result<FunctionsResult, RpcError> {
        let view = self.view(&(params.workspace.clone(), params.program.clone()))?;
        let wanted = wanted(&view, params);
        let wanted = &wanted[params.from.min(wanted.len())..];
        let (wanted, left) = wanted.split_at(wanted.len().min(MAX_FUNCTIONS));
        let mut functions: Vec<FunctionEntry> = wanted.iter().map(|&function| entry(function, &view)).collect();
        let mut entries = functions.iter_mut();
        self.serve.compile.store.look(wanted.iter().map(|function| Key(function.info().key)), |compiled| {
            if let Some(entry) = entries.next() {
                add_code(entry, compiled);
            }
        });
        Ok(FunctionsResult { generation: view.generation, functions, left: left.len() })
    }
}

fn wanted<'a>(view: &'a View, params: &FunctionsParams) -> Vec<FunctionOf<'a>> {
    let files: Option<HashSet<&String>> = params.files.as_ref().map(|files| files.iter().collect());
    let mut wanted = Vec::new();
    for unit in &view.units {
        let mut add = |number: usize| {
            let function = FunctionOf { unit, number };
            if !params.changed_only || view.changes.contain(function.symbol()) {
                wanted.push(function);
            }
        };
        match &files {
            None => (0..unit.unit.functions.len()).for_each(add),
            Some(files) => {
                files.iter().flat_map(|file| unit.sources().declared_in(file)).for_each(|&number| add(number))
            }
        }
    }
    wanted
}

/// All but what the function store knows.
pub(crate) fn entry(function: FunctionOf, view: &View) -> FunctionEntry {
    let (symbol, place) = (function.symbol(), function.place());
    let name = names::demangled(symbol);
    let own = function.info().subprogram.as_ref().map(|subprogram| &*subprogram.name);
    let instance = own.filter(|own| own.contains('<')).map(str::to_owned);
    let family = names::family(&name);
    let times = function.unit.times()[function.number];
    FunctionEntry {
        symbol: symbol.to_string(),
        generic: (instance.is_some() || family != name).then_some(family),
        instance,
        name,
        file: place.file.as_deref().map(str::to_owned),
        line: place.line,
        end_line: (place.end_line > 0).then_some(place.end_line),
        changed: view.changes.contain(symbol),
        tier: "none",
        construct: None,
        us: FunctionTimes { parse: times.decode, hash: times.key, ..FunctionTimes::default() },
        bytes: 0,
        status: view.outcomes.get(symbol).copied().unwrap_or("untouched"),
        unit: function.unit.unit.id.to_string(),
    }
}

/// What the function store knows.
pub(crate) fn add_code(entry: &mut FunctionEntry, compiled: Option<&Compiled>) {
    entry.tier = tier(compiled);
    if let Some(compiled) = compiled {
        entry.us.translate = compiled.translate_us;
        entry.us.compile = compiled.compile_us;
        entry.bytes = compiled.code.bytes.len() as u64;
        entry.construct = compiled.construct.as_deref().map(str::to_owned);
    }
}

/// Who compiled a function.
pub(crate) fn tier(compiled: Option<&Compiled>) -> &'static str {
    compiled.map_or("none", |compiled| if compiled.construct.is_some() { "llvm" } else { "cranelift" })
}
