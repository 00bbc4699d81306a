//! Why code cannot be put in its place.

use cranefly_machine::RelocationKind;

use crate::passes::text::RelocationError;
use crate::tables::symbols::Place;

/// Why machine code cannot be placed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// A relocation that is not applied to code as the psABI has it.
    #[error(transparent)]
    Relocation(#[from] RelocationError),
    /// It refers to a symbol operand that its function does not have.
    #[error("symbol operand {0} is unknown")]
    UnknownOperand(u32),
    /// It refers to a global that its unit does not have.
    #[error("global {0} is unknown")]
    UnknownGlobal(u32),
    /// A run-time support function that neither the program nor a library has.
    #[error("nothing defines `{0}`, which its code needs")]
    Undefined(String),
    /// There is no way from code to what it refers to.
    #[error("{kind:?} to `{symbol}` at {place:?}")]
    Unreachable {
        /// How it refers to it.
        kind: RelocationKind,
        /// What it refers to.
        symbol: String,
        /// Where that is.
        place: Place,
    },
    /// The code that ends a program cannot reach the stub.
    #[error(transparent)]
    Failure(#[from] cranefly_runtime::BindError),
}
