//! What the benchmarks of the engine's stages share.
//!
//! **Takes** the corpus that `npm run bench:engine` prepares: a program's bitcode and base image as the front end makes
//! them. **Gives** it in the form that each stage wants, a clock, and LLVM's own -O0 pipeline to compare with. **Never**
//! part of the engine: nothing depends on this crate.

mod clock;
mod corpus;
mod image;
mod llvm;

pub use clock::timed;
pub use corpus::{Corpus, CorpusError, Decoded, UnitFile};
pub use image::{Linker, Prepared};
pub use llvm::{DebugInfo, LlvmUnit, Pipeline};
