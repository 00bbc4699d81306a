//! The end of an update: exports, allocator entry points, and the tables that the loader reads.

use std::path::Path;

use cranefly_bitcode::ir::Linkage;

use cranefly_runtime::Start;

use crate::Error;
use crate::base::arrays::ENTRY;
use crate::base::private_name;
use crate::elf::{self, Alignment, DynamicEntry, tag};
use crate::identity::BUILD_ID_SIZE;
use crate::image::Image;
use crate::interface::is_mangled;
use crate::layout::{PAGE, Region};
use crate::symbols::{Place, SymbolIndex};

/// `DF_BIND_NOW | DF_STATIC_TLS`: everything is resolved at load; thread-locals are reached by initial-exec accesses.
const FLAGS: u64 = 0x8 | 0x10;
/// `DF_1_NOW`.
const FLAGS_1: u64 = 1;

/// What an executable calls before anything else: the [start check](cranefly_runtime::start_check). No [private
/// name](private_name), which may be that of any function of the program's.
pub(crate) const START_CHECK: &str = "__cranefly_start_check";

/// What an executable calls in the place of its constructors.
pub(crate) const START_INIT: &str = "__cranefly_start_init";

/// What an image is published as.
#[derive(Clone, Copy, Debug)]
pub struct Publication<'a> {
    /// Where the image will be found.
    pub image: &'a Path,
    /// Where the executable will be found, without symbolic links.
    pub executable: &'a Path,
    /// Where a copy of it stands for whatever is current, without symbolic links.
    pub stand_in: Option<&'a Path>,
    /// The executable's.
    pub build_id: &'a [u8; BUILD_ID_SIZE],
}

impl Image {
    /// Writes everything that the loader reads, so that a program may start from the image.
    pub fn commit(&mut self, publication: &Publication) -> Result<(), Error> {
        self.export_all();
        self.export_for_base()?;
        self.export_for_libraries();
        self.export_main()?;
        let stand_in = publication.stand_in.map(elf::path_text).unwrap_or_default();
        let places = self.dynamic.string(&format!("{}\0{stand_in}", elf::path_text(publication.executable)));
        let start = cranefly_runtime::start_check();
        for (name, offset) in [(START_CHECK, start.check), (START_INIT, start.init)] {
            self.dynamic.export(name, self.check + offset as u64);
        }
        let dirty = std::mem::take(&mut self.dirty_units);
        self.describe(&dirty)?;
        let tables: [(Region, Vec<u8>); 5] = [
            (Region::Dynsym, self.dynamic.symbols()),
            (Region::Dynstr, Vec::new()),
            (Region::Versym, self.dynamic.versym()),
            (Region::Verneed, self.dynamic.verneed().0),
            (Region::Hash, self.dynamic.hash()),
        ];
        let origin = publication.executable.parent().unwrap_or(Path::new("/"));
        let dynamic = self.dynamic_entries(&elf::path_text(publication.image), origin);
        for (region, bytes) in &tables {
            let bytes = if *region == Region::Dynstr { self.dynamic.strings() } else { bytes };
            elf::rewrite(&mut self.file, *region, bytes)?;
        }
        // `dynamic_entries` added strings before `.dynstr` was written; its size is only known now.
        let size = self.dynamic.strings().len() as u64;
        let entries: Vec<DynamicEntry> =
            dynamic.into_iter().map(|(tag, value)| (tag, if tag == tag::STRSZ { size } else { value })).collect();
        elf::rewrite(&mut self.file, Region::Dynamic, &elf::dynamic_section(&entries))?;
        let places = self.file.layout().start(Region::Dynstr) + u64::from(places);
        let constructors = self.file.layout().start(Region::InitArray);
        let constructors =
            constructors + self.constructors_of_loader()..constructors + self.file.used(Region::InitArray);
        let inputs = Start { places, build_id: publication.build_id, constructors };
        self.file.write(self.check, &start.bind(self.check, &inputs));
        let alignment = Alignment { load: self.load_align, thread_locals: self.tls_align };
        if self.load_align > PAGE && !loader_aligns() {
            return Err(Error::Unplaceable { what: format!("a static that is aligned to {} bytes", self.load_align) });
        }
        let grows = self.slots.iter().any(|&symbol| self.symbols[symbol].code.is_none());
        elf::write_headers(&mut self.file, alignment, grows);
        self.sealed = true;
        self.build_id = Some(*publication.build_id);
        Ok(())
    }

