//! A program's functions summed up: what a dashboard shows, without sending a list of tens of thousands.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cranefly_cache::Key;
use cranefly_cgu::ReadTimes;
use cranefly_inspect::names;

use crate::engine::Engine;
use crate::function_report::{add_code, entry, tier};
use crate::protocol::{Fallback, Family, FunctionEntry, SummaryParams, SummaryResult, TierCounts};
use crate::rpc::RpcError;
use crate::view::{FunctionOf, View};

/// Entries of each list, at most.
const MAX_TOP: usize = 1000;

/// What compiling one function took, and what came of it.
#[derive(Clone, Copy)]
struct Cost {
    us: f32,
    bytes: u64,
}

impl Engine {
    /// The functions of a program, as of its newest good generation, summed up.
    pub fn summary(&self, params: &SummaryParams) -> Result<SummaryResult, RpcError> {
        let view = self.view(&(params.workspace.clone(), params.program.clone()))?;
        let top = params.top.min(MAX_TOP);
        let functions: Vec<FunctionOf> = all(&view);
        let mut tiers = TierCounts::default();
        let mut fallbacks: BTreeMap<Arc<str>, u64> = BTreeMap::new();
        let mut costs = Vec::with_capacity(functions.len());
        let mut each = functions.iter();
        self.serve.compile.store.look(functions.iter().map(|function| Key(function.info().key)), |compiled| {
            let Some(function) = each.next() else { return };
            *match tier(compiled) {
                "llvm" => &mut tiers.llvm,
                "cranelift" => &mut tiers.cranelift,
                _ => &mut tiers.none,
            } += 1;
            if let Some(construct) = compiled.and_then(|compiled| compiled.construct.clone()) {
                *fallbacks.entry(construct).or_default() += 1;
            }
            let ReadTimes { decode, key } = function.unit.times()[function.number];
            costs.push(compiled.map_or(Cost { us: 0.0, bytes: 0 }, |compiled| Cost {
                us: decode + key + compiled.translate_us + compiled.compile_us,
                bytes: compiled.code.bytes.len() as u64,
            }));
        });
        Ok(SummaryResult {
            generation: view.generation,
            functions: functions.len() as u64,
            tiers,
            fallbacks: fallbacks
                .into_iter()
                .map(|(construct, functions)| Fallback { construct: construct.to_string(), functions })
                .collect(),
            slowest: self.slowest(&functions, &costs, top, &view),
            families: families(&functions, &costs, top),
        })
    }

    fn slowest(&self, functions: &[FunctionOf], costs: &[Cost], top: usize, view: &View) -> Vec<FunctionEntry> {
        let mut order: Vec<usize> = (0..functions.len()).collect();
        order.sort_unstable_by(|&a, &b| costs[b].us.total_cmp(&costs[a].us));
        order.truncate(top);
        let mut entries: Vec<FunctionEntry> = order.iter().map(|&number| entry(functions[number], view)).collect();
        let mut each = entries.iter_mut();
        self.serve.compile.store.look(order.iter().map(|&number| Key(functions[number].info().key)), |compiled| {
            if let Some(entry) = each.next() {
                add_code(entry, compiled);
            }
        });
        entries
    }
}

fn all(view: &View) -> Vec<FunctionOf<'_>> {
    view.units
        .iter()
        .flat_map(|unit| (0..unit.unit.functions.len()).map(move |number| FunctionOf { unit, number }))
        .collect()
}

/// The families with several instances that are among the largest by instances, by bytes or by time.
fn families(functions: &[FunctionOf], costs: &[Cost], top: usize) -> Vec<Family> {
    // Closures of one function have one name, but are not instances of one another.
    let mut found: HashMap<(String, Option<&str>, u32), Family> = HashMap::new();
    for (function, cost) in functions.iter().zip(costs) {
        let name = names::family(&names::demangled(function.symbol()));
        let place = function.place();
        let family = found.entry((name, place.file.as_deref(), place.line)).or_insert_with_key(|(name, file, line)| {
            Family { name: name.clone(), file: file.map(str::to_owned), line: *line, instances: 0, bytes: 0, us: 0.0 }
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
