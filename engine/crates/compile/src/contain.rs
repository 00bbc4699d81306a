//! What a panic costs: what it happened in, and no more.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Something panicked. The text is for the user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the engine failed ({message}); please report this")]
pub struct Panicked {
    /// What the panic said.
    pub message: String,
}

/// Does something that may panic, whose state nobody looks at again if it does.
///
/// # Errors
/// It panicked.
pub fn contained<T>(what: &str, work: impl FnOnce() -> T) -> Result<T, Panicked> {
    // The caller throws away what may be half changed.
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let message = message(&*payload).to_owned();
        tracing::error!(what, message, "panic");
        Panicked { message }
    })
}

fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message")
}
