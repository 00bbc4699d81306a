//! How functions are called.

use crate::types::TypeRef;

/// Integer extension of an argument or return value (`zeroext`, `signext`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Extension {
    /// High bits unspecified.
    #[default]
    None,
    /// Zero-extended.
    Zero,
    /// Sign-extended.
    Sign,
}

/// The ABI of a function or of a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signature {
    /// Return type, `Type::Void` for none.
    pub ret: TypeRef,
    /// Extension of the returned integer.
    pub ret_extension: Extension,
    /// Parameters (at a call: one per actual argument, the variadic ones included).
    pub params: Vec<Param>,
    /// Declared with `...`.
    pub variadic: bool,
    /// LLVM's calling convention number; 0 is C, 8 fast, 9 cold.
    pub call_conv: u32,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Param {
    /// Its type.
    pub ty: TypeRef,
    /// `zeroext` / `signext`.
    pub extension: Extension,
    /// `sret`: where the caller wants the result.
    pub sret: bool,
    /// `byval`: size and alignment of the copy that is passed on the stack.
    pub byval: Option<(u64, u64)>,
}
