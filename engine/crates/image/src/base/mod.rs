//! The base image and the system libraries behind it: what programs find by name outside of their own units.

pub(crate) mod arrays;
mod libraries;
mod linked;
mod place;

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use hashbrown::{HashMap, HashSet};
use object::elf;
use object::{LittleEndian, Object, ObjectSection, ObjectSymbol, SymbolKind, SymbolSection};

use self::arrays::{Arrays, Names};
use self::libraries::{
    Elf, IMPLICIT_LIBRARIES, Search, find_library, index_library, map_file, needed_libraries, soname,
};
use self::place::PRIVATE;
use crate::Error;
use crate::error::BaseError;
use crate::input::interface::UnitInterface;

pub use self::libraries::Import;
pub use self::linked::Linked;
pub(crate) use self::place::{ANCHOR, BasePlace, TLS_ANCHOR, private_name};

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
        Self::read(path).map_err(|source| Error::Base { path: path.to_owned(), source })
    }

    fn read(path: &Path) -> Result<Self, BaseError> {
        // Those of an image without names are in a copy of it.
        let symbols = path.with_extension("symbols");
        let file = if symbols.exists() { &*symbols } else { path };
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |source| BaseError::Read { path, source }
        };
        let map = map_file(file).map_err(unreadable(file))?;
        let elf = Elf::parse(&*map)?;
        let linked = Linked::read(path)?;
        let mode = std::fs::metadata(path).map_err(unreadable(path))?.mode();
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
        let undefined_anchor = |name: &str| BaseError::Undefined { name: name.to_owned() };
        let anchor = *addresses.get(ANCHOR).ok_or_else(|| undefined_anchor(ANCHOR))?;
        let tls_anchor = *thread_locals.get(TLS_ANCHOR).ok_or_else(|| undefined_anchor(TLS_ANCHOR))?;
        let distance = |from: u64, to: u64| to.wrapping_sub(from).cast_signed();
        let arrays = match &linked {
            Some(Linked { crates, entries, .. }) if !crates.is_empty() => {
                let names = Names::new(crates, entries, &addresses, anchor)?;
                Arrays::read(&elf, &names)?
            }
            _ => Arrays::default(),
        };
        let (needed, search) = needed_libraries(&elf)?;
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
                    .map_err(|source| BaseError::Library { library: library.clone(), source })?;
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
                    .map_err(|source| BaseError::Library { library: library.to_owned(), source })?;
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

    /// The library symbol `name`, if a needed library exports it; `name@VERSION` asks for one of its versions.
    pub fn import(&self, name: &str) -> Option<&Import> {
        self.imports.get(name).or_else(|| {
            let (name, version) = name.split_once('@')?;
            self.imports.get(name).filter(|import| import.version.as_deref() == Some(version))
        })
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

    /// Whether the linker would decide the same for a program of these units as it did for this base image.
    pub fn is_linked_for<'a>(&self, units: impl Iterator<Item = &'a UnitInterface> + Clone) -> bool {
        self.linked().is_none_or(|linked| linked.is_for(|section| self.has_section(section), units))
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
