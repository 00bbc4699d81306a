//! Binding of machine code to the places of its symbols: bytes in, bytes out.
//!
//! Sources: the x86-64 psABI, chapter 4.4 and appendix B.2.

use cranefly_machine::{Relocation, RelocationKind};

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

/// Why a relocation cannot be applied to code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelocationError {
    /// It is not in the code.
    #[error("a relocation at {offset:#x} lies behind the code's end")]
    BehindEnd {
        /// Where it would be.
        offset: usize,
    },
    /// No instruction refers to such a place in such a way.
    #[error("no way to bind {kind:?} to {bound:?}")]
    Unbindable {
        /// The way.
        kind: RelocationKind,
        /// The place.
        bound: Bound,
    },
    /// The distance needs more than 32 bits.
    #[error("displacement {displacement:#x} does not fit into 32 bits")]
    OutOfReach {
        /// The distance.
        displacement: i64,
    },
    /// There is no instruction around a displacement.
    #[error("a GOT load without an opcode")]
    NoOpcode,
    /// Another instruction than those of which the psABI says what becomes of them.
    #[error("a GOT load with an unknown opcode {0:02x} {1:02x}")]
    UnknownOpcode(u8, u8),
    /// Other instructions than the psABI's.
    #[error("a thread-local access that is not the general dynamic sequence of the psABI")]
    UnknownSequence,
}

/// Applies one relocation to `bytes`, the code that will lie at `base`.
pub fn relocate(bytes: &mut [u8], base: u64, relocation: &Relocation, bound: Bound) -> Result<(), RelocationError> {
    let at = relocation.offset as usize;
    if at + 4 > bytes.len() {
        return Err(RelocationError::BehindEnd { offset: at });
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
        (kind, bound) => Err(RelocationError::Unbindable { kind, bound }),
    }
}

/// Whether a GOT load at `offset` can do without a GOT entry when the symbol lies in the image.
pub fn can_relax(bytes: &[u8], offset: usize) -> bool {
    offset >= 2 && matches!(bytes[offset - 2..offset], [0x8b, _] | [0xff, 0x15 | 0x25])
}

fn patch(bytes: &mut [u8], base: u64, at: usize, target: u64, addend: i64) -> Result<(), RelocationError> {
    let value = target.cast_signed() + addend - (base + at as u64).cast_signed();
    let value = i32::try_from(value).map_err(|_| RelocationError::OutOfReach { displacement: value })?;
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    Ok(())
}

/// psABI B.2, "Optimize GOTPCRELX relocations": `mov` becomes `lea`, an indirect call or jump a direct one.
fn relax_got_load(bytes: &mut [u8], base: u64, at: usize, target: u64, addend: i64) -> Result<(), RelocationError> {
    if at < 2 {
        return Err(RelocationError::NoOpcode);
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
        [a, b] => Err(RelocationError::UnknownOpcode(a, b)),
        _ => unreachable!("a slice of two bytes"),
    }
}

/// psABI, "General Dynamic to Initial Exec": the 16-byte sequence becomes `mov %fs:0, %rax; add cell(%rip), %rax`.
fn relax_general_dynamic(bytes: &mut [u8], base: u64, at: usize, cell: u64) -> Result<(), RelocationError> {
    const BEFORE: [u8; 4] = [0x66, 0x48, 0x8d, 0x3d];
    const CALL: [u8; 4] = [0x66, 0x66, 0x48, 0xe8];
    let start = at.checked_sub(4).ok_or(RelocationError::UnknownSequence)?;
    let known = bytes.len() >= start + 16 && bytes[start..at] == BEFORE && bytes[at + 4..at + 8] == CALL;
    if !known {
        return Err(RelocationError::UnknownSequence);
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
        assert_eq!(error, RelocationError::UnknownSequence);
    }
}
