//! What only a linker can place.

use cranefly_bitcode::ir::Variable;

/// What only a linker can place, so that a program with it is the linker's. Completes the sentence "… needs a linker".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkerOnly {
    /// A section whose name means something to linkers.
    #[error("a static in section `{section}`")]
    Static {
        /// Its name.
        section: String,
    },
    /// The C library's loader does not put objects where they ask to be.
    #[error("a static that is aligned to {bytes} bytes")]
    Alignment {
        /// What the image would have to be aligned to.
        bytes: u64,
    },
    /// Whether something is between a section's bounds depends on a garbage collection that is not lld's.
    #[error("section `{section}`, about parts of which only garbage collection decides,")]
    Collected {
        /// The section.
        section: String,
    },
    /// Code has a slot in one place and instructions in another: no two addresses span it.
    #[error("code between the bounds of section `{section}`")]
    CodeBetweenBounds {
        /// The section.
        section: String,
    },
    /// A section has parts in the image and in the base image: no two addresses span them.
    #[error("section `{section}`, which both the workspace and a dependency add to,")]
    Shared {
        /// The section.
        section: String,
    },
    /// Something in a crate's assembly.
    #[error("{construct} in the assembly of {of_crate}")]
    Assembly {
        /// The crate.
        of_crate: String,
        /// What it is.
        construct: AssemblyConstruct,
    },
}

impl LinkerOnly {
    /// The error for a variable in a section that belongs to linkers.
    pub(crate) fn of_static(variable: &Variable) -> Self {
        Self::Static { section: variable.section.as_deref().unwrap_or_default().to_owned() }
    }

    /// Refuses an alignment, above a page, that the C library's loader does not give to shared objects: glibc does since 2.35.
    pub(crate) fn check_alignment(bytes: u64) -> Result<(), Self> {
        // SAFETY: a terminated string of the C library's own.
        let version = unsafe { std::ffi::CStr::from_ptr(libc::gnu_get_libc_version()) }.to_string_lossy();
        let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
        let is_given = (numbers.next(), numbers.next()) >= (Some(2), Some(35));
        if is_given { Ok(()) } else { Err(Self::Alignment { bytes }) }
    }
}

/// What of an object only a linker can place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssemblyConstruct {
    /// `SHT_GROUP`.
    #[error("a section group")]
    Group,
    /// A section whose name means something to linkers.
    #[error("section `{name}`")]
    Section {
        /// Its name.
        name: String,
    },
    /// A type or flags that an assembler does not give by itself.
    #[error("section `{name}` of type {kind:#x} with flags {flags:#x}")]
    UnknownSection {
        /// Its name.
        name: String,
        /// `sh_type`.
        kind: u32,
        /// `sh_flags`.
        flags: u64,
    },
    /// Thread-locals where there cannot be any.
    #[error("section `{name}` of thread-locals")]
    ThreadLocals {
        /// The section's name.
        name: String,
    },
    /// Code that may be written to, or an array of code.
    #[error("section `{name}` with code that is written to")]
    WritableCode {
        /// The section's name.
        name: String,
    },
    /// Frames in another form than assemblers for x86-64 give them.
    #[error("unusual call frame information")]
    UnusualFrames,
    /// Frames of what is not loaded.
    #[error("call frame information of unknown code")]
    UnknownFrames,
    /// Frames that nothing can be appended to.
    #[error("call frame information that is not aligned")]
    UnalignedFrames,
    /// An indirect function, or a version of a symbol.
    #[error("symbol `{name}`, which is resolved at start,")]
    ResolvedAtStart {
        /// The symbol.
        name: String,
    },
    /// `SHN_COMMON`.
    #[error("the common symbol `{name}`")]
    Common {
        /// The symbol.
        name: String,
    },
    /// A reference to a section for debuggers.
    #[error("a reference to `{name}`, which is not loaded,")]
    NotLoaded {
        /// The symbol.
        name: String,
    },
    /// A relocation that is not known, or not to something at such a place.
    #[error("relocation {kind} against `{name}`{problem}")]
    Relocation {
        /// As the psABI numbers them.
        kind: u32,
        /// The symbol.
        name: String,
        /// What is wrong with it.
        problem: RelocationProblem,
    },
}

/// Why a relocation cannot be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelocationProblem {
    /// It is not one that leads to such a place.
    #[error("")]
    Unsupported,
    /// It has 32 bits for a distance that may have 64.
    #[error(", which is not in the program's own image,")]
    Outside,
    /// The loader would have to write to what is read-only.
    #[error(" in a section that is not writable")]
    ReadOnly,
    /// It has fewer bits than the value.
    #[error(", whose value does not fit,")]
    Overflow,
}
