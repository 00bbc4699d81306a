//! The small executable that makes a program out of an image: an interpreter, `_start`, and the
//! [start check](cranefly_runtime::start_check).
//!
//! It needs the image by its name, and is told two folders where that is: the one where images are, and behind it the one
//! with the [stand-in](crate::absent) that says so when there is no image any more.
//!
//! What no loader needs stands at the end: the name of `_start`; and the sections that the sources name, for tools that look
//! for them in a program's file. (lldb, up to 19 at least, looks for the dynamic section among the section headers; without it
//! it never learns which objects are loaded.)

use std::path::Path;

use crate::Error;
use crate::base::{BaseImage, private_name};
use crate::commit::START_CHECK;
use crate::dynamic::{self, DynamicRelocation, DynamicTables};
use crate::elf::{self, tag};
use crate::identity::Identity;
use crate::small_elf::{
    PAGE, Part, SHF_EXECINSTR, SHF_WRITE, SHT_NOTE, SHT_PREINIT_ARRAY, SHT_STRTAB, SHT_SYMTAB, Section, SmallElf,
    replace_file,
};
use crate::unwind;

const HEADERS: u16 = 10;
const INTERPRETER: &[u8] = b"/lib64/ld-linux-x86-64.so.2\0";

/// `_start` as the psABI and glibc want it (as in glibc's `sysdeps/x86_64/start.S`); the two displacements are of the GOT
/// entries of `main` and `__libc_start_main`. Behind it the start check is called, by an entry of `.preinit_array`: the
/// displacements are of the build id and of the GOT entry of the check.
const CODE: [u8; 52] = [
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
    0xcc, 0xcc, // the start check
    0x48, 0x8d, 0x3d, 0, 0, 0, 0, // lea build_id(%rip), %rdi
    0xff, 0x25, 0, 0, 0, 0, // jmp *check@GOT(%rip)
    0xcc, 0xcc, 0xcc,
];
const START_LENGTH: u32 = 36;
const MAIN_AT: usize = 23;
const LIBC_AT: usize = 29;
const CHECK: u64 = 36;
const BUILD_ID_AT: usize = 39;
const CHECK_AT: usize = 45;
/// Bytes of the build id's note before the id.
const NOTE_HEADER: u64 = 16;

/// Writes the executable of the image that will be found at `image`, atomically replacing what is at `path`. `absent`: folder
/// of what stands in for the image.
pub fn write_executable(
    path: &Path,
    image: &Path,
    absent: Option<&Path>,
    base: &BaseImage,
    identity: &Identity,
) -> Result<(), Error> {
    replace_file(path, &executable(image, absent, base, identity)?, 0o777)
}

/// By what name the image is needed, and in which folders that is looked for, if by name. (Those may have no colon, which is
/// between folders, and no dollar sign, behind which the loader expects a word.)
fn needed(image: &Path, absent: Option<&Path>) -> (String, Option<String>) {
    let folders = [image.parent(), absent].map(|folder| folder.map(elf::path_text));
    match (image.file_name(), folders) {
        (Some(name), [Some(folder), Some(absent)])
            if ![&folder, &absent].iter().any(|text| text.contains([':', '$'])) =>
        {
            (name.to_string_lossy().into_owned(), Some(format!("{folder}:{absent}")))
        }
        _ => (elf::path_text(image), None),
    }
}

