//! Files that take others' places in one step.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::FallocateFlags;
use rustix::io::Errno;

use crate::Error;

/// Bytes of a file that are compared at once.
const PIECE: usize = 16 << 10;

/// A file that will take the place of another. It has its folder's permission and its room on the disk from the beginning: what
/// can go wrong has gone wrong before anything else is changed that must go with it.
#[derive(Debug)]
pub struct Replacement {
    path: PathBuf,
    temporary: PathBuf,
    /// Open until it is written.
    file: Option<File>,
}

impl Replacement {
    /// Begins to replace what is at `path`, or will be, by `room` bytes or as many as it has now. `mode` is less the umask.
    pub fn begin(path: &Path, mode: u32, room: u64) -> Result<Self, Error> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let failed = |source| Error::File { path: path.to_owned(), source };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        // Behind the whole name: others may differ from it in their extension alone.
        let mut temporary = path.as_os_str().to_owned();
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        temporary.push(format!(".cranefly-{}-{number}", std::process::id()));
        let temporary = PathBuf::from(temporary);
        // Of a process that had this one's number.
        let _ = std::fs::remove_file(&temporary);
        let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&temporary).map_err(failed)?;
        let mut replacement = Self { path: path.to_owned(), temporary, file: None };
        let room = room.max(std::fs::metadata(path).map_or(0, |metadata| metadata.len()));
        match rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, room) {
            // Not every file system can promise it.
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => {}
            Err(error) => return Err(failed(error.into())),
        }
        replacement.file = Some(file);
        Ok(replacement)
    }

    /// Replaces the file by `bytes`. Nothing is done if they are what is there.
    pub fn finish(mut self, bytes: &[u8]) -> Result<(), Error> {
        if is_there(&self.path, bytes) {
            return Ok(());
        }
        let failed = |source| Error::File { path: self.path.clone(), source };
        // Closed before it may be started: nobody starts a file that is open to be written to.
        if let Some(mut file) = self.file.take() {
            file.write_all(bytes).and_then(|()| file.set_len(bytes.len() as u64)).map_err(failed)?;
        }
        std::fs::rename(&self.temporary, &self.path).map_err(failed)
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        // Not there any more if it has become the file.
        let _ = std::fs::remove_file(&self.temporary);
    }
}

/// Has `bytes` at `path`, replacing what is there in one step; nothing is written if it is there. `mode` is less the umask.
pub(crate) fn replace_file(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    if is_there(path, bytes) { Ok(()) } else { Replacement::begin(path, mode, bytes.len() as u64)?.finish(bytes) }
}

/// Compared piece by piece: files of as many bytes differ in their first one, as a rule, which has the build id.
fn is_there(path: &Path, bytes: &[u8]) -> bool {
    let Ok(mut file) = File::open(path) else { return false };
    let mut piece = [0; PIECE];
    file.metadata().is_ok_and(|metadata| metadata.len() == bytes.len() as u64)
        && bytes.chunks(PIECE).all(|expected| {
            let piece = &mut piece[..expected.len()];
            file.read_exact(piece).is_ok() && piece == expected
        })
}
