//! What has no translation.

use std::borrow::Cow;

/// A construct that has no translation; the function goes to LLVM.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("unsupported: {0}")]
pub struct Unsupported(pub Cow<'static, str>);

impl Unsupported {
    /// Names the construct.
    pub fn new(what: impl Into<Cow<'static, str>>) -> Self {
        Self(what.into())
    }
}

/// Shorthand of this crate.
pub(crate) type Result<T, E = Unsupported> = std::result::Result<T, E>;

/// `Err(Unsupported)` with a formatted name.
macro_rules! unsupported {
    ($($arg:tt)*) => { return Err($crate::error::Unsupported::new(format!($($arg)*))) };
}
pub(crate) use unsupported;
