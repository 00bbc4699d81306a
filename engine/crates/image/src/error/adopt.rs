//! Why an image that another process left is not gone on with.

/// Why an image that another process left cannot be gone on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdoptError {
    /// The file was cut off or has grown.
    #[error("its length is not that of its layout")]
    Length,
    /// It was never saved.
    #[error("it has no checkpoint")]
    NoCheckpoint,
    /// What was saved is of another state of the file.
    #[error("it is of another generation")]
    OtherGeneration,
    /// A region ends before it did when the image was saved, or behind its room.
    #[error("its checkpoint is damaged")]
    DamagedCheckpoint,
    /// The table of frames has another length than the checkpoint says.
    #[error("its frames are not as many as its checkpoint says")]
    FrameCount,
    /// The unwinder was shown frames that the checkpoint does not know.
    #[error("it has more frames than its checkpoint says")]
    UnknownFrames,
    /// Two symbols that are known everywhere have one name.
    #[error("a symbol is listed twice")]
    DuplicateSymbol,
    /// A definition is in no unit that was saved.
    #[error("a symbol is defined in an unknown unit")]
    UnknownUnit,
    /// More than 2³² symbols.
    #[error("it has too many symbols")]
    TooManySymbols,
    /// The table of slots has another length than the checkpoint says.
    #[error("its slots are not as many as its checkpoint says")]
    SlotCount,
    /// The tables of slots and of symbols contradict each other.
    #[error("a slot is not where its symbol says")]
    MisplacedSlot,
    /// A slot jumps to where no code was when the checkpoint was written.
    #[error("a slot leads to code that its checkpoint does not know")]
    UnknownCode,
    /// The units that are given are not as many as those that were saved.
    #[error("it has another number of units")]
    UnitCount,
    /// A unit that is given is not the one that was saved.
    #[error("a unit is not the one that was published")]
    OtherUnit,
}
