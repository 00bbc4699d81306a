//! A function for each request, from its parameters to its answer. What they have in common: programs by name, and errors.

mod compile;
mod functions;
mod inspect;
mod publish;
mod status;
mod summary;

use std::path::Path;
use std::sync::Arc;

use cranefly_program::View;
use cranefly_wire::RpcError;

pub use self::compile::compile;
pub use self::functions::functions;
pub use self::inspect::inspect;
pub use self::publish::{instances, instantiators, publish, tests};
pub use self::status::status;
pub use self::summary::summary;
use crate::engine::Engine;

/// The program as last published.
fn view(engine: &Engine, workspace: &Path, program: &str) -> Result<Arc<View>, RpcError> {
    let key = (workspace.to_owned(), program.to_owned());
    engine
        .programs()
        .view(&key)
        .ok_or_else(|| RpcError::failed("unknownProgram", format!("no program `{program}` has been published")))
}
