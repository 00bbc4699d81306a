//! What instructions do.

use std::sync::Arc;

use smallvec::SmallVec;

use super::ids::{BlockId, SymbolId};
use super::operand::Operand;
use super::signature::Signature;
use crate::types::TypeRef;

/// Memory ordering of an atomic access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "LLVM's own names")]
pub enum Ordering {
    Unordered,
    Monotonic,
    Acquire,
    Release,
    AcquireRelease,
    SequentiallyConsistent,
}

/// Two-operand arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "LLVM's own names")]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    UDiv,
    SDiv,
    URem,
    SRem,
    Shl,
    LShr,
    AShr,
    And,
    Or,
    Xor,
    FAdd,
    FSub,
    FMul,
    FDiv,
    FRem,
}

/// Conversions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "LLVM's own names")]
pub enum CastOp {
    Trunc,
    ZExt,
    SExt,
    FPToUI,
    FPToSI,
    UIToFP,
    SIToFP,
    FPTrunc,
    FPExt,
    PtrToInt,
    IntToPtr,
    BitCast,
    AddrSpaceCast,
}

/// Integer and pointer comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "LLVM's own names")]
pub enum IntPredicate {
    Eq,
    Ne,
    Ugt,
    Uge,
    Ult,
    Ule,
    Sgt,
    Sge,
    Slt,
    Sle,
}

/// Floating comparisons (`o` ordered, `u` unordered).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "LLVM's own names")]
pub enum FloatPredicate {
    False,
    Oeq,
    Ogt,
    Oge,
    Olt,
    Ole,
    One,
    Ord,
    Uno,
    Ueq,
    Ugt,
    Uge,
    Ult,
    Ule,
    Une,
    True,
}

/// Atomic read-modify-write operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "LLVM's own names")]
pub enum RmwOp {
    Xchg,
    Add,
    Sub,
    And,
    Nand,
    Or,
    Xor,
    Max,
    Min,
    UMax,
    UMin,
    Other,
}

/// What is called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Callee {
    /// A function by name.
    Symbol(SymbolId),
    /// A function pointer.
    Value(Operand),
    /// `llvm.…`, full name with type suffixes.
    Intrinsic(Arc<str>),
    /// Inline assembly.
    Assembly {
        /// The template.
        template: String,
        /// LLVM constraint string.
        constraints: String,
        /// `sideeffect`, `alignstack`, `inteldialect`, `unwind`: those that are set, separated by spaces.
        flags: String,
    },
}

/// One clause of a landing pad.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Clause {
    /// `catch ptr null`: catches everything.
    CatchAll,
    /// `filter [0 x ptr]`: nothing may pass (std aborts in the pad).
    FilterAll,
    /// Any other clause; names it.
    Other(String),
}

