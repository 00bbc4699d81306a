//! What an executable calls in its image before `main`: the start check, and the constructors.
//!
//! # The start check
//!
//! An executable runs the code that it was made for, or says that it does not.
//!
//! An executable is small, and finds its code in an image that is brought up to date in place. So what was copied, moved or
//! linked elsewhere would run whatever the image holds by now. The executable therefore calls the image before anything else
//! (`DT_PREINIT_ARRAY`, which the loader goes through ahead of all constructors) with its build id. Where that is not the
//! image's, there are three reasons:
//!
//! - it is the program at the place where it was published, and a publication has just replaced, or is about to replace, it:
//!   it goes on, as what is at that place now;
//! - it is where the current program stands in for cargo's while tests run: it goes on as well;
//! - anything else is of an earlier build: it ends with a message.
//!
//! The first is the case if `/proc/self/exe` names that place, and is deleted; until it is, there is a wait of at most
//! [`PATIENCE`] times 10 ms. (A program that starts itself by `/proc/self/exe` may do so long after it was replaced.)
//!
//! # The constructors
//!
//! The C library calls an executable's own constructors when it has noted to run destructors at exit, so what they have given to
//! `atexit` runs before any destructor. (The loader, which calls those of libraries, does so earlier.) So the image's constructors are not
//! the loader's to call: the executable has one, which calls them all.

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
#[derive(Clone, Debug)]
pub struct StartCheck {
    /// The code, [unbound](Self::bind).
    pub code: &'static [u8],
    /// Offset of a function `extern "C" fn(build_id: &[u8; BUILD_ID])`.
    pub check: usize,
    /// Offset of a function that takes nothing, says that there is no image, and ends the process. It needs no binding.
    pub gone: usize,
    /// Offset of a function that is called as a constructor is, and calls the image's.
    pub init: usize,
    /// Offsets between which it has saved [`Self::cfi`]'s registers.
    pub calls: std::ops::Range<usize>,
    place_cell: usize,
    build_cell: usize,
    constructors_cell: usize,
}

/// What is to be known to [bind](StartCheck::bind) the code: vaddrs in the image, and the executable's build id.
#[derive(Clone, Debug)]
pub struct Start<'a> {
    /// Two NUL-terminated paths without symbolic links: the one at which the executable is published, and one at which copies of it
    /// stand for whatever is current; the latter may be empty.
    pub places: u64,
    /// The executable's.
    pub build_id: &'a [u8; BUILD_ID],
    /// Pointers to constructors, in the order in which they are called.
    pub constructors: std::ops::Range<u64>,
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
        init: label!(cranefly_start_init) - start,
        calls: label!(cranefly_start_calls) - start..label!(cranefly_start_called) - start,
        place_cell: label!(cranefly_start_place) - start,
        build_cell: label!(cranefly_start_build) - start,
        constructors_cell: label!(cranefly_start_constructors) - start,
    }
}

impl StartCheck {
    /// The code for an image that has it at vaddr `at`.
    pub fn bind(&self, at: u64, start: &Start<'_>) -> Vec<u8> {
        let mut code = self.code.to_vec();
        let distance = |to: u64, cell: usize| to.wrapping_sub(at + cell as u64).to_le_bytes();
        code[self.place_cell..][..8].copy_from_slice(&distance(start.places, self.place_cell));
        code[self.build_cell..][..BUILD_ID].copy_from_slice(start.build_id);
        let bytes = start.constructors.end - start.constructors.start;
        code[self.constructors_cell..][..8]
            .copy_from_slice(&distance(start.constructors.start, self.constructors_cell));
        code[self.constructors_cell + 8..][..8].copy_from_slice(&bytes.to_le_bytes());
        code
    }

    /// Call frame instructions of an FDE over [`Self::calls`] (the CIE being that of `MachineCode::cfi`): backtraces of constructors
    /// go on to whoever called them.
    pub fn cfi(&self) -> Vec<u8> {
        const DEF_CFA_OFFSET: u8 = 0x0e;
        const OFFSET: u8 = 0x80;
        // Five registers and the return address; where each is, in words below the CFA.
        let mut cfi = vec![DEF_CFA_OFFSET, 48];
        for (register, words) in [(3, 2), (12, 3), (13, 4), (14, 5), (15, 6)] {
            cfi.extend([OFFSET | register, words]);
        }
        cfi
    }
}

std::arch::global_asm!(
    include_str!("start.s"),
    NAME = const NAME,
    PATIENCE = const PATIENCE,
    EXIT = const NOT_RUN,
);
