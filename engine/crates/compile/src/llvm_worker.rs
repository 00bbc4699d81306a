//! LLVM's code generator in a process of its own. LLVM ends its process on what it calls fatal errors, may recurse until
//! the stack overflows, and has been seen to run for ever: here that costs one function.
//!
//! The process is this program again, started when it is first needed and kept for a while. It speaks over a Unix socket,
//! its standard input. A request is a level, a name and a module; an answer is a kind and an object or a reason; each
//! part has its length in front.

mod messages;
mod process;

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use cranefly_codegen::llvm::OptLevel;

pub use messages::read_part;
use messages::{OBJECT, REFUSED, write_part};
pub use process::{WorkerRunError, run};

/// The subcommand that makes this program a worker.
pub const COMMAND: &str = "llvm-worker";

/// What one function may take.
const TIME: Duration = Duration::from_secs(120);
/// Workers that are kept while nobody needs them.
const KEPT: usize = 2;

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
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// There is no worker, and none can be started.
    #[error("LLVM cannot be started: {0}")]
    Start(#[source] io::Error),
    /// LLVM rejects what it was given, in its words.
    #[error("{0}")]
    Rejected(String),
    /// LLVM ended its process on purpose, with these words.
    #[error("fatal error: {0}")]
    Fatal(String),
    /// It was still at it when its time was over.
    #[error("LLVM was not done after {} s", .0.as_secs())]
    Overdue(Duration),
    /// A signal ended it: it recursed too deeply, mostly.
    #[error("LLVM ended by signal {0}")]
    Signal(i32),
    /// It ended otherwise.
    #[error("LLVM ended ({0})")]
    Ended(#[source] io::Error),
    /// It answered nonsense.
    #[error("LLVM's answer: {0}")]
    Answer(#[source] io::Error),
}

impl WorkerError {
    /// Whether the worker was gone before it answered.
    fn is_end(&self) -> bool {
        matches!(self, Self::Signal(_) | Self::Ended(_))
    }
}

impl LlvmWorkers {
    /// Workers for the toolchain at `sysroot`: processes of `program`, which is this program.
    pub fn new(sysroot: &Path, program: &Path) -> Self {
        Self { sysroot: sysroot.to_owned(), program: program.to_owned(), idle: Mutex::default() }
    }

    /// Compiles a module; gives the object.
    ///
    /// # Errors
    /// Any [`WorkerError`].
    pub fn emit(&self, module: &[u8], name: &str, level: OptLevel) -> Result<Vec<u8>, WorkerError> {
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(mut worker) = kept {
            match worker.ask(module, name, level) {
                // It may have ended before, having been idle.
                Err(error) if error.is_end() => {}
                outcome => return self.keep(worker, outcome),
            }
        }
        let mut worker = Worker::start(&self.program, &self.sysroot).map_err(WorkerError::Start)?;
        let outcome = worker.ask(module, name, level);
        self.keep(worker, outcome)
    }

    /// Keeps a worker that is fit for another question.
    fn keep(&self, worker: Worker, outcome: Result<Vec<u8>, WorkerError>) -> Result<Vec<u8>, WorkerError> {
        if matches!(outcome, Ok(_) | Err(WorkerError::Rejected(_))) {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < KEPT {
                idle.push(worker);
            }
        }
        outcome
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

    fn ask(&mut self, module: &[u8], name: &str, level: OptLevel) -> Result<Vec<u8>, WorkerError> {
        let words = |reason: &[u8]| String::from_utf8_lossy(reason).into_owned();
        match self.exchange(module, name, level, Instant::now() + TIME) {
            Ok((OBJECT, object)) => Ok(object),
            Ok((REFUSED, reason)) => Err(WorkerError::Rejected(words(&reason))),
            Ok((_, reason)) => Err(WorkerError::Fatal(words(&reason))),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                Err(WorkerError::Overdue(TIME))
            }
            // It may be writing still.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(WorkerError::Answer(error)),
            Err(error) => Err(self.end(error)),
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
    fn end(&mut self, error: io::Error) -> WorkerError {
        let status = self.child.wait().ok();
        match status.and_then(|status| status.signal()) {
            Some(signal) => WorkerError::Signal(signal),
            None => WorkerError::Ended(error),
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
