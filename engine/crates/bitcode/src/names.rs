//! Names of symbols as people write them.

/// The demangled name of a symbol, without the hash.
pub fn demangled(symbol: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(symbol))
}
