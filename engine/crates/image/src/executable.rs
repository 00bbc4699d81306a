//! The tiny executable that makes a program out of an image: two pages, an interpreter, and `_start`.
//!
//! Behind the pages stand section headers: no loader needs them, but lldb (up to 19 at least) looks for the dynamic section
//! there, and without it never learns which objects are loaded.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::Error;
use crate::base::BaseImage;
use crate::dynamic::{DynamicRelocation, DynamicTables};
use crate::elf::{self, DynamicEntry, tag};

const PAGE: usize = 4096;
const HEADERS: u16 = 6;
const INTERPRETER: &[u8] = b"/lib64/ld-linux-x86-64.so.2\0";

/// `_start` as the psABI and glibc want it (as in glibc's `sysdeps/x86_64/start.S`); the two displacements are of the GOT
/// entries of `main` and `__libc_start_main`.
const START: [u8; 36] = [
    0x31, 0xed, // xor %ebp, %ebp
    0x49, 0x89, 0xd1, // mov %rdx, %r9
    0x5e, // pop %rsi
    0x48, 0x89, 0xe2, // mov %rsp, %rdx
    0x48, 0x83, 0xe4, 0xf0, // and $-16, %rsp
    0x50, // push %rax
    0x54, // push %rsp
    0x45, 0x31, 0xc0, // xor %r8d, %r8d
    0x31, 0xc9, // xor %ecx, %ecx
    0x48, 0x8b, 0x3d, 0, 0, 0, 0, // mov main@GOT(%rip), %rdi
    0xff, 0x15, 0, 0, 0, 0,    // call *__libc_start_main@GOT(%rip)
    0xf4, // hlt
    0xcc, 0xcc,
];
const MAIN_AT: usize = 23;
const LIBC_AT: usize = 29;

/// Writes the executable of the image that will be found at `image`, atomically replacing what is at `path`.
pub fn write_executable(path: &Path, image: &Path, base: &BaseImage) -> Result<(), Error> {
    let bytes = executable(image, base);
    if std::fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let failed = |source| Error::File { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let temporary = path.with_extension(format!("cranefly-{}", std::process::id()));
    let _ = std::fs::remove_file(&temporary);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o755).open(&temporary).map_err(failed)?;
    file.write_all(&bytes).map_err(failed)?;
    drop(file);
    std::fs::rename(&temporary, path).map_err(failed)
}

