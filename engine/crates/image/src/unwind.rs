//! Encoders for the tables that the unwinder reads: `.eh_frame`, `.eh_frame_hdr` and `.gcc_except_table`.
//!
//! Takes addresses and call frame instructions, gives bytes; touches no file and keeps no state. Every address is an
//! image vaddr, i.e. relative to the load address of a shared object that is linked at 0.
//!
//! `.eh_frame` is: the [`cie`] without personality, the one with, then one [`fde`] per function, then [`TERMINATOR`],
//! which the next FDE overwrites. `.eh_frame_hdr` is [`hdr_header`] followed by one [`hdr_entry`] per FDE. As text only
//! grows, FDEs arrive by rising address, so appending keeps the search table sorted; a reader that has the image
//! mapped sees a new row only when the count at [`HDR_COUNT_OFFSET`] is stored, which must come last.
//!
//! Sources: LSB Core 5.0, chapter 10.6 (Exception Frames); the Itanium C++ ABI's exception tables; std's
//! `library/std/src/sys/personality/dwarf/eh.rs`; libgcc's `unwind-dw2-fde-dip.c`.

use cranefly_machine::{Action, CallSite};
use gimli::constants::{
    DW_CFA_def_cfa, DW_CFA_nop, DW_CFA_offset, DW_EH_PE_datarel, DW_EH_PE_indirect, DW_EH_PE_omit, DW_EH_PE_pcrel,
    DW_EH_PE_sdata4, DW_EH_PE_sdata8, DW_EH_PE_udata4, DW_EH_PE_uleb128,
};

/// Zero-length entry that ends `.eh_frame`.
pub const TERMINATOR: [u8; 4] = [0; 4];

/// Alignment in bytes of every CIE and FDE, and of `.eh_frame` itself.
pub const FRAME_ALIGN: u64 = 8;

/// Alignment in bytes that an [`lsda`] must be placed at.
pub const LSDA_ALIGN: u64 = 4;

/// Alignment in bytes of `.eh_frame_hdr`: libgcc only searches a table that is 4-aligned.
pub const HDR_ALIGN: u64 = 8;

/// Byte offset of the little-endian `u32` row count in `.eh_frame_hdr`. Store it (release) after the rows.
pub const HDR_COUNT_OFFSET: usize = 8;

/// Byte offset of the first row of the search table in `.eh_frame_hdr`.
pub const HDR_TABLE_OFFSET: usize = 12;

/// Bytes of one row of the search table.
pub const HDR_ENTRY_SIZE: usize = 8;

/// DWARF number of rsp.
const RSP: u8 = 7;
/// DWARF number of the return address column.
const RETURN_ADDRESS: u8 = 16;

/// Why a table could not be encoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnwindError {
    /// Two places that must refer to each other by a signed 32-bit distance are too far apart.
    #[error("{what} at {to:#x} is out of the 32-bit reach of {from:#x}")]
    OutOfReach {
        /// What is referred to.
        what: &'static str,
        /// Address of the reference (or the base that it counts from).
        from: u64,
        /// Address referred to.
        to: u64,
    },
    /// A call site is empty, leaves the function, or overlaps the one before.
    #[error("call site {start:#x}..{end:#x} is empty, out of order, or beyond the function's {text_len:#x} bytes")]
    CallSite {
        /// Its start.
        start: u32,
        /// Its end.
        end: u32,
        /// Length of the function.
        text_len: u32,
    },
}

