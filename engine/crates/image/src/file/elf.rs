//! ELF headers, program headers, section headers and the dynamic section of an image.
//!
//! Source: System V gABI chapters 4 and 5; the x86-64 psABI.

use std::path::Path;

use crate::Error;
use crate::file::ImageFile;
use crate::file::region::{PAGE, Region};

/// Index of `.text` in the section header table (a null entry comes first, `Region::Header` has none).
pub const TEXT_SECTION: u16 = Region::Text as u16;

/// The first word of an ELF file.
const MAGIC: u32 = u32::from_le_bytes(*b"\x7fELF");
/// Where the section headers start.
pub const SECTION_HEADERS: u64 = 4096;
pub(crate) const PT_LOAD: u32 = 1;
pub(crate) const PT_DYNAMIC: u32 = 2;
pub(crate) const PT_TLS: u32 = 7;
pub(crate) const PT_GNU_EH_FRAME: u32 = 0x6474_e550;
pub(crate) const PT_GNU_STACK: u32 = 0x6474_e551;
pub(crate) const PT_GNU_RELRO: u32 = 0x6474_e552;
pub(crate) const PF_X: u32 = 1;
pub(crate) const PF_W: u32 = 2;
pub(crate) const PF_R: u32 = 4;

pub const SHT_PROGBITS: u32 = 1;
pub const SHT_SYMTAB: u32 = 2;
pub const SHT_STRTAB: u32 = 3;
pub const SHT_RELA: u32 = 4;
pub const SHT_HASH: u32 = 5;
pub const SHT_DYNAMIC: u32 = 6;
pub const SHT_NOTE: u32 = 7;
pub const SHT_NOBITS: u32 = 8;
pub const SHT_DYNSYM: u32 = 11;
pub const SHT_INIT_ARRAY: u32 = 14;
pub const SHT_FINI_ARRAY: u32 = 15;
pub const SHT_PREINIT_ARRAY: u32 = 16;
pub const SHT_GNU_VERNEED: u32 = 0x6fff_fffe;
pub const SHT_GNU_VERSYM: u32 = 0x6fff_ffff;
pub const SHF_WRITE: u64 = 1;
pub const SHF_ALLOC: u64 = 2;
pub const SHF_EXECINSTR: u64 = 4;

/// Bytes of an `Elf64_Ehdr` for a position-independent x86-64 file with `program_headers`, at offset 64.
pub fn file_header(entry: u64, program_headers: u16, sections: Option<(u64, u16, u16)>) -> Vec<u8> {
    let (section_offset, section_count, names) = sections.unwrap_or((0, 0, 0));
    let mut bytes = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    bytes.extend(3u16.to_le_bytes()); // ET_DYN
    bytes.extend(62u16.to_le_bytes()); // EM_X86_64
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(entry.to_le_bytes());
    bytes.extend(64u64.to_le_bytes());
    bytes.extend(section_offset.to_le_bytes());
    bytes.extend(0u32.to_le_bytes());
    bytes.extend(64u16.to_le_bytes());
    bytes.extend(56u16.to_le_bytes());
    bytes.extend(program_headers.to_le_bytes());
    bytes.extend(64u16.to_le_bytes());
    bytes.extend(section_count.to_le_bytes());
    bytes.extend(names.to_le_bytes());
    bytes
}

/// An `Elf64_Phdr` whose virtual address equals its file offset.
pub fn program_header(kind: u32, flags: u32, at: u64, file_size: u64, memory_size: u64, align: u64) -> Vec<u8> {
    program_header_at(kind, flags, (at, at), file_size, memory_size, align)
}

/// An `Elf64_Phdr`; `places` are its offset in the file and its virtual address.
pub fn program_header_at(
    kind: u32,
    flags: u32,
    places: (u64, u64),
    file_size: u64,
    memory_size: u64,
    align: u64,
) -> Vec<u8> {
    let (offset, address) = places;
    let mut bytes = Vec::with_capacity(56);
    bytes.extend(kind.to_le_bytes());
    bytes.extend(flags.to_le_bytes());
    for word in [offset, address, address, file_size, memory_size, align] {
        bytes.extend(word.to_le_bytes());
    }
    bytes
}

/// What the loader must know of alignments.
#[derive(Clone, Copy, Debug)]
pub struct Alignment {
    /// Of the strictest variable, at least a page: the load address is a multiple of it.
    pub load: u64,
    /// Of the strictest thread-local.
    pub thread_locals: u64,
}

impl Default for Alignment {
    fn default() -> Self {
        Self { load: PAGE, thread_locals: 8 }
    }
}

