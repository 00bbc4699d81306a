//! The base image and the system libraries behind it: what programs find by name outside of their own units.

pub(crate) mod arrays;

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use hashbrown::{HashMap, HashSet};
use memmap2::Mmap;
use object::elf;
use object::read::elf::{Dyn, ElfFile64, Sym, SymbolTable};
use object::{LittleEndian, Object, ObjectSection, ObjectSymbol, SymbolKind, SymbolSection};

use self::arrays::{Arrays, Names};
use crate::Error;
use crate::elf::tag;
use crate::interface::Linked;

/// Exported by every base image: a byte of data whose address the image's relocations are counted from. It makes every
/// symbol of the base image reachable through the ordinary dynamic loader, also those that have no dynamic symbol.
pub const ANCHOR: &str = "__cranefly_base_anchor";

/// As [`ANCHOR`], for thread-locals.
pub const TLS_ANCHOR: &str = "__cranefly_tls_anchor";

/// Stands in front of the names by which the image, the base image and the executable find what a native executable would not
/// export. So no library finds it, neither one that is opened later nor one with a function of the same name.
const PRIVATE: &str = "__cranefly.";

/// The name under which the program defines its C-level `name` for its own parts alone.
pub(crate) fn private_name(name: &str) -> String {
    format!("{PRIVATE}{name}")
}

/// Libraries on every link line of rustc for this target.
const IMPLICIT_LIBRARIES: [&str; 3] = ["libc.so.6", "libm.so.6", "libgcc_s.so.1"];

/// Where the base image defines a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BasePlace {
    /// Bytes from [`ANCHOR`].
    Address(i64),
    /// Bytes from [`TLS_ANCHOR`] in the base image's block of thread-locals.
    ThreadLocal(i64),
}

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

/// An indexed `libbase.so`.
#[derive(Debug)]
pub struct BaseImage {
    path: PathBuf,
    symbols: HashMap<Box<str>, BasePlace>,
    /// By the program's name, under which it is looked for.
    undefined: HashMap<Box<str>, Box<str>>,
    sections: HashSet<Box<str>>,
    linked_by_lld: bool,
    libraries: Vec<String>,
    imports: HashMap<Box<str>, Import>,
    /// What libraries leave to others to define.
    referenced: HashSet<Box<str>>,
    search: Option<Search>,
    linked: Option<Linked>,
    arrays: Arrays,
    mode: u32,
}

