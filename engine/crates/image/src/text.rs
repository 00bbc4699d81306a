//! Code: slots, PLT entries, and binding of machine code to the places of its symbols.

use std::sync::Arc;

use cranefly_machine::{MachineCode, Relocation, RelocationKind};

use crate::Error;
use crate::file::ImageFile;
use crate::layout::Region;

pub use cranefly_runtime::SLOT_SIZE;

/// Machine code at an address.
#[derive(Clone, Debug)]
pub struct PlacedCode {
    /// Content key of the function.
    pub key: u128,
    /// The unbound code.
    pub code: Arc<MachineCode>,
    /// Virtual address.
    pub address: u64,
    /// Hash of everything that it was bound to.
    pub binding: u64,
    /// Row in `.symtab`.
    pub symtab: u32,
}

/// The word of a slot at `slot` that jumps to `code`.
pub fn jump_word(slot: u64, code: u64) -> u64 {
    u64::from_le_bytes(cranefly_runtime::compiled_slot(slot, code).expect("an image is smaller than 2 GB"))
}

/// The word of a slot at `slot` that calls the first-call stub at `stub`.
pub fn lazy_word(slot: u64, stub: u64) -> u64 {
    u64::from_le_bytes(cranefly_runtime::uncompiled_slot(slot, stub).expect("an image is smaller than 2 GB"))
}

/// `to - from` as a PC-relative displacement. Images are smaller than 2 GB, so it always fits.
fn distance(from: u64, to: u64) -> i32 {
    i32::try_from(to.cast_signed() - from.cast_signed()).expect("an image is smaller than 2 GB")
}

/// Appends `jmp *cell(%rip)`, for calls to what lies outside of the image.
pub fn indirect_jump(file: &mut ImageFile, cell: u64) -> Result<u64, Error> {
    let at = file.reserve(Region::Plt, 8, 8)?;
    let mut bytes = [0xff, 0x25, 0, 0, 0, 0, 0xcc, 0xcc];
    bytes[2..6].copy_from_slice(&distance(at + 6, cell).to_le_bytes());
    file.write(at, &bytes);
    Ok(at)
}

/// Appends `mov $8, %al; jmp target`: variable-argument callees expect in AL an upper bound of the vector registers used.
pub fn variadic_thunk(file: &mut ImageFile, target: u64) -> Result<u64, Error> {
    let at = file.reserve(Region::Plt, 8, 8)?;
    let mut bytes = [0xb0, 8, 0xe9, 0, 0, 0, 0, 0xcc];
    bytes[3..7].copy_from_slice(&distance(at + 7, target).to_le_bytes());
    file.write(at, &bytes);
    Ok(at)
}

/// What a relocation's target turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bound {
    /// Code or data at an address of this image.
    Direct(u64),
    /// A GOT entry that holds the address.
    Cell(u64),
    /// A GOT entry that holds the offset from the thread pointer.
    ThreadPointerCell(u64),
}

/// Applies one relocation to `bytes`, the code that will lie at `base`. Errors are reasons, in words.
pub fn relocate(bytes: &mut [u8], base: u64, relocation: &Relocation, bound: Bound) -> Result<(), String> {
    let at = relocation.offset as usize;
    if at + 4 > bytes.len() {
        return Err(format!("a relocation at {at:#x} lies behind the code's end"));
    }
    match (relocation.kind, bound) {
        (RelocationKind::Call32 | RelocationKind::Pc32, Bound::Direct(address)) => {
            patch(bytes, base, at, address, relocation.addend)
        }
        (RelocationKind::GotPcRel32 { .. }, Bound::Cell(cell)) => patch(bytes, base, at, cell, relocation.addend),
        (RelocationKind::GotPcRel32 { relaxable: true }, Bound::Direct(address)) => {
            relax_got_load(bytes, base, at, address, relocation.addend)
        }
        (RelocationKind::GotTpOff, Bound::ThreadPointerCell(cell)) => patch(bytes, base, at, cell, relocation.addend),
        (RelocationKind::TlsGd, Bound::ThreadPointerCell(cell)) => relax_general_dynamic(bytes, base, at, cell),
        (kind, bound) => Err(format!("no way to bind {kind:?} to {bound:?}")),
    }
}

/// Whether a GOT load at `offset` can do without a GOT entry when the symbol lies in the image.
pub fn can_relax(bytes: &[u8], offset: usize) -> bool {
    offset >= 2 && matches!(bytes[offset - 2..offset], [0x8b, _] | [0xff, 0x15 | 0x25])
}

fn patch(bytes: &mut [u8], base: u64, at: usize, target: u64, addend: i64) -> Result<(), String> {
    let value = target.cast_signed() + addend - (base + at as u64).cast_signed();
    let value = i32::try_from(value).map_err(|_| format!("displacement {value:#x} does not fit into 32 bits"))?;
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    Ok(())
}