impl Alignment {
    /// Takes a variable into account.
    pub fn include(&mut self, thread_local: bool, align: u64) {
        let strictest = if thread_local { &mut self.thread_locals } else { &mut self.load };
        *strictest = align.max(*strictest);
    }
}

/// Writes everything that describes the image as it is now; what makes it an ELF file comes last.
/// `grows`: code may come behind what there is.
pub fn write_headers(file: &mut ImageFile, alignment: Alignment, grows: bool) {
    let layout = file.layout().clone();
    let start = |region| layout.start(region);
    let end = |region: Region| layout.start(region) + layout.capacity(region);
    let load = |flags, from: u64, file_end: u64, end: u64| {
        program_header(PT_LOAD, flags, from, file_end - from, end - from, alignment.load)
    };
    let loaded = |flags, from: u64, end: u64| load(flags, from, end, end);
    let whole = |kind, flags, region, align| {
        program_header(kind, flags, start(region), file.used(region), file.used(region), align)
    };
    let (data, data_end) = (start(Region::Tdata), end(Region::Data));
    let zero_end = if file.used(Region::Bss) == 0 { data_end } else { file.end(Region::Bss) };
    let mut headers = vec![
        loaded(PF_R, 0, end(Region::Rodata)),
        loaded(PF_R | PF_X, start(Region::Stub), if grows { end(Region::Text) } else { file.end(Region::Text) }),
        load(PF_R | PF_W, data, data_end, zero_end),
    ];
    for (region, flags) in [(Region::FarRodata, PF_R), (Region::FarData, PF_R | PF_W)] {
        if file.used(region) > 0 {
            headers.push(loaded(flags, start(region), file.end(region)));
        }
    }
    if file.used(Region::FarBss) > 0 {
        headers.push(load(PF_R | PF_W, start(Region::FarBss), start(Region::FarBss), file.end(Region::FarBss)));
    }
    headers.extend([
        whole(PT_DYNAMIC, PF_R | PF_W, Region::Dynamic, 8),
        whole(PT_GNU_EH_FRAME, PF_R, Region::EhFrameHdr, 8),
        program_header(PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 16),
        program_header(
            PT_GNU_RELRO,
            PF_R,
            start(Region::Tdata),
            start(Region::Runtime) - start(Region::Tdata),
            start(Region::Runtime) - start(Region::Tdata),
            1,
        ),
    ]);
    if file.used(Region::Tdata) > 0 {
        headers.push(whole(PT_TLS, PF_R, Region::Tdata, alignment.thread_locals));
    }
    let count = u16::try_from(headers.len()).expect("a handful of program headers");
    let sections = u16::try_from(Region::COUNT).expect("a handful of sections");
    let mut bytes = file_header(0, count, Some((SECTION_HEADERS, sections, Region::Shstrtab as u16)));
    bytes.extend(headers.concat());
    file.write(4, &bytes[4..]);
    write_sections(file);
    file.publish_u32(0, MAGIC);
}

/// Makes the image one that no loader takes until its headers are [written](write_headers) again: a process that ends while
/// it changes an image leaves nothing behind that could be run.
pub fn invalidate(file: &mut ImageFile) {
    file.publish_u32(0, 0);
}

