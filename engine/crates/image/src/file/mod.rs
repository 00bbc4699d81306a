//! The image's file: a sparse, private file that the daemon keeps mapped and writes in place.

pub(crate) mod demand;
pub(crate) mod elf;
pub(crate) mod identity;
pub(crate) mod layout;
pub(crate) mod region;
pub(crate) mod replacement;
pub(crate) mod room;

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use memmap2::{MmapMut, UncheckedAdvice};

use self::layout::Layout;
use self::region::{ByRegion, PAGE, Region};
use self::room::Shortage;
use crate::Error;
use crate::error::AdoptError;

/// Room behind what is in use: terminators and what a reader may look at ahead.
const SLACK: u64 = 64;
/// Room is asked for in steps of a quarter of what is in use, at most so much.
const MAX_STEP: u64 = 1 << 20;

/// Bytes by region.
pub(crate) type Cursors = ByRegion;

/// The mapped file with one write cursor a region.
#[derive(Debug)]
pub struct ImageFile {
    path: PathBuf,
    file: File,
    map: MmapMut,
    layout: Layout,
    used: Cursors,
    /// Bytes of each region that the file system has given room for.
    backed: Cursors,
}

impl ImageFile {
    /// Creates `path` (mode 0600), replacing nothing: the caller picks a fresh name and renames.
    pub fn create(path: &Path, layout: Layout) -> Result<Self, Error> {
        let failed = |source| Error::File { path: path.to_owned(), source };
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
        file.set_len(layout.file_len()).map_err(failed)?;
        // SAFETY: the file was created just now under a name of our own with mode 0600; only this process writes it, and
        // nobody truncates it, so the mapping stays valid and has one writer.
        let map = unsafe { MmapMut::map_mut(&file) }.map_err(failed)?;
        let used = [0; Region::COUNT];
        let mut image = Self { path: path.to_owned(), file, map, layout, used, backed: used };
        image.set_used(Region::Header, image.layout.capacity(Region::Header))?;
        Ok(image)
    }

    /// Opens an image that another process made and left. Where its regions end is not known before
    /// [`restore`](Self::restore).
    pub(crate) fn open(path: &Path, layout: Layout) -> Result<Self, Error> {
        let failed = |source| Error::File { path: path.to_owned(), source };
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.len() != layout.file_len() {
            return Err(Error::Adopt { path: path.to_owned(), source: AdoptError::Length });
        }
        // SAFETY: as in `create`; the process that made it is gone, which the caller knows by the lock on its control file.
        let map = unsafe { MmapMut::map_mut(&file) }.map_err(failed)?;
        let used = [0; Region::COUNT];
        Ok(Self { path: path.to_owned(), file, map, layout, used, backed: used })
    }

    /// Bytes in use in every region.
    pub(crate) fn cursors(&self) -> Cursors {
        self.used
    }

    /// Sets every cursor of a file that was [opened](Self::open).
    pub(crate) fn restore(&mut self, used: Cursors) {
        self.used = used;
        // More may be; asking again for what is there costs nothing.
        self.backed = used;
    }

