//! A process for each directive: what it does to itself, it does to nobody else.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};

use crate::file::ClifFile;
use crate::report::{Fault, Report, Verdict};
use crate::run;

/// Most memory that a directive may map.
const MEMORY: u64 = 2 << 30;

/// Parses `text` and runs its directives, or only the one at line `only`, each in a process that `command` starts: it is given
/// the text as standard input, and the line as last argument, and calls [`confined`].
pub fn run_all(text: &str, only: Option<u32>, limit: Duration, command: impl Fn(u32) -> Command) -> Report {
    let file = match ClifFile::parse(text) {
        Ok(file) => file,
        Err(errors) => return Report { errors, directives: Vec::new() },
    };
    let wanted = |line: u32| only.is_none_or(|only| only == line);
    let lines = file.directives.iter().map(|directive| directive.line).filter(|line| wanted(*line));
    let directives: Vec<Verdict> = lines.map(|line| run_one(text, line, limit, command(line))).collect();
    let mut errors = file.faults;
    if let Some(line) = only
        && directives.is_empty()
        && !errors.iter().any(|error| error.line == line)
    {
        errors.push(Fault { line, message: "there is no `; run:` or `; print:` directive at this line".to_owned() });
    }
    Report { errors, directives }
}

fn run_one(text: &str, line: u32, limit: Duration, mut command: Command) -> Verdict {
    let failed = |message: String| Verdict { line, ok: false, message };
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = match child {
        Ok(child) => child,
        Err(error) => return failed(format!("no process to run it in: {error}")),
    };
    match finish(child, text, limit) {
        Ok((status, output, _)) if status.success() => serde_json::from_slice(&output)
            .unwrap_or_else(|error| failed(format!("the process that ran it answered nonsense: {error}"))),
        Ok((status, _, complaint)) => failed(reason(status, &complaint)),
        Err(Trouble::Late) => failed(format!("did not return within {} s", limit.as_secs_f64())),
        Err(Trouble::Io(error)) => failed(error.to_string()),
    }
}

enum Trouble {
    Late,
    Io(std::io::Error),
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// Feeds a child and waits for its end, at most `limit`.
fn finish(mut child: Child, text: &str, limit: Duration) -> Result<(ExitStatus, Vec<u8>, String), Trouble> {
    let (mut input, mut output) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
    let mut complaint = child.stderr.take().expect("piped");
    let text = text.to_owned();
    // Threads, since pipes are small; they end with the child.
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let (sender, receiver) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let result = output.read_to_end(&mut bytes).map(|_| bytes);
        // Nobody listens any more when the child was late.
        let _ = sender.send(());
        result
    });
    let complaints = std::thread::spawn(move || {
        let mut words = String::new();
        // Not text: then there is nothing to tell.
        let _ = complaint.read_to_string(&mut words);
        words
    });
    let in_time = receiver.recv_timeout(limit).is_ok();
    if !in_time {
        child.kill()?;
    }
    let status = child.wait()?;
    // A child that dies early does not read to the end.
    let _ = writer.join();
    let bytes = reader.join().map_err(|_| std::io::Error::other("the reader of its answer panicked"))??;
    let complaint = complaints.join().unwrap_or_default();
    if in_time { Ok((status, bytes, complaint)) } else { Err(Trouble::Late) }
}

/// Why a process ended without an answer.
fn reason(status: ExitStatus, complaint: &str) -> String {
    match status.signal() {
        Some(libc::SIGILL) => "trapped, or used an instruction that this processor lacks (SIGILL)".to_owned(),
        Some(libc::SIGFPE) => "divided by zero, or the quotient overflowed (SIGFPE)".to_owned(),
        Some(libc::SIGSEGV | libc::SIGBUS) => {
            "accessed memory that it must not, or ran out of stack (SIGSEGV)".to_owned()
        }
        Some(libc::SIGXCPU | libc::SIGKILL) => "used too much processor time or memory".to_owned(),
        Some(signal) => format!("ended by signal {signal}; {}", complaint.trim()),
        None => format!("ended with {status}; {}", complaint.trim()),
    }
}

/// Limits this process, then runs the directive at `line` of `text`.
pub fn confined(text: &str, line: u32, limit: Duration) -> Verdict {
    // Whoever waits for this is to be the last to go. An old kernel that cannot promise it leaves the limits below.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    let seconds = limit.as_secs() + 1;
    for (resource, bound) in
        [(Resource::Cpu, seconds), (Resource::As, MEMORY), (Resource::Core, 0), (Resource::Fsize, 0)]
    {
        // Wider limits than we may set: then narrower ones hold already.
        let _ = setrlimit(resource, Rlimit { current: Some(bound), maximum: Some(bound) });
    }
    match ClifFile::parse(text) {
        Ok(file) => run::run(&file, line),
        Err(errors) => {
            let message = errors.first().map(|error| format!("line {}: {}", error.line, error.message));
            Verdict { line, ok: false, message: message.unwrap_or_default() }
        }
    }
}
