//! LLVM's code generator in a process of its own. LLVM ends its process on what it calls fatal errors, may recurse until
//! the stack overflows, and has been seen to run for ever: here that costs one function.
//!
//! The process is this program again, started when it is first needed and kept for a while. It speaks over a Unix socket,
//! its standard input. A request is a level, a name and a module; an answer is a kind and an object or a reason; each
//! part has its length in front.

use std::ffi::{CStr, c_char};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use cranefly_bitcode::Llvm;
use cranefly_codegen::llvm::{LlvmCompiler, OptLevel};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The subcommand that makes this program a worker.
pub const COMMAND: &str = "llvm-worker";

/// What one function may take.
const TIME: Duration = Duration::from_secs(120);
/// Address space of a worker; the library alone maps a few hundred megabytes.
const MEMORY: u64 = 8 << 30;
/// Longest part of a message.
const MAX_PART: u64 = 1 << 30;
/// A worker that nobody needed for so long ends.
const IDLE: Duration = Duration::from_secs(300);
/// Workers that are kept while nobody needs them.
const KEPT: usize = 2;

/// Kinds of answers: an object, why there is none, and the same from a worker that ends.
const OBJECT: u8 = 0;
const REFUSED: u8 = 1;
const FATAL: u8 = 2;

/// Workers, as many as are needed at a time.
#[derive(Debug)]
pub struct LlvmWorkers {
    sysroot: PathBuf,
    program: PathBuf,
    idle: Mutex<Vec<Worker>>,
}

#[derive(Debug)]
struct Worker {
    child: Child,
    socket: UnixStream,
}

/// Why there is no object.
enum Failure {
    /// LLVM's reason, or that it took too long.
    Refused(String),
    /// The worker ended.
    Ended(String),
}

impl LlvmWorkers {
    /// Workers for the toolchain at `sysroot`: processes of `program`, which is this program.
    pub fn new(sysroot: &Path, program: &Path) -> Self {
        Self { sysroot: sysroot.to_owned(), program: program.to_owned(), idle: Mutex::default() }
    }

    /// Compiles a module; gives the object. Errors are reasons, in words.
    pub fn emit(&self, module: &[u8], name: &str, level: OptLevel) -> Result<Vec<u8>, String> {
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(mut worker) = kept {
            match worker.ask(module, name, level) {
                // It may have ended before, having been idle.
                Err(Failure::Ended(_)) => {}
                outcome => return self.keep(worker, outcome),
            }
        }
        let mut worker =
            Worker::start(&self.program, &self.sysroot).map_err(|error| format!("LLVM cannot be started: {error}"))?;
        let outcome = worker.ask(module, name, level);
        self.keep(worker, outcome)
    }

    fn keep(&self, worker: Worker, outcome: Result<Result<Vec<u8>, String>, Failure>) -> Result<Vec<u8>, String> {
        match outcome {
            Ok(answer) => {
                let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
                if idle.len() < KEPT {
                    idle.push(worker);
                }
                answer
            }
            Err(Failure::Refused(reason) | Failure::Ended(reason)) => Err(reason),
        }
    }
}

impl Worker {
    fn start(program: &Path, sysroot: &Path) -> io::Result<Self> {
        let (socket, theirs) = UnixStream::pair()?;
        let child = Command::new(program)
            .arg(COMMAND)
            .arg(sysroot)
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .current_dir("/")
            .spawn()?;
        Ok(Self { child, socket })
    }

    /// The worker's answer, if it is fit for another question.
    fn ask(&mut self, module: &[u8], name: &str, level: OptLevel) -> Result<Result<Vec<u8>, String>, Failure> {
        let deadline = Instant::now() + TIME;
        let outcome = self.exchange(module, name, level, deadline);
        match outcome {
            Ok((OBJECT, object)) => Ok(Ok(object)),
            Ok((REFUSED, reason)) => Ok(Err(String::from_utf8_lossy(&reason).into_owned())),
            Ok((_, reason)) => Err(Failure::Refused(format!("fatal error: {}", String::from_utf8_lossy(&reason)))),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                Err(Failure::Refused(format!("LLVM was not done after {} s", TIME.as_secs())))
            }
            // It may be writing still.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(Failure::Refused(error.to_string())),
            Err(error) => Err(Failure::Ended(self.end(&error))),
        }
    }

    fn exchange(&self, module: &[u8], name: &str, level: OptLevel, deadline: Instant) -> io::Result<(u8, Vec<u8>)> {
        let mut socket = Timed { socket: &self.socket, deadline };
        socket.write_all(&[level as u8])?;
        write_part(&mut socket, name.as_bytes())?;
        write_part(&mut socket, module)?;
        let mut kind = [0];
        socket.read_exact(&mut kind)?;
        Ok((kind[0], read_part(&mut socket)?))
    }

    /// How a worker ended that has closed its socket.
    fn end(&mut self, error: &io::Error) -> String {
        let status = self.child.wait().ok();
        match status.and_then(|status| status.signal()) {
            Some(signal) => format!("LLVM ended by signal {signal}"),
            None => format!("LLVM ended ({error})"),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A socket until a point in time.
struct Timed<'a> {
    socket: &'a UnixStream,
    deadline: Instant,
}

impl Timed<'_> {
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.socket.set_read_timeout(self.left()?)?;
        self.socket.read(bytes)
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.set_write_timeout(self.left()?)?;
        // Not `write`: a worker that has ended must not raise SIGPIPE.
        Ok(rustix::net::send(self.socket, bytes, rustix::net::SendFlags::NOSIGNAL)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_part(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(&(bytes.len() as u64).to_le_bytes())?;
    out.write_all(bytes)
}

fn read_part(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut len = [0; 8];
    from.read_exact(&mut len)?;
    let len = u64::from_le_bytes(len);
    if len > MAX_PART {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a part of more than 1 GB"));
    }
    let mut bytes = vec![0; len as usize];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn respond(mut out: impl Write, kind: u8, bytes: &[u8]) -> io::Result<()> {
    out.write_all(&[kind])?;
    write_part(&mut out, bytes)
}

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