/// A common information entry, to be placed at vaddr `at` (a multiple of [`FRAME_ALIGN`]).
///
/// Code alignment 1, data alignment −8, return address column 16; on entry `CFA = rsp + 8` and the return address is
/// at `CFA − 8`. With `personality_pointer`, the vaddr of an 8-byte cell that holds the personality routine's address,
/// the entry is a `zPLR` one and its FDEs carry an LSDA; otherwise it is `zR`. All pointers are pc-relative `sdata8`, so that the
/// tables need not lie where code reaches them: only the search table does.
pub fn cie(personality_pointer: Option<u64>, at: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(40);
    out.extend([0; 4]); // length, set by `finish`
    out.extend(0u32.to_le_bytes()); // CIE id
    out.push(1); // version
    let fde_encoding = (DW_EH_PE_pcrel | DW_EH_PE_sdata8).0;
    out.extend_from_slice(if personality_pointer.is_some() { b"zPLR\0" } else { b"zR\0" });
    out.push(1); // code alignment, uleb128
    out.push(0x78); // data alignment −8, sleb128
    out.push(RETURN_ADDRESS);
    match personality_pointer {
        Some(cell) => {
            out.push(11); // length of the augmentation data: 1 + 8 + 1 + 1
            out.push((DW_EH_PE_indirect | DW_EH_PE_pcrel | DW_EH_PE_sdata8).0);
            out.extend(cell.wrapping_sub(at + out.len() as u64).to_le_bytes());
            out.push(fde_encoding); // LSDA pointers
            out.push(fde_encoding);
        }
        None => {
            out.push(1);
            out.push(fde_encoding);
        }
    }
    out.extend([DW_CFA_def_cfa.0, RSP, 8]);
    out.extend([DW_CFA_offset.0 | RETURN_ADDRESS, 1]);
    finish(out)
}

/// A frame description entry, to be placed at vaddr `at` (a multiple of [`FRAME_ALIGN`]), for `length` bytes of code
/// from vaddr `function` on.
///
/// `cie_at` is the vaddr of its CIE: the one with personality if and only if `lsda` is given. `cfi` are the call frame
/// instructions of [`MachineCode::cfi`](cranefly_machine::MachineCode::cfi), stored as they are.
pub fn fde(
    cie_at: u64,
    at: u64,
    function: u64,
    length: u32,
    lsda: Option<u64>,
    cfi: &[u8],
) -> Result<Vec<u8>, UnwindError> {
    let mut out = Vec::with_capacity(32 + cfi.len());
    out.extend([0; 4]);
    // The CIE pointer counts backwards from its own field.
    let back = at + 4 - cie_at;
    out.extend(u32::try_from(back).map_err(|_| out_of_reach("the CIE", at + 4, cie_at))?.to_le_bytes());
    out.extend(function.wrapping_sub(at + 8).to_le_bytes());
    out.extend(u64::from(length).to_le_bytes());
    match lsda {
        Some(lsda) => {
            out.push(8);
            out.extend(lsda.wrapping_sub(at + 25).to_le_bytes());
        }
        None => out.push(0),
    }
    out.extend_from_slice(cfi);
    Ok(finish(out))
}

/// Pads an entry to [`FRAME_ALIGN`] and sets its length word.
fn finish(mut entry: Vec<u8>) -> Vec<u8> {
    entry.resize(entry.len().next_multiple_of(FRAME_ALIGN as usize), DW_CFA_nop.0);
    let length = (entry.len() - 4) as u32;
    entry[..4].copy_from_slice(&length.to_le_bytes());
    entry
}

/// The 12 bytes that `.eh_frame_hdr` at vaddr `at` starts with; the row count is 0.
pub fn hdr_header(at: u64, eh_frame: u64) -> Result<[u8; HDR_TABLE_OFFSET], UnwindError> {
    let mut out = [0; HDR_TABLE_OFFSET];
    out[0] = 1; // version
    out[1] = (DW_EH_PE_pcrel | DW_EH_PE_sdata4).0;
    out[2] = DW_EH_PE_udata4.0;
    out[3] = (DW_EH_PE_datarel | DW_EH_PE_sdata4).0;
    out[4..8].copy_from_slice(&reach(".eh_frame", at + 4, eh_frame)?.to_le_bytes());
    Ok(out)
}

/// One row of the search table of the `.eh_frame_hdr` at vaddr `hdr`: function start, FDE, both relative to `hdr`.
pub fn hdr_entry(hdr: u64, function: u64, fde: u64) -> Result<[u8; HDR_ENTRY_SIZE], UnwindError> {
    let mut out = [0; HDR_ENTRY_SIZE];
    out[..4].copy_from_slice(&reach("the function", hdr, function)?.to_le_bytes());
    out[4..].copy_from_slice(&reach("the FDE", hdr, fde)?.to_le_bytes());
    Ok(out)
}