/// psABI B.2, "Optimize GOTPCRELX relocations": `mov` becomes `lea`, an indirect call or jump a direct one.
fn relax_got_load(bytes: &mut [u8], base: u64, at: usize, target: u64, addend: i64) -> Result<(), String> {
    if at < 2 {
        return Err("a GOT load without an opcode".to_owned());
    }
    match bytes[at - 2..at] {
        [0x8b, _] => {
            bytes[at - 2] = 0x8d;
            patch(bytes, base, at, target, addend)
        }
        // `call *x@GOTPCREL(%rip)` → `addr32 call x`.
        [0xff, 0x15] => {
            bytes[at - 2..at].copy_from_slice(&[0x67, 0xe8]);
            patch(bytes, base, at, target, addend)
        }
        // `jmp *x@GOTPCREL(%rip)` → `jmp x; nop`: one byte shorter, so the displacement moves up by one.
        [0xff, 0x25] => {
            bytes[at - 2] = 0xe9;
            bytes[at + 3] = 0x90;
            patch(bytes, base, at - 1, target, addend)
        }
        [a, b] => Err(format!("a GOT load with an unknown opcode {a:02x} {b:02x}")),
        _ => unreachable!("a slice of two bytes"),
    }
}

/// psABI, "General Dynamic to Initial Exec": the 16-byte sequence becomes `mov %fs:0, %rax; add cell(%rip), %rax`.
fn relax_general_dynamic(bytes: &mut [u8], base: u64, at: usize, cell: u64) -> Result<(), String> {
    const BEFORE: [u8; 4] = [0x66, 0x48, 0x8d, 0x3d];
    const CALL: [u8; 4] = [0x66, 0x66, 0x48, 0xe8];
    let start = at.checked_sub(4).ok_or("a thread-local access without its first instruction")?;
    let known = bytes.len() >= start + 16 && bytes[start..at] == BEFORE && bytes[at + 4..at + 8] == CALL;
    if !known {
        return Err("a thread-local access that is not the general dynamic sequence of the psABI".to_owned());
    }
    bytes[start..start + 9].copy_from_slice(&[0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0]);
    bytes[start + 9..start + 12].copy_from_slice(&[0x48, 0x03, 0x05]);
    patch(bytes, base, start + 12, cell, -4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cranefly_machine::Target;

    fn relocation(offset: u32, kind: RelocationKind) -> Relocation {
        Relocation { offset, kind, target: Target::Symbol(0), addend: -4 }
    }

    #[test]
    fn got_load_becomes_lea() {
        let mut bytes = [0x48, 0x8b, 0x05, 0, 0, 0, 0];
        relocate(
            &mut bytes,
            0x1000,
            &relocation(3, RelocationKind::GotPcRel32 { relaxable: true }),
            Bound::Direct(0x2000),
        )
        .unwrap();
        assert_eq!(bytes, [0x48, 0x8d, 0x05, 0xf9, 0x0f, 0, 0]);
    }

    #[test]
    fn indirect_jump_becomes_direct() {
        let mut bytes = [0xff, 0x25, 0, 0, 0, 0];
        relocate(
            &mut bytes,
            0x1000,
            &relocation(2, RelocationKind::GotPcRel32 { relaxable: true }),
            Bound::Direct(0x1005),
        )
        .unwrap();
        assert_eq!(bytes, [0xe9, 0, 0, 0, 0, 0x90]);
    }

    #[test]
    fn thread_local_sequence_is_relaxed_in_place() {
        let mut bytes = [0x66, 0x48, 0x8d, 0x3d, 0, 0, 0, 0, 0x66, 0x66, 0x48, 0xe8, 0, 0, 0, 0];
        relocate(&mut bytes, 0x1000, &relocation(4, RelocationKind::TlsGd), Bound::ThreadPointerCell(0x1010)).unwrap();
        assert_eq!(bytes, [0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0, 0x48, 0x03, 0x05, 0, 0, 0, 0]);
    }

    #[test]
    fn unknown_sequences_are_refused() {
        let mut bytes = [0x90; 16];
        let error =
            relocate(&mut bytes, 0, &relocation(4, RelocationKind::TlsGd), Bound::ThreadPointerCell(0)).unwrap_err();
        assert!(error.contains("general dynamic"), "{error}");
    }

    #[test]
    fn slots_are_one_word() {
        assert_eq!(jump_word(0x1000, 0x1005).to_le_bytes(), [0xe9, 0, 0, 0, 0, 0xcc, 0xcc, 0xcc]);
        assert_eq!(lazy_word(0x1008, 0x1000).to_le_bytes()[..5], [0xe8, 0xf3, 0xff, 0xff, 0xff]);
    }
}
