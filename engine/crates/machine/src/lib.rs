//! Machine code of one function, position-independent and unbound: what the cache keeps and the image places.
//!
//! **Takes** nothing. **Gives** data types: the code generators fill them, the image reads them, and neither knows the other; and a
//! form of them that takes less memory. **Never** does anything else: no type here has behaviour but for that.

mod packed;

use serde::{Deserialize, Serialize};

pub use packed::PackedCode;

/// Code of one function with everything that the image needs to bind it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineCode {
    /// Instructions, followed by the function's own constant pool (read-only).
    pub bytes: Vec<u8>,
    /// Length of the instructions in `bytes`; the rest is constants.
    pub text_len: u32,
    /// Alignment in bytes, a power of two, at most 4096.
    pub align: u32,
    /// Places to patch, by rising offset.
    pub relocations: Vec<Relocation>,
    /// Calls that may unwind, by rising offset. Empty and `has_personality` false: no LSDA.
    pub call_sites: Vec<CallSite>,
    /// The FDE names `rust_eh_personality`.
    pub has_personality: bool,
    /// Call frame instructions of the FDE, encoded as DWARF, for a CIE with code alignment 1, data alignment −8,
    /// return address column 16 and the initial rules `CFA = rsp + 8`, `RA at CFA − 8`.
    pub cfi: Vec<u8>,
    /// Rows of the line table: from `offset` on, the code belongs to location `location` of the function's
    /// `locations` (`u32::MAX`: none). By rising offset.
    pub lines: Vec<(u32, u32)>,
    /// Who compiled it.
    pub tier: Tier,
}

/// Compiler that made a function's code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Tier {
    /// Cranelift.
    #[default]
    Cranelift,
    /// LLVM, through the toolchain's libLLVM.
    Llvm,
}

/// A place to patch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relocation {
    /// Byte offset in [`MachineCode::bytes`].
    pub offset: u32,
    /// How.
    pub kind: RelocationKind,
    /// To what.
    pub target: Target,
    /// Added to the target's address (ELF RELA semantics).
    pub addend: i64,
}

/// x86-64 relocations, by the names of the System V psABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RelocationKind {
    /// `R_X86_64_PC32`, `R_X86_64_PLT32` on a call or jump: S + A − P, through a slot or PLT entry if need be.
    Call32,
    /// `R_X86_64_PC32` to something in this image.
    Pc32,
    /// `R_X86_64_GOTPCREL`, `…GOTPCRELX`, `…REX_GOTPCRELX`: GOT entry of S. `relaxable`: the instruction is a `mov`
    /// that may become a `lea`.
    GotPcRel32 {
        /// May be rewritten into a `lea` when S is in the image.
        relaxable: bool,
    },
    /// `R_X86_64_TLSGD` in the psABI's 16-byte sequence (`data16 lea …; call __tls_get_addr`), which the image relaxes
    /// to initial-exec. The relocation of the call inside the sequence is left out.
    TlsGd,
    /// `R_X86_64_GOTTPOFF`: GOT entry holding S's offset from the thread pointer.
    GotTpOff,
    /// `R_X86_64_64` inside the function's own constants or a table; only to the function itself is allowed in code.
    Abs64,
}

/// What a relocation refers to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Target {
    /// Entry of the function's symbol table (`SymbolId`).
    Symbol(u32),
    /// As `Symbol`, called with variable arguments: must go through a thunk that sets AL to 8 (System V: upper bound
    /// of the vector registers used).
    Variadic(u32),
    /// A run-time support function by name: `memcpy`, `_Unwind_Resume`, `__udivti3`, `fmod`, …
    Runtime(String),
    /// A global of the function's codegen unit by number (`GlobalId`), which the decoded body does not list. Only in code
    /// whose key covers the whole unit.
    Global(u32),
    /// Byte offset in this function's own [`MachineCode::bytes`].
    Local(u32),
}

/// A range of code that can unwind, for the LSDA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallSite {
    /// Start of the range: byte offset of the call or of something before it in the same region.
    pub start: u32,
    /// One past the return address' last byte.
    pub end: u32,
    /// Offset of the landing pad; 0 means none (unwinding passes through).
    pub landing_pad: u32,
    /// What the landing pad does.
    pub action: Action,
}

/// Kind of a landing pad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Action {
    /// Runs and resumes.
    Cleanup,
    /// Stops the unwinding (`catch ptr null`).
    Catch,
    /// Nothing may pass (`filter [0 x ptr]`).
    Filter,
}
