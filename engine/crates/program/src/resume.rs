//! What is kept beside an image while some of its functions have no code: enough for another daemon to go on.
//!
//! A folder `<image>.<number>.resume` beside the control file of the same name, with
//!
//! - `image`: a hard link, because the next generation takes the image's own name;
//! - `<digest>.bc.lz4`: the bitcode of every unit that is not complete, packed, because the next build removes it;
//! - `state`: everything else, with a digest. It appears last, in one step, and goes first: where it is, the image is
//!   committed and the folder is complete;
//! - `attempts`: a byte for every daemon that took over and has not compiled anything yet.

use std::collections::{HashMap, HashSet};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cranefly_cgu::{BitcodeFile, BitcodeForm, CodegenUnit, Digest, LoadedUnit};
use cranefly_image::{Image, SavedImage};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::folders::private_folder;
use crate::image_folder::room;
use crate::options::ProgramOptions;
use crate::unit_set::UnitSet;

/// First bytes of a state, with the engine's version: another one may lay out or compile otherwise.
const HEADER: &str = concat!("cranefly resume 5 ", env!("CARGO_PKG_VERSION"), "\n");

/// Extension of packed bitcode.
const PACKED: &str = "lz4";

/// After so many daemons that took over and ended before they had compiled a single function, something about the image
/// ends them. (The first-call stub has the same patience.)
const MAX_ATTEMPTS: u64 = 16;

/// Why nothing was kept, or cannot be gone on from.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResumeError {
    /// A file or folder cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The image waits for functions of a unit that the program does not have.
    #[error("the bitcode of the unit {0} is not known")]
    UnknownUnit(String),
    /// The body lane's units are not what any file holds.
    #[error("functions of the body lane cannot be kept, as those of {0}")]
    BodyLane(String),
    /// Images come first.
    #[error("{bytes} bytes of bitcode in {room} bytes of room would leave too little for images")]
    Room {
        /// What was to be kept.
        bytes: u64,
        /// What there is.
        room: u64,
    },
    /// A program may not start from the image as it is.
    #[error("the image is not committed")]
    Uncommitted,
    /// The state cannot be written.
    #[error("the state cannot be written down: {0}")]
    Encode(postcard::Error),
    /// So many daemons ended before they had compiled anything.
    #[error("{0} engines ended over it")]
    Attempts(u64),
    /// Another version may lay out or compile otherwise.
    #[error("it was kept by another version")]
    Version,
    /// It is not what was written.
    #[error("the state is damaged")]
    Damaged,
}

/// The folder.
#[derive(Debug)]
pub(crate) struct ResumeFolder {
    path: PathBuf,
    /// There are attempts to forget with the next function that is compiled.
    attempted: AtomicBool,
}

/// Contents of `state`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct State {
    /// How functions are compiled.
    pub(crate) options: ProgramOptions,
    /// The image's name as programs know it.
    pub(crate) image: PathBuf,
    /// Digests of the bitcode of [`SavedImage::unit_ids`].
    bitcode: Vec<Digest>,
    /// The image's insides.
    pub(crate) program: SavedImage,
}

impl State {
    fn parse(bytes: &[u8]) -> Result<Self, ResumeError> {
        let rest = bytes.strip_prefix(HEADER.as_bytes()).ok_or(ResumeError::Version)?;
        let (digest, payload) = rest.split_at_checked(32).ok_or(ResumeError::Damaged)?;
        if blake3::hash(payload).as_bytes() != digest {
            return Err(ResumeError::Damaged);
        }
        Self::decode(payload)
    }

    fn decode(payload: &[u8]) -> Result<Self, ResumeError> {
        postcard::from_bytes(payload).map_err(|_| ResumeError::Damaged)
    }
}

/// What [`check_state`] has against bytes.
#[derive(Debug, thiserror::Error)]
#[error("the state is damaged")]
pub struct DamagedState;

/// Whether `payload` may stand in a file `state` behind the header and the digest.
///
/// # Errors
/// It is nothing that was written there.
pub fn check_state(payload: &[u8]) -> Result<(), DamagedState> {
    State::decode(payload).map(drop).map_err(|_| DamagedState)
}

impl ResumeFolder {
    /// The folder that belongs to the control file at `control`.
    pub(crate) fn of(control: &Path) -> Self {
        Self { path: control.with_extension("resume"), attempted: AtomicBool::new(false) }
    }

    /// Keeps what another daemon needs to complete `program`, just committed; nothing if it is complete, which this tells. No
    /// program may start from the image before it returns. `image`: its name as programs know it.
    pub(crate) fn save(
        &self,
        program: &mut Image,
        image: &Path,
        units: &UnitSet,
        options: &ProgramOptions,
    ) -> Result<bool, ResumeError> {
        let incomplete = program.incomplete_units();
        if incomplete.is_empty() {
            self.discard();
            return Ok(true);
        }
        private_folder(&self.path).map_err(at(&self.path))?;
        match std::fs::hard_link(program.file().path(), self.image()) {
            // The same file, from the publication before.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => result.map_err(at(&self.image()))?,
        }
        let known = |unit: &Arc<CodegenUnit>| match units.get(&unit.id) {
            None => Err(ResumeError::UnknownUnit(unit.id.to_string())),
            Some(unit) if unit.is_derived() => Err(ResumeError::BodyLane(unit.unit.id.to_string())),
            Some(unit) => Ok(&**unit),
        };
        let wanted: Vec<&LoadedUnit> = incomplete.iter().map(known).collect::<Result<_, _>>()?;
        let bitcode = self.keep_bitcode(&wanted)?;
        let program = program.save(&incomplete).ok_or(ResumeError::Uncommitted)?;
        let state = State { options: options.clone(), image: image.to_owned(), bitcode, program };
        let payload = postcard::to_stdvec(&state).map_err(ResumeError::Encode)?;
        let digest = blake3::hash(&payload);
        replace(&self.path.join("state"), &[HEADER.as_bytes(), digest.as_bytes(), &payload])?;
        self.drop_others(&state.bitcode);
        Ok(false)
    }

