//! What a panic costs: what it happened in, and no more.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Does something that may panic, whose state nobody looks at again if it does. The error is for the user.
pub fn contained<T>(what: &str, work: impl FnOnce() -> T) -> Result<T, String> {
    // The caller throws away what may be half changed.
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let message = message(&*payload);
        tracing::error!(what, message, "panic");
        format!("the engine failed ({message}); please report this")
    })
}

fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message")
}