impl BaseImage {
    /// Reads the symbol tables of the base image at `path` and of the shared libraries that it needs.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let bad = |reason: String| Error::Base { path: path.to_owned(), reason };
        // Those of an image without names are in a copy of it.
        let symbols = path.with_extension("symbols");
        let file = if symbols.exists() { &*symbols } else { path };
        let map = map_file(file).map_err(|error| bad(error.to_string()))?;
        let elf = ElfFile64::<LittleEndian>::parse(&*map).map_err(|error| bad(error.to_string()))?;
        let linked = read_linked(path).map_err(bad)?;
        let mode = std::fs::metadata(path).map_err(|error| bad(error.to_string()))?.mode();
        let mut addresses: HashMap<Box<str>, u64> = HashMap::new();
        let mut ifuncs = HashSet::new();
        let mut thread_locals = HashMap::new();
        let mut undefined = HashMap::new();
        // GNU ld has these behind the name of no file.
        let mut is_of_no_file = false;
        for symbol in elf.symbols() {
            let Ok(name) = symbol.name() else { continue };
            let raw = symbol.elf_symbol();
            if raw.st_type() == elf::STT_FILE {
                is_of_no_file = name.is_empty();
            }
            // A linker turns hidden symbols into local ones, which keep their visibility; true locals have the default one.
            let visible = raw.st_bind() != elf::STB_LOCAL || raw.st_visibility() == elf::STV_HIDDEN || is_of_no_file;
            if !visible || name.is_empty() || symbol.section() == SymbolSection::Undefined {
                continue;
            }
            if linked.as_ref().is_some_and(|linked| linked.is_stand_in(name)) {
                // A stand-in for the program's own.
                continue;
            }
            if raw.st_type() == elf::STT_GNU_IFUNC {
                // Its place is that of a function which tells the loader where to go: only the loader can be asked.
                ifuncs.insert(Box::from(name));
            } else if symbol.kind() == SymbolKind::Tls {
                thread_locals.insert(Box::from(name), symbol.address());
            } else {
                addresses.insert(Box::from(name), symbol.address());
            }
        }
        let mut imports: HashMap<Box<str>, Import> = HashMap::new();
        for symbol in elf.dynamic_symbols() {
            let Ok(name) = symbol.name() else { continue };
            if symbol.is_undefined() {
                undefined.insert(Box::from(name.strip_prefix(PRIVATE).unwrap_or(name)), Box::from(name));
            } else if symbol.is_global() && ifuncs.contains(name) {
                let import = Import { library: String::new(), version: None, function: true, thread_local: false };
                imports.insert(Box::from(name), import);
            }
        }
        let anchor = *addresses.get(ANCHOR).ok_or_else(|| bad(format!("it does not define `{ANCHOR}`")))?;
        let tls_anchor =
            *thread_locals.get(TLS_ANCHOR).ok_or_else(|| bad(format!("it does not define `{TLS_ANCHOR}`")))?;
        let distance = |from: u64, to: u64| to.wrapping_sub(from).cast_signed();
        let arrays = match &linked {
            Some(Linked { crates, entries, .. }) if !crates.is_empty() => {
                let names = Names::new(crates, entries, &addresses, anchor).map_err(bad)?;
                Arrays::read(&elf, &names).map_err(bad)?
            }
            _ => Arrays::default(),
        };
        let (needed, search) = needed_libraries(&elf).map_err(|error| bad(error.to_string()))?;
        let mut referenced = HashSet::new();
        let mut libraries = Vec::new();
        let files = linked.iter().flat_map(|linked| &linked.libraries).filter_map(|file| Some((soname(file)?, file)));
        let files: HashMap<String, PathBuf> = files.map(|(name, file)| (name, file.clone())).collect();
        let directories: Vec<PathBuf> =
            search.iter().flat_map(|search| search.folders.split(':').map(PathBuf::from)).collect();
        let find = |library: &str| files.get(library).cloned().or_else(|| find_library(library, &directories));
        for library in needed {
            // A library that is missing now is missing when the program starts, too; the loader says so best.
            if let Some(file) = find(&library) {
                index_library(&library, &file, &mut imports, &mut referenced)
                    .map_err(|error| bad(format!("{library}: {error}")))?;
            }
            libraries.push(library);
        }
        let symbols = addresses
            .into_iter()
            .map(|(name, at)| (name, BasePlace::Address(distance(anchor, at))))
            .chain(thread_locals.into_iter().map(|(name, at)| (name, BasePlace::ThreadLocal(distance(tls_anchor, at)))))
            .collect();
        let sections = elf
            .elf_section_table()
            .iter()
            .filter_map(|section| elf.elf_section_table().section_name(LittleEndian, section).ok())
            .filter_map(|name| std::str::from_utf8(name).ok())
            .map(Box::from)
            .collect();

        // Linkers sign what they make.
        let comment = elf.section_by_name(".comment").and_then(|section| section.data().ok()).unwrap_or_default();
        let linked_by_lld = comment.windows(4).any(|word| word == b"LLD ");