    /// Lets other users load the image as far as they could load what the linker makes, if it is complete: their programs cannot
    /// ask for functions, since what they would write to (the control file) holds what the owner's programs start.
    pub fn admit_others(&self, is_complete: bool) -> Result<(), Error> {
        const OWNER: u32 = 0o600;
        const READ_AND_EXECUTE: u32 = 0o555;
        let others = if is_complete { self.base.mode() & READ_AND_EXECUTE } else { 0 };
        self.file.set_mode(OWNER | others)
    }

    fn dynamic_entries(&mut self, soname: &str, origin: &Path) -> Vec<DynamicEntry> {
        let mut libraries = vec![elf::path_text(self.base.path())];
        libraries.extend(self.base.libraries().iter().cloned());
        let more: Vec<String> = self.dynamic.libraries().map(str::to_owned).collect();
        libraries.extend(more.into_iter().filter(|library| !self.base.libraries().contains(library)));
        let mut entries: Vec<DynamicEntry> =
            libraries.iter().map(|library| (tag::NEEDED, u64::from(self.dynamic.string(library)))).collect();
        entries.push((tag::SONAME, u64::from(self.dynamic.string(soname))));
        if let Some(search) = self.base.search() {
            // The loader asks the image for the program's libraries, so it needs what the linker gave to the base image; a
            // complete executable, which is in another folder when it is copied, has it as it is.
            let tag = search.tag();
            self.dynamic.string(&search.folders);
            let origin = elf::path_text(origin);
            let folders = search.folders.replace("${ORIGIN}", &origin).replace("$ORIGIN", &origin);
            entries.push((tag, u64::from(self.dynamic.string(&folders))));
        }
        let start = |region| self.file.layout().start(region);
        let used = |region| self.file.used(region);
        entries.extend([
            (tag::HASH, start(Region::Hash)),
            (tag::STRTAB, start(Region::Dynstr)),
            (tag::SYMTAB, start(Region::Dynsym)),
            (tag::STRSZ, 0),
            (tag::SYMENT, 24),
            (tag::RELA, start(Region::Rela)),
            (tag::RELASZ, used(Region::Rela)),
            (tag::RELAENT, 24),
            (tag::FLAGS, FLAGS),
            (tag::FLAGS_1, FLAGS_1),
            (tag::VERSYM, start(Region::Versym)),
        ]);
        let size = self.constructors_of_loader();
        entries.extend([(tag::INIT_ARRAY, start(Region::InitArray)), (tag::INIT_ARRAYSZ, size)]);
        if used(Region::FiniArray) > 0 {
            let size = used(Region::FiniArray);
            entries.extend([(tag::FINI_ARRAY, start(Region::FiniArray)), (tag::FINI_ARRAYSZ, size)]);
        }
        let (_, count) = self.dynamic.verneed();
        if count > 0 {
            entries.extend([(tag::VERNEED, start(Region::Verneed)), (tag::VERNEEDNUM, count)]);
        }
        entries
    }

    /// Bytes of the array of constructors that the loader goes through. The first one is the image's own; the executable calls the
    /// others, if the C library calls an executable's.
    fn constructors_of_loader(&self) -> u64 {
        if self.base.runs_own_constructors() { ENTRY } else { self.file.used(Region::InitArray) }
    }

    fn export_main(&mut self) -> Result<(), Error> {
        if let Some(index) = self.symbols.find("main")
            && let Place::Image(at) = self.symbols[index].place
        {
            self.dynamic.export(&private_name("main"), at);
        }
        Ok(())
    }

    /// Defines what the base image expects of the program: its callbacks, and the allocator's entry points.
    fn export_for_base(&mut self) -> Result<(), Error> {
        let base = self.base.clone();
        for (name, looked_for) in base.undefined() {
            let index = if AllocatorSymbol::parse(name).is_some() || self.is_bound(name) {
                Some(self.runtime(name)?)
            } else {
                self.symbols.find(name)
            };
            match index.map(|index| self.symbols[index].place) {
                Some(Place::Image(at)) => drop(self.dynamic.export(looked_for, at)),
                Some(Place::ThreadLocal(offset)) => drop(self.dynamic.export_thread_local(looked_for, offset)),
                _ => self.dynamic.withdraw(looked_for),
            }
        }
        Ok(())
    }

    /// Defines what a linker would export to the shared libraries that the program needs, since they define or expect it.
    fn export_for_libraries(&mut self) {
        for &index in &self.exported {
            let symbol = &self.symbols[index];
            match symbol.place {
                Place::Image(at) => drop(self.dynamic.export(&symbol.name, at)),
                Place::ThreadLocal(offset) => drop(self.dynamic.export_thread_local(&symbol.name, offset)),
                _ => self.dynamic.withdraw(&symbol.name),
            }
        }
    }

