//! A program's executable.

use std::path::{Path, PathBuf};

use cranefly_image::{BaseImage, Error, Identity, Image, ImageSearch, Replacement, executable, write_absent};
use tracing::debug_span;

use crate::folders::private_folder;
use crate::session_links;

/// Bytes of a small executable, as a rule.
const ROOM: u64 = 64 << 10;

/// The folder beside the base image with what stands in for images that are the owner's to look for.
const OWNERS: &str = "owner";

/// An executable that is about to be published.
#[derive(Debug)]
pub struct ExecutableFile(Replacement);

impl ExecutableFile {
    /// Begins to write it. An error here leaves everything as it is, which later ones do not: the executable that is there
    /// is not one of the image's any more as soon as that is committed.
    pub fn begin(path: &Path) -> Result<Self, Error> {
        Replacement::begin(path, 0o777, ROOM).map(Self)
    }

    /// Writes it: the complete one where something may look at it, or else the small one.
    pub fn finish(self, program: &Image, image: &Path, base: &BaseImage, identity: &Identity) -> Result<(), Error> {
        let _span = debug_span!("executable").entered();
        if program.finds_itself()
            && let Some(complete) = program.complete(identity)
        {
            return self.0.finish(&complete);
        }
        if let Some(name) = program.lacks_own_headers() {
            return Err(Error::LinkerDefined { name: name.to_owned() });
        }
        self.0.finish(&executable(&search(image, base), base, identity)?)
    }
}

/// Where the executable finds its image.
///
/// With a [link](session_links) to it, only others get to where it lies: its owner, and root, find what stands in for it before,
/// in a folder that others cannot enter. The loader goes on behind what is not there, and behind what it may not read.
fn search(image: &Path, base: &BaseImage) -> ImageSearch {
    let absent = stand_in(image, base, None);
    let linked = session_links::make(image).unwrap_or_else(|error| {
        tracing::warn!(%error, "no link to the image in the session's folder");
        None
    });
    let Some(link) = linked else {
        return ImageSearch { image: image.to_owned(), others: absent.into_iter().collect() };
    };
    let others = match (stand_in(image, base, Some(OWNERS)), image.parent()) {
        (Some(owners), Some(images)) => [owners, images.to_owned()].into_iter().chain(absent).collect(),
        // Nothing would keep the owner from what others may have put there.
        _ => Vec::new(),
    };
    ImageSearch { image: link, others }
}

/// Makes sure that a program whose image is gone can say so; gives the folder of what it finds then. It lies beside the base
/// image, which a program cannot do without either. `closed`: the name of a folder there that is the owner's alone.
fn stand_in(image: &Path, base: &BaseImage, closed: Option<&str>) -> Option<PathBuf> {
    let (mut folder, name) = (base.path().parent()?.to_owned(), image.file_name()?);
    folder.extend(closed);
    let opened = if closed.is_some() { private_folder(&folder) } else { Ok(()) };
    let opened = opened.map_err(|source| Error::File { path: folder.clone(), source });
    let written = opened.and_then(|()| write_absent(&folder.join(name), base));
    written.inspect_err(|error| tracing::warn!(%error, "programs without their image will not say so")).ok()?;
    Some(folder)
}
