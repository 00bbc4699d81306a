//! What the loader finds in the place of an image that is gone: images are in memory, which a machine that is started again,
//! or whoever tidies there, empties. A program says so then, instead of the loader about a library that nobody knows.

use std::path::Path;

use crate::Error;
use crate::base::{BaseImage, private_name};
use crate::executables::small_elf::{PAGE, Section, SmallElf};
use crate::file::elf::{self, SHF_EXECINSTR, tag};
use crate::file::replacement::replace_file;
use crate::tables::dynamic::DynamicTables;
use crate::tables::start::{START_CHECK, START_INIT};

const HEADERS: u16 = 4;

/// Writes the stand-in for images on `base` to `path`.
pub fn write_absent(path: &Path, base: &BaseImage) -> Result<(), Error> {
    let mut dynamic = DynamicTables::default();
    let mut more = Vec::new();
    // Versions of what the executable needs are looked for in the libraries that are loaded.
    if let Some(import) = base.import("__libc_start_main") {
        more.push((tag::NEEDED, u64::from(dynamic.string(&import.library))));
    }
    // All that an executable needs of an image. The addresses follow.
    let main = private_name("main");
    let exported = [&*main, START_CHECK, START_INIT];
    for name in exported {
        dynamic.export(name, 0);
    }
    let mut elf = SmallElf::new(HEADERS);
    let tables = elf.put_tables(&dynamic, 0);
    let check = cranefly_runtime::start_check();
    let code = elf.put(Section::loaded(".text", SHF_EXECINSTR, 16), check.code);
    for name in exported {
        dynamic.export(name, code.at + check.gone as u64);
    }
    elf.fill(tables.symbols(), &dynamic.symbols());
    let second = elf.next_page();
    more.push((tag::FLAGS_1, 1));
    let section = elf.put_dynamic(&tables, &more);
    let page = PAGE as u64;
    let headers: [Vec<u8>; HEADERS as usize] = [
        elf::program_header(1, 5, 0, second, second, page),
        elf::program_header(1, 6, second, section.size, section.size, page),
        elf::program_header(2, 6, section.at, section.size, section.size, 8),
        elf::program_header(0x6474_e551, 6, 0, 0, 0, 16),
    ];
    replace_file(path, &elf.finish(0, &headers), 0o777)
}
