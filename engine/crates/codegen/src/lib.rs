//! Cranelift IR → machine code, and LLVM for what Cranelift cannot express.
//!
//! **Takes** a translated function, or a bitcode function by name. **Gives** [`machine::MachineCode`]. **Never** knows
//! where code will lie or what a symbol resolves to: the image binds that.

pub mod cranelift;
pub mod llvm;

pub use cranefly_machine as machine;
