//! The start check: an executable runs the code that it was made for, or says that it does not.
//!
//! An executable is small, and finds its code in an image that is brought up to date in place. So what was copied, moved or
//! linked elsewhere would run whatever the image holds by now. The executable therefore calls the image before anything else
//! (`DT_PREINIT_ARRAY`, which the loader goes through ahead of all constructors) with its build id. Where that is not the
//! image's, there are two reasons:
//!
//! - it is the program at the place where it was published, and a publication has just replaced, or is about to replace, it:
//!   it goes on, as what is at that place now;
//! - anything else is of an earlier build: it ends with a message.
//!
//! The first is the case if `/proc/self/exe` names that place, and is deleted; until it is, there is a wait of at most
//! [`PATIENCE`] times 10 ms. (A program that starts itself by `/proc/self/exe` may do so long after it was replaced.)

/// Bytes of a build id.
pub const BUILD_ID: usize = 20;

/// Exit code of a program that is not run; a shell's for what it finds but cannot execute.
pub const NOT_RUN: u8 = 126;

/// Room for the name of the program.
const NAME: usize = 4096;

/// How often a program looks whether it has been replaced.
const PATIENCE: usize = 300;

/// Bytes between labels of the blob.
macro_rules! label {
    ($name:ident) => {{
        unsafe extern "C" {
            static $name: u8;
        }
        &raw const $name as usize
    }};
}

/// Machine code of the check, position-independent.
#[derive(Clone, Copy, Debug)]
pub struct StartCheck {
    /// The code, [unbound](Self::bind).
    pub code: &'static [u8],
    /// Offset of a function `extern "C" fn(build_id: &[u8; BUILD_ID])`.
    pub check: usize,
    /// Offset of a function that takes nothing, says that there is no image, and ends the process. It needs no binding.
    pub gone: usize,
    place_cell: usize,
    build_cell: usize,
}

/// The check that this process carries.
pub fn start_check() -> StartCheck {
    let start = label!(cranefly_start_begin);
    let length = label!(cranefly_start_end) - start;
    StartCheck {
        // SAFETY: the blob lies in this program's read-only text, from label to label.
        code: unsafe { std::slice::from_raw_parts(start as *const u8, length) },
        check: label!(cranefly_start_check) - start,
        gone: label!(cranefly_start_gone) - start,
        place_cell: label!(cranefly_start_place) - start,
        build_cell: label!(cranefly_start_build) - start,
    }
}

impl StartCheck {
    /// The code for an image that has it at vaddr `at`. `place`: vaddr of the NUL-terminated path at which the executable
    /// of the build `build_id` is published, without symbolic links.
    pub fn bind(&self, at: u64, place: u64, build_id: &[u8; BUILD_ID]) -> Vec<u8> {
        let mut code = self.code.to_vec();
        let distance = place.wrapping_sub(at + self.place_cell as u64);
        code[self.place_cell..][..8].copy_from_slice(&distance.to_le_bytes());
        code[self.build_cell..][..BUILD_ID].copy_from_slice(build_id);
        code
    }
}

std::arch::global_asm!(
    include_str!("start.s"),
    NAME = const NAME,
    PATIENCE = const PATIENCE,
    EXIT = const NOT_RUN,
);
