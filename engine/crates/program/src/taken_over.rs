//! Images of the daemon before that programs may still start from.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::live::LiveImage;

/// Images of the daemon before that programs may still start from, by path.
#[derive(Debug, Default)]
pub struct TakenOver {
    images: Mutex<HashMap<PathBuf, Arc<LiveImage>>>,
}

impl TakenOver {
    /// Keeps an image until it is [replaced](Self::replaced), which it may be already: then it serves only as long as programs
    /// run from it.
    pub(crate) fn keep(&self, path: PathBuf, live: Arc<LiveImage>) {
        let mut images = self.images.lock().unwrap_or_else(PoisonError::into_inner);
        if live.resume().is_current(&path) {
            images.insert(path, live);
        } else {
            live.retire();
        }
    }

    /// A new image has taken the path.
    pub(crate) fn replaced(&self, path: &Path) {
        if let Some(old) = self.images.lock().unwrap_or_else(PoisonError::into_inner).remove(path) {
            old.retire();
        }
    }
}
