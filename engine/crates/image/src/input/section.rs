//! What a linker makes of an input section, by its name and flags.
//!
//! Sources: the gABI's list of special sections; lld's `getOutputSectionName` and `getPriority`, and GNU ld's default script, as
//! far as both agree. Where they do not (`.ctors`), and where a name has a meaning that an image cannot give it, there is
//! [no answer](Reserved): the program is left to the linker.

use std::sync::Arc;

/// Priority of an entry of `.init_array` or `.fini_array` whose section has no number: behind all that have one.
pub(crate) const UNNUMBERED: u32 = 65536;

/// Sections that linkers and loaders make themselves or give a meaning of their own; names that begin like these belong to them.
const RESERVED: [&str; 29] = [
    ".comment",
    ".ctors",
    ".dtors",
    ".dynamic",
    ".dynstr",
    ".dynsym",
    ".eh_frame",
    ".fini",
    ".gcc_except_table",
    ".gnu.",
    ".gnu_debug",
    ".got",
    ".group",
    ".hash",
    ".init",
    ".interp",
    ".jcr",
    ".line",
    ".note.GNU-stack",
    ".note.gnu.",
    ".plt",
    ".preinit_array",
    ".rel",
    ".sframe",
    ".shstrtab",
    ".stab",
    ".strtab",
    ".symtab",
    ".tm_clone_table",
];

/// Output sections whose parts may lie anywhere in a region of their kind.
const SCATTERED: [&str; 9] = [".bss", ".data", ".lbss", ".ldata", ".lrodata", ".rodata", ".tbss", ".tdata", ".sdata"];

/// Where the parts of a section go.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SectionKind {
    /// Pointers run at start, by priority.
    InitArray(u32),
    /// Pointers run at exit, in reverse, by priority.
    FiniArray(u32),
    /// A contiguous group between `__start_NAME` and `__stop_NAME`.
    Group(Arc<str>),
    /// Among the code.
    Text,
    /// By content, as if it had no name.
    Ordinary,
}

/// A section whose name belongs to linkers and loaders: an image has no place for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserved;

impl SectionKind {
    /// The kind of a section called `name`.
    pub fn of(name: &str) -> Result<Self, Reserved> {
        let is_part = |section: &str| is_part(name, section);
        if is_part(".init_array") {
            return Ok(Self::InitArray(priority(name)));
        }
        if is_part(".fini_array") {
            return Ok(Self::FiniArray(priority(name)));
        }
        if is_part(".text") || is_part(".ltext") {
            return Ok(Self::Text);
        }
        // Whatever `.data.rel.ro` is made of, the loader writes to it before it is read-only, as to `.data`.
        if SCATTERED.iter().any(|section| is_part(section)) {
            return Ok(Self::Ordinary);
        }
        if RESERVED.iter().any(|reserved| name.starts_with(reserved)) {
            return Err(Reserved);
        }
        Ok(if is_identifier(name) { Self::Group(name.into()) } else { Self::Ordinary })
    }

    /// Whether its parts are entries of an array, and have a number of their own.
    pub(crate) fn is_numbered(&self) -> bool {
        matches!(self, Self::InitArray(priority) | Self::FiniArray(priority) if *priority != UNNUMBERED)
    }
}

/// Whether an input section of this name goes to the output section `section`.
fn is_part(name: &str, section: &str) -> bool {
    name.strip_prefix(section).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Whether `name` means something to the program's authors only, so that they may look for it in a file.
pub fn is_chosen(name: &str) -> bool {
    let own = matches!(SectionKind::of(name), Ok(SectionKind::Group(_) | SectionKind::Ordinary));
    let in_region = SCATTERED.iter().any(|section| is_part(name, section));
    own && !in_region && name != ".debug_gdb_scripts"
}

/// Whether a linker defines `__start_NAME` and `__stop_NAME` for a section of this name.
fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The number behind the last dot.
fn priority(name: &str) -> u32 {
    name.rsplit_once('.').and_then(|(_, number)| number.parse().ok()).unwrap_or(UNNUMBERED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_by_name() {
        let group = |name: &str| Ok(SectionKind::Group(name.into()));
        for (name, kind) in [
            (".init_array", Ok(SectionKind::InitArray(UNNUMBERED))),
            (".init_array.00099", Ok(SectionKind::InitArray(99))),
            (".init_array.late", Ok(SectionKind::InitArray(UNNUMBERED))),
            (".fini_array.7", Ok(SectionKind::FiniArray(7))),
            (".text", Ok(SectionKind::Text)),
            (".text.hot", Ok(SectionKind::Text)),
            (".textual", Ok(SectionKind::Ordinary)),
            (".data.rel.ro.local", Ok(SectionKind::Ordinary)),
            (".rodata.str", Ok(SectionKind::Ordinary)),
            (".dep-v0", Ok(SectionKind::Ordinary)),
            (".note.mine", Ok(SectionKind::Ordinary)),
            ("my list", Ok(SectionKind::Ordinary)),
            ("mylist", group("mylist")),
            ("__my_list2", group("__my_list2")),
            ("2lists", Ok(SectionKind::Ordinary)),
            (".ctors", Err(Reserved)),
            (".ctors.65000", Err(Reserved)),
            (".dtors", Err(Reserved)),
            (".preinit_array", Err(Reserved)),
            (".init", Err(Reserved)),
            (".eh_frame", Err(Reserved)),
            (".note.gnu.property", Err(Reserved)),
            (".rela.dyn", Err(Reserved)),
        ] {
            assert_eq!(SectionKind::of(name), kind, "{name}");
        }
    }
}
