//! Taking code apart: instructions, and the jump tables that Cranelift puts between them.

use std::collections::BTreeSet;

use cranefly_machine::MachineCode;
use iced_x86::{Code, Decoder, DecoderOptions, Instruction, OpKind};

/// Bytes of an entry of a jump table: distance of the target from the table.
const ENTRY: usize = 4;

/// A piece of code.
pub(crate) enum Item {
    /// An instruction; its address is the offset in the function.
    Instruction(Instruction),
    /// An entry of a jump table, at an offset, and the offset that it leads to.
    Entry(u64, u64),
}

/// The pieces of a function's instructions. `unbound` tells where its landing pads are.
pub(crate) fn items(instructions: &[u8], unbound: &MachineCode) -> Vec<Item> {
    let pads = unbound.call_sites.iter().map(|site| u64::from(site.landing_pad));
    // Nothing says how long a table is, but that no branch leads into one: so the branches are found first.
    let mut targets: BTreeSet<u64> = pads.collect();
    for item in decode(instructions, &targets) {
        match item {
            Item::Instruction(instruction) if instruction.op0_kind() == OpKind::NearBranch64 => {
                targets.insert(instruction.near_branch_target());
            }
            Item::Entry(_, target) => drop(targets.insert(target)),
            Item::Instruction(_) => {}
        }
    }
    decode(instructions, &targets)
}

/// Decodes, taking no branch target for an entry of a table.
fn decode(bytes: &[u8], targets: &BTreeSet<u64>) -> Vec<Item> {
    let mut items = Vec::new();
    let mut decoder = Decoder::with_ip(64, bytes, 0, DecoderOptions::NONE);
    let mut table = None;
    while decoder.can_decode() {
        let instruction = decoder.decode();
        items.push(Item::Instruction(instruction));
        let end = instruction.next_ip();
        if instruction.code() == Code::Lea_r64_m && instruction.is_ip_rel_memory_operand() {
            table = Some(instruction.ip_rel_memory_address());
        } else if instruction.code() == Code::Jmp_rm64 && table == Some(end) {
            let entries = entries(bytes, end as usize, targets);
            let behind = end as usize + entries.len() * ENTRY;
            items.extend(entries.into_iter().map(|(at, target)| Item::Entry(at, target)));
            if decoder.set_position(behind).is_err() {
                break;
            }
            decoder.set_ip(behind as u64);
        }
    }
    items
}

/// The entries of the table at `start`: as long as they lead into the function, up to where a branch leads.
fn entries(bytes: &[u8], start: usize, targets: &BTreeSet<u64>) -> Vec<(u64, u64)> {
    let mut end = targets.range(start as u64 + 1..).next().copied().unwrap_or(bytes.len() as u64);
    let mut entries = Vec::new();
    for (index, entry) in bytes[start..].chunks_exact(ENTRY).enumerate() {
        let at = (start + index * ENTRY) as u64;
        let distance = i32::from_le_bytes(entry.try_into().expect("four bytes"));
        let target = (start as u64).checked_add_signed(distance.into()).filter(|target| *target < bytes.len() as u64);
        let Some(target) = target.filter(|_| at < end) else { break };
        if target > at {
            end = end.min(target);
        }
        entries.push((at, target));
    }
    entries
}
