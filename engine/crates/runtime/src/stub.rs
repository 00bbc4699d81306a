//! The blob, what binds it into an image, and the encodings of slots.

use std::ffi::CString;
use std::mem::offset_of;
use std::path::Path;

use crate::layout::{Layout, MAGIC, RING};

/// Bytes of a slot, and its alignment. A jump needs five of them; libraries that replace functions while a program runs write
/// up to fourteen where a function begins.
pub const SLOT_SIZE: u64 = 16;

/// [`SLOT_SIZE`] as a shift.
const SLOT_SHIFT: u32 = SLOT_SIZE.trailing_zeros();

/// Alignment in bytes of the stub.
pub const STUB_ALIGN: u64 = 16;

/// Bytes of the data block: the address of the control file's mapping (zero at first), then the control file's
/// NUL-terminated path. It must be private, writable memory of the program.
pub const DATA_SIZE: usize = 4096;

/// Alignment in bytes of the data block.
pub const DATA_ALIGN: u64 = 8;

/// Offset of the path in the data block.
const DATA_PATH: usize = 8;

/// Call frame instructions of an FDE over all slots: none, as a slot pushes nothing but the stub's return address.
pub const SLOTS_CFI: &[u8] = &[];

/// Bytes between labels of the blob.
macro_rules! label {
    ($name:ident) => {{
        unsafe extern "C" {
            static $name: u8;
        }
        &raw const $name as usize
    }};
}

/// The first-call stub.
#[derive(Clone, Copy, Debug)]
pub struct Stub {
    /// Position-independent machine code, [unbound](Self::bind).
    pub code: &'static [u8],
    /// Offset of what uncompiled slots call.
    pub entry: usize,
    /// Offset of a function `extern "C" fn()` that maps the control file ahead of the first call, so that a program
    /// which later runs out of file descriptors or locks itself up can still call. Fit for `.init_array`.
    pub attach: usize,
    /// Offset of what [`failure_code`] calls.
    pub fail: usize,
    /// Offset of the cell for the distance from it to slot 0.
    slots_cell: usize,
    /// Offset of the cell for the distance from it to the data block.
    data_cell: usize,
    /// Offset from which the frame is rbp-based.
    framed: usize,
    /// Offset of the first instruction that undoes the frame.
    restore: usize,
}

/// Why something could not be bound.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindError {
    /// A slot's jump cannot reach.
    #[error("{to:#x} is out of the 32-bit reach of the slot at {from:#x}")]
    OutOfReach {
        /// Address of the slot.
        from: u64,
        /// Where it should jump.
        to: u64,
    },
    /// The control file's path does not fit into the data block, or has a NUL in it.
    #[error("a control file cannot be at {0:?}")]
    Path(std::path::PathBuf),
}

/// The stub that this process carries.
pub fn stub() -> Stub {
    let start = label!(cranefly_stub_start);
    let length = label!(cranefly_stub_end) - start;
    Stub {
        // SAFETY: the blob lies in this program's read-only text, from label to label.
        code: unsafe { std::slice::from_raw_parts(start as *const u8, length) },
        entry: label!(cranefly_stub_entry) - start,
        attach: label!(cranefly_stub_attach) - start,
        fail: label!(cranefly_stub_fail) - start,
        slots_cell: label!(cranefly_stub_slots) - start,
        data_cell: label!(cranefly_stub_data) - start,
        framed: label!(cranefly_stub_framed) - start,
        restore: label!(cranefly_stub_restore) - start,
    }
}

impl Stub {
    /// The code for an image that has it at vaddr `at`, slot 0 at `slots` and the data block at `data`.
    pub fn bind(&self, at: u64, slots: u64, data: u64) -> Vec<u8> {
        let mut code = self.code.to_vec();
        for (cell, target) in [(self.slots_cell, slots), (self.data_cell, data)] {
            let distance = target.wrapping_sub(at + cell as u64);
            code[cell..cell + 8].copy_from_slice(&distance.to_le_bytes());
        }
        code
    }

