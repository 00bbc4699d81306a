//! A worker: what its process does.

use std::ffi::{CStr, c_char};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use cranefly_bitcode::Llvm;
use cranefly_codegen::llvm::{LlvmCompiler, OptLevel};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::messages::{FATAL, OBJECT, REFUSED, read_part, respond};

/// Address space of a worker; the library alone maps a few hundred megabytes.
const MEMORY: u64 = 8 << 30;
/// A worker that nobody needed for so long ends.
const IDLE: Duration = Duration::from_secs(300);

fn standard_input() -> io::Result<UnixStream> {
    Ok(UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?))
}

/// Tells LLVM's last words.
extern "C" fn fatal(reason: *const c_char) {
    if !reason.is_null()
        && let Ok(socket) = standard_input()
    {
        // SAFETY: LLVM passes a NUL-terminated string.
        let reason = unsafe { CStr::from_ptr(reason) };
        let _ = respond(socket, FATAL, reason.to_bytes());
    }
    // SAFETY: ends the process without running what LLVM has registered for its end.
    unsafe { libc::_exit(1) }
}

/// Why a worker ended that was not idle.
#[derive(Debug, thiserror::Error)]
pub enum WorkerRunError {
    /// Its limits cannot be set, or the engine is gone.
    #[error("the connection to the engine: {0}")]
    Io(#[from] io::Error),
    /// The toolchain has no library.
    #[error(transparent)]
    Library(#[from] cranefly_bitcode::Error),
    /// The library has no code generator.
    #[error(transparent)]
    Generator(#[from] cranefly_codegen::llvm::Error),
}

/// A worker's life.
///
/// # Errors
/// See [`WorkerRunError`].
pub fn run(sysroot: &Path) -> Result<(), WorkerRunError> {
    let mut socket = standard_input()?;
    let bound = |bytes| Rlimit { current: Some(bytes), maximum: Some(bytes) };
    // Whoever started the engine may allow less.
    let memory = getrlimit(Resource::As).maximum.map_or(MEMORY, |allowed| allowed.min(MEMORY));
    setrlimit(Resource::As, bound(memory)).map_err(io::Error::from)?;
    setrlimit(Resource::Core, bound(0)).map_err(io::Error::from)?;
    let compiler = LlvmCompiler::new(&Llvm::open(sysroot)?)?;
    compiler.on_fatal_error(fatal);
    let watched = standard_input()?;
    // Nobody waits for the answer any more when the engine is gone.
    std::thread::spawn(move || {
        let mut events = [rustix::event::PollFd::new(&watched, rustix::event::PollFlags::RDHUP)];
        while !matches!(rustix::event::poll(&mut events, None), Ok(1..)) {}
        // SAFETY: as above.
        unsafe { libc::_exit(0) }
    });
    loop {
        socket.set_read_timeout(Some(IDLE))?;
        let mut level = [0];
        match socket.read_exact(&mut level) {
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => return Ok(()),
            result => result?,
        }
        let name = String::from_utf8_lossy(&read_part(&mut socket)?).into_owned();
        let module = read_part(&mut socket)?;
        let level = match level[0] {
            0 => OptLevel::None,
            1 => OptLevel::Less,
            2 => OptLevel::Default,
            _ => OptLevel::Aggressive,
        };
        match compiler.emit(&module, &name, level) {
            Ok(object) => respond(&socket, OBJECT, &object)?,
            Err(error) => respond(&socket, REFUSED, error.to_string().as_bytes())?,
        }
    }
}