/// Writes the section headers: the sizes of everything that grows.
pub fn write_sections(file: &mut ImageFile) {
    let layout = file.layout().clone();
    let mut names = vec![0u8];
    let mut bytes = vec![0u8; 64];
    let offsets: Vec<u32> = Region::ALL
        .iter()
        .map(|region| {
            let at = u32::try_from(names.len()).expect("short names");
            names.extend_from_slice(region.section_name().as_bytes());
            names.push(0);
            at
        })
        .collect();
    if file.set_used(Region::Shstrtab, names.len() as u64).is_ok() {
        file.write(layout.start(Region::Shstrtab), &names);
    }
    for region in Region::ALL.into_iter().skip(1) {
        let loaded = (region as usize) < Region::Symtab as usize;
        let address = if loaded { layout.start(region) } else { 0 };
        let (kind, flags, link, info, entry) = describe(region);
        // Of a symbol table: the number of its local symbols, here all.
        let info =
            if region == Region::Symtab { u32::try_from(file.used(region) / entry).unwrap_or(info) } else { info };
        bytes.extend(offsets[region as usize].to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        for word in [flags, address, layout.start(region), file.used(region)] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(link.to_le_bytes());
        bytes.extend(info.to_le_bytes());
        bytes.extend(8u64.to_le_bytes());
        bytes.extend(entry.to_le_bytes());
    }
    file.write(SECTION_HEADERS, &bytes);
}

/// Type, flags, link, info and entry size of a region's section.
pub(crate) fn describe(region: Region) -> (u32, u64, u32, u32, u64) {
    const W: u64 = 1;
    const A: u64 = 2;
    const X: u64 = 4;
    const T: u64 = 0x400;
    // SHF_X86_64_LARGE
    const LARGE: u64 = 0x1000_0000;
    let link = |region: Region| region as u32;
    match region {
        Region::Header => (0, 0, 0, 0, 0),
        Region::Hash => (SHT_HASH, A, link(Region::Dynsym), 0, 4),
        Region::Dynsym => (SHT_DYNSYM, A, link(Region::Dynstr), 1, 24),
        Region::Dynstr => (SHT_STRTAB, A, 0, 0, 0),
        Region::Versym => (SHT_GNU_VERSYM, A, link(Region::Dynsym), 0, 2),
        Region::Verneed => (SHT_GNU_VERNEED, A, link(Region::Dynstr), 0, 0),
        Region::Rela => (SHT_RELA, A, link(Region::Dynsym), 0, 24),
        Region::EhFrameHdr | Region::EhFrame | Region::Lsda | Region::Rodata => (SHT_PROGBITS, A, 0, 0, 0),
        Region::Stub | Region::Slots | Region::Plt | Region::Text => (SHT_PROGBITS, A | X, 0, 0, 0),
        Region::Tdata => (SHT_PROGBITS, A | W | T, 0, 0, 0),
        Region::InitArray => (SHT_INIT_ARRAY, A | W, 0, 0, 8),
        Region::FiniArray => (SHT_FINI_ARRAY, A | W, 0, 0, 8),
        Region::Dynamic => (SHT_DYNAMIC, A | W, link(Region::Dynstr), 0, 16),
        Region::Got | Region::DataRelRo | Region::Runtime | Region::Data => (SHT_PROGBITS, A | W, 0, 0, 0),
        Region::FarRodata => (SHT_PROGBITS, A | LARGE, 0, 0, 0),
        Region::FarData => (SHT_PROGBITS, A | W | LARGE, 0, 0, 0),
        Region::Bss => (SHT_NOBITS, A | W, 0, 0, 0),
        Region::FarBss => (SHT_NOBITS, A | W | LARGE, 0, 0, 0),
        Region::Symtab => (SHT_SYMTAB, 0, link(Region::Strtab), 1, 24),
        Region::Strtab | Region::Shstrtab => (SHT_STRTAB, 0, 0, 0, 0),
        Region::DebugAbbrev | Region::DebugInfo | Region::DebugLine | Region::DebugRanges => (SHT_PROGBITS, 0, 0, 0, 0),
    }
}

/// One entry of a dynamic section.
pub type DynamicEntry = (u64, u64);

/// `DT_*` tags in use.
#[allow(missing_docs, reason = "the gABI's own names")]
pub mod tag {
    pub const NULL: u64 = 0;
    pub const NEEDED: u64 = 1;
    pub const HASH: u64 = 4;
    pub const STRTAB: u64 = 5;
    pub const SYMTAB: u64 = 6;
    pub const RELA: u64 = 7;
    pub const RELASZ: u64 = 8;
    pub const RELAENT: u64 = 9;
    pub const STRSZ: u64 = 10;
    pub const SYMENT: u64 = 11;
    pub const SONAME: u64 = 14;
    pub const RPATH: u64 = 15;
    pub const DEBUG: u64 = 21;
    pub const INIT_ARRAY: u64 = 25;
    pub const FINI_ARRAY: u64 = 26;
    pub const INIT_ARRAYSZ: u64 = 27;
    pub const FINI_ARRAYSZ: u64 = 28;
    pub const RUNPATH: u64 = 29;
    pub const FLAGS: u64 = 30;
    pub const PREINIT_ARRAY: u64 = 32;
    pub const PREINIT_ARRAYSZ: u64 = 33;
    pub const VERSYM: u64 = 0x6fff_fff0;
    pub const FLAGS_1: u64 = 0x6fff_fffb;
    pub const VERNEED: u64 = 0x6fff_fffe;
    pub const VERNEEDNUM: u64 = 0x6fff_ffff;
}

/// Bytes of a dynamic section, with its terminator.
pub fn dynamic_section(entries: &[DynamicEntry]) -> Vec<u8> {
    entries.iter().chain(&[(tag::NULL, 0)]).flat_map(|&(tag, value)| [tag, value]).flat_map(u64::to_le_bytes).collect()
}

/// Writes a whole region anew.
pub fn rewrite(file: &mut ImageFile, region: Region, bytes: &[u8]) -> Result<(), Error> {
    file.set_used(region, bytes.len() as u64)?;
    file.write(file.layout().start(region), bytes);
    Ok(())
}

/// A path as the loader wants it.
pub fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
