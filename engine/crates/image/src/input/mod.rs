//! What units are to a linker, and what names and sections mean to it. Knows of no image.

pub(crate) mod contents;
pub(crate) mod demand;
pub(crate) mod globals;
pub(crate) mod interface;
pub(crate) mod linker_symbols;
pub(crate) mod mangling;
pub(crate) mod object_file;
pub(crate) mod own_file;
pub(crate) mod runtime_functions;
pub(crate) mod section;