    /// Notes whether shared libraries see the definition of `index`.
    pub(crate) fn note_export(&mut self, index: SymbolIndex) {
        let symbol = &self.symbols[index];
        if is_mangled(&symbol.name) || !self.base.is_known_to_libraries(&symbol.name) {
            return;
        }
        let is_visible = symbol.definition().is_some_and(|definer| {
            let global = &self.units[&definer.unit].unit.module.globals[definer.global.0 as usize];
            definer.linkage != Linkage::Local && !global.hidden
        });
        if is_visible || self.assembly_place(index).is_some() {
            self.exported.insert(index);
        }
    }

    /// Where `index` lies if it is an allocator entry point.
    ///
    /// rustc makes the allocator shim when it links, so no bitcode has it: `__rust_alloc` and its siblings go to
    /// `__rg_*` where the program has a `#[global_allocator]`, else to std's `__rdl_*`.
    pub(crate) fn allocator_entry(&mut self, index: SymbolIndex) -> Result<Option<Place>, Error> {
        let name = self.symbols[index].name.clone();
        let Some(entry) = AllocatorSymbol::parse(&name) else { return Ok(None) };
        if !self.allocator_symbols.contains(&index) {
            self.allocator_symbols.push(index);
        }
        let Some(method) = entry.method else {
            // `__rust_no_alloc_shim_is_unstable_v2`: called for its existence only.
            let at = match self.symbols[index].plt {
                Some(at) => at,
                None => self.file.append(Region::Plt, &[0xc3, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc], 8)?,
            };
            self.symbols[index].plt = Some(at);
            return Ok(Some(Place::Image(at)));
        };
        let target =
            self.implementation(&entry, "__rg_", method).or_else(|| self.implementation(&entry, "__rdl_", method));
        let Some(target) = target else { return Ok(None) };
        let target = self.runtime(&target)?;
        Ok(Some(Place::Image(self.call_target(target)?)))
    }

    /// What the program itself has for an entry point of the allocator.
    pub(crate) fn allocator_implementation(&self, name: &str) -> Option<SymbolIndex> {
        let entry = AllocatorSymbol::parse(name)?;
        self.symbols.find(&entry.sibling(&format!("__rg_{}", entry.method?)))
    }

    fn implementation(&self, entry: &AllocatorSymbol, prefix: &str, method: &str) -> Option<String> {
        let name = entry.sibling(&format!("{prefix}{method}"));
        let in_units =
            self.symbols.find(&name).is_some_and(|index: SymbolIndex| !self.symbols[index].definers.is_empty());
        (in_units || self.base.symbol(&name).is_some()).then_some(name)
    }
}

/// Whether the C library's loader puts shared objects where their alignments ask for it: glibc does since 2.35.
fn loader_aligns() -> bool {
    // SAFETY: a terminated string of the C library's own.
    let version = unsafe { std::ffi::CStr::from_ptr(libc::gnu_get_libc_version()) }.to_string_lossy();
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    (numbers.next(), numbers.next()) >= (Some(2), Some(35))
}

/// Whether a name is one of the allocator's entry points: every image has them, whether anything called them before or not.
#[must_use]
pub fn is_allocator_entry(name: &str) -> bool {
    AllocatorSymbol::parse(name).is_some()
}

/// A name such as `_RNvCs1a2B_7___rustc12___rust_alloc`.
struct AllocatorSymbol<'name> {
    prefix: &'name str,
    method: Option<&'name str>,
}

impl<'name> AllocatorSymbol<'name> {
    fn parse(name: &'name str) -> Option<Self> {
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
    fn sibling(&self, item: &str) -> String {
        let separator = if item.starts_with('_') { "_" } else { "" };
        format!("{}{}{separator}{item}", self.prefix, item.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocator_names_are_v0_mangled() {
        let name = "_RNvCs2SkXJDBz4Ns_7___rustc12___rust_alloc";
        let entry = AllocatorSymbol::parse(name).unwrap();
        assert_eq!(entry.method, Some("alloc"));
        assert_eq!(entry.sibling("__rdl_alloc"), "_RNvCs2SkXJDBz4Ns_7___rustc11___rdl_alloc");
        assert!(AllocatorSymbol::parse("_RNvCs2SkXJDBz4Ns_7___rustc17___rust_drop_panic").is_none());
    }
}
