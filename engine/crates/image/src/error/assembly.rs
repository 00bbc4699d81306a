//! What is wrong with the object of a unit's assembly.

/// Why an object that an assembler should have written cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum AssemblyError {
    /// It is no ELF object, or a broken one.
    #[error(transparent)]
    Object(#[from] object::Error),
    /// A relocation that names no symbol.
    #[error("the relocation at {offset:#x} of section `{section}` has no symbol")]
    NoSymbol {
        /// The section's name.
        section: String,
        /// Where in it.
        offset: u64,
    },
    /// A relocation of what is not there.
    #[error("the relocation at {offset:#x} of section `{section}` lies behind its end")]
    BehindEnd {
        /// The section's name.
        section: String,
        /// Where in it.
        offset: u64,
    },
    /// A distance that its field cannot hold.
    #[error("`{symbol}` is {distance:#x} bytes away, which does not fit into 32 bits")]
    OutOfReach {
        /// What is referred to.
        symbol: String,
        /// How far away it is.
        distance: i64,
    },
}