/// The language-specific data area of one function of `text_len` bytes, to be placed at a multiple of [`LSDA_ALIGN`].
///
/// The call-site table covers every byte: `rust_eh_personality` takes an address outside of it for a call that must
/// not unwind, and aborts. `call_sites` must be sorted and must not overlap; between them unwinding passes through.
/// Landing pads count from the function's start, so the bytes do not depend on where they are placed.
pub fn lsda(call_sites: &[CallSite], text_len: u32) -> Result<Vec<u8>, UnwindError> {
    let mut sites = Vec::with_capacity(call_sites.len() * 8 + 8);
    let mut actions = Actions::default();
    let mut covered = 0;
    for site in call_sites {
        if site.start < covered || site.end <= site.start || site.end > text_len {
            return Err(UnwindError::CallSite { start: site.start, end: site.end, text_len });
        }
        if site.start > covered {
            call_site(&mut sites, covered, site.start, 0, 0);
        }
        let action = if site.landing_pad == 0 { 0 } else { actions.record(site.action) };
        call_site(&mut sites, site.start, site.end, site.landing_pad, action);
        covered = site.end;
    }
    if covered < text_len {
        call_site(&mut sites, covered, text_len, 0, 0);
    }

    let mut out = Vec::with_capacity(sites.len() + 24);
    out.push(DW_EH_PE_omit.0); // landing pads count from the function's start
    let mut after = vec![DW_EH_PE_uleb128.0];
    uleb128(&mut after, sites.len() as u64);
    after.extend(sites);
    after.extend(&actions.table);
    if actions.table.is_empty() {
        out.push(DW_EH_PE_omit.0);
        out.extend(after);
        return Ok(out);
    }
    // As LLVM does under PIC. The only type is the null one ("catch anything"), the only filter the empty one.
    out.push((DW_EH_PE_indirect | DW_EH_PE_pcrel | DW_EH_PE_sdata4).0);
    const TYPE_SIZE: usize = 4;
    // The type table ends at an offset that depends on the length of its own uleb128: at most two tries.
    let (mut width, mut base) = (1, 0);
    for _ in 0..8 {
        let start = out.len() + width;
        base = (start + after.len() + TYPE_SIZE).next_multiple_of(LSDA_ALIGN as usize) - start;
        let needed = uleb128_len(base as u64);
        if needed == width {
            break;
        }
        width = needed.max(width);
    }
    let end = out.len() + width + base;
    uleb128_padded(&mut out, base as u64, width);
    out.extend(after);
    out.resize(end, 0); // alignment, then the null type
    out.push(0); // the empty filter's list: types end at the zero index
    Ok(out)
}

/// One row of the call-site table; `action` is 0 or 1 + the offset in the action table.
fn call_site(table: &mut Vec<u8>, start: u32, end: u32, landing_pad: u32, action: u8) {
    uleb128(table, start.into());
    uleb128(table, (end - start).into());
    uleb128(table, landing_pad.into());
    table.push(action);
}

/// The action table: at most one record for `Catch` and one for `Filter`, each a one-byte type index and a zero for
/// "no next record". A cleanup needs none.
#[derive(Default)]
struct Actions {
    table: Vec<u8>,
    catch: Option<u8>,
    filter: Option<u8>,
}

impl Actions {
    /// What the call-site row refers to the action by.
    fn record(&mut self, action: Action) -> u8 {
        let (seen, type_index) = match action {
            Action::Cleanup => return 0,
            Action::Catch => (&mut self.catch, 1i8),
            Action::Filter => (&mut self.filter, -1),
        };
        *seen.get_or_insert_with(|| {
            self.table.extend([type_index as u8 & 0x7f, 0]); // sleb128 of a small number
            self.table.len() as u8 - 1
        })
    }
}

fn uleb128(out: &mut Vec<u8>, value: u64) {
    uleb128_padded(out, value, 1);
}

/// `value` in at least `width` bytes.
fn uleb128_padded(out: &mut Vec<u8>, mut value: u64, width: usize) {
    let mut written = 1;
    while value >= 0x80 || written < width {
        out.push(value as u8 | 0x80);
        value >>= 7;
        written += 1;
    }
    out.push(value as u8);
}

fn uleb128_len(value: u64) -> usize {
    (64 - (value | 1).leading_zeros()).div_ceil(7) as usize
}

/// The signed distance from `from` to `to`.
fn reach(what: &'static str, from: u64, to: u64) -> Result<i32, UnwindError> {
    i32::try_from(to.wrapping_sub(from) as i64).map_err(|_| out_of_reach(what, from, to))
}

fn out_of_reach(what: &'static str, from: u64, to: u64) -> UnwindError {
    UnwindError::OutOfReach { what, from, to }
}
