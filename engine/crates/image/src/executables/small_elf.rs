//! Small ELF files that are written as a whole: the executables of programs, and what stands in for an image that is gone.
//!
//! What is only read or executed comes first, then what the loader writes to, then what no loader needs. Every part has a
//! section header, since tools that rewrite such a file (`strip`, `objcopy`) keep what lies in sections and nothing else.

use crate::file::elf::{
    self, DynamicEntry, SHF_ALLOC, SHF_WRITE, SHT_DYNAMIC, SHT_DYNSYM, SHT_GNU_VERNEED, SHT_GNU_VERSYM, SHT_HASH,
    SHT_PROGBITS, SHT_RELA, SHT_STRTAB, tag,
};
use crate::tables::dynamic::DynamicTables;

pub const PAGE: usize = 4096;

/// What an `Elf64_Shdr` says, as far as it is used here: addresses are file offsets, or there is none.
#[derive(Clone, Copy, Debug)]
pub struct Section<'name> {
    pub name: &'name str,
    pub kind: u32,
    pub flags: u64,
    pub link: u32,
    pub info: u32,
    pub align: u64,
    pub entry_size: u64,
}

impl<'name> Section<'name> {
    /// `SHT_PROGBITS`, not loaded.
    pub fn new(name: &'name str) -> Self {
        Self { name, kind: SHT_PROGBITS, flags: 0, link: 0, info: 0, align: 1, entry_size: 0 }
    }

    /// `SHT_PROGBITS`, loaded.
    pub fn loaded(name: &'name str, more_flags: u64, align: u64) -> Self {
        Self { flags: SHF_ALLOC | more_flags, align, ..Self::new(name) }
    }
}

/// Where a part lies, and the number of its section.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    pub at: u64,
    pub size: u64,
    pub section: u32,
}

/// The file under construction.
#[derive(Debug)]
pub struct SmallElf<'name> {
    bytes: Vec<u8>,
    headers: u16,
    sections: Vec<(Section<'name>, Part)>,
}

/// The parts that [`SmallElf::put_tables`] has put, for the dynamic section.
#[derive(Debug)]
pub struct Tables {
    strings: Part,
    symbols: Part,
    entries: Vec<DynamicEntry>,
    relocations: Option<Part>,
}

impl Tables {
    /// The dynamic symbols.
    pub fn symbols(&self) -> Part {
        self.symbols
    }

    /// Where the relocations go.
    pub fn relocations(&self) -> Option<Part> {
        self.relocations
    }
}

impl<'name> SmallElf<'name> {
    /// One with room for so many program headers.
    pub fn new(headers: u16) -> Self {
        Self { bytes: vec![0; 64 + 56 * usize::from(headers)], headers, sections: Vec::new() }
    }

    /// Puts a part behind what there is.
    pub fn put(&mut self, section: Section<'name>, bytes: &[u8]) -> Part {
        let align = usize::try_from(section.align.max(1)).expect("a small alignment");
        self.bytes.resize(self.bytes.len().next_multiple_of(align), 0);
        let at = self.bytes.len() as u64;
        self.bytes.extend(bytes);
        // Number 0 is the null section.
        let number = u32::try_from(self.sections.len() + 1).expect("a handful of sections");
        let part = Part { at, size: bytes.len() as u64, section: number };
        self.sections.push((section, part));
        part
    }

