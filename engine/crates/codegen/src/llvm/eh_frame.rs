//! The frame description of one function, out of `.eh_frame` (Linux Standard Base, "Exception Frames").

use super::cursor::Cursor;

/// `DW_CFA_def_cfa rsp, 8; DW_CFA_offset rip, 1`: the rules that `MachineCode::cfi` continues.
const INITIAL_RULES: [u8; 5] = [0x0c, 0x07, 0x08, 0x90, 0x01];

/// A function's frame description.
pub(super) struct Frame {
    /// Call frame instructions, padded with `DW_CFA_nop`.
    pub(super) instructions: Vec<u8>,
    /// The CIE names a personality.
    pub(super) personality: bool,
}

/// Reads the section's only description; `None` when it is not as LLVM writes it for x86-64.
pub(super) fn read(section: &[u8]) -> Option<Frame> {
    let mut section = Cursor::new(section);
    let mut common = None;
    let mut frame = None;
    while !section.is_empty() {
        let len = section.u32()? as usize;
        if len == 0 {
            break;
        }
        let mut entry = Cursor::new(section.bytes(len)?);
        match (entry.u32()?, common) {
            (0, _) => common = Some(common_entry(entry)?),
            (_, Some(personality)) if frame.is_none() => {
                // Start and size of the function, four bytes each (pc-relative, small code model).
                entry.bytes(8)?;
                let augmentation = usize::try_from(entry.uleb()?).ok()?;
                entry.bytes(augmentation)?;
                frame = Some(Frame { instructions: entry.rest().to_vec(), personality });
            }
            _ => return None,
        }
    }
    frame
}

/// Checks the common part; whether it names a personality.
fn common_entry(mut entry: Cursor<'_>) -> Option<bool> {
    const VERSION: u8 = 1;
    const PCREL_SDATA4: u8 = 0x1b;
    const RETURN_ADDRESS: u64 = 16;
    if entry.u8()? != VERSION {
        return None;
    }
    let augmentation = entry.text()?;
    if !augmentation.starts_with(b"z") || entry.uleb()? != 1 || entry.sleb()? != -8 || entry.uleb()? != RETURN_ADDRESS {
        return None;
    }
    let len = usize::try_from(entry.uleb()?).ok()?;
    // The encoding of a description's start comes last.
    if !augmentation.ends_with(b"R") || entry.bytes(len)?.last() != Some(&PCREL_SDATA4) {
        return None;
    }
    (entry.bytes(INITIAL_RULES.len())? == INITIAL_RULES).then(|| augmentation.contains(&b'P'))
}
