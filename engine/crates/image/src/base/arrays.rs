//! Constructors and destructors in the order in which the program's linker puts them.
//!
//! The base image is linked with objects in the places of the program's crates. What stands in its `.init_array` and
//! `.fini_array` is the linker's own order of everything: entries of the base image's, and where each crate's belong. So the
//! image has the whole arrays, and the base image is loaded without them.

use hashbrown::HashMap;
use object::read::elf::{ElfFile64, Rela, SectionHeader, Sym};
use object::{LittleEndian, elf};
use serde::Deserialize;

use super::place::BasePlace;
use crate::error::{BaseError, EntryError};
use crate::input::section::SectionKind;

/// What the names of the symbols begin with that stand for crates, by number.
const CRATE: &str = "__cranefly_place_";
/// Size of an entry.
const ENTRY: u64 = 8;

/// One of the two arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Array {
    /// Run at start.
    Init,
    /// Run at exit, from its end.
    Fini,
}

impl Array {
    fn section_type(self) -> elf::SectionType {
        match self {
            Self::Init => elf::SHT_INIT_ARRAY,
            Self::Fini => elf::SHT_FINI_ARRAY,
        }
    }

    /// The priority that entries of this array have in a section of a kind.
    pub(crate) fn priority_of(self, kind: &SectionKind) -> Option<u32> {
        match (self, kind) {
            (Self::Init, SectionKind::InitArray(priority)) | (Self::Fini, SectionKind::FiniArray(priority)) => {
                Some(*priority)
            }
            _ => None,
        }
    }
}

/// What a base image has in its arrays for a crate of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct CrateEntry {
    array: Array,
    priority: u32,
}

impl CrateEntry {
    /// Whether it stands for what is in a section of this kind; all have one for sections without a number.
    pub(crate) fn is_for(self, kind: &SectionKind) -> bool {
        self.array.priority_of(kind) == Some(self.priority)
    }
}

/// An entry as the linker placed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Those of a crate of the program, of one priority.
    Crate { name: Box<str>, priority: u32 },
    /// A function of the base image.
    Base(BasePlace),
    /// A function that is looked up by its name.
    Named(Box<str>),
}

/// The arrays of a base image.
#[derive(Debug, Default)]
pub(crate) struct Arrays {
    init: Vec<Entry>,
    fini: Vec<Entry>,
}

/// What an image's arrays are read with.
pub(crate) struct Names<'a> {
    /// The program's crates, and where the symbols lie that stand for them.
    crates: Vec<(&'a str, u64)>,
    /// What each of them has.
    entries: &'a [CrateEntry],
    /// The anchor's address.
    anchor: u64,
}

impl<'a> Names<'a> {
    /// `crates`: the program's, by number. `addresses`: those of an image's symbols.
    pub(crate) fn new(
        crates: &'a [Box<str>],
        entries: &'a [CrateEntry],
        addresses: &HashMap<Box<str>, u64>,
        anchor: u64,
    ) -> Result<Self, BaseError> {
        let place = |(number, name): (usize, &'a str)| {
            let symbol = format!("{CRATE}{number}");
            match addresses.get(&*symbol) {
                Some(&address) => Ok((name, address)),
                None => Err(BaseError::Undefined { name: symbol }),
            }
        };
        let crates = crates.iter().map(AsRef::as_ref).enumerate().map(place).collect::<Result<_, _>>()?;
        Ok(Self { crates, entries, anchor })
    }
}

impl Arrays {
    /// Reads them off a linked image.
    pub(crate) fn read(image: &ElfFile64<'_, LittleEndian>, names: &Names<'_>) -> Result<Self, EntryError> {
        Ok(Self { init: read(image, Array::Init, names)?, fini: read(image, Array::Fini, names)? })
    }

    /// Those of one of the arrays, in their order.
    pub(crate) fn of(&self, array: Array) -> &[Entry] {
        match array {
            Array::Init => &self.init,
            Array::Fini => &self.fini,
        }
    }

    /// Bytes that an image needs for them, at most, in each of its arrays.
    pub(crate) fn bytes(&self) -> u64 {
        self.init.len().max(self.fini.len()) as u64 * ENTRY
    }
}

/// The words of an array: what the loader would make of each, without the load address.
fn read(image: &ElfFile64<'_, LittleEndian>, array: Array, names: &Names<'_>) -> Result<Vec<Entry>, EntryError> {
    let (table, data) = (image.elf_section_table(), image.data());
    let mut entries = Vec::new();
    for section in table.iter().filter(|section| section.sh_type(LittleEndian) == array.section_type()) {
        let (start, content) = (section.sh_addr(LittleEndian), section.data(LittleEndian, data)?);
        let mut words: Vec<Entry> = content
            .chunks_exact(8)
            .map(|word| names.entry(u64::from_le_bytes(word.try_into().expect("eight bytes"))))
            .collect();
        for relocations in table.iter() {
            let Some((rows, symbols)) = relocations.rela(LittleEndian, data)? else { continue };
            for row in rows {
                let Some(at) = row.r_offset(LittleEndian).checked_sub(start) else { continue };
                let Some(word) = usize::try_from(at / ENTRY).ok().and_then(|at| words.get_mut(at)) else { continue };
                let addend = row.r_addend(LittleEndian);
                *word = match row.r_type(LittleEndian, false) {
                    elf::R_X86_64_RELATIVE => names.entry(addend.cast_unsigned()),
                    elf::R_X86_64_64 if addend == 0 => {
                        let symbols = table.symbol_table_by_index(LittleEndian, data, symbols)?;
                        let index = row.symbol(LittleEndian, false).ok_or(EntryError::NoSymbol)?;
                        let symbol = symbols.symbol(index)?;
                        let name = symbols.symbol_name(LittleEndian, symbol)?;
                        let name = std::str::from_utf8(name)?;
                        match symbol.st_shndx(LittleEndian) {
                            elf::SHN_UNDEF => Entry::Named(name.into()),
                            _ => names.entry(symbol.st_value(LittleEndian)),
                        }
                    }
                    kind => return Err(EntryError::Relocation { kind: kind.0 }),
                };
            }
        }
        // A word that is zero is nobody's: the arrays of the C runtime may end in one.
        let none = names.entry(0);
        entries.extend(words.into_iter().filter(|entry| *entry != none));
    }
    Ok(entries)
}

impl Names<'_> {
    /// The meaning of a word that points to `address`.
    fn entry(&self, address: u64) -> Entry {
        for (name, start) in &self.crates {
            let entry = address.checked_sub(*start).and_then(|index| self.entries.get(usize::try_from(index).ok()?));
            if let Some(entry) = entry {
                return Entry::Crate { name: (*name).into(), priority: entry.priority };
            }
        }
        Entry::Base(BasePlace::Address(address.wrapping_sub(self.anchor).cast_signed()))
    }
}
