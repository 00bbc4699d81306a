//! How an image reaches what is in its base image, and the names that only the two know.

/// Exported by every base image: a byte of data whose address the image's relocations are counted from. It makes every
/// symbol of the base image reachable through the ordinary dynamic loader, also those that have no dynamic symbol.
pub const ANCHOR: &str = "__cranefly_base_anchor";

/// As [`ANCHOR`], for thread-locals.
pub const TLS_ANCHOR: &str = "__cranefly_tls_anchor";

/// Stands in front of the names by which the image, the base image and the executable find what a native executable would not
/// export. So no library finds it, neither one that is opened later nor one with a function of the same name.
pub(super) const PRIVATE: &str = "__cranefly.";

/// The name under which the program defines its C-level `name` for its own parts alone.
pub(crate) fn private_name(name: &str) -> String {
    format!("{PRIVATE}{name}")
}

/// Where the base image defines a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BasePlace {
    /// Bytes from [`ANCHOR`].
    Address(i64),
    /// Bytes from [`TLS_ANCHOR`] in the base image's block of thread-locals.
    ThreadLocal(i64),
}