    /// Writes over what was put.
    pub fn fill(&mut self, part: Part, bytes: &[u8]) {
        assert_eq!(bytes.len() as u64, part.size, "as long as was said");
        let at = usize::try_from(part.at).expect("in the file");
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Begins the next page, whose protection is another one; gives its address.
    pub fn next_page(&mut self) -> u64 {
        self.bytes.resize(self.bytes.len().next_multiple_of(PAGE), 0);
        self.bytes.len() as u64
    }

    /// Puts the tables that a loader reads, with room for `relocations`.
    pub fn put_tables(&mut self, dynamic: &DynamicTables, relocations: usize) -> Tables {
        let read = |name, align| Section::loaded(name, 0, align);
        let strings = self.put(Section { kind: SHT_STRTAB, ..read(".dynstr", 1) }, dynamic.strings());
        let section =
            Section { kind: SHT_DYNSYM, link: strings.section, info: 1, entry_size: 24, ..read(".dynsym", 8) };
        let symbols = self.put(section, &dynamic.symbols());
        let of_symbols = Section { link: symbols.section, ..read(".hash", 8) };
        let hash = self.put(Section { kind: SHT_HASH, entry_size: 4, ..of_symbols }, &dynamic.hash());
        let versions = Section { name: ".gnu.version", kind: SHT_GNU_VERSYM, entry_size: 2, ..of_symbols };
        let versions = self.put(versions, &dynamic.versym());
        let mut entries = vec![
            (tag::HASH, hash.at),
            (tag::STRTAB, strings.at),
            (tag::SYMTAB, symbols.at),
            (tag::STRSZ, strings.size),
            (tag::SYMENT, 24),
            (tag::FLAGS, 8),
            (tag::VERSYM, versions.at),
        ];
        let (needed, libraries) = dynamic.verneed();
        if libraries > 0 {
            let info = u32::try_from(libraries).expect("a handful of libraries");
            let section = Section { kind: SHT_GNU_VERNEED, link: strings.section, info, ..read(".gnu.version_r", 8) };
            let part = self.put(section, &needed);
            entries.extend([(tag::VERNEED, part.at), (tag::VERNEEDNUM, libraries)]);
        }
        let relocations = (relocations > 0).then(|| {
            let section = Section { name: ".rela.dyn", kind: SHT_RELA, entry_size: 24, ..of_symbols };
            let part = self.put(section, &vec![0; relocations * 24]);
            entries.extend([(tag::RELA, part.at), (tag::RELASZ, part.size), (tag::RELAENT, 24)]);
            part
        });
        Tables { strings, symbols, entries, relocations }
    }

    /// Puts the dynamic section: `more`, and what leads to the tables.
    pub fn put_dynamic(&mut self, tables: &Tables, more: &[DynamicEntry]) -> Part {
        let entries: Vec<DynamicEntry> = more.iter().chain(&tables.entries).copied().collect();
        let section = Section {
            kind: SHT_DYNAMIC,
            link: tables.strings.section,
            entry_size: 16,
            ..Section::loaded(".dynamic", SHF_WRITE, 8)
        };
        self.put(section, &elf::dynamic_section(&entries))
    }

    /// The file, with its headers. `program`: its program headers.
    pub fn finish(mut self, entry: u64, program: &[Vec<u8>]) -> Vec<u8> {
        assert_eq!(program.len(), usize::from(self.headers), "as many as there is room for");
        let mut names = vec![0];
        let mut name_of = |name: &str| {
            let at = u32::try_from(names.len()).expect("short names");
            names.extend(name.as_bytes());
            names.push(0);
            at
        };
        let offsets: Vec<u32> = self.sections.iter().map(|(section, _)| name_of(section.name)).collect();
        let own = name_of(".shstrtab");
        let part = self.put(Section { kind: SHT_STRTAB, ..Section::new(".shstrtab") }, &names);
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let table_at = self.bytes.len() as u64;
        let mut table = vec![0; 64];
        for ((section, part), name) in self.sections.iter().zip(offsets.into_iter().chain([own])) {
            let is_loaded = section.flags & SHF_ALLOC != 0;
            table.extend(name.to_le_bytes());
            table.extend(section.kind.to_le_bytes());
            for word in [section.flags, if is_loaded { part.at } else { 0 }, part.at, part.size] {
                table.extend(word.to_le_bytes());
            }
            table.extend(section.link.to_le_bytes());
            table.extend(section.info.to_le_bytes());
            table.extend(section.align.to_le_bytes());
            table.extend(section.entry_size.to_le_bytes());
        }
        let names = u16::try_from(part.section).expect("a handful of sections");
        let mut header = elf::file_header(entry, self.headers, Some((table_at, names + 1, names)));
        header.extend(program.concat());
        self.bytes[..header.len()].copy_from_slice(&header);
        self.bytes.extend(table);
        self.bytes
    }
}
