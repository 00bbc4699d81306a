//! The executable with everything in it: what a linker would have made, as far as the program's own units go.
//!
//! It is a copy of the image that the loader enters as a program: names, debug info, headers and addresses are where tools and the
//! program itself look for them, and a copy of it stays what it is. It costs as long as it takes to write the program, so it is
//! made where something may look. Like the [small one](crate::executables::small_executable) it needs the base image.
//!
//! Addresses are the image's. Places in the file are not, since an image has room between its regions: pages that are in use
//! follow each other, and each run of them is a segment. Writable segments reach to the next one in memory, because the
//! loader protects relocated data as one range.

use crate::executables::small_executable::INTERPRETER;
use crate::file::ImageFile;
use crate::file::elf::{
    self, PF_R, PF_W, PF_X, PT_DYNAMIC, PT_GNU_EH_FRAME, PT_GNU_RELRO, PT_GNU_STACK, PT_LOAD, PT_TLS, SHF_ALLOC,
    SHF_WRITE, SHT_NOBITS, SHT_NOTE, SHT_PROGBITS, SHT_STRTAB, tag,
};
use crate::file::identity::Identity;
use crate::file::region::{PAGE, Region};
use crate::input::runtime_functions::LIBC_START;
use crate::linking::Linking;
use crate::tables::Tables;
use crate::tables::start::{self, Main};
use crate::tables::symbols::Place;

const PT_INTERP: u32 = 3;
const PT_NOTE: u32 = 4;
const PT_PHDR: u32 = 6;
/// Where the interpreter and the build id's note are: on the page of the headers, behind these.
const INTERPRETER_AT: u64 = PAGE - 128;
const NOTE_AT: u64 = PAGE - 64;
/// Larger programs are not written with every save, which has to wait for it: about a millisecond for each megabyte.
const LARGEST: u64 = 8 << 20;

const READ_ONLY: [Region; 11] = [
    Region::Header,
    Region::Hash,
    Region::Dynsym,
    Region::Dynstr,
    Region::Versym,
    Region::Verneed,
    Region::Rela,
    Region::Lsda,
    Region::EhFrame,
    Region::EhFrameHdr,
    Region::Rodata,
];
const CODE: [Region; 4] = [Region::Stub, Region::Slots, Region::Plt, Region::Text];
const DATA: [Region; 8] = [
    Region::Tdata,
    Region::InitArray,
    Region::FiniArray,
    Region::Dynamic,
    Region::Got,
    Region::DataRelRo,
    Region::Runtime,
    Region::Data,
];

/// Pages that follow each other in the image.
#[derive(Clone, Copy, Debug)]
struct Segment {
    flags: u32,
    /// Addresses.
    from: u64,
    to: u64,
    /// Where it ends in memory.
    memory_end: u64,
    /// Its place in the file.
    offset: u64,
}

/// An image all of whose functions have code, as the executable that it can be.
struct Complete<'a> {
    tables: &'a Tables,
    linking: &'a Linking,
    main: u64,
    segments: Vec<Segment>,
}

/// Whether there can be an executable that needs no image: not if the program is not complete, is large, or has variables that
/// lie far away.
pub(crate) fn can_be_complete(tables: &Tables, linking: &Linking) -> bool {
    main_of(tables, linking).is_some()
}

/// Whether there may be one when the program is compiled, which takes `code` bytes at least.
pub(crate) fn may_become_complete(tables: &Tables, linking: &Linking, code: u64) -> bool {
    small_main(tables, linking, code).is_some()
}

/// Where `main` is, if there can be one.
fn main_of(tables: &Tables, linking: &Linking) -> Option<u64> {
    small_main(tables, linking, 0).filter(|_| tables.is_compiled())
}

