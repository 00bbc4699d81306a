//! The small executable that makes a program out of an image: an interpreter, `_start`, and the
//! [start check](cranefly_runtime::start_check).
//!
//! It needs the image by its name, and is told the folders where that is, those behind it with a [stand-in](crate::executables::absent) that
//! says so when there is no image any more.
//!
//! What no loader needs stands at the end: the name of `_start`; and the sections that the sources name, for tools that look
//! for them in a program's file. (lldb, up to 19 at least, looks for the dynamic section among the section headers; without it
//! it never learns which objects are loaded.)

use std::path::PathBuf;

use crate::Error;
use crate::base::{BaseImage, private_name};
use crate::executables::small_elf::{PAGE, Part, Section, SmallElf};
use crate::file::elf::{
    self, SHF_EXECINSTR, SHF_WRITE, SHT_INIT_ARRAY, SHT_NOTE, SHT_PREINIT_ARRAY, SHT_STRTAB, SHT_SYMTAB, tag,
};
use crate::file::identity::Identity;
use crate::tables::dynamic::{self, DynamicRelocation, DynamicTables};
use crate::tables::start::{self, Main, START_CHECK, START_INIT};
use crate::unwind;

const HEADERS: u16 = 10;
pub(crate) const INTERPRETER: &[u8] = b"/lib64/ld-linux-x86-64.so.2\0";

/// How the start check is called, by an entry of `.preinit_array`, and the constructors' caller, by the one of `.init_array`. The
/// displacements are of the build id and of both functions' GOT entries.
const CALLS: [u8; 24] = [
    0x48, 0x8d, 0x3d, 0, 0, 0, 0, // lea build_id(%rip), %rdi
    0xff, 0x25, 0, 0, 0, 0, // jmp *check@GOT(%rip)
    0xcc, 0xcc, 0xcc, // the constructors' caller
    0xff, 0x25, 0, 0, 0, 0, // jmp *init@GOT(%rip)
    0xcc, 0xcc,
];
const BUILD_ID_AT: usize = 3;
const CHECK_AT: usize = 9;
const INIT: u64 = 16;
const INIT_AT: usize = 18;
/// Bytes of `.text`: `_start`, and these.
const CODE: usize = start::LENGTH + CALLS.len();
/// Bytes of the build id's note before the id.
const NOTE_HEADER: u64 = 16;

/// Where an executable has the loader look for its image.
#[derive(Clone, Debug)]
pub struct ImageSearch {
    /// The first place.
    pub image: PathBuf,
    /// Folders of what it takes, under the same name, where there is nothing at the places before that may be read.
    pub others: Vec<PathBuf>,
}

impl ImageSearch {
    /// By what name the image is needed, and in which folders that is looked for, if by name. (Those may have no colon, which is
    /// between folders, and no dollar sign, behind which the loader expects a word.)
    fn needed(&self) -> (String, Option<String>) {
        let folders: Vec<String> = self
            .image
            .parent()
            .into_iter()
            .chain(self.others.iter().map(|other| &**other))
            .map(elf::path_text)
            .collect();
        match self.image.file_name() {
            Some(name) if folders.len() > 1 && !folders.iter().any(|text| text.contains([':', '$'])) => {
                (name.to_string_lossy().into_owned(), Some(folders.join(":")))
            }
            _ => (elf::path_text(&self.image), None),
        }
    }
}

