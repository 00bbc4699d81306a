//! `.symtab`: the names of the image's code, for debuggers, profilers and backtraces.

use crate::Error;
use crate::file::ImageFile;
use crate::file::elf::TEXT_SECTION;
use crate::file::region::Region;
use crate::tables::dynamic::symbol;

/// Bytes of an entry.
const ENTRY: u64 = 24;

/// The table, or the wish to have none: then every row is that of the null symbol.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Symtab {
    is_wanted: bool,
}

/// What a row says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'a> {
    pub(crate) name: &'a str,
    /// `STT_*`.
    pub(crate) kind: u8,
    pub(crate) address: u64,
    pub(crate) size: u64,
}

impl Symtab {
    pub(crate) fn new(is_wanted: bool) -> Self {
        Self { is_wanted }
    }

    /// Whether there is a table.
    pub(crate) fn is_wanted(&self) -> bool {
        self.is_wanted
    }

    /// Describes code in a row that it had before, for which its name must be the same, or in a new one.
    pub(crate) fn set(&self, file: &mut ImageFile, row: Option<u32>, named: Named) -> Result<u32, Error> {
        if !self.is_wanted {
            return Ok(0);
        }
        let start = file.layout().start(Region::Symtab);
        let (row, name) = if let Some(row) = row {
            let bytes = file.read(start + u64::from(row) * ENTRY, 4);
            (row, u32::from_le_bytes(bytes.try_into().expect("four bytes")))
        } else {
            if file.used(Region::Strtab) == 0 {
                file.append(Region::Strtab, &[0], 1)?;
                file.append(Region::Symtab, &[0; ENTRY as usize], 8)?;
            }
            let mut text = named.name.as_bytes().to_vec();
            text.push(0);
            let at = file.append(Region::Strtab, &text, 1)? - file.layout().start(Region::Strtab);
            let row = file.reserve(Region::Symtab, ENTRY, 8)?;
            let row = u32::try_from((row - start) / ENTRY).expect("symbols below 2^32");
            (row, u32::try_from(at).expect("strings below 4 GB"))
        };
        let bytes = symbol(name, named.kind, TEXT_SECTION, named.address, named.size);
        file.write(start + u64::from(row) * ENTRY, &bytes);
        Ok(row)
    }

    /// Makes a row one that says nothing.
    pub(crate) fn clear(&self, file: &mut ImageFile, row: u32) {
        if self.is_wanted {
            let start = file.layout().start(Region::Symtab);
            file.write(start + u64::from(row) * ENTRY, &[0; ENTRY as usize]);
        }
    }
}