/// Where `main` is in a program that is small, with `code` bytes of code at least.
fn small_main(tables: &Tables, linking: &Linking, code: u64) -> Option<u64> {
    let Place::Image(main) = tables.symbols.place(tables.symbols.find("main")?) else { return None };
    let used = |region| tables.file.used(region);
    let far = [Region::FarRodata, Region::FarData, Region::FarBss].iter().any(|&region| used(region) > 0);
    let all: u64 = Region::ALL.iter().map(|&region| used(region)).sum();
    let missing = code.saturating_sub(used(Region::Text));
    let is_small = !far && all.saturating_add(missing) <= LARGEST && linking.base.runs_own_constructors();
    is_small.then_some(main)
}

/// The executable that needs no image, if there can be one.
pub(crate) fn complete(tables: &Tables, linking: &Linking, identity: &Identity) -> Option<Vec<u8>> {
    let main = main_of(tables, linking)?;
    let libc = tables.cells.known_address(tables.symbols.find(LIBC_START)?)?;
    Some(Complete { tables, linking, main, segments: segments(&tables.file) }.write(libc, identity))
}

impl Complete<'_> {
    /// The file. `libc`: the GOT entry of [`LIBC_START`].
    fn write(&self, libc: u64, identity: &Identity) -> Vec<u8> {
        let (file, own) = (&self.tables.file, self.linking.own);
        let mut bytes = Vec::new();
        for segment in &self.segments {
            let length = usize::try_from(segment.to - segment.from).expect("a part of the file");
            bytes.extend_from_slice(file.read(segment.from, length));
        }
        let write = |bytes: &mut Vec<u8>, address: u64, new: &[u8]| {
            let at = usize::try_from(offset_of(&self.segments, address)).expect("a place in the file");
            bytes[at..at + new.len()].copy_from_slice(new);
        };
        write(&mut bytes, own.start(), &start::code(own.start(), Main::At(self.main), libc));
        // Nothing will have to be asked for.
        const RETURN: u8 = 0xc3;
        write(&mut bytes, own.attach(), &[RETURN]);
        write(&mut bytes, file.layout().start(Region::Dynamic), &self.dynamic_section());
        let note = identity.note();
        write(&mut bytes, INTERPRETER_AT, INTERPRETER);
        write(&mut bytes, NOTE_AT, &note);
        let program = self.program_headers(note.len() as u64);
        let count = u16::try_from(program.len()).expect("some tens of segments");
        let sections = self.append_sections(&mut bytes, identity, note.len() as u64);
        let mut header = elf::file_header(own.start(), count, Some(sections));
        header.extend(program.concat());
        assert!(header.len() as u64 <= INTERPRETER_AT, "some tens of segments");
        write(&mut bytes, 0, &header);
        bytes
    }

    /// The image's dynamic section as that of a program: it has no name of its own, and leads debuggers to what is loaded.
    fn dynamic_section(&self) -> Vec<u8> {
        const NOW_AND_PIE: u64 = 0x0800_0001;
        let length = usize::try_from(self.tables.file.used(Region::Dynamic)).expect("a small section");
        let bytes = self.tables.file.read(self.tables.file.layout().start(Region::Dynamic), length);
        let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
        // With `$ORIGIN`, which is wherever the file is.
        let search = self.linking.base.search().and_then(|search| self.linking.dynamic.known_string(&search.folders));
        let mut entries: Vec<_> = bytes
            .chunks_exact(16)
            .map(|entry| (word(&entry[..8]), word(&entry[8..])))
            .filter(|(tag, _)| ![tag::NULL, tag::SONAME].contains(tag))
            .map(|(tag, value)| match tag {
                tag::FLAGS_1 => (tag, NOW_AND_PIE),
                // A program's constructors are all called by the C library.
                tag::INIT_ARRAYSZ => (tag, self.tables.file.used(Region::InitArray)),
                tag::RPATH | tag::RUNPATH => (tag, search.map_or(value, u64::from)),
                _ => (tag, value),
            })
            .collect();
        // In the place of the name, so that it is no longer.
        entries.push((tag::DEBUG, 0));
        elf::dynamic_section(&entries)
    }

    fn program_headers(&self, note: u64) -> Vec<Vec<u8>> {
        let layout = self.tables.file.layout();
        let at = |kind, flags, address, size, align| {
            let places = (offset_of(&self.segments, address), address);
            elf::program_header_at(kind, flags, places, size, size, align)
        };
        let whole =
            |kind, flags, region, align| at(kind, flags, layout.start(region), self.tables.file.used(region), align);
        let loads = self.segments.iter().enumerate().map(|(number, segment)| {
            let sizes = (segment.to - segment.from, segment.memory_end - segment.from);
            // The first segment's counts for all of them.
            let align = if number == 0 { self.linking.alignment.load } else { PAGE };
            elf::program_header_at(PT_LOAD, segment.flags, (segment.offset, segment.from), sizes.0, sizes.1, align)
        });
        let count = self.segments.len() + 8;
        let own = 56 * count as u64;
        let mut headers =
            vec![at(PT_PHDR, PF_R, 64, own, 8), at(PT_INTERP, PF_R, INTERPRETER_AT, INTERPRETER.len() as u64, 1)];
        headers.extend(loads);
        let relocated = self.segments.iter().find(|segment| segment.flags & PF_W != 0).expect("a segment of data").from;
        let length = layout.start(Region::Runtime) - relocated;
        headers.extend([
            whole(PT_DYNAMIC, PF_R | PF_W, Region::Dynamic, 8),
            at(PT_NOTE, PF_R, NOTE_AT, note, 4),
            whole(PT_GNU_EH_FRAME, PF_R, Region::EhFrameHdr, 4),
            elf::program_header(PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 16),
            at(PT_GNU_RELRO, PF_R, relocated, length, 1),
        ]);
        // Where there are none of its own, there are the libraries', as a linker would have put into it.
        headers.push(match self.tables.file.used(Region::Tdata) {
            0 => at(PT_TLS, PF_R, relocated, 0, 1),
            _ => whole(PT_TLS, PF_R, Region::Tdata, self.linking.alignment.thread_locals),
        });
        assert_eq!(headers.len(), count, "as many as there is room for");
        headers
    }

    /// Appends what is not loaded, and the section headers. Gives where these are, how many, and which is that of their names.
    fn append_sections(&self, bytes: &mut Vec<u8>, identity: &Identity, note: u64) -> (u64, u16, u16) {
        let layout = self.tables.file.layout();
        let mut sections = Sections { names: vec![0], headers: vec![0; 64] };
        // By the numbers that they have in the image: symbols and links refer to them.
        for region in Region::ALL.into_iter().skip(1) {
            let (kind, flags, link, info, entry) = elf::describe(region);
            let (start, used) = (layout.start(region), self.tables.file.used(region));
            let is_loaded = flags & SHF_ALLOC != 0;
            if used == 0 || region == Region::Shstrtab {
                sections.headers.extend([0; 64]);
                continue;
            }
            let offset = if !is_loaded {
                append(bytes, self.tables.file.read(start, usize::try_from(used).expect("in the file")))
            } else if region.is_zero() {
                bytes.len() as u64
            } else {
                offset_of(&self.segments, start)
            };
            let locals = if region == Region::Symtab { u32::try_from(used / entry).unwrap_or(info) } else { info };
            let address = if is_loaded { start } else { 0 };
            sections.add(region.section_name(), kind, [flags, address, offset, used], [link, locals], [8, entry]);
        }
        // The room in memory between writable segments is a section, too: tools make segments as long as what is in them.
        for room in self.segments.iter().filter(|segment| segment.memory_end > segment.to) {
            let at = offset_of(&self.segments, room.to - 1) + 1;
            let words = [SHF_ALLOC | SHF_WRITE, room.to, at, room.memory_end - room.to];
            let is_bss = room.memory_end == self.tables.file.end(Region::Bss);
            if !is_bss {
                sections.add(".cranefly.room", SHT_NOBITS, words, [0; 2], [1, 0]);
            }
        }
        let interpreter = [SHF_ALLOC, INTERPRETER_AT, INTERPRETER_AT, INTERPRETER.len() as u64];
        sections.add(".interp", SHT_PROGBITS, interpreter, [0; 2], [1, 0]);
        sections.add(".note.gnu.build-id", SHT_NOTE, [SHF_ALLOC, NOTE_AT, NOTE_AT, note], [0; 2], [4, 0]);
        for (name, contents) in &identity.sections {
            let at = append(bytes, contents);
            sections.add(name, SHT_PROGBITS, [0, 0, at, contents.len() as u64], [0; 2], [8, 0]);
        }
        let names_at = bytes.len().next_multiple_of(8) as u64;
        let names_length = (sections.names.len() + OWN_NAME.len() + 1) as u64;
        sections.add(OWN_NAME, SHT_STRTAB, [0, 0, names_at, names_length], [0; 2], [1, 0]);
        append(bytes, &sections.names);
        let table = append(bytes, &sections.headers);
        let count = u16::try_from(sections.headers.len() / 64).expect("some tens of sections");
        (table, count, count - 1)
    }
}

