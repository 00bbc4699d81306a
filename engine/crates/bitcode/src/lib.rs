//! Reads LLVM bitcode through the toolchain's own `libLLVM`.
//!
//! **Takes** the bytes of one codegen unit. **Gives** plain Rust data: a [`ir::Module`] with every global, and on demand
//! the decoded body ([`ir::Function`]) of one function. **Never** links LLVM, never writes a module, and lets no LLVM
//! pointer out but through [`raw`]: whatever else leaves this crate owns its memory.

mod address;
mod attributes;
mod calls;
mod container;
mod context;
mod debug;
pub mod display;
mod error;
mod ffi;
mod function;
mod global_table;
mod globals;
mod init;
mod instructions;
pub mod ir;
pub mod known_attributes;
mod library;
mod names;
mod operands;
mod pointer_map;
mod print;
pub mod raw;
mod reader;
mod scalars;
mod source;
mod type_table;
pub mod types;

pub use container::check as check_container;
pub use error::{ConstantError, Error};
pub use library::Llvm;
pub use names::demangled;
pub use print::PrintedFunction;
pub use reader::Reader;
