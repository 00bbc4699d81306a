//! Objects made from a unit's `module asm` (`global_asm!`, naked functions), placed as a classic linker would. Whatever an
//! image has no place for is [an error](crate::Error::LinkerOnly) that names it.

mod bind;
mod frames;
mod place;

pub(crate) use self::bind::bind;
pub(crate) use self::place::{place, place_member};
