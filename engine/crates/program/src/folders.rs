//! Folders that are this user's alone.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

/// Makes `folder` with mode 0700, or checks that it is a folder of ours that nobody else may enter.
///
/// # Errors
/// It cannot be made, or is somebody else's or open to others.
pub fn private_folder(folder: &Path) -> io::Result<()> {
    match std::fs::DirBuilder::new().recursive(false).mode(0o700).create(folder) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    // Not following a link: someone else may have put it there.
    let metadata = std::fs::symlink_metadata(folder)?;
    let ours = metadata.is_dir() && metadata.uid() == rustix::process::getuid().as_raw();
    if !ours || metadata.permissions().mode() & 0o077 != 0 {
        let message = format!("{} is not a private folder of this user", folder.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
    }
    Ok(())
}

/// Whether there is such a folder, and nobody else may change what is in it.
pub fn is_ours(folder: &Path) -> bool {
    std::fs::symlink_metadata(folder).is_ok_and(|metadata| is_own_folder(&metadata))
}

/// The same of a folder that was looked at, not following links.
pub fn is_own_folder(metadata: &Metadata) -> bool {
    let ours = metadata.is_dir() && metadata.uid() == rustix::process::getuid().as_raw();
    ours && metadata.mode() & 0o022 == 0
}
