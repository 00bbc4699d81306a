//! Where images live: a folder in memory from which code may be mapped.

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::bail;
use rustix::mm::{MapFlags, ProtFlags};

use crate::server::private_folder;

/// An image of a large program takes about a hundred megabytes, and there are two while one replaces the other.
const ENOUGH: u64 = 256 << 20;

/// The folder that a daemon keeps its images in. Whoever ends sessions or tidies temporary files may remove it at any time.
#[derive(Debug)]
pub struct ImageFolder {
    /// The daemon's own name in it.
    name: OsString,
    path: Mutex<PathBuf>,
}

impl ImageFolder {
    /// Finds a place, and makes the folder there.
    pub fn make(name: &OsStr) -> anyhow::Result<Self> {
        Ok(Self { name: name.to_owned(), path: Mutex::new(make(name)?) })
    }

    /// Where it is; made anew, elsewhere if need be, when it is gone.
    pub fn path(&self) -> anyhow::Result<PathBuf> {
        let mut path = self.path.lock().unwrap_or_else(PoisonError::into_inner);
        if !path.is_dir() {
            *path = make(&self.name)?;
            tracing::info!(folder = %path.display(), "the folder of images was removed, and is made anew");
        }
        Ok(path.clone())
    }
}

fn make(name: &OsStr) -> anyhow::Result<PathBuf> {
    let path = find()?.join(name);
    private_folder(&path)?;
    Ok(path)
}

/// The first folder that works and has room of `$XDG_RUNTIME_DIR`, `/dev/shm` and the temporary folder; if none has room, the
/// one that has most.
fn find() -> anyhow::Result<PathBuf> {
    let uid = rustix::process::getuid().as_raw();
    let candidates = [
        std::env::var_os("XDG_RUNTIME_DIR").map(|folder| PathBuf::from(folder).join("cranefly-images")),
        Some(PathBuf::from(format!("/dev/shm/cranefly-{uid}"))),
        Some(std::env::temp_dir().join(format!("cranefly-images-{uid}"))),
    ];
    let mut reasons = Vec::new();
    let mut small: Option<(u64, PathBuf)> = None;
    for folder in candidates.into_iter().flatten() {
        match usable(&folder).and_then(|()| room(&folder)) {
            Ok(room) if room >= ENOUGH => return Ok(folder),
            Ok(room) => {
                if small.as_ref().is_none_or(|(most, _)| room > *most) {
                    small = Some((room, folder));
                }
            }
            Err(error) => reasons.push(format!("{}: {error}", folder.display())),
        }
    }
    if let Some((room, folder)) = small {
        tracing::warn!(folder = %folder.display(), room, "little room for program images");
        return Ok(folder);
    }
    bail!("no folder for program images: {}", reasons.join("; "))
}

/// Bytes that `folder` has room for.
pub fn room(folder: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(folder)?;
    Ok(stat.f_bavail * stat.f_frsize)
}

/// Whether `folder` is private and code in it may be executed (containers often mount `/dev/shm` noexec).
fn usable(folder: &Path) -> io::Result<()> {
    private_folder(folder)?;
    let path = folder.join(format!("probe-{}", std::process::id()));
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(&path)?;
    let result = probe(&file);
    std::fs::remove_file(&path)?;
    result
}

fn probe(file: &File) -> io::Result<()> {
    file.set_len(4096)?;
    let protection = ProtFlags::READ | ProtFlags::EXEC;
    // SAFETY: a new private mapping at an address of the kernel's choice, unmapped below and never accessed.
    unsafe {
        let map = rustix::mm::mmap(std::ptr::null_mut(), 4096, protection, MapFlags::PRIVATE, file, 0)?;
        rustix::mm::munmap(map, 4096)?;
    }
    Ok(())
}