/// The name of the section of names.
const OWN_NAME: &str = ".shstrtab";

/// Section headers, and their names.
struct Sections {
    names: Vec<u8>,
    headers: Vec<u8>,
}

impl Sections {
    /// `words`: flags, address, offset and size; `links`: link and information; `sizes`: alignment and that of an entry.
    fn add(&mut self, name: &str, kind: u32, words: [u64; 4], links: [u32; 2], sizes: [u64; 2]) {
        let at = u32::try_from(self.names.len()).expect("short names");
        self.names.extend(name.as_bytes());
        self.names.push(0);
        self.headers.extend([at, kind].into_iter().flat_map(u32::to_le_bytes));
        self.headers.extend(words.into_iter().flat_map(u64::to_le_bytes));
        self.headers.extend(links.into_iter().flat_map(u32::to_le_bytes));
        self.headers.extend(sizes.into_iter().flat_map(u64::to_le_bytes));
    }
}

/// Appends `part`, aligned to eight bytes; gives where it begins.
fn append(bytes: &mut Vec<u8>, part: &[u8]) -> u64 {
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    let at = bytes.len() as u64;
    bytes.extend_from_slice(part);
    at
}

/// What of an image is loaded: the pages that are in use, which alone are looked at.
fn segments(file: &ImageFile) -> Vec<Segment> {
    let layout = file.layout();
    let mut segments: Vec<Segment> = Vec::new();
    for (flags, regions) in [(PF_R, &READ_ONLY[..]), (PF_R | PF_X, &CODE[..]), (PF_R | PF_W, &DATA[..])] {
        let first = segments.len();
        for &region in regions {
            // Of the image's own headers, those that a loader reads are on the first page.
            let used = if region == Region::Header { PAGE } else { file.used(region) };
            if used == 0 {
                continue;
            }
            let from = layout.start(region) / PAGE * PAGE;
            let to = (layout.start(region) + used).next_multiple_of(PAGE);
            match segments[first..].last_mut() {
                Some(last) if last.to >= from => last.to = last.to.max(to),
                _ => segments.push(Segment { flags, from, to, memory_end: 0, offset: 0 }),
            }
        }
    }
    let mut offset = 0;
    for number in 0..segments.len() {
        let next = segments.get(number + 1).map(|next| next.from);
        let segment = &mut segments[number];
        segment.offset = offset;
        offset += segment.to - segment.from;
        segment.memory_end = match next {
            Some(next) if segment.flags & PF_W != 0 => next,
            None if file.used(Region::Bss) > 0 => file.end(Region::Bss),
            _ => segment.to,
        };
    }
    segments
}

/// The place in the file of what lies at `address`.
fn offset_of(segments: &[Segment], address: u64) -> u64 {
    let segment = segments.iter().find(|segment| (segment.from..segment.to).contains(&address));
    let segment = segment.expect("an address that is in use");
    segment.offset + (address - segment.from)
}
