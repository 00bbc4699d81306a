//! What answers the requests that look at a program.

pub mod compile;
pub mod functions;
pub mod inspect;
pub mod summary;
