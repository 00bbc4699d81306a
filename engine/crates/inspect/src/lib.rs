//! Functions as text, for people: LLVM IR, Cranelift IR, machine code.
//!
//! **Takes** a unit's bitcode and the number of a function in it, or a function's code as it lies in an image. **Gives**
//! [`Text`]: lines, the source position of each, and the symbols that they name. **Never** compiles for an image, changes
//! one, or gives more than [`MAX_BYTES`].

mod asm;
mod clif;
mod error;
mod listing;
mod llvm;
pub mod names;
mod subject;
mod text;

pub use asm::{Code, asm};
pub use clif::clif;
pub use error::Error;
pub use llvm::llvm;
pub use subject::Subject;
pub use text::{MAX_BYTES, Reference, SourceLine, Text};
