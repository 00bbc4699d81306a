//! What is kept of a program between publications.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use cranefly_cache::Key;
use cranefly_cgu::{CodegenUnit, FunctionInfo, LoadedUnit};
use cranefly_image::BaseImage;
use hashbrown::{HashMap, HashSet};

use crate::body_lane::{Patch, SelectionCache, same_version};
use crate::compile::CodeOptions;
use crate::engine::ProgramKey;
use crate::live::LiveImage;
use crate::protocol::{ProgramStatus, PublishResult};
use crate::session_links;

/// A program between publications.
#[derive(Debug, Default)]
pub struct ProgramState {
    pub(crate) generation: u64,
    pub(crate) units: Vec<Arc<LoadedUnit>>,
    /// Units of the body lane, as they were read, by crate and by whether they are a patch: most are the same after the next
    /// edit.
    pub(crate) body_units: HashMap<(Arc<str>, bool), Vec<Arc<LoadedUnit>>>,
    /// What the body lane's selections have in common.
    pub(crate) selections: SelectionCache,
    /// What the body lane has put in since the crate lane was published.
    pub(crate) patch: Patch,
    /// What was read and compiled for a publication that came to nothing because the base image has to be linked first: the
    /// next one reports it.
    pub(crate) unlinked: Option<(PublishResult, HashSet<Key>)>,
    /// See [`cranefly_image::Demand::scale`].
    pub(crate) scale: u64,
    live: Option<Arc<LiveImage>>,
    base: Option<Arc<BaseImage>>,
    options: CodeOptions,
    image: PathBuf,
    last_use: Option<Instant>,
}

impl ProgramState {
    /// Begins the next generation; gives its number.
    pub fn advance(&mut self, base: Arc<BaseImage>, units: Vec<Arc<LoadedUnit>>, image: &Path) -> u64 {
        self.generation += 1;
        self.base = Some(base);
        self.units = units;
        image.clone_into(&mut self.image);
        self.last_use = Some(Instant::now());
        self.generation
    }

    /// The image, if it can be updated to stand on `base` with code made by `options`; any other is given up.
    pub fn take_image(&mut self, base: &Arc<BaseImage>, options: &CodeOptions) -> Option<Arc<LiveImage>> {
        let usable = self.options == *options
            && self.base.as_ref().is_some_and(|old| Arc::ptr_eq(old, base))
            && self.live.as_ref().is_none_or(|live| !live.is_broken());
        if !usable {
            self.retire();
        }
        self.live.take()
    }

    /// Keeps an image, whose code was made by `options`.
    pub fn set_image(&mut self, live: Option<Arc<LiveImage>>, options: &CodeOptions) {
        self.live = live;
        self.options = options.clone();
    }

    /// The image, to look at it.
    pub fn live(&self) -> Option<&Arc<LiveImage>> {
        self.live.as_ref()
    }

    /// For `status`.
    pub fn status(&self, key: &ProgramKey) -> ProgramStatus {
        ProgramStatus {
            workspace: key.0.clone(),
            program: key.1.clone(),
            generation: self.generation,
            functions: self.units.iter().map(|unit| unit.unit.functions.len() as u64).sum(),
            image: self.image.clone(),
            image_bytes: self.image_bytes(),
        }
    }

    /// Bytes that the image takes.
    pub fn image_bytes(&self) -> u64 {
        self.live.as_ref().map_or(0, |live| live.program().file().allocated_bytes())
    }

    /// When it was last published.
    pub fn last_use(&self) -> Option<Instant> {
        self.last_use
    }

    /// Gives the image up; programs that run from it go on.
    fn retire(&mut self) {
        if let Some(live) = self.live.take() {
            live.retire();
        }
    }

    /// Removes the image's file; programs that run from it go on.
    pub fn remove_image(&mut self) {
        self.retire();
        session_links::remove(&self.image);
        // Already gone is as good.
        let _ = std::fs::remove_file(&self.image);
    }
}

/// Functions that are the same values in old and in new units, of units that are not themselves in both: most functions of a unit that is
/// another one are what they were.
pub fn remaining(old: &[Arc<LoadedUnit>], new: &[Arc<LoadedUnit>]) -> HashSet<*const FunctionInfo> {
    let units = |units: &[Arc<LoadedUnit>]| units.iter().map(|unit| Arc::as_ptr(&unit.unit)).collect::<HashSet<_>>();
    let (in_old, in_new) = (units(old), units(new));
    let fresh = new.iter().filter(|unit| !in_old.contains(&Arc::as_ptr(&unit.unit)));
    let fresh: HashSet<*const FunctionInfo> = fresh.flat_map(|unit| &unit.unit.functions).map(Arc::as_ptr).collect();
    let replaced = old.iter().filter(|unit| !in_new.contains(&Arc::as_ptr(&unit.unit)));
    let functions = replaced.flat_map(|unit| &unit.unit.functions).map(Arc::as_ptr);
    functions.filter(|function| fresh.contains(function)).collect()
}

/// The generation before, as far as it differs from the new one.
pub struct Before {
    /// Units that are the same in both.
    same: HashSet<*const CodegenUnit>,
    /// Functions of the other old units that are the same in the new ones.
    remain: HashSet<*const FunctionInfo>,
    /// The others, by symbol.
    others: HashMap<Arc<str>, (Arc<CodegenUnit>, usize)>,
    /// Functions of the new units that are no news.
    copies: HashSet<Arc<str>>,
}

impl Before {
    /// From the units of both.
    pub fn new(old: &[Arc<LoadedUnit>], new: &[Arc<LoadedUnit>], copies: HashSet<Arc<str>>) -> Self {
        let remain = remaining(old, new);
        let new: HashSet<*const CodegenUnit> = new.iter().map(|unit| Arc::as_ptr(&unit.unit)).collect();
        let (same, changed): (Vec<_>, Vec<_>) = old.iter().partition(|unit| new.contains(&Arc::as_ptr(&unit.unit)));
        let mut others = HashMap::new();
        for unit in changed {
            let functions = unit.unit.functions.iter().enumerate();
            let functions = functions.filter(|(_, function)| !remain.contains(&Arc::as_ptr(function)));
            others
                .extend(functions.map(|(number, function)| {
                    (unit.global(function.global).name.clone(), (unit.unit.clone(), number))
                }));
        }
        Self { same: same.iter().map(|unit| Arc::as_ptr(&unit.unit)).collect(), remain, others, copies }
    }

    /// Whether a function of a new unit, by its symbol and number, had other content or was not there.
    pub fn differs(&self, unit: &Arc<CodegenUnit>, name: &Arc<str>, number: usize) -> bool {
        let function = &unit.functions[number];
        !self.same.contains(&Arc::as_ptr(unit))
            && !self.remain.contains(&Arc::as_ptr(function))
            && match self.others.get(name) {
                Some((old, before)) => !same_version((old, *before), (unit, number)),
                None => !self.copies.contains(name),
            }
    }
}
