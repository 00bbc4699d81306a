//! The daemon's end: creates or takes over a control file, receives requests, announces publications.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::mm::{MapFlags, ProtFlags};
use rustix::thread::futex;

use crate::layout::{COMMAND_BYTES, FATAL_BYTES, Layout, MAGIC, MAX_STRINGS, RING, VERSION};

/// How a stub starts the daemon when it is gone: in a session of its own, in `/`, with `/dev/null` as standard
/// streams, default signal dispositions, and this environment and no other.
#[derive(Clone, Debug, Default)]
pub struct Command {
    /// Absolute path of the daemon, then its arguments. It should end in [`Control::open`].
    pub arguments: Vec<OsString>,
    /// `KEY=value` strings.
    pub environment: Vec<OsString>,
}

impl Command {
    /// For a daemon started with `arguments` and what this process has of the variables `names`. One whose value is longer than
    /// any path is left out: there is room for [`COMMAND_BYTES`].
    pub fn with_environment(arguments: Vec<OsString>, names: &[&str]) -> Self {
        const LONGEST: usize = 4096;
        let variables = names.iter().filter_map(|name| {
            let value = std::env::var_os(name).filter(|value| value.len() <= LONGEST)?;
            let mut variable = OsString::from(name);
            variable.push("=");
            variable.push(value);
            Some(variable)
        });
        Self { arguments, environment: variables.collect() }
    }
}

/// Why there is no [`Control`].
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The operating system said no.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Another daemon holds the file.
    #[error("another daemon answers this control file")]
    Taken,
    /// The file is not one, or is another version's.
    #[error("not a control file of version {VERSION}")]
    Format,
    /// The command has no absolute path, has a NUL in it, or more than [`COMMAND_BYTES`] or [`MAX_STRINGS`].
    #[error("the daemon's command cannot be stored")]
    Command,
}

/// What [`Control::next_request`] woke up for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// A program waits for the function of this slot index. May come several times for the same slot.
    Compile(u32),
    /// [`Control::interrupt`] was called.
    Interrupted,
    /// Nothing came in time.
    TimedOut,
}

/// A control file that this process answers. The lock on it, and with it the stubs' belief that a daemon lives, lasts
/// until this is dropped or the process ends.
#[derive(Debug)]
pub struct Control {
    layout: NonNull<Layout>,
    /// Where the next sweep of the ring begins.
    cursor: AtomicU32,
    interrupted: AtomicU32,
    _file: File,
}

// SAFETY: the mapping lives as long as the value, and after construction only its atomics and, through
// `fatal_len`'s release, `fatal` are touched.
unsafe impl Send for Control {}
// SAFETY: as above.
unsafe impl Sync for Control {}

impl Control {
    /// Creates the control file (0600; it must not exist) and takes it. No program may know the path before.
    pub fn create(path: &Path, command: &Command) -> Result<Self, ControlError> {
        let stored = store_command(command)?;
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
        file.set_len(size_of::<Layout>() as u64)?;
        let layout = map(&file)?;
        // SAFETY: a fresh mapping of a file that nobody else knows.
        let header = unsafe { &mut *layout.as_ptr() };
        header.version = VERSION;
        header.argc = command.arguments.len() as u32;
        header.envc = command.environment.len() as u32;
        header.command[..stored.len()].copy_from_slice(&stored);
        header.magic = MAGIC;
        Self::take(file, layout)
    }

