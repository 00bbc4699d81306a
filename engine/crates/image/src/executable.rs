//! The tiny executable that makes a program out of an image: two pages, an interpreter, and `_start`.
//!
//! Behind the pages stands what no loader needs: section headers, where lldb (up to 19 at least) looks for the dynamic section,
//! without which it never learns which objects are loaded; the name of `_start`; and the sections that the sources name, for
//! tools that look for them in a program's file.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::Error;
use crate::base::{BaseImage, private_name};
use crate::dynamic::{self, DynamicRelocation, DynamicTables};
use crate::elf::{self, DynamicEntry, tag};
use crate::identity::Identity;
use crate::unwind;

const PAGE: usize = 4096;
const HEADERS: u16 = 10;
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
pub fn write_executable(path: &Path, image: &Path, base: &BaseImage, identity: &Identity) -> Result<(), Error> {
    let bytes = executable(image, base, identity)?;
    if std::fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let failed = |source| Error::File { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let temporary = path.with_extension(format!("cranefly-{}", std::process::id()));
    let _ = std::fs::remove_file(&temporary);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o777).open(&temporary).map_err(failed)?;
    file.write_all(&bytes).map_err(failed)?;
    drop(file);
    std::fs::rename(&temporary, path).map_err(failed)
}

fn executable(image: &Path, base: &BaseImage, identity: &Identity) -> Result<Vec<u8>, Error> {
    let mut tables = DynamicTables::default();
    let main = tables.import(&private_name("main"), None, false);
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
    let note = identity.note();
    let note_at = put(&note);
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
    // As in glibc's own `_start`, the return address is undefined: this is where backtraces end.
    let frames_at = put(&[0; 64]);
    let search_at = put(&[0; 20]);
    let (frames, search) = frames(frames_at, search_at, start)
        .map_err(|error| Error::Relocation { function: "_start".to_owned(), reason: error.to_string() })?;
    for (at, bytes) in [(start, &code[..]), (frames_at, &frames), (search_at, &search)] {
        let at = usize::try_from(at).expect("first page");
        first[at..at + bytes.len()].copy_from_slice(bytes);
    }

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
    let dynamic_bytes = elf::dynamic_section(&entries);
    let mut second = vec![0u8; PAGE];
    second[..dynamic_bytes.len()].copy_from_slice(&dynamic_bytes);

    let page = PAGE as u64;
    let headers: [Vec<u8>; HEADERS as usize] = [
        // PT_PHDR: the loader computes the load address from it.
        elf::program_header(6, 4, 64, 56 * u64::from(HEADERS), 56 * u64::from(HEADERS), 8),
        elf::program_header(3, 4, interpreter, INTERPRETER.len() as u64, INTERPRETER.len() as u64, 1),
        elf::program_header(1, 5, 0, page, page, page),
        elf::program_header(1, 6, page, page, page, page),
        elf::program_header(2, 6, page, dynamic_bytes.len() as u64, dynamic_bytes.len() as u64, 8),
        // PT_NOTE, PT_TLS (of no bytes: they are the image's), PT_GNU_EH_FRAME, PT_GNU_STACK, PT_GNU_RELRO.
        elf::program_header(4, 4, note_at, note.len() as u64, note.len() as u64, 4),
        elf::program_header(7, 4, page, 0, 0, 1),
        elf::program_header(0x6474_e550, 4, search_at, search.len() as u64, search.len() as u64, 4),
        elf::program_header(0x6474_e551, 6, 0, 0, 0, 16),
        elf::program_header(0x6474_e552, 4, page, page, page, 1),
    ];
    let strings_size = tables.strings().len() as u64;
    let mut sections = vec![
        Section::default(),
        // SHT_STRTAB, allocated.
        Section { kind: 3, flags: 2, ..Section::new(".dynstr", strings, strings_size) },
        // SHT_PROGBITS, allocated and executable.
        Section { flags: 6, align: 4, ..Section::new(".text", start, code.len() as u64) },
        // SHT_DYNAMIC, allocated and writable; its strings are in section 1.
        Section {
            kind: 6,
            flags: 3,
            link: 1,
            align: 8,
            entry_size: 16,
            ..Section::new(".dynamic", page, dynamic_bytes.len() as u64)
        },
        // SHT_NOTE, allocated.
        Section { kind: 7, flags: 2, align: 4, ..Section::new(".note.gnu.build-id", note_at, note.len() as u64) },
        Section { flags: 2, align: 8, ..Section::new(".eh_frame", frames_at, frames.len() as u64) },
        Section { flags: 2, align: 4, ..Section::new(".eh_frame_hdr", search_at, search.len() as u64) },
    ];
    first.extend(second);
    if identity.has_names {
        // The names of symbols, and a global function in section 2 (`.text`) behind the null symbol.
        const NAMES: &[u8; 8] = b"\0_start\0";
        let names_at = first.len() as u64;
        first.extend(NAMES);
        let symbols_at = first.len() as u64;
        first.extend([0; 24]);
        first.extend(dynamic::symbol(1, 0x12, 2, start, code.len() as u64));
        let link = u32::try_from(sections.len()).expect("a handful of sections");
        sections.push(Section { kind: 3, ..Section::new(".strtab", names_at, NAMES.len() as u64) });
        let table = Section::new(".symtab", symbols_at, 48);
        sections.push(Section { kind: 2, link, info: 1, align: 8, entry_size: 24, ..table });
    }
    for (name, bytes) in &identity.sections {
        first.resize(first.len().next_multiple_of(16), 0);
        sections.push(Section { align: 16, ..Section::new(name, first.len() as u64, bytes.len() as u64) });
        first.extend(bytes);
    }
    first.resize(first.len().next_multiple_of(8), 0);
    let (table, table_at, count) = section_headers(&sections, first.len() as u64);
    let mut bytes = elf::file_header(start, HEADERS, Some((table_at, count, count - 1)));
    bytes.extend(headers.concat());
    first[..bytes.len()].copy_from_slice(&bytes);
    first.extend(table);
    Ok(first)
}

