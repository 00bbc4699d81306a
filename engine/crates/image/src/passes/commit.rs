//! The end of an update: exports, and the tables that the loader reads.

use std::path::Path;

use cranefly_runtime::Start;

use crate::Error;
use crate::base;
use crate::file::elf::{self, DynamicEntry, tag};
use crate::file::identity::BUILD_ID_SIZE;
use crate::file::region::Region;
use crate::input::mangling::is_allocator_entry;
use crate::linking::Linking;
use crate::linking::constructors::ENTRY;
use crate::linking::exports::export;
use crate::passes::outside;
use crate::tables::Tables;
use crate::tables::start::{START_CHECK, START_INIT};
use crate::tables::symbols::Place;

/// `DF_BIND_NOW | DF_STATIC_TLS`: everything is resolved at load; thread-locals are reached by initial-exec accesses.
const FLAGS: u64 = 0x8 | 0x10;
/// `DF_1_NOW`.
const FLAGS_1: u64 = 1;

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

/// Writes everything that the loader reads, so that a program may start from the image.
pub(crate) fn commit(tables: &mut Tables, linking: &mut Linking, publication: &Publication) -> Result<(), Error> {
    linking.exports.export_all(&mut linking.dynamic, &tables.units, &tables.symbols);
    export_for_base(tables, linking)?;
    linking.exports.export_to_libraries(&mut linking.dynamic, &tables.symbols);
    export_main(tables, linking);
    let stand_in = publication.stand_in.map(elf::path_text).unwrap_or_default();
    let places = linking.dynamic.string(&format!("{}\0{stand_in}", elf::path_text(publication.executable)));
    linking.dynamic.export(START_CHECK, linking.own.start_check());
    linking.dynamic.export(START_INIT, linking.own.start_init());
    let (debug, file, subject) = tables.description();
    debug.describe_marked(file, subject)?;
    write_dynamic_tables(tables, linking, publication)?;
    let file = &mut tables.file;
    let array = file.layout().start(Region::InitArray);
    let inputs = Start {
        places: file.layout().start(Region::Dynstr) + u64::from(places),
        build_id: publication.build_id,
        constructors: array + constructors_of_loader(linking, file.used(Region::InitArray))
            ..array + file.used(Region::InitArray),
    };
    linking.own.bind_check(file, &inputs);
    tables.frames.publish(file);
    let grows = tables.slots_without_code().next().is_some();
    elf::write_headers(&mut tables.file, linking.alignment, grows);
    Ok(())
}

fn write_dynamic_tables(tables: &mut Tables, linking: &mut Linking, publication: &Publication) -> Result<(), Error> {
    let origin = publication.executable.parent().unwrap_or(Path::new("/"));
    let entries = dynamic_entries(tables, linking, &elf::path_text(publication.image), origin);
    let (file, dynamic) = (&mut tables.file, &linking.dynamic);
    elf::rewrite(file, Region::Dynsym, &dynamic.symbols())?;
    elf::rewrite(file, Region::Dynstr, dynamic.strings())?;
    elf::rewrite(file, Region::Versym, &dynamic.versym())?;
    elf::rewrite(file, Region::Verneed, &dynamic.verneed().0)?;
    elf::rewrite(file, Region::Hash, &dynamic.hash())?;
    elf::rewrite(file, Region::Dynamic, &elf::dynamic_section(&entries))
}

/// The entries of the dynamic section. Adds its strings, so that these are as many as it says.
fn dynamic_entries(tables: &Tables, linking: &mut Linking, soname: &str, origin: &Path) -> Vec<DynamicEntry> {
    let Linking { base, dynamic, .. } = linking;
    let mut libraries = vec![elf::path_text(base.path())];
    libraries.extend(base.libraries().iter().cloned());
    let more: Vec<String> = dynamic.libraries().map(str::to_owned).collect();
    libraries.extend(more.into_iter().filter(|library| !base.libraries().contains(library)));
    let mut entries: Vec<DynamicEntry> =
        libraries.iter().map(|library| (tag::NEEDED, u64::from(dynamic.string(library)))).collect();
    entries.push((tag::SONAME, u64::from(dynamic.string(soname))));
    if let Some(search) = base.search() {
        // The loader asks the image for the program's libraries, so it needs what the linker gave to the base image; a
        // complete executable, which is in another folder when it is copied, has it as it is.
        let tag = search.tag();
        dynamic.string(&search.folders);
        let origin = elf::path_text(origin);
        let folders = search.folders.replace("${ORIGIN}", &origin).replace("$ORIGIN", &origin);
        entries.push((tag, u64::from(dynamic.string(&folders))));
    }
    let start = |region| tables.file.layout().start(region);
    let used = |region| tables.file.used(region);
    entries.extend([
        (tag::HASH, start(Region::Hash)),
        (tag::STRTAB, start(Region::Dynstr)),
        (tag::SYMTAB, start(Region::Dynsym)),
        (tag::STRSZ, dynamic.strings().len() as u64),
        (tag::SYMENT, 24),
        (tag::RELA, start(Region::Rela)),
        (tag::RELASZ, used(Region::Rela)),
        (tag::RELAENT, 24),
        (tag::FLAGS, FLAGS),
        (tag::FLAGS_1, FLAGS_1),
        (tag::VERSYM, start(Region::Versym)),
    ]);
    let (_, count) = dynamic.verneed();
    let size = constructors_of_loader(linking, used(Region::InitArray));
    entries.extend([(tag::INIT_ARRAY, start(Region::InitArray)), (tag::INIT_ARRAYSZ, size)]);
    if used(Region::FiniArray) > 0 {
        let size = used(Region::FiniArray);
        entries.extend([(tag::FINI_ARRAY, start(Region::FiniArray)), (tag::FINI_ARRAYSZ, size)]);
    }
    if count > 0 {
        entries.extend([(tag::VERNEED, start(Region::Verneed)), (tag::VERNEEDNUM, count)]);
    }
    entries
}

/// Bytes of the array of constructors that the loader goes through, of `all`. The first one is the image's own; the executable calls
/// the others, if the C library calls an executable's.
fn constructors_of_loader(linking: &Linking, all: u64) -> u64 {
    if linking.base.runs_own_constructors() { ENTRY } else { all }
}

fn export_main(tables: &Tables, linking: &mut Linking) {
    if let Some(symbol) = tables.symbols.find("main")
        && let Place::Image(at) = tables.symbols.place(symbol)
    {
        linking.dynamic.export(&base::private_name("main"), at);
    }
}

/// Defines what the base image expects of the program: its callbacks, and the allocator's entry points.
fn export_for_base(tables: &mut Tables, linking: &mut Linking) -> Result<(), Error> {
    let base = linking.base.clone();
    for (name, looked_for) in base.undefined() {
        let symbol = if is_allocator_entry(name) || linking.groups.is_bound(name) {
            Some(outside::runtime(tables, linking, name)?)
        } else {
            tables.symbols.find(name)
        };
        let place = symbol.map_or(Place::Undefined, |symbol| tables.symbols.place(symbol));
        export(&mut linking.dynamic, looked_for, place);
    }
    Ok(())
}