    /// Takes over an existing control file from a daemon that is gone. Requests in it, and those that the old daemon
    /// took but did not answer, will come again.
    pub fn open(path: &Path) -> Result<Self, ControlError> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        if file.metadata()?.len() != size_of::<Layout>() as u64 {
            return Err(ControlError::Format);
        }
        let layout = map(&file)?;
        // SAFETY: mapped in full; magic and version never change once the file is known.
        let (magic, version) = unsafe { (layout.as_ref().magic, layout.as_ref().version) };
        if magic != MAGIC || version != VERSION {
            unmap(layout);
            return Err(ControlError::Format);
        }
        Self::take(file, layout)
    }

    fn take(file: File, layout: NonNull<Layout>) -> Result<Self, ControlError> {
        let control = Self { layout, cursor: AtomicU32::new(0), interrupted: AtomicU32::new(0), _file: file };
        lock(&control._file)?;
        let shared = control.shared();
        shared.daemon_pid.store(std::process::id(), Ordering::Relaxed);
        // 0 and u32::MAX are the stub's own marks.
        let next = |epoch: u32| Some(if epoch >= u32::MAX - 1 { 1 } else { epoch + 1 });
        let _ = shared.epoch.fetch_update(Ordering::Release, Ordering::Relaxed, next);
        control.complete();
        Ok(control)
    }

    fn shared(&self) -> &Layout {
        // SAFETY: mapped until drop; what other processes write concurrently is atomic.
        unsafe { self.layout.as_ref() }
    }

    /// The next request, waiting for it at most `timeout` (for ever without). Any thread may call it.
    pub fn next_request(&self, timeout: Option<Duration>) -> Request {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let shared = self.shared();
        loop {
            let seen = shared.request_futex.load(Ordering::Acquire);
            if let Some(slot) = self.sweep() {
                return Request::Compile(slot);
            }
            if self.interrupted.swap(0, Ordering::AcqRel) != 0 {
                return Request::Interrupted;
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Request::TimedOut;
            }
            let left = left.and_then(|left| left.try_into().ok());
            // Woken, interrupted or late: the loop looks again in any case.
            let _ = futex::wait(&shared.request_futex, futex::Flags::empty(), seen, left.as_ref());
        }
    }

    /// Takes a request out of the ring, roughly in order of arrival.
    fn sweep(&self) -> Option<u32> {
        let ring = &self.shared().ring;
        let start = self.cursor.load(Ordering::Relaxed) as usize;
        for step in 0..RING {
            let index = (start + step) % RING;
            if ring[index].load(Ordering::Relaxed) == 0 {
                continue;
            }
            let taken = ring[index].swap(0, Ordering::AcqRel);
            if taken != 0 {
                self.cursor.store(((index + 1) % RING) as u32, Ordering::Relaxed);
                return Some(taken - 1);
            }
        }
        None
    }

    /// Makes a waiting [`Self::next_request`] return.
    pub fn interrupt(&self) {
        self.interrupted.store(1, Ordering::Release);
        self.shared().request_futex.fetch_add(1, Ordering::AcqRel);
        let _ = futex::wake(&self.shared().request_futex, futex::Flags::empty(), i32::MAX as u32);
    }

    /// Tells every stub that slots have been rewritten. One call may stand for many.
    pub fn complete(&self) {
        self.shared().done_futex.fetch_add(1, Ordering::AcqRel);
        let _ = futex::wake(&self.shared().done_futex, futex::Flags::empty(), i32::MAX as u32);
    }

    /// Ends every program that waits, or will wait, for a function, with `message` (cut to [`FATAL_BYTES`]) and
    /// SIGABRT. For a single function that cannot be compiled publish [`failure_code`](crate::failure_code) instead.
    pub fn fail_all(&self, message: &str) {
        let mut length = message.len().min(FATAL_BYTES);
        while !message.is_char_boundary(length) {
            length -= 1;
        }
        if self.shared().fatal_len.load(Ordering::Acquire) == 0 && length > 0 {
            // SAFETY: in bounds; nobody reads the message before its length is stored, and it is stored once.
            unsafe {
                let fatal = &raw mut (*self.layout.as_ptr()).fatal;
                fatal.cast::<u8>().copy_from_nonoverlapping(message.as_ptr(), length);
            }
            self.shared().fatal_len.store(length as u32, Ordering::Release);
        }
        self.complete();
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        unmap(self.layout);
    }
}

fn map(file: &File) -> Result<NonNull<Layout>, ControlError> {
    let (size, flags) = (size_of::<Layout>(), ProtFlags::READ | ProtFlags::WRITE);
    // SAFETY: a new mapping at an address of the kernel's choice.
    let address = unsafe { rustix::mm::mmap(std::ptr::null_mut(), size, flags, MapFlags::SHARED, file, 0) }
        .map_err(io::Error::from)?;
    NonNull::new(address.cast()).ok_or(ControlError::Format)
}

fn unmap(layout: NonNull<Layout>) {
    // SAFETY: a mapping of `map`, to which no reference is left.
    let _ = unsafe { rustix::mm::munmap(layout.as_ptr().cast(), size_of::<Layout>()) };
}

/// Takes the daemon's lock: on the open file description, so that it ends with the process and no other open or close
/// of the same file in this process disturbs it.
fn lock(file: &File) -> Result<(), ControlError> {
    let wanted =
        libc::flock { l_type: libc::F_WRLCK as _, l_whence: libc::SEEK_SET as _, l_start: 0, l_len: 1, l_pid: 0 };
    // SAFETY: the descriptor is open and the structure outlives the call.
    if unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &wanted) } == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::EAGAIN | libc::EACCES) => Err(ControlError::Taken),
        _ => Err(error.into()),
    }
}

fn store_command(command: &Command) -> Result<Vec<u8>, ControlError> {
    let strings = || command.arguments.iter().chain(&command.environment);
    let absolute = command.arguments.first().is_some_and(|program| Path::new(program).is_absolute());
    let mut stored = Vec::new();
    for string in strings() {
        stored.extend_from_slice(string.as_bytes());
        stored.push(0);
    }
    let nul_free = strings().all(|string| !string.as_bytes().contains(&0));
    if !absolute || !nul_free || stored.len() > COMMAND_BYTES || strings().count() > MAX_STRINGS {
        return Err(ControlError::Command);
    }
    Ok(stored)
}
