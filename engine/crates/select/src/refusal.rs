//! Why an edit is not taken.

use std::path::PathBuf;

/// Why an edit is not taken by itself: the crate has to be compiled as a whole. The texts are for the user, and are counted by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is written as a blanked body is, or a neighbour on its line was meant.
    #[error("an edited function cannot be told from a blanked one")]
    LooksBlank,
    /// A patch crate's root is on none of the lines that were edited.
    #[error("an edited function is not where it should be")]
    Misplaced,
    /// An overlay does not have it.
    #[error("the edited function is in no codegen unit")]
    NotCompiled,
    /// Several of the program's functions could be the edited one.
    #[error("edited functions that cannot be told apart")]
    Ambiguous,
    /// Aliases are followed nowhere.
    #[error("an edited function refers to an alias")]
    Alias,
    /// What is taken calls functions whose bodies were blanked, and of which the program has no version that would do.
    #[error("the body of a function is needed that is not there")]
    MissingBody {
        /// These functions.
        needs: Vec<Needed>,
    },
    /// What is taken refers to something that neither the program nor what it stands on defines.
    #[error("something is needed that the program was not linked with")]
    NotLinked {
        /// That.
        needs: Vec<Needed>,
    },
    /// An edited generic function is instantiated elsewhere, where nothing is compiled now.
    #[error("an edited generic function has instances in other crates")]
    InstancesElsewhere,
    /// Debug info may call the file otherwise, and then it would look as if there were no instances.
    #[error("an edited generic function in a file of which the program has nothing")]
    UnknownFile,
    /// The program refers to an instance that was not made for the edit.
    #[error("an instance of an edited generic or inline function is not there")]
    MissingInstance,
    /// The program refers to what is gone, or was something else.
    #[error("a function that is gone, or has another signature, is still in use")]
    GoneInUse,
    /// A patch crate has it in a trait, and rustc's other manglings are not known here.
    #[error("a new method whose symbol cannot be told")]
    NewMethodName,
    /// Other crates have copies of an edited function that do not do the same.
    #[error("copies of an edited function that are not the same")]
    UnequalCopies,
    /// What was data is code.
    #[error("a static has become a function")]
    StaticIsFunction,
    /// The program has changed it at run time, or will.
    #[error("the initial value of a static changed")]
    StaticChanged,
    /// Several statics of the program have its path.
    #[error("the static `{path}` cannot be told from another one")]
    AmbiguousStatic {
        /// Its demangled name.
        path: String,
    },
    /// Others go through the section, and would find it twice.
    #[error("a static in a section of its own")]
    StaticInSection,
    /// The twin's bodies of futures may be old ones.
    #[error("a future is needed whose body may be an old one")]
    OldFuture,
    /// The program makes the future, and does not poll it, or the other way round.
    #[error("the future of an edited async fn is not in use")]
    FutureNotInUse,
    /// What polls it was edited, and what makes it is not known.
    #[error("the future of an edited async fn is not known")]
    FutureUnknown,
    /// Other crates have functions of their own that drop it.
    #[error("the future of an async fn that other crates drop")]
    FutureDroppedElsewhere,
    /// Its size, its alignment or the place of its state is another one, which is compiled into whatever holds one.
    #[error("the future of an async fn has another layout")]
    FutureLayout,
    /// It has more or fewer states, whose numbers mean something to others.
    #[error("an async fn waits at more or fewer points")]
    FutureStates,
    /// Whoever drops it does nothing for that.
    #[error("the future of an async fn has something to drop now")]
    FutureDrop,
    /// rustc has made the list of the tests otherwise than is known here.
    #[error("the list of the tests cannot be told")]
    Tests,
    /// Only the crate's own types have it.
    #[error("the identity of a type, which only the crate itself has")]
    TypeIdentity,
    /// A patch crate calls it otherwise.
    #[error("the name of a type that is made in the edited function")]
    TypeName,
}

impl Refusal {
    /// Functions whose bodies, or things whose definitions, would have to be there for the edit to be taken.
    pub fn needs(&self) -> &[Needed] {
        match self {
            Self::MissingBody { needs } | Self::NotLinked { needs } => needs,
            _ => &[],
        }
    }

    /// Whether it is the edit's own doing: compiled in another way, it would be refused as well.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::FutureLayout | Self::FutureStates | Self::FutureDrop)
    }
}

/// Something that is needed and not there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Needed {
    /// Its demangled name.
    pub name: String,
    /// Where it is written, if debug info tells.
    pub file: Option<PathBuf>,
    /// Line (from 1) of its declaration; 0 for none.
    pub line: u32,
}
