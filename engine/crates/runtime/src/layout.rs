//! What lies in a control file: the memory that the daemon and the stubs of all running programs share.

use std::sync::atomic::AtomicU32;

/// First word of a control file.
pub const MAGIC: u64 = u64::from_le_bytes(*b"cranefly");

/// Changes with every incompatible change of [`Layout`].
pub const VERSION: u32 = 1;

/// Requests that can wait at a time; a stub that finds no room waits for the daemon's next publication.
pub const RING: usize = 4096;

/// Bytes of [`Layout::fatal`].
pub const FATAL_BYTES: usize = 1008;

/// Bytes of [`Layout::command`].
pub const COMMAND_BYTES: usize = 64 << 10;

/// Arguments and environment strings in [`Layout::command`], together.
pub const MAX_STRINGS: usize = 2048;

/// A control file. The stub addresses these fields by offset; all are little-endian.
///
/// A program may be killed at any instruction, so no step of the protocol holds anything: a request is one
/// compare-and-swap of an empty ring cell. Whether a daemon lives is told by the kernel: it holds an open file
/// description lock (`F_OFD_SETLK`, exclusive) on the file's first byte, which ends with it and cannot be mistaken for
/// another process' as a process id can.
#[repr(C)]
pub struct Layout {
    /// [`MAGIC`].
    pub magic: u64,
    /// [`VERSION`].
    pub version: u32,
    /// Process id of the daemon; only asked when the lock cannot be (no file descriptor left).
    pub daemon_pid: AtomicU32,
    /// Counts daemons. A stub that sees it change asks again: the old daemon may have taken its request with it.
    pub epoch: AtomicU32,
    /// Where the next stub begins to look for an empty cell.
    pub hint: AtomicU32,
    /// Bumped after every request; the daemon sleeps on it.
    pub request_futex: AtomicU32,
    /// Bumped after every publication; the stubs sleep on it.
    pub done_futex: AtomicU32,
    /// When a stub last started a daemon: milliseconds of `CLOCK_MONOTONIC`, truncated.
    pub started: AtomicU32,
    /// Length of `fatal`; unless 0, no request will ever be answered again.
    pub fatal_len: AtomicU32,
    /// Number of arguments in `command`, the first being the absolute path of the daemon.
    pub argc: u32,
    /// Number of environment strings in `command`, behind the arguments.
    pub envc: u32,
    /// Why no request will be answered.
    pub fatal: [u8; FATAL_BYTES],
    /// Requests: slot index + 1, or 0 for an empty cell.
    pub ring: [AtomicU32; RING],
    /// How to start the daemon: NUL-terminated arguments, then NUL-terminated environment strings.
    pub command: [u8; COMMAND_BYTES],
}
