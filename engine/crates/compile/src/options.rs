//! How functions are compiled.

use std::sync::LazyLock;

use cranefly_bitcode::demangled;
use serde::{Deserialize, Serialize};

/// Name of the variable that says which functions skip Cranelift, to find the one that it compiles wrong: a part of
/// their demangled names, or `*` for all. Read when the daemon starts.
pub const LLVM_ONLY_VARIABLE: &str = "CRANEFLY_LLVM_ONLY";
static LLVM_ONLY: LazyLock<Option<String>> =
    LazyLock::new(|| std::env::var(LLVM_ONLY_VARIABLE).ok().filter(|part| !part.is_empty()));

/// How functions are compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeOptions {
    /// rustc's `opt-level`.
    pub opt_level: String,
}

impl CodeOptions {
    /// Everything outside of a function that its code depends on.
    pub fn configuration(&self) -> String {
        let llvm_only = LLVM_ONLY.as_deref().map(|part| format!(" llvm-{part}")).unwrap_or_default();
        format!("x86_64 cranefly-{} opt-{}{llvm_only}", env!("CARGO_PKG_VERSION"), self.opt_level)
    }
}

/// Whether the user asked for LLVM.
pub fn skips_cranelift(symbol: &str) -> bool {
    LLVM_ONLY.as_deref().is_some_and(|part| part == "*" || demangled(symbol).contains(part))
}
