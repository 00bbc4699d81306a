//! The decoded form of LLVM IR: plain, owned, content-hashable data.
//!
//! Everything that a later stage may depend on is in these types and nowhere else; `#[derive(Hash)]` over them is
//! therefore a complete function key by construction. What may change without changing machine code — which global a
//! symbol operand names, which source position a location index stands for — is kept in side tables
//! ([`Function::symbols`], [`Function::locations`]) that the key leaves out and the image binds on every use.

mod function;
mod ids;
mod module;
mod operand;
mod operation;
mod signature;

pub use crate::source::{Location, SourceFile, SourceFrame, Subprogram};
pub use function::{Attribute, AttributeOf, Block, Function, Instruction, SymbolKind, SymbolRef};
pub use ids::{BlockId, GlobalId, LocationId, SymbolId, ValueId};
pub use module::{Global, GlobalKind, Init, InitPointer, Linkage, Module, Variable};
pub use operand::{Constant, Operand};
pub use operation::{BinaryOp, Callee, CastOp, Clause, FloatPredicate, GepTerm, IntPredicate, Op, Ordering, RmwOp};
pub use signature::{Extension, Param, Signature};