fn executable(image: &Path, base: &BaseImage) -> Vec<u8> {
    let mut tables = DynamicTables::default();
    let main = tables.import("main", None, false);
    let start_main = "__libc_start_main";
    let start_main = tables.import(start_main, base.import(start_main), false);
    // The image alone, which needs the rest: names are looked up in the order in which objects are needed, and what the
    // program or the base image define comes before any library's, as in an executable.
    let needed = [tables.string(&elf::path_text(image))];

    // First page: read and execute. Second page: the dynamic section, which the loader writes to, and the GOT.
    let got = PAGE + 1024;
    let mut first = vec![0u8; PAGE];
    let mut at: usize = 64 + 56 * HEADERS as usize;
    let mut put = |bytes: &[u8]| {
        at = at.next_multiple_of(8);
        let here = at;
        first[here..here + bytes.len()].copy_from_slice(bytes);
        at += bytes.len();
        here as u64
    };
    let interpreter = put(INTERPRETER);
    let symbols = put(&tables.symbols());
    let strings = put(tables.strings());
    let hash = put(&tables.hash());
    let versym = put(&tables.versym());
    let (verneed, verneed_count) = tables.verneed();
    let verneed = put(&verneed);
    let relocations: Vec<u8> = [(main, got), (start_main, got + 8)]
        .into_iter()
        .flat_map(|(symbol, at)| DynamicRelocation::Symbol(symbol, 0).encode(at as u64))
        .collect();
    let rela = put(&relocations);
    let mut code = START;
    let start = put(&code);
    for (at, cell) in [(MAIN_AT, got), (LIBC_AT, got + 8)] {
        let displacement =
            i32::try_from(cell - (usize::try_from(start).expect("first page") + at + 4)).expect("two pages");
        code[at..at + 4].copy_from_slice(&displacement.to_le_bytes());
    }
    let start_offset = usize::try_from(start).expect("first page");
    first[start_offset..start_offset + code.len()].copy_from_slice(&code);

    let mut entries: Vec<DynamicEntry> = needed.into_iter().map(|name| (tag::NEEDED, u64::from(name))).collect();
    entries.extend([
        (tag::HASH, hash),
        (tag::STRTAB, strings),
        (tag::SYMTAB, symbols),
        (tag::STRSZ, tables.strings().len() as u64),
        (tag::SYMENT, 24),
        (tag::RELA, rela),
        (tag::RELASZ, relocations.len() as u64),
        (tag::RELAENT, 24),
        (tag::FLAGS, 8),
        (tag::FLAGS_1, 0x0800_0001),
        (tag::VERSYM, versym),
        // Filled in by the loader; debuggers find the list of loaded objects through it.
        (tag::DEBUG, 0),
    ]);
    if verneed_count > 0 {
        entries.extend([(tag::VERNEED, verneed), (tag::VERNEEDNUM, verneed_count)]);
    }
    let dynamic = elf::dynamic_section(&entries);
    let mut second = vec![0u8; PAGE];
    second[..dynamic.len()].copy_from_slice(&dynamic);

    let page = PAGE as u64;
    let headers: [Vec<u8>; HEADERS as usize] = [
        // PT_PHDR: the loader computes the load address from it.
        elf::program_header(6, 4, 64, 56 * u64::from(HEADERS), 56 * u64::from(HEADERS), 8),
        elf::program_header(3, 4, interpreter, INTERPRETER.len() as u64, INTERPRETER.len() as u64, 1),
        elf::program_header(1, 5, 0, page, page, page),
        elf::program_header(1, 6, page, page, page, page),
        elf::program_header(2, 6, page, dynamic.len() as u64, dynamic.len() as u64, 8),
        elf::program_header(0x6474_e551, 6, 0, 0, 0, 16),
    ];
    let null = Section { name: "", kind: 0, flags: 0, offset: 0, size: 0, link: 0, align: 0, entry_size: 0 };
    let sections = [
        null,
        // SHT_STRTAB, allocated.
        Section {
            name: ".dynstr",
            kind: 3,
            flags: 2,
            offset: strings,
            size: tables.strings().len() as u64,
            align: 1,
            ..null
        },
        // SHT_PROGBITS, allocated and executable.
        Section { name: ".text", kind: 1, flags: 6, offset: start, size: code.len() as u64, align: 4, ..null },
        // SHT_DYNAMIC, allocated and writable; its strings are in section 1.
        Section {
            name: ".dynamic",
            kind: 6,
            flags: 3,
            offset: page,
            size: dynamic.len() as u64,
            link: 1,
            align: 8,
            entry_size: 16,
        },
    ];
    let (table, table_at, count) = section_headers(&sections, 2 * page);
    let mut bytes = elf::file_header(start, HEADERS, Some((table_at, count, count - 1)));
    bytes.extend(headers.concat());
    first[..bytes.len()].copy_from_slice(&bytes);
    first.extend(second);
    first.extend(table);
    first
}

/// What an `Elf64_Shdr` says, as far as it is used here: addresses are file offsets, or there is none.
#[derive(Clone, Copy)]
struct Section {
    name: &'static str,
    kind: u32,
    flags: u64,
    offset: u64,
    size: u64,
    link: u32,
    align: u64,
    entry_size: u64,
}

/// The names of `sections` with their own section, and the header table, to stand at `offset` in the file. Gives also where
/// in the file the table starts, and its number of entries, the names' being the last.
fn section_headers(sections: &[Section], offset: u64) -> (Vec<u8>, u64, u16) {
    let mut names = Vec::new();
    let mut all = sections.to_vec();
    all.push(Section { name: ".shstrtab", kind: 3, flags: 0, offset, size: 0, link: 0, align: 1, entry_size: 0 });
    let name_offsets: Vec<u32> = all
        .iter()
        .map(|section| {
            let at = u32::try_from(names.len()).expect("short names");
            names.extend(section.name.as_bytes());
            names.push(0);
            at
        })
        .collect();
    if let Some(last) = all.last_mut() {
        last.size = names.len() as u64;
    }
    names.resize(names.len().next_multiple_of(8), 0);
    let table_at = offset + names.len() as u64;
    for (section, name) in all.iter().zip(name_offsets) {
        let is_loaded = section.flags & 2 != 0;
        names.extend(name.to_le_bytes());
        names.extend(section.kind.to_le_bytes());
        for word in [section.flags, if is_loaded { section.offset } else { 0 }, section.offset, section.size] {
            names.extend(word.to_le_bytes());
        }
        names.extend(section.link.to_le_bytes());
        names.extend([0; 4]); // info
        names.extend(section.align.to_le_bytes());
        names.extend(section.entry_size.to_le_bytes());
    }
    let count = u16::try_from(all.len()).expect("a handful of sections");
    (names, table_at, count)
}