/// The executable of the image that the loader will find by `search`.
pub fn executable(search: &ImageSearch, base: &BaseImage, identity: &Identity) -> Result<Vec<u8>, Error> {
    let mut dynamic = DynamicTables::default();
    let main = dynamic.import(&private_name("main"), None, false);
    let start_main = "__libc_start_main";
    let start_main = dynamic.import(start_main, base.import(start_main), false);
    let check = dynamic.import(START_CHECK, None, false);
    let init = dynamic.import(START_INIT, None, false);
    // The image alone, which needs the rest: names are looked up in the order in which objects are needed, and what the
    // program or the base image define comes before any library's, as in an executable.
    let (name, folders) = search.needed();
    let mut more = vec![(tag::NEEDED, u64::from(dynamic.string(&name)))];
    if let Some(folders) = folders {
        more.push((tag::RUNPATH, u64::from(dynamic.string(&folders))));
    }

    let mut elf = SmallElf::new(HEADERS);
    let interpreter = elf.put(Section::loaded(".interp", 0, 1), INTERPRETER);
    let note = Section { kind: SHT_NOTE, ..Section::loaded(".note.gnu.build-id", 0, 4) };
    let note = elf.put(note, &identity.note());
    let tables = elf.put_tables(&dynamic, 6);
    let code = elf.put(Section::loaded(".text", SHF_EXECINSTR, start::ALIGN), &[0; CODE]);
    let frames = elf.put(Section::loaded(".eh_frame", 0, 8), &[0; FRAMES]);
    let search = elf.put(Section::loaded(".eh_frame_hdr", 0, 4), &[0; SEARCH]);

    let second = elf.next_page();
    let preinit = Section { kind: SHT_PREINIT_ARRAY, ..Section::loaded(".preinit_array", SHF_WRITE, 8) };
    let preinit = elf.put(preinit, &[0; 8]);
    more.extend([(tag::PREINIT_ARRAY, preinit.at), (tag::PREINIT_ARRAYSZ, preinit.size)]);
    let constructors = Section { kind: SHT_INIT_ARRAY, ..Section::loaded(".init_array", SHF_WRITE, 8) };
    let constructors = elf.put(constructors, &[0; 8]);
    more.extend([(tag::INIT_ARRAY, constructors.at), (tag::INIT_ARRAYSZ, constructors.size)]);
    // DF_1_NOW | DF_1_PIE; DT_DEBUG is filled in by the loader, and leads debuggers to the list of loaded objects.
    more.extend([(tag::FLAGS_1, 0x0800_0001), (tag::DEBUG, 0)]);
    let dynamic_section = elf.put_dynamic(&tables, &more);
    let got = elf.put(Section::loaded(".got", SHF_WRITE, 8), &[0; 32]);
    let second_length = elf.next_page() - second;

    let calls_at = code.at + start::LENGTH as u64;
    let mut calls = CALLS;
    start::displace(&mut calls, calls_at, BUILD_ID_AT, note.at + NOTE_HEADER);
    start::displace(&mut calls, calls_at, CHECK_AT, got.at + 16);
    start::displace(&mut calls, calls_at, INIT_AT, got.at + 24);
    elf.fill(code, &[&start::code(code.at, Main::In(got.at), got.at + 8)[..], &calls].concat());
    let described = describe_start(frames, search, code.at)
        .map_err(|source| Error::Frames { function: "_start".to_owned(), source })?;
    elf.fill(frames, &described.0);
    elf.fill(search, &described.1);
    let relocations: Vec<u8> = [
        (got.at, DynamicRelocation::Symbol(main, 0)),
        (got.at + 8, DynamicRelocation::Symbol(start_main, 0)),
        (got.at + 16, DynamicRelocation::Symbol(check, 0)),
        (got.at + 24, DynamicRelocation::Symbol(init, 0)),
        (preinit.at, DynamicRelocation::Relative(calls_at.cast_signed())),
        (constructors.at, DynamicRelocation::Relative((calls_at + INIT).cast_signed())),
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
        symbols.extend(dynamic::symbol(1, 0x12, text, code.at, start::LENGTH as u64));
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
const FRAMES: usize = 60;
const SEARCH: usize = 20;

/// The description of `_start` for the unwinder, and the table by which it is found.
fn describe_start(frames: Part, search: Part, start: u64) -> Result<(Vec<u8>, Vec<u8>), unwind::UnwindError> {
    let length = u32::try_from(start::LENGTH).expect("a few bytes");
    let mut described = unwind::cie(None, frames.at);
    let frame_at = frames.at + described.len() as u64;
    described.extend(unwind::fde(frames.at, frame_at, start, length, None, &start::CFI)?);
    described.extend(unwind::TERMINATOR);
    let mut table = unwind::hdr_header(search.at, frames.at)?.to_vec();
    table.extend(unwind::hdr_entry(search.at, start, frame_at)?);
    table[unwind::HDR_COUNT_OFFSET..][..4].copy_from_slice(&1u32.to_le_bytes());
    Ok((described, table))
}
