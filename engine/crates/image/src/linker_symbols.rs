//! Symbols that a linker makes up for an executable, about how its own parts lie. An image lies otherwise, and the base image has
//! symbols of these names that are about itself: neither would be what is meant.
//!
//! Sources: GNU ld's default script; lld's `addReservedSymbols` and `setReservedSymbolSections`.

/// The executable's headers, the ends of its parts, and the tables that the start-up code goes through.
const LINKER_SYMBOLS: [&str; 28] = [
    "__ehdr_start",
    "__executable_start",
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
    "_DYNAMIC",
    "_GLOBAL_OFFSET_TABLE_",
    "_PROCEDURE_LINKAGE_TABLE_",
    "_TLS_MODULE_BASE_",
];

/// Whether a linker defines `name` unless the program does.
pub(crate) fn is_linker_defined(name: &str) -> bool {
    LINKER_SYMBOLS.contains(&name)
}
