//! The units of all programs, by their contents.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::digest::Digest;
use crate::error::UnitError;
use crate::intern::Interner;
use crate::loaded::LoadedUnit;
use crate::read::{BitcodeFile, ReadContext, read};

/// What a unit is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct UnitKey {
    bitcode: Digest,
    id: Arc<str>,
    configuration: Arc<str>,
}

/// Units by their contents. Keeps those that somebody else holds, until it is [pruned](Self::prune).
#[derive(Debug, Default)]
pub struct UnitCache {
    entries: Mutex<HashMap<UnitKey, Arc<LoadedUnit>>>,
    /// What they have in common.
    interner: Arc<Interner>,
}

impl UnitCache {
    /// The unit in `file`, read if it is not known. The flag tells whether it was read.
    ///
    /// # Errors
    /// Any [`UnitError`].
    pub fn load(
        &self,
        file: &BitcodeFile,
        id: &Arc<str>,
        context: &ReadContext<'_>,
    ) -> Result<(Arc<LoadedUnit>, bool), UnitError> {
        let key = UnitKey { bitcode: file.digest, id: id.clone(), configuration: context.configuration.clone() };
        let known = self.entries.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(unit) = known.filter(|unit| !unit.is_outdated()) {
            return Ok((unit, false));
        }
        let unit = Arc::new(read(file, id, context, &self.interner)?);
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).insert(key, unit.clone());
        Ok((unit, true))
    }

    /// Forgets units that nobody but the cache holds.
    pub fn prune(&self) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let before = entries.len();
        entries.retain(|_, unit| Arc::strong_count(unit) > 1);
        let have_most_gone = entries.len() < before / 2;
        drop(entries);
        self.interner.prune(have_most_gone);
    }
}
