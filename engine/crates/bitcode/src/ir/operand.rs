//! What instructions work on.

use smallvec::SmallVec;

use super::ids::{SymbolId, ValueId};
use crate::types::TypeRef;

/// An operand: an SSA value or a constant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Operand {
    /// A parameter or an instruction's result.
    Value(ValueId),
    /// A constant.
    Constant(Constant),
}

/// A constant. Integer and floating constants are their bit patterns, little-endian words, unused high bits zero.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Constant {
    /// `undef` or `poison`.
    Undef(TypeRef),
    /// `zeroinitializer`, `null`.
    Zero(TypeRef),
    /// An integer or floating constant.
    Bits(TypeRef, SmallVec<[u64; 1]>),
    /// Array, struct or vector, element by element.
    Aggregate(TypeRef, Vec<Constant>),
    /// Address of a symbol plus bytes. The type is `ptr`, or an integer when a `ptrtoint` is around it.
    Symbol(TypeRef, SymbolId, i64),
    /// Something that has no decoded form; names it.
    Unsupported(TypeRef, String),
}

impl Constant {
    /// The constant's type.
    pub fn ty(&self) -> &TypeRef {
        match self {
            Self::Undef(ty)
            | Self::Zero(ty)
            | Self::Bits(ty, _)
            | Self::Aggregate(ty, _)
            | Self::Symbol(ty, ..)
            | Self::Unsupported(ty, _) => ty,
        }
    }
}

impl Constant {
    pub(super) fn is_incomplete(&self) -> bool {
        match self {
            Self::Unsupported(..) => true,
            Self::Aggregate(_, elements) => elements.iter().any(Self::is_incomplete),
            Self::Undef(_) | Self::Zero(_) | Self::Bits(..) | Self::Symbol(..) => false,
        }
    }
}
