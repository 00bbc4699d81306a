//! Symbols that a linker makes up for an executable, about how its own parts lie. The base image has symbols of these names that
//! are about itself, which is not what is meant.
//!
//! Where the headers are can be said, as of a [complete executable](crate::executables::complete) they are a program's; so a program
//! that refers to them must be one. What the others bound (code, data, tables) is in the base image as well as in the image, and
//! they are refused.
//!
//! Sources: GNU ld's default script; lld's `addReservedSymbols` and `setReservedSymbolSections`.

/// The executable's headers: these are at its load address.
const HEADERS: [&str; 2] = ["__ehdr_start", "__executable_start"];
/// Its dynamic section.
const DYNAMIC: &str = "_DYNAMIC";

/// The ends of its parts, and the tables that the start-up code goes through.
const LINKER_SYMBOLS: [&str; 25] = [
    "etext",
    "_etext",
    "__etext",
    "edata",
    "_edata",
    "end",
    "_end",
    "__bss_start",
    "__data_start",
    "data_start",
    "__preinit_array_start",
    "__preinit_array_end",
    "__init_array_start",
    "__init_array_end",
    "__fini_array_start",
    "__fini_array_end",
    "__rela_iplt_start",
    "__rela_iplt_end",
    "__GNU_EH_FRAME_HDR",
    "__eh_frame_start",
    "__eh_frame_hdr_start",
    "__eh_frame_hdr_end",
    "_GLOBAL_OFFSET_TABLE_",
    "_PROCEDURE_LINKAGE_TABLE_",
    "_TLS_MODULE_BASE_",
];

/// Whether a symbol is one that is about the headers of the program's own file.
pub(crate) fn is_of_headers(name: &str) -> bool {
    HEADERS.contains(&name) || name == DYNAMIC
}

/// Whether a symbol is one that is about the dynamic section.
pub(crate) fn is_of_dynamic(name: &str) -> bool {
    name == DYNAMIC
}

/// The symbols that are about the headers of the program's own file.
pub(crate) fn of_headers() -> impl Iterator<Item = &'static str> {
    HEADERS.into_iter().chain([DYNAMIC])
}

/// Whether a linker defines `name` unless the program does.
pub(crate) fn is_linker_defined(name: &str) -> bool {
    LINKER_SYMBOLS.contains(&name)
}
