//! `functions`: a program's functions, one by one.

use std::collections::HashSet;

use cranefly_bitcode::demangled;
use cranefly_cache::{Compiled, Key};
use cranefly_inspect::names;
use cranefly_program::{FunctionOf, Outcome, View};
use cranefly_wire::{
    FunctionEntry, FunctionStatus, FunctionTimes, FunctionsParams, FunctionsResult, RpcError, Tier, TierCounts,
};

use super::view;
use crate::engine::Engine;

/// How many functions one answer has: some two megabytes of text.
const MAX_FUNCTIONS: usize = 4096;

/// The functions of a program that are asked for, as of its newest good generation.
pub fn functions(engine: &Engine, params: &FunctionsParams) -> Result<FunctionsResult, RpcError> {
    let view = view(engine, &params.workspace, &params.program)?;
    let wanted = wanted(&view, params);
    let wanted = &wanted[params.from.min(wanted.len())..];
    let (wanted, left) = wanted.split_at(wanted.len().min(MAX_FUNCTIONS));
    let functions = entries(engine, &view, wanted);
    Ok(FunctionsResult { generation: view.generation, functions, left: left.len() })
}

fn wanted<'a>(view: &'a View, params: &FunctionsParams) -> Vec<FunctionOf<'a>> {
    let files: Option<HashSet<&String>> = params.files.as_ref().map(|files| files.iter().collect());
    let mut wanted = Vec::new();
    for unit in view.units.units() {
        let add = |number: usize| {
            let function = FunctionOf { unit, number };
            if !params.changed_only || view.changes.contain(function.symbol()) {
                wanted.push(function);
            }
        };
        match &files {
            None => (0..unit.unit.functions.len()).for_each(add),
            Some(files) => {
                files.iter().flat_map(|file| unit.sources().declared_in(file)).for_each(add);
            }
        }
    }
    wanted
}

/// What is told of functions.
pub(super) fn entries(engine: &Engine, view: &View, functions: &[FunctionOf]) -> Vec<FunctionEntry> {
    let mut entries: Vec<FunctionEntry> = functions.iter().map(|&function| entry(function, view)).collect();
    let mut each = entries.iter_mut();
    engine.compile().store.look(functions.iter().map(|function| Key(function.info().key)), |compiled| {
        if let Some(entry) = each.next() {
            add_code(entry, compiled);
        }
    });
    entries
}

/// All but what the function store knows.
fn entry(function: FunctionOf, view: &View) -> FunctionEntry {
    let (symbol, place) = (function.symbol(), function.place());
    let name = demangled(symbol);
    let own = function.info().subprogram.as_ref().map(|subprogram| &*subprogram.name);
    let instance = own.filter(|own| own.contains('<')).map(str::to_owned);
    let family = names::family(&name);
    let times = function.unit.times()[function.number];
    FunctionEntry {
        symbol: symbol.to_string(),
        generic: (instance.is_some() || family != name).then_some(family),
        instance,
        name,
        file: place.file.map(str::to_owned),
        line: place.line,
        end_line: (place.end_line > 0).then_some(place.end_line),
        changed: view.changes.contain(symbol),
        tier: Tier::None,
        construct: None,
        us: FunctionTimes { parse: times.decode, hash: times.key, ..FunctionTimes::default() },
        bytes: 0,
        status: match view.outcomes.get(symbol) {
            Some(Outcome::Compiled) => FunctionStatus::Compiled,
            Some(Outcome::Hit) => FunctionStatus::Hit,
            Some(Outcome::Deferred) => FunctionStatus::Deferred,
            None => FunctionStatus::Untouched,
        },
        unit: function.unit.unit.id.to_string(),
    }
}

/// What the function store knows.
fn add_code(entry: &mut FunctionEntry, compiled: Option<&Compiled>) {
    entry.tier = tier(compiled);
    if let Some(compiled) = compiled {
        entry.us.translate = compiled.translate_us;
        entry.us.compile = compiled.compile_us;
        entry.bytes = compiled.code.bytes().len() as u64;
        entry.construct = compiled.construct.as_deref().map(str::to_owned);
    }
}

/// Who compiled a function.
fn tier(compiled: Option<&Compiled>) -> Tier {
    compiled.map_or(Tier::None, |compiled| if compiled.construct.is_some() { Tier::Llvm } else { Tier::Cranelift })
}

/// Counts a function by who compiled it.
pub(super) fn count_tier(counts: &mut TierCounts, compiled: Option<&Compiled>) {
    *match tier(compiled) {
        Tier::Llvm => &mut counts.llvm,
        Tier::Cranelift => &mut counts.cranelift,
        Tier::None => &mut counts.none,
    } += 1;
}
