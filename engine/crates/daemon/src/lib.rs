//! The resident engine.
//!
//! **Takes** requests over a Unix socket: which bitcode files a program consists of. **Gives** images that can be started,
//! and reports of what it took. **Never** runs cargo, rustc, or the user's program.
//!
//! It is a library for its own tests alone, which put a code generator that fails in Cranelift's place.

mod ask;
mod clif_command;
mod engine;
mod handlers;
mod programs;
mod server;
mod supervisor;

use std::ffi::OsString;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use cranefly_compile::{Cranelift, llvm_worker};
use cranefly_program::{STACK, forget_others, orphans_in, private_folder, room, take_over};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

pub use cranefly_program::ImageFolder;

pub use crate::engine::{Engine, EngineOptions};
pub use crate::handlers::publish;
pub use crate::programs::Programs;
use crate::server::{Server, lock_socket};

const USAGE: &str = "usage: cranefly-engine serve --socket PATH --sysroot PATH [--idle-seconds N] [--cache-bytes N] [--image-bytes N] [--memory-bytes N] [--eager-functions N] [--compile-ahead BOOL] [--paranoid BOOL]";

/// Functions that a new image is filled with before its program may start, by default. They take some hundred milliseconds
/// once; and a program that is complete from the start prints complete backtraces: std reads the image's symbols when the
/// first backtrace is printed, and would not see functions that are compiled later in the same process.
const EAGER: usize = 20_000;

struct Options {
    socket: PathBuf,
    sysroot: PathBuf,
    idle: Duration,
    cache_bytes: u64,
    image_bytes: u64,
    memory_bytes: u64,
    eager: usize,
    ahead: bool,
    paranoid: bool,
}

/// Logs to standard error what `CRANEFLY_LOG` asks for: a level, [`INFO`](LevelFilter::INFO) by default, or `target=level` for
/// parts, with commas between.
fn start_logging() {
    let asked = std::env::var("CRANEFLY_LOG").ok().map(|text| text.parse::<Targets>());
    let unreadable = asked.as_ref().and_then(|asked| asked.as_ref().err()).map(ToString::to_string);
    let targets = asked.and_then(Result::ok).unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    // Of a stage is said what it took, when it ends.
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_span_events(FmtSpan::CLOSE);
    let lines = lines.with_filter(targets);
    tracing_subscriber::registry().with(lines).init();
    if let Some(error) = unreadable {
        tracing::warn!("CRANEFLY_LOG is not used: {error}; it is a level, or target=level with commas between");
    }
}

/// What the program does.
pub fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    match args.next() {
        Some(command) if command == "supervise" => return ended(supervisor::run(args)),
        Some(command) if command == "ask" => return ask::run(args),
        _ => {}
    }
    start_logging();
    ended(options(std::env::args().skip(1)).and_then(|options| serve(&options)))
}

fn ended(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cranefly-engine: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn options(mut args: impl Iterator<Item = String>) -> anyhow::Result<Options> {
    match args.next().as_deref() {
        Some("serve") => {}
        Some("clif") => clif_command::run(args),
        Some(llvm_worker::COMMAND) => {
            llvm_worker::run(Path::new(&args.next().context(USAGE)?))?;
            std::process::exit(0);
        }
        Some("--version") => {
            println!("cranefly-engine {}", env!("CARGO_PKG_VERSION"));
            std::process::exit(0);
        }
        _ => bail!(USAGE),
    }
    let (mut socket, mut sysroot) = (None, None);
    // Long enough for a working day with a long lunch.
    let mut idle = Duration::from_secs(3 * 3600);
    let mut cache_bytes = 1u64 << 30;
    let mut image_bytes = 2u64 << 30;
    let mut memory_bytes = 4u64 << 30;
    let mut eager = EAGER;
    let mut ahead = true;
    let mut paranoid = false;
    while let Some(flag) = args.next() {
        let value = args.next().with_context(|| format!("{flag} needs a value; {USAGE}"))?;
        match flag.as_str() {
            "--socket" => socket = Some(PathBuf::from(value)),
            "--sysroot" => sysroot = Some(PathBuf::from(value)),
            "--idle-seconds" => idle = Duration::from_secs(value.parse().context("--idle-seconds")?),
            "--cache-bytes" => cache_bytes = value.parse().context("--cache-bytes")?,
            "--image-bytes" => image_bytes = value.parse().context("--image-bytes")?,
            "--compile-ahead" => ahead = value.parse().context("--compile-ahead")?,
            "--paranoid" => paranoid = value.parse().context("--paranoid")?,
            "--memory-bytes" => memory_bytes = value.parse().context("--memory-bytes")?,
            "--eager-functions" => eager = value.parse().context("--eager-functions")?,
            _ => bail!("unknown option {flag}; {USAGE}"),
        }
    }
    let socket = socket.context(USAGE)?;
    let sysroot = sysroot.context(USAGE)?;
    Ok(Options { socket, sysroot, idle, cache_bytes, image_bytes, memory_bytes, eager, ahead, paranoid })
}

fn serve(options: &Options) -> anyhow::Result<()> {
    let folder = options.socket.parent().context("the socket has no folder")?;
    private_folder(folder)?;
    let Some(listener) = listen(&options.socket)? else {
        // Another daemon was faster; the client finds it at the same place.
        return Ok(());
    };
    let images = ImageFolder::make(&options.socket)?;
    let folder = images.path()?;
    let orphans = images.all()?.iter().flat_map(|folder| orphans_in(folder)).collect();
    forget_others(&folder);
    let room = room(&folder)?;
    // Names and types can be nested deeply.
    rayon::ThreadPoolBuilder::new().stack_size(STACK).build_global()?;
    let engine = Arc::new(Engine::new(EngineOptions {
        sysroot: options.sysroot.clone(),
        images,
        cache_bytes: options.cache_bytes,
        // Others want room there, too.
        image_bytes: options.image_bytes.min(room / 2),
        memory_bytes: options.memory_bytes,
        eager: options.eager,
        ahead: options.ahead,
        paranoid: options.paranoid,
        command: own_command()?,
        // Also when the file has been replaced.
        program: "/proc/self/exe".into(),
        generator: Box::new(Cranelift),
    })?);
    let successor = engine.clone();
    // Reading a large program takes seconds; its programs know by the locks that somebody is there.
    std::thread::Builder::new()
        .name("take over".to_owned())
        .spawn(move || take_over(successor.resources(), orphans))?;
    tracing::info!(socket = %options.socket.display(), sysroot = %options.sysroot.display(), "serving");
    Ok(Server::new(engine, listener, &options.socket, options.idle).run()?)
}

/// The command line that this daemon was started with, by absolute path.
fn own_command() -> anyhow::Result<Vec<OsString>> {
    let executable = std::env::current_exe()?.into_os_string();
    Ok(std::iter::once(executable).chain(std::env::args_os().skip(1)).collect())
}

/// Binds the socket, or tells by `None` that a living daemon has it.
fn listen(socket: &Path) -> anyhow::Result<Option<UnixListener>> {
    let _lock = lock_socket(socket)?;
    if UnixStream::connect(socket).is_ok() {
        return Ok(None);
    }
    let _ = std::fs::remove_file(socket);
    Ok(Some(UnixListener::bind(socket)?))
}
