//! Cranelift's unwind pseudo-instructions as DWARF call frame instructions.
//!
//! Encodings: DWARF 5, section 6.4.2; register numbers: System V psABI for x86-64, figure 3.36.

use cranelift_codegen::isa::unwind::UnwindInst;

use super::error::{Error, unrepresentable};

const DW_CFA_ADVANCE_LOC: u8 = 0x40;
const DW_CFA_ADVANCE_LOC1: u8 = 0x02;
const DW_CFA_ADVANCE_LOC2: u8 = 0x03;
const DW_CFA_ADVANCE_LOC4: u8 = 0x04;
const DW_CFA_OFFSET: u8 = 0x80;
const DW_CFA_DEF_CFA_REGISTER: u8 = 0x0d;
const DW_CFA_DEF_CFA_OFFSET: u8 = 0x0e;
/// Offsets are stored divided by this.
const DATA_ALIGN: i64 = -8;
/// `rbp` in DWARF.
const FRAME_POINTER: u8 = 6;

/// Encodes the frame description of one function.
pub(super) fn encode(instructions: &[(u32, UnwindInst)]) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    let mut location = 0;
    // Distance from the CFA down to the place that clobber offsets count from.
    let mut clobber_base = 0i64;
    for (offset, instruction) in instructions {
        match instruction {
            UnwindInst::PushFrameRegs { offset_upward_to_caller_sp } => {
                advance(&mut out, &mut location, *offset);
                out.push(DW_CFA_DEF_CFA_OFFSET);
                uleb128(&mut out, u64::from(*offset_upward_to_caller_sp));
                saved(&mut out, FRAME_POINTER, -i64::from(*offset_upward_to_caller_sp))?;
            }
            UnwindInst::DefineNewFrame { offset_upward_to_caller_sp, offset_downward_to_clobbers } => {
                advance(&mut out, &mut location, *offset);
                out.push(DW_CFA_DEF_CFA_REGISTER);
                uleb128(&mut out, u64::from(FRAME_POINTER));
                clobber_base = i64::from(*offset_upward_to_caller_sp) + i64::from(*offset_downward_to_clobbers);
            }
            UnwindInst::SaveReg { clobber_offset, reg } => {
                advance(&mut out, &mut location, *offset);
                saved(&mut out, dwarf_register(reg.hw_enc())?, i64::from(*clobber_offset) - clobber_base)?;
            }
            // The CFA is `rbp`-based by then.
            UnwindInst::StackAlloc { .. } => {}
            other => return Err(unrepresentable(format!("unwind instruction {other:?}"))),
        }
    }
    Ok(out)
}

fn advance(out: &mut Vec<u8>, location: &mut u32, to: u32) {
    let delta = to - *location;
    *location = to;
    match delta {
        0 => {}
        1..=0x3f => out.push(DW_CFA_ADVANCE_LOC | delta as u8),
        0x40..=0xff => out.extend([DW_CFA_ADVANCE_LOC1, delta as u8]),
        0x100..=0xffff => {
            out.push(DW_CFA_ADVANCE_LOC2);
            out.extend((delta as u16).to_le_bytes());
        }
        _ => {
            out.push(DW_CFA_ADVANCE_LOC4);
            out.extend(delta.to_le_bytes());
        }
    }
}

/// `register` is saved `offset` bytes from the CFA.
fn saved(out: &mut Vec<u8>, register: u8, offset: i64) -> Result<(), Error> {
    if offset > 0 || offset % DATA_ALIGN != 0 {
        return Err(unrepresentable(format!("register saved at {offset} from the frame's start")));
    }
    out.push(DW_CFA_OFFSET | register);
    uleb128(out, (offset / DATA_ALIGN) as u64);
    Ok(())
}

/// Hardware number of a general register to DWARF's.
fn dwarf_register(hardware: u8) -> Result<u8, Error> {
    const MAP: [u8; 16] = [0, 2, 1, 3, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15];
    MAP.get(usize::from(hardware)).copied().ok_or_else(|| unrepresentable(format!("register {hardware}")))
}

fn uleb128(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            out.push(byte);
            return;
        }
        out.push(byte | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_prologue() {
        let instructions = [
            (1, UnwindInst::PushFrameRegs { offset_upward_to_caller_sp: 16 }),
            (4, UnwindInst::DefineNewFrame { offset_upward_to_caller_sp: 16, offset_downward_to_clobbers: 16 }),
        ];
        // advance 1; def_cfa_offset 16; offset rbp at CFA-16; advance 3; def_cfa_register rbp
        assert_eq!(encode(&instructions).unwrap(), [0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6]);
    }

    #[test]
    fn long_advances() {
        let mut out = Vec::new();
        let mut location = 0;
        advance(&mut out, &mut location, 0x40);
        advance(&mut out, &mut location, 0x40 + 0x1234);
        assert_eq!(out, [0x02, 0x40, 0x03, 0x34, 0x12]);
    }
}
