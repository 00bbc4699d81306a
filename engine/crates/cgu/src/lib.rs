//! Codegen units in memory.
//!
//! **Takes** files of bitcode, and a [`DecodeHandler`] that is shown every function as it is decoded. **Gives** units that are read
//! once and known by their contents: what they define, the key of each function, where it is written, and what else must be known
//! of a body when the body itself is gone. **Never** compiles a function, and knows neither images nor the protocol.

mod async_fn;
mod attached;
mod cache;
mod digest;
mod error;
mod intern;
mod loaded;
mod packed;
mod positions;
mod read;
mod shape;
mod source_index;
mod system_calls;
pub mod type_id;
mod unit;
mod weight;

pub use async_fn::polls_future;
pub use cache::UnitCache;
pub use digest::{Digest, NotADigest};
pub use error::{HandlerError, UnitError};
pub use loaded::{Definition, LoadedUnit, ReadTimes};
pub use packed::Packed;
pub use positions::{Frame, Positions};
pub use read::{BitcodeFile, BitcodeForm, DecodeHandler, DecodedFunction, FunctionIdentity, ReadContext};
pub use shape::Shape;
pub use source_index::{Place, SourceIndex, absolute_path, without_dots};
pub use unit::{CodegenUnit, FunctionInfo, LocalOf, definitions, global_id, is_anonymous, is_definition};
pub use weight::weight;