fn executable(image: &Path, absent: Option<&Path>, base: &BaseImage, identity: &Identity) -> Result<Vec<u8>, Error> {
    let mut dynamic = DynamicTables::default();
    let main = dynamic.import(&private_name("main"), None, false);
    let start_main = "__libc_start_main";
    let start_main = dynamic.import(start_main, base.import(start_main), false);
    let check = dynamic.import(START_CHECK, None, false);
    // The image alone, which needs the rest: names are looked up in the order in which objects are needed, and what the
    // program or the base image define comes before any library's, as in an executable.
    let (name, folders) = needed(image, absent);
    let mut more = vec![(tag::NEEDED, u64::from(dynamic.string(&name)))];
    if let Some(folders) = folders {
        more.push((tag::RUNPATH, u64::from(dynamic.string(&folders))));
    }

    let mut elf = SmallElf::new(HEADERS);
    let interpreter = elf.put(Section::loaded(".interp", 0, 1), INTERPRETER);
    let note = Section { kind: SHT_NOTE, ..Section::loaded(".note.gnu.build-id", 0, 4) };
    let note = elf.put(note, &identity.note());
    let tables = elf.put_tables(&dynamic, 4);
    let code = elf.put(Section::loaded(".text", SHF_EXECINSTR, 16), &CODE);
    // As in glibc's own `_start`, the return address is undefined: this is where backtraces end.
    let frames = elf.put(Section::loaded(".eh_frame", 0, 8), &[0; FRAMES]);
    let search = elf.put(Section::loaded(".eh_frame_hdr", 0, 4), &[0; SEARCH]);

    let second = elf.next_page();
    let preinit = Section { kind: SHT_PREINIT_ARRAY, ..Section::loaded(".preinit_array", SHF_WRITE, 8) };
    let preinit = elf.put(preinit, &[0; 8]);
    more.extend([(tag::PREINIT_ARRAY, preinit.at), (tag::PREINIT_ARRAYSZ, preinit.size)]);
    // DF_1_NOW | DF_1_PIE; DT_DEBUG is filled in by the loader, and leads debuggers to the list of loaded objects.
    more.extend([(tag::FLAGS_1, 0x0800_0001), (tag::DEBUG, 0)]);
    let dynamic_section = elf.put_dynamic(&tables, &more);
    let got = elf.put(Section::loaded(".got", SHF_WRITE, 8), &[0; 24]);
    let second_length = elf.next_page() - second;

    let mut bytes = CODE;
    for (at, target) in
        [(MAIN_AT, got.at), (LIBC_AT, got.at + 8), (BUILD_ID_AT, note.at + NOTE_HEADER), (CHECK_AT, got.at + 16)]
    {
        let next = (code.at + at as u64 + 4).cast_signed();
        let distance = i32::try_from(target.cast_signed() - next).expect("a few pages");
        bytes[at..at + 4].copy_from_slice(&distance.to_le_bytes());
    }
    elf.fill(code, &bytes);
    let described = describe_start(frames, search, code.at)
        .map_err(|error| Error::Relocation { function: "_start".to_owned(), reason: error.to_string() })?;
    elf.fill(frames, &described.0);
    elf.fill(search, &described.1);
    let relocations: Vec<u8> = [
        (got.at, DynamicRelocation::Symbol(main, 0)),
        (got.at + 8, DynamicRelocation::Symbol(start_main, 0)),
        (got.at + 16, DynamicRelocation::Symbol(check, 0)),
        (preinit.at, DynamicRelocation::Relative((code.at + CHECK).cast_signed())),
    ]
    .into_iter()
    .flat_map(|(at, relocation)| relocation.encode(at))
    .collect();
    if let Some(part) = tables.relocations() {
        elf.fill(part, &relocations);
    }

    if identity.has_names {
        // The names of symbols, and a global function in `.text` behind the null symbol.
        let names = elf.put(Section { kind: SHT_STRTAB, ..Section::new(".strtab") }, b"\0_start\0");
        let text = u16::try_from(code.section).expect("a handful of sections");
        let mut symbols = vec![0; 24];
        symbols.extend(dynamic::symbol(1, 0x12, text, code.at, START_LENGTH.into()));
        let table = Section { link: names.section, info: 1, align: 8, entry_size: 24, ..Section::new(".symtab") };
        elf.put(Section { kind: SHT_SYMTAB, ..table }, &symbols);
    }
    for (name, bytes) in &identity.sections {
        elf.put(Section { align: 16, ..Section::new(name) }, bytes);
    }

    let page = PAGE as u64;
    let whole = |kind, flags, part: Part, align| elf::program_header(kind, flags, part.at, part.size, part.size, align);
    let headers: [Vec<u8>; HEADERS as usize] = [
        // PT_PHDR: the loader computes the load address from it.
        elf::program_header(6, 4, 64, 56 * u64::from(HEADERS), 56 * u64::from(HEADERS), 8),
        whole(3, 4, interpreter, 1),
        elf::program_header(1, 5, 0, second, second, page),
        elf::program_header(1, 6, second, second_length, second_length, page),
        whole(2, 6, dynamic_section, 8),
        // PT_NOTE, PT_TLS (of no bytes: they are the image's), PT_GNU_EH_FRAME, PT_GNU_STACK, PT_GNU_RELRO.
        whole(4, 4, note, 4),
        elf::program_header(7, 4, second, 0, 0, 1),
        whole(0x6474_e550, 4, search, 4),
        elf::program_header(0x6474_e551, 6, 0, 0, 0, 16),
        elf::program_header(0x6474_e552, 4, second, second_length, second_length, 1),
    ];
    Ok(elf.finish(code.at, &headers))
}

/// Bytes of `.eh_frame` and of `.eh_frame_hdr`, which are the same for every executable.
const FRAMES: usize = 52;
const SEARCH: usize = 20;

/// The description of `_start` for the unwinder, and the table by which it is found.
fn describe_start(frames: Part, search: Part, start: u64) -> Result<(Vec<u8>, Vec<u8>), unwind::UnwindError> {
    const UNDEFINED_RETURN_ADDRESS: [u8; 2] = [7, 16];
    let mut described = unwind::cie(None, frames.at)?;
    let frame_at = frames.at + described.len() as u64;
    described.extend(unwind::fde(frames.at, frame_at, start, START_LENGTH, None, &UNDEFINED_RETURN_ADDRESS)?);
    described.extend(unwind::TERMINATOR);
    let mut table = unwind::hdr_header(search.at, frames.at)?.to_vec();
    table.extend(unwind::hdr_entry(search.at, start, frame_at)?);
    table[unwind::HDR_COUNT_OFFSET..][..4].copy_from_slice(&1u32.to_le_bytes());
    Ok((described, table))
}