        // What the linker dropped because nothing in the base image uses it may be what the program needs.
        for library in IMPLICIT_LIBRARIES {
            if !libraries.iter().any(|needed| needed == library)
                && let Some(file) = find(library)
            {
                index_library(library, &file, &mut imports, &mut referenced)
                    .map_err(|error| bad(format!("{library}: {error}")))?;
            }
        }
        Ok(Self {
            path: path.to_owned(),
            symbols,
            undefined,
            sections,
            linked_by_lld,
            libraries,
            imports,
            referenced,
            search,
            linked,
            arrays,
            mode,
        })
    }

    /// One that nothing is known of. Enough for code that is added to a committed image: whatever it refers to in the base
    /// image has its GOT entry, and nothing else could be reached.
    pub(crate) fn unknown() -> Self {
        Self {
            path: PathBuf::new(),
            symbols: HashMap::new(),
            undefined: HashMap::new(),
            sections: HashSet::new(),
            linked_by_lld: false,
            libraries: Vec::new(),
            imports: HashMap::new(),
            referenced: HashSet::new(),
            search: None,
            linked: None,
            arrays: Arrays::default(),
            mode: 0,
        }
    }

    /// Who may do what with the file, as the linker made it for whoever builds the program.
    pub fn mode(&self) -> u32 {
        self.mode
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the base image defines `name`, if it does.
    pub fn symbol(&self, name: &str) -> Option<BasePlace> {
        self.symbols.get(name).copied()
    }

    /// What the base image expects others to define: libraries, and the program (the allocator's entry points); and the name
    /// under which it looks for each.
    pub fn undefined(&self) -> impl Iterator<Item = (&str, &str)> {
        self.undefined.iter().map(|(name, looked_for)| (&**name, &**looked_for))
    }

    /// Whether it expects others to define `name`: whether that is one of [`Self::undefined`].
    pub fn expects(&self, name: &str) -> bool {
        self.undefined.contains_key(name)
    }

    /// `DT_NEEDED` of the base image, in order.
    pub fn libraries(&self) -> &[String] {
        &self.libraries
    }

    /// The library symbol `name`, if a needed library exports it.
    pub fn import(&self, name: &str) -> Option<&Import> {
        self.imports.get(name)
    }

    /// Whether the C library runs the constructors of executables that leave that to it, as it does since glibc 2.34. Before, they
    /// brought code for it (`__libc_csu_init`), and asked for an older version of `__libc_start_main`.
    pub(crate) fn runs_own_constructors(&self) -> bool {
        let version = self.import("__libc_start_main").and_then(|import| import.version.as_deref());
        version.is_some_and(|version| version != "GLIBC_2.2.5")
    }

    /// Whether the program's linker is lld, as far as its work tells.
    pub fn is_linked_by_lld(&self) -> bool {
        self.linked_by_lld
    }

    /// Whether a needed library defines `name` or expects another to: then a linker exports it from an executable.
    pub(crate) fn is_known_to_libraries(&self, name: &str) -> bool {
        self.imports.contains_key(name) || self.referenced.contains(name)
    }

    /// Where libraries are looked for besides where they always are.
    pub(crate) fn search(&self) -> Option<&Search> {
        self.search.as_ref()
    }

    /// What it was linked for; `None` where that was never written down.
    pub fn linked(&self) -> Option<&Linked> {
        self.linked.as_ref()
    }

    /// Whether it has a definition that counts before a weak one of the program's.
    pub(crate) fn overrides(&self, name: &str) -> bool {
        self.linked.as_ref().is_some_and(|linked| linked.overridden.contains(name))
    }

    /// Its constructors and destructors, which the image has the loader run.
    pub(crate) fn arrays(&self) -> &Arrays {
        &self.arrays
    }

    /// Whether the base image has a section of that name.
    pub fn has_section(&self, name: &str) -> bool {
        self.sections.contains(name)
    }
}

fn map_file(path: &Path) -> std::io::Result<Mmap> {
    let file = File::open(path)?;
    // SAFETY: the file is a finished shared library, which is replaced by renaming, never rewritten in place.
    unsafe { Mmap::map(&file) }
}

type Elf<'data> = ElfFile64<'data, LittleEndian>;

/// Reads what the base image at `path` was linked for.
fn read_linked(path: &Path) -> Result<Option<Linked>, String> {
    let file = path.with_extension("json");
    match std::fs::read(&file) {
        Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| format!("{}: {error}", file.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{}: {error}", file.display())),
    }
}

/// The name by which others need a shared library.
fn soname(file: &Path) -> Option<String> {
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
fn needed_libraries(elf: &Elf) -> object::Result<(Vec<String>, Option<Search>)> {
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
fn find_library(name: &str, search: &[PathBuf]) -> Option<PathBuf> {
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

/// Records the default version of everything that `file` exports; earlier libraries win, as at load time. And what it refers to.
fn index_library(
    library: &str,
    file: &Path,
    imports: &mut HashMap<Box<str>, Import>,
    referenced: &mut HashSet<Box<str>>,
) -> Result<(), Box<dyn std::error::Error>> {
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
        if let Some(versions) = &versions {
            let number = versions.version_index(LittleEndian, index);
            if number.is_hidden() {
                continue;
            }
            if let Some(found) = versions.version(number.into())? {
                version = Some(std::str::from_utf8(found.name())?.to_owned());
            }
        }
        let kind = symbol.st_type();
        imports.entry(name.into()).or_insert_with(|| Import {
            library: library.to_owned(),
            version,
            function: matches!(kind, elf::STT_FUNC | elf::STT_GNU_IFUNC),
            thread_local: kind == elf::STT_TLS,
        });
    }
    Ok(())
}
