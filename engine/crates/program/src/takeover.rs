//! What a daemon that ended without saying goodbye left behind.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cranefly_cgu::{LoadedUnit, UnitError};
use cranefly_compile::EagerCompiler;
use cranefly_image::Image;
use cranefly_runtime::Control;
use rayon::prelude::*;

use crate::folders::is_ours;
use crate::image_folder::{self, SOCKET, socket_of};
use crate::live::LiveImage;
use crate::memory::give_memory_back;
use crate::options::ProgramOptions;
use crate::resources::Resources;
use crate::resume::{ResumeError, ResumeFolder};
use crate::session_links;
use crate::unit_set::UnitSet;

/// What a program prints whose function was still to be compiled by a daemon that is gone, when nobody can go on.
const GONE: &str = "cranefly: the engine that compiled this program ended before it was done; run it again\n";

/// An image whose programs may wait for functions, and whose daemon is gone. Programs know by the lock on the control file
/// that there is another now.
#[derive(Debug)]
pub struct Orphan {
    control: Control,
    path: PathBuf,
}

/// Tidies the folder of images of the daemon before, and gives the images that are to be taken over. Complete programs go on
/// and may be started again: their images stay until they are published anew.
pub fn orphans_in(images: &Path) -> Vec<Orphan> {
    let mut orphans = Vec::new();
    let entries = std::fs::read_dir(images).into_iter().flatten();
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("so") if is_whole(&path) => {}
            None if path.file_name().is_some_and(|name| name == SOCKET) => {}
            Some("control") => {
                // Taken by another daemon: then it is not ours to remove.
                if let Ok(control) = Control::open(&path) {
                    orphans.push(Orphan { control, path });
                }
            }
            // Goes with its control file.
            Some("resume") if path.with_extension("control").exists() => {}
            Some("resume") => ResumeFolder::of(&path).discard(),
            // An image that was never finished, or was being changed.
            _ => {
                let _ = std::fs::remove_file(&path);
            }
        }
    }
    orphans
}

/// Whether the image is one that the loader takes: it is not while it is changed.
fn is_whole(image: &Path) -> bool {
    let mut magic = [0; 4];
    std::fs::File::open(image).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && magic == *b"\x7fELF"
}

/// Goes on where the daemon before ended. A program that waits for a function which cannot be had any more is told so.
pub fn take_over(resources: &Resources, orphans: Vec<Orphan>) {
    if orphans.is_empty() {
        return;
    }
    for orphan in orphans {
        let folder = ResumeFolder::of(&orphan.path);
        match orphan.rebuild(resources, &folder) {
            Ok(image) => orphan.serve(resources, folder, image),
            Err(error) => {
                tracing::info!(control = %orphan.path.display(), "not taken over: {error}");
                orphan.control.fail_all(GONE);
                let _ = std::fs::remove_file(&orphan.path);
                folder.discard();
            }
        }
    }
    give_memory_back();
}

/// Why an image is not gone on with.
#[derive(Debug, thiserror::Error)]
enum TakeOverError {
    #[error(transparent)]
    Resume(#[from] ResumeError),
    #[error(transparent)]
    Unit(#[from] UnitError),
    #[error(transparent)]
    Image(#[from] cranefly_image::Error),
}

/// An image as its daemon had it.
struct Rebuilt {
    program: Image,
    units: UnitSet,
    options: ProgramOptions,
    image: PathBuf,
}

impl Orphan {
    fn rebuild(&self, resources: &Resources, folder: &ResumeFolder) -> Result<Rebuilt, TakeOverError> {
        let state = folder.load()?;
        let compiler = EagerCompiler::new(&resources.serve.compile, &state.options.code, 0);
        let context = compiler.read_context();
        let units: Vec<Arc<LoadedUnit>> = folder
            .units(&state)?
            .par_iter()
            .map(|(id, file)| Ok(resources.units.load(file, &Arc::from(*id), &context)?.0))
            .collect::<Result<_, UnitError>>()?;
        let units = UnitSet::new(units);
        let program = Image::adopt(&folder.image(), state.program, units.inputs())?;
        Ok(Rebuilt { program, units, options: state.options, image: state.image })
    }

    fn serve(self, resources: &Resources, folder: ResumeFolder, rebuilt: Rebuilt) {
        let Rebuilt { program, units, options, image } = rebuilt;
        let serve = resources.serve.clone();
        let live = Arc::new(LiveImage::with(program, self.control, &self.path, folder, serve));
        live.set_inputs(Arc::new(units), &options);
        match live.start().and_then(|()| live.compile_ahead()) {
            Ok(()) => resources.taken_over.keep(image, live),
            Err(error) => {
                tracing::error!(%error, image = %image.display(), "cannot serve an image that was taken over")
            }
        }
    }
}

/// After so long without a publication, images of another daemon (an older engine, another toolchain) are given up. Their
/// programs are published anew when they are run again.
const FORGOTTEN: Duration = Duration::from_secs(3 * 24 * 3600);

/// Removes the other folders than `images` that no daemon has published to for days, or whose daemon nobody can reach any more, as
/// the folder of its socket is gone: memory that nobody else would free.
pub fn forget_others(images: &Path) {
    let parents = image_folder::candidates().into_iter().filter(|parent| is_ours(parent));
    let entries = parents.filter_map(|parent| std::fs::read_dir(parent).ok()).flatten();
    for entry in entries.filter_map(Result::ok).filter(|entry| entry.path() != images) {
        let age = entry.metadata().and_then(|metadata| metadata.modified()).map(|modified| modified.elapsed());
        let is_gone = |socket: PathBuf| socket.is_absolute() && socket.parent().is_some_and(|folder| !folder.exists());
        let is_unreachable = socket_of(&entry.path()).is_some_and(is_gone);
        if is_unreachable || matches!(age, Ok(Ok(age)) if age > FORGOTTEN) {
            tracing::info!(folder = %entry.path().display(), "images of another engine removed");
            // Programs that run from them go on.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    session_links::tidy();
}
