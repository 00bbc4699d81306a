//! Taking code apart: instructions, the jump tables that Cranelift puts between them, and the constants that it puts behind.

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

/// A function in pieces.
#[derive(Default)]
pub(crate) struct Listing {
    /// The pieces, by rising offset.
    pub items: Vec<Item>,
    /// Offset behind the last of them: what is left are constants, and zeros that align them.
    pub end: usize,
    /// Offsets that instructions read constants at.
    pub constants: BTreeSet<u64>,
}

/// The pieces of a function's instructions. `unbound` tells where its landing pads are, and which operands are bound.
pub(crate) fn listing(instructions: &[u8], unbound: &MachineCode) -> Listing {
    let pads = unbound.call_sites.iter().map(|site| u64::from(site.landing_pad));
    // Nothing says how long a table is, but that no branch leads into one: so the branches are found first.
    let mut targets: BTreeSet<u64> = pads.collect();
    for item in decode(instructions, unbound, &targets).items {
        match item {
            Item::Instruction(instruction) if instruction.op0_kind() == OpKind::NearBranch64 => {
                targets.insert(instruction.near_branch_target());
            }
            Item::Entry(_, target) => drop(targets.insert(target)),
            Item::Instruction(_) => {}
        }
    }
    decode(instructions, unbound, &targets)
}

/// Decodes up to the first constant, taking no branch target for an entry of a table.
fn decode(bytes: &[u8], unbound: &MachineCode, targets: &BTreeSet<u64>) -> Listing {
    let mut listing = Listing::default();
    let mut decoder = Decoder::with_ip(64, bytes, 0, DecoderOptions::NONE);
    let mut table = None;
    while decoder.can_decode() && !listing.ends_at(bytes, decoder.position()) {
        let instruction = decoder.decode();
        listing.items.push(Item::Instruction(instruction));
        let end = instruction.next_ip();
        if instruction.code() == Code::Lea_r64_m && instruction.is_ip_rel_memory_operand() {
            table = Some(instruction.ip_rel_memory_address());
        } else if instruction.code() == Code::Jmp_rm64 && table == Some(end) {
            let entries = entries(bytes, end as usize, targets);
            let behind = end as usize + entries.len() * ENTRY;
            listing.items.extend(entries.into_iter().map(|(at, target)| Item::Entry(at, target)));
            if decoder.set_position(behind).is_err() {
                break;
            }
            decoder.set_ip(behind as u64);
        } else if let Some(constant) = constant(&instruction, unbound).filter(|at| (*at as usize) < bytes.len()) {
            listing.constants.insert(constant);
        }
    }
    listing.end = decoder.position();
    listing
}

impl Listing {
    /// Whether constants, or the zeros in front of them, begin at `position`. All that read them come before.
    fn ends_at(&self, bytes: &[u8], position: usize) -> bool {
        let first = self.constants.first().map(|first| *first as usize);
        first.is_some_and(|first| position >= first || bytes[position..first].iter().all(|byte| *byte == 0))
    }
}

/// Offset of the constant behind it that `instruction` reads. What a relocation was bound to lies elsewhere.
fn constant(instruction: &Instruction, unbound: &MachineCode) -> Option<u64> {
    if !instruction.is_ip_rel_memory_operand() || instruction.code() == Code::Lea_r64_m {
        return None;
    }
    let (start, end) = (instruction.ip(), instruction.next_ip());
    let bound = unbound.relocations.iter().any(|relocation| (start..end).contains(&relocation.offset.into()));
    Some(instruction.ip_rel_memory_address()).filter(|address| !bound && *address >= end)
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