/// What an instruction does. Operands' types are given where the operand cannot tell (values have their definition's type).
#[derive(Clone, Debug, Hash)]
#[allow(missing_docs, reason = "the variants' documentation names their fields")]
pub enum Op {
    /// `size` bytes of stack; with `count`, times that many (a dynamic alloca).
    Alloca { size: u64, align: u64, count: Option<Operand> },
    /// Loads the instruction's type.
    Load { pointer: Operand, align: u64, volatile: bool, ordering: Option<Ordering> },
    /// Stores `value` of type `ty`.
    Store { pointer: Operand, value: Operand, ty: TypeRef, align: u64, volatile: bool, ordering: Option<Ordering> },
    /// Address arithmetic: `base + offset + Σ sign_extend(index) · scale`.
    GetElementPtr { base: Operand, offset: i64, terms: SmallVec<[GepTerm; 1]> },
    /// Arithmetic on the instruction's type.
    Binary { op: BinaryOp, lhs: Operand, rhs: Operand },
    /// `fneg`.
    FNeg { value: Operand },
    /// Conversion from `from` to the instruction's type.
    Cast { op: CastOp, value: Operand, from: TypeRef },
    /// Integer comparison of operands of type `ty`.
    ICmp { predicate: IntPredicate, ty: TypeRef, lhs: Operand, rhs: Operand },
    /// Floating comparison of operands of type `ty`.
    FCmp { predicate: FloatPredicate, ty: TypeRef, lhs: Operand, rhs: Operand },
    /// `condition_ty` is `i1`, or a vector of them.
    Select { condition: Operand, condition_ty: TypeRef, on_true: Operand, on_false: Operand },
    /// Takes a field out of an aggregate of type `ty`.
    ExtractValue { aggregate: Operand, ty: TypeRef, indices: SmallVec<[u32; 2]> },
    /// Replaces a field of an aggregate of the instruction's type.
    InsertValue { aggregate: Operand, value: Operand, value_ty: TypeRef, indices: SmallVec<[u32; 2]> },
    /// Takes a lane out of a vector of type `ty`.
    ExtractElement { vector: Operand, ty: TypeRef, index: Operand },
    /// Replaces a lane.
    InsertElement { vector: Operand, value: Operand, index: Operand },
    /// Lane `i` of the result is lane `mask[i]` of `a ++ b` (both of type `ty`), undefined when negative.
    ShuffleVector { a: Operand, b: Operand, ty: TypeRef, mask: SmallVec<[i32; 16]> },
    /// Joins values by predecessor.
    Phi { incoming: Vec<(BlockId, Operand)> },
    /// A call. `unwind` makes it an `invoke` (a terminator) with normal and exceptional successors.
    Call { callee: Callee, signature: Signature, args: Vec<Operand>, unwind: Option<(BlockId, BlockId)> },
    /// Atomic read-modify-write; the result is the old value.
    AtomicRmw { op: RmwOp, pointer: Operand, value: Operand, ordering: Ordering },
    /// Compare and exchange of type `value_ty`; the result is `{ old, i1 }`.
    CmpXchg { pointer: Operand, expected: Operand, new: Operand, value_ty: TypeRef },
    /// Memory fence.
    Fence { ordering: Ordering },
    /// Start of an exceptional block; the result is `{ ptr exception, i32 selector }`.
    LandingPad { cleanup: bool, clauses: SmallVec<[Clause; 1]> },
    /// Goes on unwinding with `{ ptr, i32 }`.
    Resume { value: Operand },
    /// Jump.
    Br { target: BlockId },
    /// Two-way branch on an `i1`.
    CondBr { condition: Operand, on_true: BlockId, on_false: BlockId },
    /// Multi-way branch on an integer of type `ty`; case values as little-endian words.
    Switch { value: Operand, ty: TypeRef, default: BlockId, cases: Vec<(SmallVec<[u64; 1]>, BlockId)> },
    /// Return.
    Ret { value: Option<Operand> },
    /// Never reached.
    Unreachable,
    /// `freeze`: a copy.
    Freeze { value: Operand },
    /// Has no decoded form; names the construct. The function goes to LLVM.
    Unsupported { what: String },
}

/// One variable term of a [`Op::GetElementPtr`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GepTerm {
    /// The index.
    pub index: Operand,
    /// Width of the index in bits.
    pub bits: u32,
    /// Bytes per step.
    pub scale: i64,
}

impl Op {
    /// Calls `visit` with every operand, in no particular order.
    pub fn operands<'a>(&'a self, mut visit: impl FnMut(&'a Operand)) {
        match self {
            Self::Alloca { count: operand, .. } | Self::Ret { value: operand } => operand.iter().for_each(visit),
            Self::Load { pointer: a, .. }
            | Self::FNeg { value: a }
            | Self::Cast { value: a, .. }
            | Self::ExtractValue { aggregate: a, .. }
            | Self::Resume { value: a }
            | Self::CondBr { condition: a, .. }
            | Self::Switch { value: a, .. }
            | Self::Freeze { value: a } => visit(a),
            Self::Store { pointer: a, value: b, .. }
            | Self::Binary { lhs: a, rhs: b, .. }
            | Self::ICmp { lhs: a, rhs: b, .. }
            | Self::FCmp { lhs: a, rhs: b, .. }
            | Self::InsertValue { aggregate: a, value: b, .. }
            | Self::ExtractElement { vector: a, index: b, .. }
            | Self::ShuffleVector { a, b, .. }
            | Self::AtomicRmw { pointer: a, value: b, .. } => [a, b].into_iter().for_each(visit),
            Self::Select { condition: a, on_true: b, on_false: c, .. }
            | Self::InsertElement { vector: a, value: b, index: c }
            | Self::CmpXchg { pointer: a, expected: b, new: c, .. } => [a, b, c].into_iter().for_each(visit),
            Self::GetElementPtr { base, terms, .. } => {
                visit(base);
                terms.iter().for_each(|term| visit(&term.index));
            }
            Self::Phi { incoming } => incoming.iter().for_each(|(_, value)| visit(value)),
            Self::Call { callee, args, .. } => {
                if let Callee::Value(value) = callee {
                    visit(value);
                }
                args.iter().for_each(visit);
            }
            Self::Fence { .. }
            | Self::LandingPad { .. }
            | Self::Br { .. }
            | Self::Unreachable
            | Self::Unsupported { .. } => {}
        }
    }
}