    fn keep_bitcode(&self, units: &[&LoadedUnit]) -> Result<Vec<Digest>, ResumeError> {
        let digests: Vec<Digest> = units.iter().map(|unit| *unit.digest()).collect();
        let new: Vec<(&LoadedUnit, PathBuf)> = units
            .iter()
            .copied()
            .zip(digests.iter().map(|digest| self.bitcode(digest)))
            .filter(|(_, path)| !path.exists())
            .collect();
        let bytes: u64 = new.iter().map(|(unit, _)| unit.bitcode.compressed().len() as u64).sum();
        let room = room(&self.path).map_err(at(&self.path))?;
        if bytes > room / 2 {
            return Err(ResumeError::Room { bytes, room });
        }
        // Equal units have one file.
        let new: HashMap<PathBuf, &LoadedUnit> = new.into_iter().map(|(unit, path)| (path, unit)).collect();
        new.par_iter().try_for_each(|(path, unit)| replace(path, &[unit.bitcode.compressed()]))?;
        Ok(digests)
    }

    /// Removes the bitcode of generations before.
    fn drop_others(&self, kept: &[Digest]) {
        let kept: HashSet<PathBuf> = kept.iter().map(|digest| self.bitcode(digest)).collect();
        for path in std::fs::read_dir(&self.path).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())) {
            if path.extension().is_some_and(|extension| extension == PACKED) && !kept.contains(&path) {
                let _ = std::fs::remove_file(path);
            }
        }
    }

    /// Before the image is changed: what is kept is not true any more.
    pub(crate) fn forget(&self) -> io::Result<()> {
        match std::fs::remove_file(self.path.join("state")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Removes everything: the image is complete, or nobody runs from it any more.
    pub(crate) fn discard(&self) {
        // What cannot be removed is checked by whoever finds it.
        let _ = self.forget();
        let _ = std::fs::remove_dir_all(&self.path);
    }

    /// Reads the state, and counts this as an attempt.
    pub(crate) fn load(&self) -> Result<State, ResumeError> {
        let state = self.path.join("state");
        let bytes = std::fs::read(&state).map_err(at(&state))?;
        let attempts = self.path.join("attempts");
        let before = std::fs::metadata(&attempts).map_or(0, |metadata| metadata.len());
        if before >= MAX_ATTEMPTS {
            return Err(ResumeError::Attempts(before));
        }
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&attempts);
        file.and_then(|mut file| file.write_all(b"+")).map_err(at(&attempts))?;
        self.attempted.store(true, Ordering::Relaxed);
        State::parse(&bytes)
    }

    /// A function was compiled: whatever ended the daemons before, it was not that.
    pub(crate) fn progressed(&self) {
        if self.attempted.swap(false, Ordering::Relaxed) {
            let _ = std::fs::remove_file(self.path.join("attempts"));
        }
    }

    /// The image, by a name that lasts.
    pub(crate) fn image(&self) -> PathBuf {
        self.path.join("image")
    }

    /// Whether programs that start now start from this image.
    pub(crate) fn is_current(&self, image: &Path) -> bool {
        let file = |path: &Path| std::fs::metadata(path).map(|metadata| (metadata.dev(), metadata.ino())).ok();
        file(image).is_some_and(|current| file(&self.image()) == Some(current))
    }

    fn bitcode(&self, digest: &Digest) -> PathBuf {
        self.path.join(format!("{digest}.bc.{PACKED}"))
    }

    /// Ids and files of the units in `state`.
    pub(crate) fn units<'a>(&self, state: &'a State) -> Result<Vec<(&'a str, BitcodeFile)>, ResumeError> {
        if state.bitcode.len() != state.program.unit_ids().len() {
            return Err(ResumeError::Damaged);
        }
        let file = |&digest: &Digest| BitcodeFile { path: self.bitcode(&digest), digest, form: BitcodeForm::Packed };
        Ok(state.program.unit_ids().zip(state.bitcode.iter().map(file)).collect())
    }
}

/// Writes a file that is there whole or not at all, but for a machine that goes down.
fn replace(path: &Path, parts: &[&[u8]]) -> Result<(), ResumeError> {
    let temporary = path.with_extension("new");
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        parts.iter().try_for_each(|part| file.write_all(part))?;
        std::fs::rename(&temporary, path)
    };
    write().map_err(at(path))
}

/// An error of a file.
fn at(path: &Path) -> impl FnOnce(io::Error) -> ResumeError {
    let path = path.to_owned();
    move |source| ResumeError::File { path, source }
}
