//! Why LLVM could not compile a function.

/// Why LLVM could not compile a function.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The unit could not be read.
    #[error(transparent)]
    Read(#[from] cranefly_bitcode::Error),
    /// The library lacks a function that code generation needs.
    #[error("libLLVM does not export {0}: this version of LLVM is not supported")]
    SymbolMissing(&'static str),
    /// The library has no code generator for this target.
    #[error("libLLVM cannot generate code: {0}")]
    Target(String),
    /// LLVM refused the code, in its own words (inline assembly that does not assemble, mostly).
    #[error("LLVM rejects {name}: {message}")]
    Rejected {
        /// The function or file.
        name: String,
        /// LLVM's diagnostics.
        message: String,
    },
    /// The object that LLVM wrote holds something that machine code cannot.
    #[error("LLVM's code for {name} holds {source}")]
    Unsupported {
        /// The function.
        name: String,
        /// The construct.
        source: Unrepresentable,
    },
}

/// What [`MachineCode`](crate::machine::MachineCode) has no place for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unrepresentable {
    /// A landing pad with a clause that the tables do not know.
    #[error("a landing pad with a {clause}")]
    LandingPad {
        /// The clause.
        clause: String,
    },
    /// An object that cannot be read.
    #[error("an unreadable object ({source})")]
    Object {
        /// What is wrong with it.
        #[from]
        source: object::Error,
    },
    /// A line table that cannot be read.
    #[error("an unreadable line table ({source})")]
    Lines {
        /// What is wrong with it.
        #[from]
        source: gimli::Error,
    },
    /// No function.
    #[error("no code")]
    NoCode,
    /// The function does not start its section.
    #[error("something in front of the function")]
    CodeInFront,
    /// The function is in no section.
    #[error("a function outside of all sections")]
    NoSection,
    /// Code beside the function's.
    #[error("a second section of code, {section}")]
    SecondCode {
        /// Name of the section.
        section: String,
    },
    /// Data that the function writes, as part of its code.
    #[error("writable data in {section}")]
    WritableData {
        /// Name of the section.
        section: String,
    },
    /// A reference to what is not there when the code runs.
    #[error("a reference to {section}, which is not loaded")]
    NotLoaded {
        /// Name of the section.
        section: String,
    },
    /// Inline assembly that adds a section.
    #[error("a section of its own, {section}")]
    OwnSection {
        /// Name of the section.
        section: String,
    },
    /// Inline assembly that defines a symbol.
    #[error("a symbol of its own, {symbol}")]
    OwnSymbol {
        /// Name of the symbol.
        symbol: String,
    },
    /// A symbol that is neither in a section nor elsewhere.
    #[error("symbol {symbol} in {section}")]
    OddSymbol {
        /// Name of the symbol.
        symbol: String,
        /// Where it is.
        section: String,
    },
    /// A relocation of a type that is not known.
    #[error("a relocation of type {kind}")]
    Relocation {
        /// `r_type`.
        kind: u32,
    },
    /// A relocation within the code of a type that is not known.
    #[error("a local relocation of type {kind}")]
    LocalRelocation {
        /// `r_type`.
        kind: u32,
    },
    /// A relocation to no symbol, or of no ELF type, or past the section's end.
    #[error("a relocation {what}")]
    OddRelocation {
        /// What is wrong with it.
        what: &'static str,
    },
    /// A frame description that is not as LLVM writes it.
    #[error("an unexpected frame description")]
    Frame,
    /// An exception table that is not as LLVM writes it.
    #[error("an unexpected exception table")]
    ExceptionTable,
    /// More than 32 bits can tell.
    #[error("{what} of more than {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// What it may have.
        limit: &'static str,
    },
}
