//! The function store: machine code by content.
//!
//! **Takes** decoded functions and their machine code. **Gives** keys, and code for keys seen before. **Never** keeps
//! anything that depends on where code lies or on what a symbol resolves to.

mod key;
mod store;

pub use key::{Key, Keyer};
pub use store::{Compiled, Store, StoreSize};
