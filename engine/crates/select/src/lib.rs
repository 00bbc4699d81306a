//! From an edit to everything that must come with it.
//!
//! **Takes** the codegen units of a program as its crates were compiled last (the crate lane's), an edit, and bitcode in which the
//! edited functions have their new bodies (the body lane's: overlays, patch crates and their twins). **Gives** the program's units
//! with these functions, and what they need, in the places of the old ones; or a [`Refusal`]. **Never** guesses: what cannot be matched
//! is refused, and the crate is compiled as a whole. It knows neither the base image, nor the protocol, nor code.
//!
//! The front end compiled the crate with every body blanked (`loop {}`) but those that were edited and some others. What
//! comes out of bodies that were there is right by itself; what comes out of a blanked one must never run. So, starting at
//! the edited functions, everything that they reach is compared with what the program has under the same name: equal
//! content stays where it is, other content is taken from the body lane and stands in for the crate lane's, and a blanked
//! function is the crate lane's or the whole edit is refused.
//!
//! What comes as a patch crate has other symbols than the crate lane; `names.rs` finds out what they stand for.

mod conformance;
mod content;
mod copies;
mod derive;
mod edit;
mod edited_functions;
mod futures;
mod harness;
mod names;
mod reachable;
mod references;
mod refusal;
mod selector;
mod symbol_table;
mod verify;

pub use conformance::{Conformance, conformance};
pub use content::same_version;
pub use copies::copies;
pub use edit::{Edit, EditedCrate, EditedFunction, EditedTests, SourceLine};
pub use harness::tests_of;
pub use names::{BodyUnit, Origin};
pub use references::{Instance, Instantiator, instances, instantiators};
pub use refusal::{Needed, Refusal};
pub use selector::{Selection, SelectionCache, SelectionCounts, select};
pub use verify::{Patch, Verified};
