//! Which programs a daemon has: published one generation after the other, and given up to stay within bounds.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use cranefly_program::{LockedProgram, Program, ProgramStatus, Resources, View, give_memory_back};
use tracing::debug_span;

/// A program's name: workspace folder and id.
pub type ProgramKey = (PathBuf, String);

/// The programs, by name.
///
/// A program is taken out while it is locked, after its image was removed: so nobody publishes into one that cannot be found, and
/// no other one of its name has an image at the same path meanwhile. Whoever holds the lock of all programs waits for nothing:
/// a program is locked before, never after it.
#[derive(Debug)]
pub struct Programs {
    resources: Arc<Resources>,
    image_bytes_limit: u64,
    memory_limit: u64,
    by_key: Mutex<HashMap<ProgramKey, Arc<Program>>>,
    /// Held by whoever [tidies](Self::tidy): two at a time would give up twice as much as has to be.
    tidying: Mutex<()>,
}

impl Programs {
    /// None yet. The bounds are those of all images together, and of the daemon's resident memory.
    pub fn new(resources: Arc<Resources>, image_bytes_limit: u64, memory_limit: u64) -> Self {
        Self { resources, image_bytes_limit, memory_limit, by_key: Mutex::default(), tidying: Mutex::default() }
    }

    fn by_key(&self) -> MutexGuard<'_, HashMap<ProgramKey, Arc<Program>>> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all(&self) -> Vec<(ProgramKey, Arc<Program>)> {
        self.by_key().iter().map(|(key, program)| (key.clone(), program.clone())).collect()
    }

    fn has(&self, key: &ProgramKey, program: &Arc<Program>) -> bool {
        self.by_key().get(key).is_some_and(|found| Arc::ptr_eq(found, program))
    }

    /// The program as last published, if it has been.
    pub fn view(&self, key: &ProgramKey) -> Option<Arc<View>> {
        let program = self.by_key().get(key).cloned();
        program?.view()
    }

    /// All programs as last published.
    pub fn views(&self) -> Vec<Arc<View>> {
        self.all().iter().filter_map(|(_, program)| program.view()).collect()
    }

    /// What is told of each program. One that is being published just now is left out rather than waited for.
    pub fn status(&self) -> Vec<(ProgramKey, ProgramStatus)> {
        let programs = self.all().into_iter();
        programs.filter_map(|(key, program)| Some((key, program.try_lock()?.status()))).collect()
    }

    /// Locks a program, which is made if there is none, and does something with it.
    pub fn with<T>(&self, key: &ProgramKey, work: impl FnOnce(&mut LockedProgram) -> T) -> T {
        loop {
            let program = self.by_key().entry(key.clone()).or_default().clone();
            let mut locked = program.lock();
            // It may have been given up while this waited.
            if self.has(key, &program) {
                return work(&mut locked);
            }
        }
    }

    /// Forgets a program in the middle of whose publication something went wrong, and removes its image.
    pub fn abandon(&self, key: &ProgramKey, program: &mut LockedProgram) {
        program.remove_image();
        let abandoned = self.by_key().remove(key);
        drop(abandoned);
    }

    /// Forgets everything about `workspace` and removes its images. Waits for publications of its programs to end.
    pub fn evict(&self, workspace: &Path) {
        for (key, program) in self.all().into_iter().filter(|((owner, _), _)| owner == workspace) {
            let mut locked = program.lock();
            if self.has(&key, &program) {
                self.abandon(&key, &mut locked);
            }
        }
        self.resources.units.prune();
    }

    /// Forgets what no program needs any more, and keeps the programs within bounds. `is_much`: much memory is free that will not
    /// be needed soon.
    pub fn tidy(&self, is_much: bool) {
        let _tidying = self.tidying.lock().unwrap_or_else(PoisonError::into_inner);
        debug_span!("prune").in_scope(|| self.resources.units.prune());
        for view in self.views() {
            view.live.forget_pages();
        }
        if is_much {
            debug_span!("give back").in_scope(give_memory_back);
        }
        debug_span!("trim").in_scope(|| self.trim());
    }

    /// Gives up the programs that were not published for the longest time while images or the daemon's memory take more than
    /// their limits; never the one that was published last. They are published anew when they are wanted again.
    fn trim(&self) {
        let aged = |(key, program): (ProgramKey, Arc<Program>)| {
            // Without locking it: whoever asks for its status meanwhile would take it for one that is being published.
            let view = program.view()?;
            let bytes = view.live.image().file().allocated_bytes();
            Some((view.published, bytes, key, program))
        };
        let mut programs: Vec<(Instant, u64, ProgramKey, Arc<Program>)> =
            self.all().into_iter().filter_map(aged).collect();
        programs.sort_unstable_by_key(|(published, ..)| *published);
        let mut images: u64 = programs.iter().map(|(_, bytes, ..)| bytes).sum();
        programs.pop();
        for (published, bytes, key, program) in programs {
            if images <= self.image_bytes_limit && resident_bytes() <= self.memory_limit {
                break;
            }
            // Just being published, or since: it is wanted.
            let Some(mut locked) = program.try_lock() else { continue };
            if program.view().is_none_or(|view| view.published != published) {
                continue;
            }
            images -= bytes;
            if self.has(&key, &program) {
                tracing::info!(program = key.1, bytes, "program given up to make room");
                self.abandon(&key, &mut locked);
                drop(locked);
                drop(program);
                self.resources.units.prune();
                give_memory_back();
            }
        }
    }

    /// Bounds of all images together, and of the daemon's resident memory.
    pub fn limits(&self) -> (u64, u64) {
        (self.image_bytes_limit, self.memory_limit)
    }
}

/// Bytes of memory that the daemon has.
pub fn resident_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split_whitespace().nth(1)?.parse::<u64>().ok())
        .unwrap_or(0);
    pages * 4096
}
