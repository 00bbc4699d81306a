//! How much there is to a body, as far as the room that its code will need depends on it.

use cranefly_bitcode::ir::{Function, Op};

/// Instructions of a body and what those that have lists list: cases, incoming values, arguments, terms of an address, lanes. Machine
/// code, its call sites and its lines grow with it; by how much, `--example room` of `cranefly-bench` measures.
pub fn weight(body: &Function) -> u32 {
    let instructions = body.blocks.iter().flat_map(|block| &block.instructions);
    let weight: usize = instructions.map(|instruction| 1 + listed(&instruction.op)).sum();
    u32::try_from(weight).unwrap_or(u32::MAX)
}

fn listed(op: &Op) -> usize {
    match op {
        Op::Switch { cases, .. } => 2 * cases.len(),
        Op::Phi { incoming } => incoming.len(),
        Op::Call { args, .. } => args.len(),
        Op::GetElementPtr { terms, .. } => terms.len(),
        Op::ShuffleVector { mask, .. } => mask.len(),
        _ => 0,
    }
}
