//! Call frame information of assembly: its `.eh_frame` is copied as it is, and the unwinder's table gets a row for each function.

use object::read::elf::ElfFile64;
use object::{LittleEndian, Object, ObjectSection, ObjectSymbol, RelocationTarget, SymbolSection};

use crate::Error;
use crate::error::AssemblyConstruct;
use crate::file::region::Region;
use crate::input::object_file::{Assembly, Home, Section};
use crate::linking::assemblies::{PlacedAssembly, PlacedSection};
use crate::tables::Tables;
use crate::unwind;

/// Offset of a frame description's first address behind its start: length and distance of the common entry come first.
const FIRST_ADDRESS: u64 = 8;

/// Copies the frames of sections that are placed. Must come right behind these: the unwinder's table is by address.
pub(super) fn place_frames(tables: &mut Tables, assembly: &Assembly, placed: &mut PlacedAssembly) -> Result<(), Error> {
    for section in assembly.elf.sections() {
        if assembly.home(&section)? != Home::Frames {
            continue;
        }
        let bytes = assembly.contents(&section)?;
        let mut frames = Vec::new();
        let entries = descriptions(bytes).ok_or_else(|| assembly.linker_only(AssemblyConstruct::UnusualFrames))?;
        for entry in entries {
            let function = function(&assembly.elf, &section, placed, entry)
                .ok_or_else(|| assembly.linker_only(AssemblyConstruct::UnknownFrames))?;
            frames.push((function, entry));
        }
        if frames.is_empty() {
            continue;
        }
        frames.sort_unstable();
        let at = tables.file.append(Region::EhFrame, bytes, unwind::FRAME_ALIGN)?;
        for (function, entry) in frames {
            tables.frames.add_row(&mut tables.file, "the assembly", function, at + entry)?;
        }
        // Behind it the next entry begins at once.
        let padding = bytes.len().next_multiple_of(unwind::FRAME_ALIGN as usize) - bytes.len();
        if padding != 0 {
            return Err(assembly.linker_only(AssemblyConstruct::UnalignedFrames));
        }
        let frames = PlacedSection { at, writable: false, code: false, thread_local: false };
        placed.sections.insert(section.index(), frames);
    }
    Ok(())
}

/// Offsets of the frame descriptions in an `.eh_frame`; `None` if it is not what an x86-64 assembler writes.
fn descriptions(bytes: &[u8]) -> Option<Vec<u64>> {
    let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let length = word(at)?;
        // A terminator would hide what follows, and 64-bit lengths are for sections above 4 GB.
        if length == 0 || length == u32::MAX {
            return None;
        }
        if word(at + 4)? == 0 {
            check_common(bytes.get(at + 8..at + 4 + length as usize)?)?;
        } else {
            found.push(at as u64);
        }
        at += 4 + length as usize;
    }
    (at == bytes.len()).then_some(found)
}

/// Checks that a common entry, from its version on, has its descriptions' addresses relative and in 32 bits.
fn check_common(entry: &[u8]) -> Option<()> {
    let (&[1], rest) = entry.split_at_checked(1)? else { return None };
    let end = rest.iter().position(|&byte| byte == 0)?;
    let augmentation = rest[..end].strip_prefix(b"z")?;
    // Alignments of code and data, the return address' column, the length of the rest: a byte each.
    let mut data = rest.get(end + 5..)?;
    for letter in augmentation {
        match letter {
            b'R' => return (*data.first()? == SIGNED_32_RELATIVE).then_some(()),
            b'L' => data = data.get(1..)?,
            // The personality's encoding and address.
            b'P' => data = data.get(if data.first()? & 0xf == 0xb { 5 } else { 9 }..)?,
            b'S' => {}
            _ => return None,
        }
    }
    None
}

const SIGNED_32_RELATIVE: u8 = 0x1b;

/// The address that the description at `entry` begins with.
fn function(elf: &ElfFile64<'_, LittleEndian>, section: &Section, placed: &PlacedAssembly, entry: u64) -> Option<u64> {
    let (_, relocation) = section.relocations().find(|(offset, _)| *offset == entry + FIRST_ADDRESS)?;
    let RelocationTarget::Symbol(symbol) = relocation.target() else { return None };
    let symbol = elf.symbol_by_index(symbol).ok()?;
    let SymbolSection::Section(code) = symbol.section() else { return None };
    Some((placed.sections.get(&code)?.at + symbol.address()).wrapping_add_signed(relocation.addend()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn common(version: u8) -> Vec<u8> {
        let mut entry = vec![0, 0, 0, 0, 0, 0, 0, 0, version];
        entry.extend(b"zR\0");
        entry.extend([1, 0x78, 16, 1, SIGNED_32_RELATIVE, 0, 0, 0]);
        entry[0] = entry.len() as u8 - 4;
        entry
    }

    #[test]
    fn descriptions_are_found() {
        let mut bytes = common(1);
        let first = bytes.len();
        bytes.extend([12, 0, 0, 0, first as u8 + 4, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0]);
        assert_eq!(descriptions(&bytes), Some(vec![first as u64]));
        bytes.extend([0; 4]);
        assert_eq!(descriptions(&bytes), None);
        assert_eq!(descriptions(&common(3)), None);
    }
}