    /// Makes what lies behind the cursor of `region` zero again.
    pub(crate) fn clear_behind(&self, region: Region) -> Result<(), Error> {
        use rustix::fs::FallocateFlags;
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        let length = self.layout.capacity(region) - self.used(region);
        rustix::fs::fallocate(&self.file, flags, self.end(region), length)
            .map_err(|error| Error::File { path: self.path.clone(), source: error.into() })
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Moves the file to `target`, atomically replacing what is there. Programs that have the old one mapped keep it.
    pub fn rename(&mut self, target: &Path) -> Result<(), Error> {
        std::fs::rename(&self.path, target).map_err(|source| Error::File { path: target.to_owned(), source })?;
        target.clone_into(&mut self.path);
        Ok(())
    }

    /// Whether `path` leads to this very file.
    pub fn is_at(&self, path: &Path) -> bool {
        let identity = |metadata: io::Result<Metadata>| metadata.map(|file| (file.dev(), file.ino())).ok();
        identity(self.file.metadata()).is_some_and(|own| identity(std::fs::metadata(path)) == Some(own))
    }

    /// The regions.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Bytes in use in `region`.
    pub fn used(&self, region: Region) -> u64 {
        self.used[region as usize]
    }

    /// Virtual address of the first free byte of `region`.
    pub fn end(&self, region: Region) -> u64 {
        self.layout.start(region) + self.used(region)
    }

    /// Sets the cursor of a region that is rewritten as a whole.
    pub fn set_used(&mut self, region: Region, used: u64) -> Result<(), Error> {
        if used > self.layout.capacity(region) {
            let capacity = self.layout.capacity(region);
            return Err(Error::Full(Shortage { region, capacity, needed: used }));
        }
        self.back(region, used)?;
        self.used[region as usize] = used;
        Ok(())
    }

    /// Asks the file system for room before it is written to: a write to a mapping that finds none would end the daemon by
    /// SIGBUS, where this is an error.
    fn back(&mut self, region: Region, used: u64) -> Result<(), Error> {
        let backed = self.backed[region as usize];
        if region.is_zero() || used + SLACK <= backed || backed == self.layout.capacity(region) {
            return Ok(());
        }
        let capacity = self.layout.capacity(region);
        let goal = (used + SLACK + (used / 4).clamp(PAGE, MAX_STEP)).next_multiple_of(PAGE).min(capacity);
        let at = self.layout.start(region) + backed;
        rustix::fs::fallocate(&self.file, rustix::fs::FallocateFlags::empty(), at, goal - backed)
            .map_err(|error| Error::File { path: self.path.clone(), source: error.into() })?;
        self.backed[region as usize] = goal;
        Ok(())
    }

    /// Reserves `len` bytes aligned to `align` in `region` and gives their address.
    pub fn reserve(&mut self, region: Region, len: u64, align: u64) -> Result<u64, Error> {
        let start = self.layout.start(region);
        let at = self.end(region).next_multiple_of(align.max(1));
        self.set_used(region, (at - start).saturating_add(len))?;
        Ok(at)
    }

    /// Appends `bytes` to `region` and gives their address.
    pub fn append(&mut self, region: Region, bytes: &[u8], align: u64) -> Result<u64, Error> {
        let at = self.reserve(region, bytes.len() as u64, align)?;
        self.write(at, bytes);
        Ok(at)
    }

    /// Writes at a virtual address (or the file offset of what is not loaded).
    pub fn write(&mut self, at: u64, bytes: &[u8]) {
        let at = usize::try_from(at).expect("an address in the file");
        self.map[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Reads `len` bytes at a virtual address.
    pub fn read(&self, at: u64, len: usize) -> &[u8] {
        let at = usize::try_from(at).expect("an address in the file");
        &self.map[at..at + len]
    }

    /// Writes a little-endian 64-bit word with one store; `at` is a multiple of 8. Release order: what was written before
    /// is visible to a program that sees the word.
    pub fn publish_u64(&mut self, at: u64, value: u64) {
        assert!(at.is_multiple_of(8), "aligned word");
        let at = usize::try_from(at).expect("an address in the file");
        let word = &mut self.map[at..at + 8];
        // SAFETY: the slice is 8 bytes long and, the mapping being page-aligned, aligned to 8; other processes only read.
        let word = unsafe { std::sync::atomic::AtomicU64::from_ptr(word.as_mut_ptr().cast()) };
        word.store(value.to_le(), std::sync::atomic::Ordering::Release);
    }

    /// As [`Self::publish_u64`] for 32 bits.
    pub fn publish_u32(&mut self, at: u64, value: u32) {
        assert!(at.is_multiple_of(4), "aligned word");
        let at = usize::try_from(at).expect("an address in the file");
        let word = &mut self.map[at..at + 4];
        // SAFETY: as in `publish_u64`, for 4 bytes.
        let word = unsafe { std::sync::atomic::AtomicU32::from_ptr(word.as_mut_ptr().cast()) };
        word.store(value.to_le(), std::sync::atomic::Ordering::Release);
    }

    /// Who may do what with the file.
    pub fn set_mode(&self, mode: u32) -> Result<(), Error> {
        self.file
            .set_permissions(Permissions::from_mode(mode))
            .map_err(|source| Error::File { path: self.path.clone(), source })
    }

    /// Lets go of the memory by which this process sees the file. The file keeps everything, and what is read or written next is
    /// seen again: so this is for when hardly anything will be.
    pub fn forget_pages(&self) -> io::Result<()> {
        // SAFETY: the mapping is a shared one of a file. Its pages are the file's, so nothing is lost that was written to them.
        unsafe { self.map.unchecked_advise(UncheckedAdvice::DontNeed) }
    }

    /// Bytes that the file really takes.
    pub fn allocated_bytes(&self) -> u64 {
        self.file.metadata().map_or(0, |metadata| metadata.blocks() * 512)
    }

    /// Tries to make sure that no other process has the file open or mapped, and keeps others from opening it until the
    /// lease is dropped (Linux: `fcntl(F_SETLEASE, F_WRLCK)`; a mapping counts as open, however it came to be).
    pub fn lease(&self) -> Result<Option<Lease>, Error> {
        let lease = self.file.try_clone().map_err(|source| Error::File { path: self.path.clone(), source })?;
        match set_lease(&lease, libc::F_WRLCK) {
            Ok(()) => Ok(Some(Lease { file: lease })),
            // Busy, or a file system without leases: the caller writes a new file instead.
            Err(_) => Ok(None),
        }
    }
}

/// Exclusive use of an image's file; ends when dropped.
#[derive(Debug)]
pub struct Lease {
    file: File,
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Failure would mean that there is no lease to give back.
        let _ = set_lease(&self.file, libc::F_UNLCK);
    }
}

fn set_lease(file: &File, kind: i32) -> io::Result<()> {
    // A lease break sends SIGIO to the holder, whose default action is to end the process.
    static IGNORE_SIGIO: std::sync::Once = std::sync::Once::new();
    IGNORE_SIGIO.call_once(|| {
        // SAFETY: installing SIG_IGN runs no code in a handler.
        unsafe { libc::signal(libc::SIGIO, libc::SIG_IGN) };
    });
    // SAFETY: F_SETLEASE takes an integer and touches no memory of ours.
    match unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, kind) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
