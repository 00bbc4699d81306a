//! What became of functions in a generation.

use std::sync::Arc;

use hashbrown::HashMap;

/// What a generation did with a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Compiled it.
    Compiled,
    /// Bound it, with code from the store.
    Hit,
    /// Left it to be compiled when it is first called.
    Deferred,
}

/// The functions that a generation touched, by symbol.
pub(crate) type Outcomes = HashMap<Arc<str>, Outcome>;
