//! `cranefly-engine ask`: has the command line's resident process answer a command.
//!
//! Node takes longer to start than there is to do. **Takes** what `bin/cranefly` was given. **Gives** what the command has to say, on standard
//! output and error, and the script that the launcher is to become on descriptor 3; without a script the launcher starts a process for the
//! command. **Never** decides anything: see `server/src/cli/resident.ts`, whose protocol this is.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, IsTerminal, Write};
use std::os::fd::FromRawFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::{Deserialize, Serialize};

/// Where the launcher reads its script.
const SCRIPT: i32 = 3;

#[derive(Serialize)]
struct Question {
    pid: u32,
    launcher: u32,
    cwd: String,
    argv: Vec<String>,
    terminals: [bool; 2],
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Write {
        write: u8,
        text: String,
    },
    Script {
        script: String,
    },
    Exit {
        exit: u8,
    },
    /// What is no other answer is that, too.
    Declined(serde::de::IgnoredAny),
}

/// Asks. `args`: the launcher's process id, the bundle's file, and the command line.
pub fn run(args: impl Iterator<Item = OsString>) -> ExitCode {
    ask(args).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}

/// `None` where nobody answers, for whatever reason.
fn ask(args: impl Iterator<Item = OsString>) -> Option<()> {
    let mut args = args.map(|arg| arg.into_string().ok()).collect::<Option<Vec<String>>>()?.into_iter();
    let launcher = args.next()?.parse().ok()?;
    let bundle = args.next()?;
    let socket = socket(Path::new(&bundle))?;
    let mut stream = match UnixStream::connect(&socket) {
        Ok(stream) => stream,
        Err(error) => {
            if error.kind() == ErrorKind::ConnectionRefused {
                // It was killed. Nobody starts another one as long as this is there.
                let _ = std::fs::remove_file(&socket);
            }
            return None;
        }
    };
    if rustix::net::sockopt::socket_peercred(&stream).ok()?.uid != rustix::process::getuid() {
        return None;
    }
    let question = Question {
        pid: std::process::id(),
        launcher,
        cwd: std::env::current_dir().ok()?.into_os_string().into_string().ok()?,
        argv: args.collect(),
        terminals: [std::io::stdout().is_terminal(), std::io::stderr().is_terminal()],
    };
    let mut line = serde_json::to_vec(&question).ok()?;
    line.push(b'\n');
    stream.write_all(&line).ok()?;
    for line in BufReader::new(stream).lines() {
        match serde_json::from_str(&line.ok()?).ok()? {
            // (As of any command: who does not read it does not want it.)
            Answer::Write { write: 1, text } => drop(std::io::stdout().write_all(text.as_bytes())),
            Answer::Write { text, .. } => drop(std::io::stderr().write_all(text.as_bytes())),
            Answer::Script { script } => return hand_on(&script),
            // (A script as well: a process that fails for a reason of its own has an exit code, too.)
            Answer::Exit { exit } => return hand_on(&format!("exit {exit}\n")),
            Answer::Declined(_) => return None,
        }
    }
    None
}

fn hand_on(script: &str) -> Option<()> {
    // SAFETY: the launcher has opened the descriptor for this process, and nothing else here knows of it.
    let mut launcher = unsafe { File::from_raw_fd(SCRIPT) };
    launcher.write_all(script.as_bytes()).ok()
}

/// Where the process listens that runs this file, if the folder is the user's alone.
fn socket(bundle: &Path) -> Option<PathBuf> {
    let folder = folder();
    let metadata = std::fs::symlink_metadata(&folder).ok()?;
    let is_own = metadata.is_dir() && metadata.uid() == rustix::process::getuid().as_raw();
    if !is_own || metadata.mode() & 0o077 != 0 {
        return None;
    }
    let file = std::fs::metadata(bundle).ok()?;
    let changed = i128::from(file.mtime()) * 1_000_000_000 + i128::from(file.mtime_nsec());
    Some(folder.join(format!("cli-{:x}-{:x}-{changed:x}.sock", file.dev(), file.ino())))
}

/// The folder of the sockets: see `server/src/core/engine/location.ts`.
fn folder() -> PathBuf {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(folder) = variable("XDG_RUNTIME_DIR").filter(|folder| folder.is_absolute() && folder.exists()) {
        return folder.join("cranefly");
    }
    let temporary = ["TMPDIR", "TMP", "TEMP"].into_iter().find_map(variable).unwrap_or("/tmp".into());
    temporary.join(format!("cranefly-{}", rustix::process::getuid().as_raw()))
}
