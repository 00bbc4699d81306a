//! Where bitcode holds `TypeId`s.
//!
//! rustc hashes into a type's identity which crate defines it, and whether that is a program. A patch crate and the twin of a program
//! or a test are others, so the identities of their types are not the program's.
//!
//! rustc computes a `TypeId` as two pointers without an object, which become numbers in code generation. So it is a constant with
//! addresses that are numbers; or such addresses in a function, for a constant that was taken apart.

use cranefly_bitcode::ir::{Constant, Function, Global, GlobalKind, Operand};
use cranefly_bitcode::types::Type;

/// Addresses below are those that sources write, dangling ones, and lengths of texts; half of a hash is not one in four billion times.
const MIN_HALF: u64 = 1 << 32;

/// Tags in the lower half of a number that stands for an error of `std::io`: its kind, or what the system calls it, is in the upper half
/// (`std::io::error::repr_bitpacked`).
const MAX_TAG: u32 = 3;

/// Whether a number that stands for an address may be half of a `TypeId`.
pub fn may_be_half(number: u64) -> bool {
    number >= MIN_HALF && number as u32 > MAX_TAG
}

/// The halves of `TypeId`s in a constant, among other numbers that stand for addresses.
pub fn in_constant(global: &Global) -> &[u64] {
    match &global.kind {
        GlobalKind::Variable(variable) => variable.init.as_ref().map_or(&[], |init| &init.identities),
        GlobalKind::Function { .. } | GlobalKind::Alias { .. } => &[],
    }
}

/// Whether a function may hold half of a `TypeId` itself.
pub fn may_be_in(body: &Function) -> bool {
    let mut found = false;
    for instruction in body.blocks.iter().flat_map(|block| &block.instructions) {
        instruction.op.operands(|operand| {
            found |= matches!(operand, Operand::Constant(constant) if is_far_number(constant));
        });
    }
    found
}

fn is_far_number(constant: &Constant) -> bool {
    match constant {
        Constant::Bits(ty, words) => **ty == Type::Pointer && words.first().is_some_and(|&word| may_be_half(word)),
        Constant::Aggregate(_, elements) => elements.iter().any(is_far_number),
        Constant::Undef(_) | Constant::Zero(_) | Constant::Symbol(..) | Constant::Unsupported(..) => false,
    }
}
