//! Names that rustc makes up, and names that mean something to linkers.

/// Whether the linker itself defines the name, as a bound of a section, so that no archive is asked for it.
pub(crate) fn is_bound(name: &str) -> bool {
    BOUNDS.iter().any(|bound| name.starts_with(bound))
}

/// What the names of a section's bounds begin with.
pub(crate) const BOUNDS: [&str; 2] = ["__start_", "__stop_"];

/// Whether rustc has made up the name, by either of its schemes (C++ has the beginning of the older one): no C code and no
/// archive of C objects knows it.
pub(crate) fn is_mangled(name: &str) -> bool {
    let is_hash = |rest: &str| {
        rest.len() >= 17 && rest.as_bytes()[16] == b'E' && rest[..16].bytes().all(|b| b.is_ascii_hexdigit())
    };
    name.starts_with("_R")
        || (name.starts_with("_ZN") && name.rmatch_indices("17h").any(|(at, hash)| is_hash(&name[at + hash.len()..])))
}

/// A name of an entry point of the allocator, such as `_RNvCs1a2B_7___rustc12___rust_alloc`.
///
/// rustc makes the allocator shim when it links, so no bitcode has it: `__rust_alloc` and its siblings go to
/// `__rg_*` where the program has a `#[global_allocator]`, else to std's `__rdl_*`.
pub(crate) struct AllocatorSymbol<'name> {
    prefix: &'name str,
    /// `alloc`, `dealloc`, …; `None` for what is called for its existence only.
    pub(crate) method: Option<&'name str>,
}

impl<'name> AllocatorSymbol<'name> {
    /// Reads a name; `None` if it is another one's.
    pub(crate) fn parse(name: &'name str) -> Option<Self> {
        const CRATE: &str = "7___rustc";
        let end = name.find(CRATE)? + CRATE.len();
        let (prefix, rest) = name.split_at(end);
        let length: String = rest.chars().take_while(char::is_ascii_digit).collect();
        // A name that begins with an underscore or digit is separated from its length by one.
        let item = rest[length.len()..].strip_prefix('_').unwrap_or(&rest[length.len()..]);
        if item == "__rust_no_alloc_shim_is_unstable_v2" {
            return Some(Self { prefix, method: None });
        }
        let method = item.strip_prefix("__rust_")?;
        matches!(method, "alloc" | "dealloc" | "realloc" | "alloc_zeroed")
            .then_some(Self { prefix, method: Some(method) })
    }

    /// The symbol of another item of the same (virtual) crate, in v0 mangling.
    pub(crate) fn sibling(&self, item: &str) -> String {
        let separator = if item.starts_with('_') { "_" } else { "" };
        format!("{}{}{separator}{item}", self.prefix, item.len())
    }
}

/// Whether a name is one of the allocator's entry points: every image has them, whether anything called them before or not.
#[must_use]
pub fn is_allocator_entry(name: &str) -> bool {
    AllocatorSymbol::parse(name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_names_are_told_from_those_of_cpp() {
        assert!(is_mangled("_RNvCs2SkXJDBz4Ns_7___rustc12___rust_alloc"));
        assert!(is_mangled("_ZN4core3fmt5Write9write_str17h0123456789abcdefE"));
        assert!(is_mangled("_ZN4core3fmt5Write9write_str17h0123456789abcdefE.llvm.77"));
        assert!(!is_mangled("_ZN3foo3barEv"));
        assert!(!is_mangled("sqlite3_open"));
    }

    #[test]
    fn allocator_names_are_v0_mangled() {
        let name = "_RNvCs2SkXJDBz4Ns_7___rustc12___rust_alloc";
        let entry = AllocatorSymbol::parse(name).unwrap();
        assert_eq!(entry.method, Some("alloc"));
        assert_eq!(entry.sibling("__rdl_alloc"), "_RNvCs2SkXJDBz4Ns_7___rustc11___rdl_alloc");
        assert!(AllocatorSymbol::parse("_RNvCs2SkXJDBz4Ns_7___rustc17___rust_drop_panic").is_none());
    }
}