    /// Call frame instructions of an FDE over the whole stub (the CIE being that of
    /// `MachineCode::cfi`): a backtrace taken in a signal handler, or by a debugger, goes on through the slot
    /// (see [`SLOTS_CFI`]) to the caller.
    pub fn cfi(&self) -> Vec<u8> {
        const ADVANCE: u8 = 0x40;
        const DEF_CFA_OFFSET: u8 = 0x0e;
        const REMEMBER: u8 = 0x0a;
        const RESTORE_STATE: u8 = 0x0b;
        let advance = |cfi: &mut Vec<u8>, bytes: usize| {
            assert!(bytes < 0x1_0000);
            cfi.push(0x03); // advance_loc2
            cfi.extend((bytes as u16).to_le_bytes());
        };
        let mut cfi = vec![REMEMBER];
        advance(&mut cfi, self.entry);
        // Lengths of pushfq, push rax … rdi, push r8 … r11, push rbx, rbp, r12 … r15.
        let pushes = [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 2, 2, 2, 2];
        let mut offset = 8;
        for length in pushes {
            offset += 8;
            cfi.extend([ADVANCE | length, DEF_CFA_OFFSET]);
            uleb128(&mut cfi, offset);
        }
        // mov rbp, rsp: def_cfa_register rbp; where the callee-saved registers are, in words below the CFA.
        cfi.extend([ADVANCE | 3, 0x0d, 6]);
        for (register, words) in [(3, 12), (6, 13), (12, 14), (13, 15), (14, 16), (15, 17)] {
            cfi.extend([0x80 | register, words]);
        }
        let pushed: usize = pushes.iter().map(|&length| usize::from(length)).sum();
        debug_assert_eq!(self.entry + pushed + 3, self.framed);
        advance(&mut cfi, self.restore - self.framed);
        // mov rsp, rbp, then the pops, each as long as its push.
        cfi.extend([ADVANCE | 3, 0x0d, 7]);
        for length in pushes.iter().rev() {
            offset -= 8;
            cfi.extend([ADVANCE | length, DEF_CFA_OFFSET]);
            uleb128(&mut cfi, offset);
            let register = [0xc0 | 15, 0xc0 | 14, 0xc0 | 13, 0xc0 | 12, 0xc0 | 6, 0xc0 | 3];
            let popped = (136 - offset as usize) / 8;
            if let Some(restore) = register.get(popped - 1) {
                cfi.push(*restore);
            }
        }
        // lea rsp, [rsp + 8]: the slot's frame is gone; jmp [rsp − 8]. Then the functions without a frame.
        advance(&mut cfi, 9);
        cfi.push(RESTORE_STATE);
        cfi
    }
}

fn uleb128(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The first word of the slot at vaddr `slot` for a function whose code is at `code`. Store it as one aligned 8-byte word, after the code.
pub fn compiled_slot(slot: u64, code: u64) -> Result<[u8; 8], BindError> {
    branch(0xe9, slot, code)
}

/// The first word of the slot at vaddr `slot` for a function without code; `entry` is the vaddr of [`Stub::entry`].
pub fn uncompiled_slot(slot: u64, entry: u64) -> Result<[u8; 8], BindError> {
    branch(0xe8, slot, entry)
}

/// Whether the slot calls the stub.
pub fn is_uncompiled(slot: [u8; 8]) -> bool {
    slot[0] == 0xe8
}

fn branch(opcode: u8, from: u64, to: u64) -> Result<[u8; 8], BindError> {
    let distance =
        i32::try_from(to.wrapping_sub(from + 5) as i64).map_err(|_| BindError::OutOfReach { from, to })?.to_le_bytes();
    Ok([opcode, distance[0], distance[1], distance[2], distance[3], 0xcc, 0xcc, 0xcc])
}

/// Code, to be published at vaddr `at` in place of a function that could not be compiled: whoever calls it ends with
/// `message` on standard error and SIGABRT. `fail` is the vaddr of [`Stub::fail`].
pub fn failure_code(at: u64, fail: u64, message: &str) -> Result<Vec<u8>, BindError> {
    let mut code = branch(0xe8, at, fail)?[..5].to_vec();
    code.extend((message.len() as u32).to_le_bytes());
    code.extend_from_slice(message.as_bytes());
    Ok(code)
}

/// Initial contents of the data block for programs whose control file is at `path` (absolute).
pub fn data_block(path: &Path) -> Result<Vec<u8>, BindError> {
    use std::os::unix::ffi::OsStrExt;
    let bad = || BindError::Path(path.to_owned());
    let path_bytes = CString::new(path.as_os_str().as_bytes()).map_err(|_| bad())?.into_bytes_with_nul();
    if !path.is_absolute() || path_bytes.len() > DATA_SIZE - DATA_PATH {
        return Err(bad());
    }
    let mut block = vec![0; DATA_SIZE];
    block[DATA_PATH..][..path_bytes.len()].copy_from_slice(&path_bytes);
    Ok(block)
}

// Register use after the frame is built: rbx slot address, rbp frame, r12 control file, r13d slot index + 1,
// r14 data block, r15d epoch of the last request (0: none was made).
// Locals: [rbp−16] timespec; [rbp−48] struct flock; [rbp−56] signal mask; [rbp−64] since when no daemon lives (ms, 0: it does); [rbp−72] scratch memory;
// [rbp−80] the daemon's environment; [rbp−88] daemons that took the request and died.
std::arch::global_asm!(
    include_str!("stub.s"),
    MAGIC = const MAGIC,
    RING = const RING,
    RING_MASK = const RING - 1,
    LAYOUT = const size_of::<Layout>(),
    SLOT_SHIFT = const SLOT_SHIFT,
    PATH = const DATA_PATH,
    DAEMON_PID = const offset_of!(Layout, daemon_pid),
    EPOCH = const offset_of!(Layout, epoch),
    HINT = const offset_of!(Layout, hint),
    REQUEST = const offset_of!(Layout, request_futex),
    DONE = const offset_of!(Layout, done_futex),
    STARTED = const offset_of!(Layout, started),
    FATAL_LEN = const offset_of!(Layout, fatal_len),
    ARGC = const offset_of!(Layout, argc),
    ENVC = const offset_of!(Layout, envc),
    FATAL = const offset_of!(Layout, fatal),
    CELLS = const offset_of!(Layout, ring),
    COMMAND = const offset_of!(Layout, command),
);
