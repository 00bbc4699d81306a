//! Base images, each read once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use cranefly_image::{BaseImage, Error};

/// The base images of a daemon's programs.
#[derive(Debug, Default)]
pub struct BaseImages {
    known: Mutex<HashMap<(PathBuf, SystemTime), Arc<BaseImage>>>,
}

impl BaseImages {
    /// The base image at `path`, read when it is new or has changed.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub fn open(&self, path: &Path) -> Result<Arc<BaseImage>, Error> {
        let failed = |source| Error::File { path: path.to_owned(), source };
        let modified = std::fs::metadata(path).and_then(|metadata| metadata.modified()).map_err(failed)?;
        let key = (path.to_owned(), modified);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(base) = known.get(&key) {
            return Ok(base.clone());
        }
        let base = Arc::new(BaseImage::open(path)?);
        known.retain(|(old, _), base| old != path && Arc::strong_count(base) > 1);
        known.insert(key, base.clone());
        Ok(base)
    }
}
