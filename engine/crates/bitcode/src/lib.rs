//! Reads LLVM bitcode through the toolchain's own `libLLVM`.
//!
//! **Takes** the bytes of one codegen unit. **Gives** plain Rust data: a [`ir::Module`] with every global, and on demand
//! the decoded body ([`ir::Function`]) of one function. **Never** links LLVM, never writes a module, and lets no LLVM
//! pointer out: whatever leaves this crate owns its memory.

pub mod ir;
pub mod types;
