//! A program between publications.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use cranefly_cache::Key;
use cranefly_cgu::LoadedUnit;
use cranefly_image::{BaseImage, Room};
use cranefly_select::{Patch, SelectionCache};
use hashbrown::{HashMap, HashSet};

use crate::live::LiveImage;
use crate::options::ProgramOptions;
use crate::published::Work;
use crate::session_links;
use crate::view::View;

/// A program, of which one generation is published after the other.
#[derive(Debug, Default)]
pub struct Program {
    state: Mutex<State>,
    /// As last published.
    view: Mutex<Option<Arc<View>>>,
}

/// What publications hand on to the next one.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The image that the next generation may be linked into.
    pub(crate) image: Option<KeptImage>,
    /// Where the program's images lie, once there has been one. It stays while none is kept: programs may run from the last, and
    /// its file is there.
    image_path: Option<PathBuf>,
    /// What is known of the room that its images need.
    pub(crate) room: Room,
    /// Units of the body lane, as they were read, by crate and by whether they are a patch: most are the same after the next
    /// edit.
    pub(crate) body_units: HashMap<(Arc<str>, bool), Vec<Arc<LoadedUnit>>>,
    /// What the body lane's selections have in common.
    pub(crate) selections: SelectionCache,
    /// What the body lane has put in since the crate lane was published.
    pub(crate) patch: Patch,
    /// What was read and compiled for a publication that came to nothing because the base image has to be linked first: the
    /// next one reports it.
    pub(crate) unlinked: Option<(Work, HashSet<Key>)>,
}

/// An image, and what it was made with.
#[derive(Debug)]
pub(crate) struct KeptImage {
    pub(crate) live: Arc<LiveImage>,
    pub(crate) base: Arc<BaseImage>,
    pub(crate) options: ProgramOptions,
}

/// What is told of a program.
#[derive(Debug)]
pub struct ProgramStatus {
    /// Its newest generation; 0 before the first.
    pub generation: u64,
    /// Functions in it.
    pub functions: u64,
    /// Its image.
    pub image: PathBuf,
    /// Bytes that the image takes.
    pub image_bytes: u64,
}

impl Program {
    /// The program as last published, if it has been.
    pub fn view(&self) -> Option<Arc<View>> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Shows a new generation to those who look.
    pub(crate) fn show(&self, view: Arc<View>) {
        *self.view.lock().unwrap_or_else(PoisonError::into_inner) = Some(view);
    }

    /// The program for as long as the guard lives; waits for a publication to end.
    pub fn lock(&self) -> LockedProgram<'_> {
        LockedProgram { program: self, state: self.state.lock().unwrap_or_else(PoisonError::into_inner) }
    }

    /// The same; `None` while it is being published, which is not waited for.
    pub fn try_lock(&self) -> Option<LockedProgram<'_>> {
        let state = match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        Some(LockedProgram { program: self, state })
    }
}

/// A program that nobody else publishes, or gives up, meanwhile.
#[derive(Debug)]
pub struct LockedProgram<'a> {
    pub(crate) program: &'a Program,
    pub(crate) state: MutexGuard<'a, State>,
}

impl LockedProgram<'_> {
    /// What is told of it.
    pub fn status(&self) -> ProgramStatus {
        let view = self.program.view();
        let view = view.as_deref();
        let image = self.state.image.as_ref();
        ProgramStatus {
            generation: view.map_or(0, |view| view.generation),
            functions: view.map_or(0, |view| view.units.functions()),
            image: view.map(|view| view.image.clone()).unwrap_or_default(),
            image_bytes: image.map_or(0, |image| image.live.image().file().allocated_bytes()),
        }
    }

    /// Removes the image's file; programs that run from it go on.
    pub fn remove_image(&mut self) {
        if let Some(image) = self.state.image.take() {
            image.live.retire();
        }
        if let Some(path) = self.state.image_path.take() {
            session_links::remove(&path);
            // Already gone is as good.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl State {
    /// The image, if it can be updated to stand on `base` with code made by `options`; any other is given up.
    pub(crate) fn take_image(&mut self, base: &Arc<BaseImage>, options: &ProgramOptions) -> Option<Arc<LiveImage>> {
        let image = self.image.take()?;
        if let Some(shortage) = image.live.shortage() {
            self.room.note(&shortage, false);
            image.live.retire();
            return None;
        }
        if image.options == *options && Arc::ptr_eq(&image.base, base) && !image.live.is_broken() {
            return Some(image.live);
        }
        image.live.retire();
        None
    }

    /// Keeps an image that was linked for the next generation.
    pub(crate) fn keep_image(
        &mut self,
        live: &Arc<LiveImage>,
        base: &Arc<BaseImage>,
        options: &ProgramOptions,
        path: &Path,
    ) {
        self.image = Some(KeptImage { live: live.clone(), base: base.clone(), options: options.clone() });
        self.image_path = Some(path.to_owned());
    }
}
