//! What images are served with.

use std::ffi::OsString;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use cranefly_compile::CompileContext;

/// An image whose programs are answered.
pub(crate) trait AnsweredImage: std::fmt::Debug + Send + Sync {
    /// Whether a program runs from the image that may call a function without code.
    fn is_awaited(&self) -> bool;
}

/// What images use for as long as programs run from them, also those that outlive their program's next generation.
#[derive(Debug)]
pub struct ServeContext {
    /// How functions are compiled.
    pub compile: Arc<CompileContext>,
    /// How a program starts a daemon when it needs one and there is none.
    pub(crate) command: Vec<OsString>,
    /// Whether functions without code are compiled while nobody waits for them.
    pub(crate) ahead: bool,
    /// Functions that programs had to wait for.
    pub first_calls: AtomicU64,
    /// The images whose programs are answered.
    answered: Mutex<Vec<Weak<dyn AnsweredImage>>>,
}

impl ServeContext {
    /// Without images. `command` starts a daemon; `ahead`: functions are compiled while nobody waits for them.
    pub fn new(compile: Arc<CompileContext>, command: Vec<OsString>, ahead: bool) -> Self {
        Self { compile, command, ahead, first_calls: AtomicU64::new(0), answered: Mutex::default() }
    }

    /// Notes that the programs of an image are answered.
    pub(crate) fn answers(&self, image: Weak<dyn AnsweredImage>) {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        answered.retain(|image| image.strong_count() > 0);
        answered.push(image);
    }

    /// Whether a program runs that may call a function without code.
    pub fn is_awaited(&self) -> bool {
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner).clone();
        answered.iter().filter_map(Weak::upgrade).any(|image| image.is_awaited())
    }
}
