//! Where images live: a folder in memory from which code may be mapped.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::bail;
use rustix::mm::{MapFlags, ProtFlags};

use crate::server::private_folder;

/// The first folder that works of `$XDG_RUNTIME_DIR`, `/dev/shm` and the temporary folder.
pub fn find() -> anyhow::Result<PathBuf> {
    let uid = rustix::process::getuid().as_raw();
    let candidates = [
        std::env::var_os("XDG_RUNTIME_DIR").map(|folder| PathBuf::from(folder).join("cranefly-images")),
        Some(PathBuf::from(format!("/dev/shm/cranefly-{uid}"))),
        Some(std::env::temp_dir().join(format!("cranefly-images-{uid}"))),
    ];
    let mut reasons = Vec::new();
    for folder in candidates.into_iter().flatten() {
        match usable(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) => reasons.push(format!("{}: {error}", folder.display())),
        }
    }
    bail!("no folder for program images: {}", reasons.join("; "))
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
