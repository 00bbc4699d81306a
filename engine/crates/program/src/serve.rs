//! What images are served with.

use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use cranefly_compile::CompileContext;

/// What images use for as long as programs run from them, also those that outlive their program's next generation.
#[derive(Debug)]
pub struct ServeContext {
    /// How functions are compiled.
    pub compile: Arc<CompileContext>,
    /// How a program starts a daemon when it needs one and there is none.
    pub command: Vec<OsString>,
    /// Whether functions without code are compiled while nobody waits for them.
    pub ahead: bool,
    /// Functions that programs had to wait for.
    pub first_calls: AtomicU64,
}
