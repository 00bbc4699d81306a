//! `summary`: a program's functions summed up, what a dashboard shows without a list of tens of thousands.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cranefly_bitcode::demangled;
use cranefly_cache::Key;
use cranefly_inspect::names;
use cranefly_program::{FunctionOf, View};
use cranefly_wire::{Family, FunctionEntry, RpcError, SummaryParams, SummaryResult, TierCounts};

use super::functions::{count_tier, entries};
use super::publish::fallbacks;
use super::view;
use crate::engine::Engine;

/// Entries of each list, at most.
const MAX_TOP: usize = 1000;

/// What compiling one function took, and what came of it.
#[derive(Clone, Copy)]
struct Cost {
    us: f32,
    bytes: u64,
}

/// The functions of a program, as of its newest good generation, summed up.
pub fn summary(engine: &Engine, params: &SummaryParams) -> Result<SummaryResult, RpcError> {
    let view = view(engine, &params.workspace, &params.program)?;
    let top = params.top.min(MAX_TOP);
    let functions: Vec<FunctionOf> = view.functions().collect();
    let mut tiers = TierCounts::default();
    let mut constructs: BTreeMap<Arc<str>, u64> = BTreeMap::new();
    let mut costs = Vec::with_capacity(functions.len());
    let mut each = functions.iter();
    engine.compile().store.look(functions.iter().map(|function| Key(function.info().key)), |compiled| {
        let Some(function) = each.next() else { return };
        count_tier(&mut tiers, compiled);
        if let Some(construct) = compiled.and_then(|compiled| compiled.construct.clone()) {
            *constructs.entry(construct).or_default() += 1;
        }
        let times = function.unit.times()[function.number];
        costs.push(compiled.map_or(Cost { us: 0.0, bytes: 0 }, |compiled| Cost {
            us: times.decode + times.key + compiled.translate_us + compiled.compile_us,
            bytes: compiled.code.bytes().len() as u64,
        }));
    });
    Ok(SummaryResult {
        generation: view.generation,
        functions: functions.len() as u64,
        tiers,
        fallbacks: fallbacks(constructs),
        slowest: slowest(engine, &functions, &costs, top, &view),
        families: families(&functions, &costs, top),
    })
}

fn slowest(engine: &Engine, functions: &[FunctionOf], costs: &[Cost], top: usize, view: &View) -> Vec<FunctionEntry> {
    let mut order: Vec<usize> = (0..functions.len()).collect();
    order.sort_unstable_by(|&a, &b| costs[b].us.total_cmp(&costs[a].us));
    order.truncate(top);
    let slowest: Vec<FunctionOf> = order.iter().map(|&number| functions[number]).collect();
    entries(engine, view, &slowest)
}

/// The families with several instances that are among the largest by instances, by bytes or by time.
fn families(functions: &[FunctionOf], costs: &[Cost], top: usize) -> Vec<Family> {
    // Closures of one function have one name, but are not instances of one another.
    let mut found: HashMap<(String, Option<&str>, u32), Family> = HashMap::new();
    for (function, cost) in functions.iter().zip(costs) {
        let name = names::family(&demangled(function.symbol()));
        let place = function.place();
        let family = found.entry((name, place.file, place.line)).or_insert_with_key(|(name, file, line)| Family {
            name: name.clone(),
            file: file.map(str::to_owned),
            line: *line,
            instances: 0,
            bytes: 0,
            us: 0.0,
        });
        family.instances += 1;
        family.bytes += cost.bytes;
        family.us += cost.us;
    }
    let mut families: Vec<Family> = found.into_values().filter(|family| family.instances > 1).collect();
    let mut kept = Vec::new();
    let mut keep = |families: &mut Vec<Family>| kept.extend(families.drain(..top.min(families.len())));
    families.sort_unstable_by_key(|family| Reverse(family.instances));
    keep(&mut families);
    families.sort_unstable_by_key(|family| Reverse(family.bytes));
    keep(&mut families);
    families.sort_unstable_by(|a, b| b.us.total_cmp(&a.us));
    keep(&mut families);
    kept
}
