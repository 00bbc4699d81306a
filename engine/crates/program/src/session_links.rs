//! How the owner of a program, and root, are led to its image: by symbolic links below `$XDG_RUNTIME_DIR`.
//!
//! Images are where others may reach them, in `/dev/shm`, and everybody who may read an executable knows where. A machine that is
//! started again, or a session's end, empties that place, and then whoever comes first may make something of the same name
//! there. So the owner's programs are not led there themselves. The session's folder is made by root and the owner's alone,
//! so no one else ever puts a link there; when it is gone, nothing leads on.

use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::folders::{is_ours, private_folder};

/// Holds a folder of links for each folder of images.
const LINKS: &str = "cranefly-links";

/// The folder of the user's session, if it is the user's.
fn session() -> Option<PathBuf> {
    let folder = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from)?.canonicalize().ok()?;
    is_ours(&folder).then_some(folder)
}

/// Where the link to `image` is, or would be. `None` if there is no such folder, or the image itself is there.
fn place_of(image: &Path) -> Option<PathBuf> {
    let session = session()?;
    let images = image.parent()?;
    let is_outside = !images.canonicalize().is_ok_and(|images| images.starts_with(&session));
    let link = session.join(LINKS).join(images.file_name()?).join(image.file_name()?);
    is_outside.then_some(link)
}

/// Makes sure that there is a link to `image`, and tells where; `None` if there is to be none.
pub fn make(image: &Path) -> io::Result<Option<PathBuf>> {
    let Some(link) = place_of(image) else { return Ok(None) };
    if std::fs::read_link(&link).is_ok_and(|target| target == image) {
        return Ok(Some(link));
    }
    // Another daemon that tidies may remove an empty folder.
    put(&link, image).or_else(|_| put(&link, image))?;
    Ok(Some(link))
}

fn put(link: &Path, image: &Path) -> io::Result<()> {
    let folder = link.parent().ok_or(io::ErrorKind::InvalidFilename)?;
    private_folder(folder.parent().ok_or(io::ErrorKind::InvalidFilename)?)?;
    private_folder(folder)?;
    let temporary = link.with_extension("new");
    let _ = std::fs::remove_file(&temporary);
    symlink(image, &temporary)?;
    std::fs::rename(temporary, link)
}

/// The image is removed.
pub fn remove(image: &Path) {
    if let Some(link) = place_of(image) {
        let _ = std::fs::remove_file(link);
    }
}

/// Removes the links, any daemon's, that lead to no image any more.
pub fn tidy() {
    let Some(session) = session() else { return };
    let entries = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    for folder in entries(&session.join(LINKS)) {
        for link in entries(&folder.path()).filter(|link| !link.path().exists()) {
            let _ = std::fs::remove_file(link.path());
        }
        // If nothing is in it.
        let _ = std::fs::remove_dir(folder.path());
    }
}
