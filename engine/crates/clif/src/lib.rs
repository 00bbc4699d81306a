//! Runs the `; run:` and `; print:` directives of `.clif` files, as `clif-util test` does.
//!
//! **Takes** a file's text. **Gives** what is wrong with it, and whether its directives hold. Functions are compiled with the
//! settings of the engine's own compiler. **Never** runs anything in the process that it is asked in: each directive has a
//! process of its own ([`supervise`]), with limits, and memory that is writable or executable but never both.

mod call;
mod error;
mod file;
mod libcalls;
mod link;
mod memory;
mod report;
mod run;
pub mod supervise;
mod trampoline;

pub use error::Error;
pub use file::{ClifFile, Directive};
pub use report::{Fault, Report, Verdict};
pub use run::run;
