//! Memory for code: written first, executed afterwards, never both.

use std::ptr::NonNull;

use rustix::io::Errno;
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

use crate::error::Error;

/// Pages that are being written.
#[derive(Debug)]
pub struct Draft(Pages);

/// Pages that can be executed and not be written any more.
#[derive(Debug)]
pub struct Executable(Pages);

#[derive(Debug)]
struct Pages {
    start: NonNull<u8>,
    length: usize,
}

impl Draft {
    /// Room for `length` bytes, zeroed.
    pub fn new(length: usize) -> Result<Self, Error> {
        let length = length.max(1).next_multiple_of(4096);
        let (rights, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE);
        // SAFETY: a new mapping at an address of the kernel's choice.
        let start = unsafe { mmap_anonymous(std::ptr::null_mut(), length, rights, flags) }
            .map_err(|source| Error::Memory { length, source })?;
        let start = NonNull::new(start.cast()).ok_or(Error::Memory { length, source: Errno::NOMEM })?;
        Ok(Self(Pages { start, length }))
    }

    /// Address of the first byte.
    pub fn address(&self) -> usize {
        self.0.start.as_ptr().addr()
    }

    /// Writes at an offset.
    pub fn write(&mut self, at: usize, bytes: &[u8]) {
        assert!(at + bytes.len() <= self.0.length, "code within its memory");
        // SAFETY: in bounds of a mapping that only this value knows and that is writable until `finish`.
        unsafe { self.0.start.as_ptr().add(at).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    }

    /// Takes the right to write away, and gives that to execute.
    pub fn finish(self) -> Result<Executable, Error> {
        let rights = MprotectFlags::READ | MprotectFlags::EXEC;
        // SAFETY: the whole of our own mapping, to which no reference exists.
        unsafe { mprotect(self.0.start.as_ptr().cast(), self.0.length, rights) }
            .map_err(|source| Error::NotExecutable { source })?;
        Ok(Executable(self.0))
    }
}

impl Executable {
    /// The code at an offset.
    pub fn at(&self, offset: usize) -> *const u8 {
        assert!(offset < self.0.length, "code within its memory");
        // SAFETY: in bounds of the mapping.
        unsafe { self.0.start.as_ptr().add(offset) }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: our own mapping; nothing of it is used any more.
        let _ = unsafe { munmap(self.start.as_ptr().cast(), self.length) };
    }
}
