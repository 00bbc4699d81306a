//! LLVM IR → Cranelift IR, one function at a time.
//!
//! **Takes** a decoded function (`cranefly_bitcode::ir::Function`). **Gives** a Cranelift function, or the name of the
//! construct that has no translation. **Never** reads anything that is not in the decoded function: what it may depend on
//! is exactly what the function's key hashes.
