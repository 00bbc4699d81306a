//! Shared libraries: which a base image needs, where they are, and what they offer and ask for.

use std::fs::File;
use std::path::{Path, PathBuf};

use hashbrown::{HashMap, HashSet};
use memmap2::Mmap;
use object::read::elf::{Dyn, ElfFile64, Sym, SymbolTable};
use object::{LittleEndian, elf};

use crate::error::LibraryError;
use crate::file::elf::tag;

pub(super) type Elf<'data> = ElfFile64<'data, LittleEndian>;

/// Libraries on every link line of rustc for this target.
pub(super) const IMPLICIT_LIBRARIES: [&str; 3] = ["libc.so.6", "libm.so.6", "libgcc_s.so.1"];

/// A symbol of a shared library, with the version that a link against it today would record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The library's `DT_SONAME`.
    pub library: String,
    /// Version name (`GLIBC_2.34`); `None` for an unversioned library.
    pub version: Option<String>,
    /// It is code.
    pub function: bool,
    /// Thread-local.
    pub thread_local: bool,
}

/// `DT_RUNPATH`, or `DT_RPATH`.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    /// It is the older `DT_RPATH`, which counts for the libraries' own libraries, too.
    pub(crate) is_inherited: bool,
    /// Separated by colons; `$ORIGIN` is the executable's folder.
    pub(crate) folders: String,
}

impl Search {
    /// The tag of its entry in a dynamic section.
    pub(crate) fn tag(&self) -> u64 {
        if self.is_inherited { tag::RPATH } else { tag::RUNPATH }
    }
}

pub(super) fn map_file(path: &Path) -> std::io::Result<Mmap> {
    let file = File::open(path)?;
    // SAFETY: the file is a finished shared library, which is replaced by renaming, never rewritten in place.
    unsafe { Mmap::map(&file) }
}

/// The name by which others need a shared library.
pub(super) fn soname(file: &Path) -> Option<String> {
    let map = map_file(file).ok()?;
    let elf = Elf::parse(&*map).ok()?;
    let sections = elf.elf_section_table();
    let (entries, strings) = sections.dynamic(LittleEndian, elf.data()).ok()??;
    let strings = sections.strings(LittleEndian, elf.data(), strings).ok()?;
    let name = entries.iter().find(|entry| entry.d_tag(LittleEndian) == elf::DT_SONAME);
    let name = name.and_then(|entry| strings.get(u32::try_from(entry.d_val(LittleEndian)).ok()?).ok());
    match name {
        Some(name) => String::from_utf8(name.to_vec()).ok(),
        None => Some(file.file_name()?.to_str()?.to_owned()),
    }
}

/// `DT_NEEDED`, and `DT_RUNPATH` or `DT_RPATH`.
pub(super) fn needed_libraries(elf: &Elf) -> object::Result<(Vec<String>, Option<Search>)> {
    let sections = elf.elf_section_table();
    let mut needed = Vec::new();
    let mut search = None;
    if let Some((entries, strings)) = sections.dynamic(LittleEndian, elf.data())? {
        let strings = sections.strings(LittleEndian, elf.data(), strings)?;
        for entry in entries {
            let tag = entry.d_tag(LittleEndian);
            let Ok(offset) = u32::try_from(entry.d_val(LittleEndian)) else { continue };
            let text = || strings.get(offset).ok().and_then(|bytes| std::str::from_utf8(bytes).ok());
            match tag {
                elf::DT_NEEDED => needed.extend(text().map(str::to_owned)),
                elf::DT_RUNPATH | elf::DT_RPATH => {
                    let folders = text().unwrap_or_default().to_owned();
                    search = Some(Search { is_inherited: tag == elf::DT_RPATH, folders });
                }
                _ => {}
            }
        }
    }
    Ok((needed, search))
}

/// Finds a shared library as the loader would, but for `LD_LIBRARY_PATH`, which belongs to the program's start.
pub(super) fn find_library(name: &str, search: &[PathBuf]) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(PathBuf::from(name));
    }
    let system = [
        "/lib/x86_64-linux-gnu",
        "/usr/lib/x86_64-linux-gnu",
        "/lib64",
        "/usr/lib64",
        "/lib",
        "/usr/lib",
        "/usr/local/lib",
    ];
    search
        .iter()
        .map(PathBuf::as_path)
        .chain(system.iter().map(Path::new))
        .map(|dir| dir.join(name))
        .find(|path| path.exists())
}

/// Records the default version of everything that `file` exports under its name, and every other version under the name that
/// asks for it, `name@VERSION`, as that of a default which an earlier library has as well: earlier libraries win, as at load time. And what it refers to.
pub(super) fn index_library(
    library: &str,
    file: &Path,
    imports: &mut HashMap<Box<str>, Import>,
    referenced: &mut HashSet<Box<str>>,
) -> Result<(), LibraryError> {
    let map = map_file(file)?;
    let elf = Elf::parse(&*map)?;
    let sections = elf.elf_section_table();
    let symbols: &SymbolTable<_, _> = elf.elf_dynamic_symbol_table();
    let versions = sections.versions(LittleEndian, elf.data())?;
    for (index, symbol) in symbols.enumerate() {
        if symbol.st_bind() == elf::STB_LOCAL {
            continue;
        }
        let Ok(Ok(name)) = symbols.symbol_name(LittleEndian, symbol).map(std::str::from_utf8) else { continue };
        if symbol.is_undefined(LittleEndian) {
            referenced.insert(name.into());
            continue;
        }
        let mut version = None;
        let mut is_default = true;
        if let Some(versions) = &versions {
            let number = versions.version_index(LittleEndian, index);
            is_default = !number.is_hidden();
            match versions.version(number.into()) {
                Ok(found) => version = found.map(|it| std::str::from_utf8(it.name()).map(str::to_owned)).transpose()?,
                // Nobody can ask for it.
                Err(_) if !is_default => continue,
                Err(error) => return Err(error.into()),
            }
        }
        // Another version of it may be an earlier library's default.
        let name: Box<str> = match &version {
            _ if is_default && !imports.contains_key(name) => name.into(),
            Some(version) => format!("{name}@{version}").into(),
            None => continue,
        };
        let kind = symbol.st_type();
        imports.entry(name).or_insert_with(|| Import {
            library: library.to_owned(),
            version,
            function: matches!(kind, elf::STT_FUNC | elf::STT_GNU_IFUNC),
            thread_local: kind == elf::STT_TLS,
        });
    }
    Ok(())
}