/// The description of `_start` for the unwinder, and the table by which it is found.
fn frames(frames_at: u64, search_at: u64, start: u64) -> Result<(Vec<u8>, Vec<u8>), unwind::UnwindError> {
    const UNDEFINED_RETURN_ADDRESS: [u8; 2] = [7, 16];
    let mut frames = unwind::cie(None, frames_at)?;
    let frame_at = frames_at + frames.len() as u64;
    let length = u32::try_from(START.len()).expect("a few bytes");
    frames.extend(unwind::fde(frames_at, frame_at, start, length, None, &UNDEFINED_RETURN_ADDRESS)?);
    frames.extend(unwind::TERMINATOR);
    let mut search = unwind::hdr_header(search_at, frames_at)?.to_vec();
    search.extend(unwind::hdr_entry(search_at, start, frame_at)?);
    search[unwind::HDR_COUNT_OFFSET..][..4].copy_from_slice(&1u32.to_le_bytes());
    Ok((frames, search))
}

/// What an `Elf64_Shdr` says, as far as it is used here: addresses are file offsets, or there is none.
#[derive(Clone, Copy, Default)]
struct Section<'name> {
    name: &'name str,
    kind: u32,
    flags: u64,
    offset: u64,
    size: u64,
    link: u32,
    info: u32,
    align: u64,
    entry_size: u64,
}

impl<'name> Section<'name> {
    /// SHT_PROGBITS, not loaded.
    fn new(name: &'name str, offset: u64, size: u64) -> Self {
        Self { name, kind: 1, offset, size, align: 1, ..Self::default() }
    }
}

/// The names of `sections` with their own section, and the header table, to stand at `offset` in the file. Gives also where
/// in the file the table starts, and its number of entries, the names' being the last.
fn section_headers(sections: &[Section], offset: u64) -> (Vec<u8>, u64, u16) {
    let mut names = Vec::new();
    let mut all = sections.to_vec();
    all.push(Section { kind: 3, ..Section::new(".shstrtab", offset, 0) });
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
        names.extend(section.info.to_le_bytes());
        names.extend(section.align.to_le_bytes());
        names.extend(section.entry_size.to_le_bytes());
    }
    let count = u16::try_from(all.len()).expect("a handful of sections");
    (names, table_at, count)
}
