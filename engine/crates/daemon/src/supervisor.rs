//! `cranefly-engine supervise`: runs a program that may have to be ended, in a process group of its own with all that it starts.
//!
//! Node can neither make a group that keeps its terminal, nor give a terminal to a group. **Takes** commands over descriptor 3, a
//! byte each: `t` asks the group to end, `k` ends it. **Gives** lines there: `exited CODE` or `signaled NUMBER` for the program, and
//! `interrupted` when the terminal's user wants an end, since its signals reach the program's group alone. Ends when nobody of the
//! group is left. **Never** decides when to stop; but when descriptor 3 is closed, nobody else will any more.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::FdFlags;
use rustix::process::{self, Pid, Signal, WaitOptions, WaitStatus};

const USAGE: &str = "usage: cranefly-engine supervise LIMIT-MS PROGRAM [ARGS…]";

/// Where commands come from and events go.
const CONTROL: i32 = 3;

/// Runs the program, and ends when its group has ended.
pub fn run(mut args: impl Iterator<Item = OsString>) -> anyhow::Result<()> {
    let limit = args.next().and_then(|limit| limit.to_str()?.parse().ok()).context(USAGE)?;
    let program = args.next().context(USAGE)?;
    // SAFETY: whoever starts this process has opened the descriptor for it, and nothing else here knows of it.
    let control = unsafe { UnixStream::from_raw_fd(CONTROL) };
    rustix::io::fcntl_setfd(&control, FdFlags::CLOEXEC).context("descriptor 3 is not open")?;
    // The program's children become ours when it ends, so that we see when the last of them does.
    process::set_child_subreaper(Some(process::getpid()))?;
    let signals = Signals::take_all()?;
    let callers = process::getpgrp();
    let terminal = Terminal::of(callers);
    process::setpgid(None, None)?;
    let mut group = Group { own: process::getpid(), callers, program: None, is_stopped: false, terminal, control };
    group.take_terminal();
    let given = signals.given;
    let mut command = Command::new(&program);
    // SAFETY: what runs between fork and exec is one system call.
    unsafe { command.args(args).pre_exec(move || set_mask(&given)) };
    let child = command.spawn();
    group.program = match child {
        Ok(child) => Some(Pid::from_child(&child)),
        Err(error) => {
            group.give_terminal_back();
            bail!("cannot start {}: {error}", program.display());
        }
    };
    group.serve(&signals, Duration::from_millis(limit))
}

/// The program's process group; this process is its leader.
struct Group {
    own: Pid,
    /// The group that this process came from.
    callers: Pid,
    /// `None` once it has ended.
    program: Option<Pid>,
    /// By the terminal's user.
    is_stopped: bool,
    terminal: Option<Terminal>,
    control: UnixStream,
}

impl Group {
    /// Until nobody of the group is left. `limit`: how long it has to end once nobody listens.
    fn serve(&mut self, signals: &Signals, limit: Duration) -> anyhow::Result<()> {
        let mut deadline: Option<Instant> = None;
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                self.kill();
            }
            let left = left.map(|left| Timespec { tv_sec: left.as_secs() as _, tv_nsec: left.subsec_nanos().into() });
            let mut ready =
                [PollFd::new(&signals.descriptor, PollFlags::IN), PollFd::new(&self.control, PollFlags::IN)];
            // A closed descriptor is always ready.
            let count = if deadline.is_some() { 1 } else { 2 };
            match poll(&mut ready[..count], left.as_ref()) {
                Err(rustix::io::Errno::INTR) => continue,
                result => result?,
            };
            let (signalled, told) = (!ready[0].revents().is_empty(), !ready[1].revents().is_empty());
            while signalled && let Some(signal) = signals.next() {
                self.on_signal(signal);
            }
            if told && deadline.is_none() {
                let mut commands = [0; 16];
                match self.control.read(&mut commands) {
                    Ok(0) | Err(_) => {
                        self.ask_to_end();
                        deadline = Some(Instant::now() + limit);
                    }
                    Ok(length) => commands[..length].iter().for_each(|&command| self.obey(command)),
                }
            }
            if self.reap()? {
                // The terminal's user may have wanted an end just before the terminal was given back.
                while let Some(signal) = signals.next() {
                    self.on_signal(signal);
                }
                return Ok(());
            }
        }
    }

    fn obey(&mut self, command: u8) {
        match command {
            b't' => self.ask_to_end(),
            b'k' => self.kill(),
            _ => {}
        }
    }

    fn on_signal(&mut self, signal: i32) {
        match signal {
            libc::SIGINT | libc::SIGQUIT | libc::SIGHUP => self.tell("interrupted"),
            libc::SIGCONT if self.is_stopped => {
                self.is_stopped = false;
                self.take_terminal();
                let _ = process::kill_process_group(self.own, Signal::CONT);
            }
            _ => {}
        }
    }

    /// Takes note of what became of children. Gives whether nobody of the group is left.
    fn reap(&mut self) -> anyhow::Result<bool> {
        while let Some((pid, status)) =
            none_without_children(process::wait(WaitOptions::NOHANG | WaitOptions::UNTRACED))?
        {
            if Some(pid) == self.program {
                self.on_status(status);
            }
        }
        if self.program.is_some() {
            return Ok(false);
        }
        match process::waitpgid(self.own, WaitOptions::NOHANG) {
            Err(rustix::io::Errno::CHILD) => Ok(true),
            // One that ended just now is the next round's: its signal is on the way.
            result => Ok(result.map(|_| false)?),
        }
    }

    fn on_status(&mut self, status: WaitStatus) {
        if status.stopping_signal() == Some(libc::SIGTSTP) {
            // The user's shell waits for our caller, which has to stop as well.
            self.is_stopped = true;
            if let Some(caller) = self.give_terminal_back() {
                let _ = process::kill_process_group(caller, Signal::TSTP);
            }
            return;
        }
        if status.stopped() {
            return;
        }
        self.program = None;
        self.give_terminal_back();
        match status.terminating_signal() {
            Some(signal) => self.tell(&format!("signaled {signal}")),
            None => self.tell(&format!("exited {}", status.exit_status().unwrap_or(101))),
        }
    }

    fn ask_to_end(&self) {
        let _ = process::kill_process_group(self.own, Signal::TERM);
        // One that is stopped would not hear it.
        let _ = process::kill_process_group(self.own, Signal::CONT);
    }

    /// Ends the group, all but this process, which takes note of it.
    fn kill(&mut self) {
        self.give_terminal_back();
        let _ = process::setpgid(None, Some(self.callers));
        let _ = process::kill_process_group(self.own, Signal::KILL);
    }

    fn tell(&mut self, event: &str) {
        // Nobody may listen any more.
        let _ = self.control.write_all(format!("{event}\n").as_bytes());
    }

    fn take_terminal(&self) {
        if let Some(terminal) = &self.terminal {
            terminal.pass(terminal.callers, self.own);
        }
    }

    /// Gives the caller's group if it has the terminal again.
    fn give_terminal_back(&self) -> Option<Pid> {
        let terminal = self.terminal.as_ref()?;
        terminal.pass(self.own, terminal.callers).then(|| {
            terminal.restore();
            terminal.callers
        })
    }
}

fn none_without_children<T>(result: rustix::io::Result<Option<T>>) -> rustix::io::Result<Option<T>> {
    if matches!(result, Err(rustix::io::Errno::CHILD)) { Ok(None) } else { result }
}

/// The terminal that this process's caller is in the foreground of.
struct Terminal {
    file: File,
    /// The caller's process group.
    callers: Pid,
    /// How it was set when the program was started: a program that is ended leaves its own settings behind.
    settings: libc::termios,
}

impl Terminal {
    fn of(callers: Pid) -> Option<Self> {
        let file = File::options().read(true).write(true).open("/dev/tty").ok()?;
        let mut settings = MaybeUninit::uninit();
        // SAFETY: the descriptor is open, and the settings are written whole where 0 is returned.
        let settings =
            unsafe { (libc::tcgetattr(file.as_raw_fd(), settings.as_mut_ptr()) == 0).then(|| settings.assume_init()) }?;
        let terminal = Self { file, callers, settings };
        (terminal.foreground() == Some(callers)).then_some(terminal)
    }

    fn foreground(&self) -> Option<Pid> {
        // SAFETY: takes an open descriptor, and touches no memory.
        Pid::from_raw(unsafe { libc::tcgetpgrp(self.file.as_raw_fd()) }.max(0))
    }

    /// Makes `to` the foreground group if `from` is. (The signal that a background process gets for it is blocked.)
    fn pass(&self, from: Pid, to: Pid) -> bool {
        // SAFETY: takes an open descriptor and a number, and touches no memory.
        self.foreground() == Some(from)
            && unsafe { libc::tcsetpgrp(self.file.as_raw_fd(), to.as_raw_nonzero().get()) } == 0
    }

    fn restore(&self) {
        // SAFETY: the descriptor is open, and the settings are the kernel's own.
        unsafe { libc::tcsetattr(self.file.as_raw_fd(), libc::TCSADRAIN, &raw const self.settings) };
    }
}

/// All signals that can be taken, as a descriptor to read them from.
struct Signals {
    descriptor: OwnedFd,
    /// The signals that were blocked before, which a program is to find.
    given: libc::sigset_t,
}

impl Signals {
    fn take_all() -> anyhow::Result<Self> {
        let (mut all, mut given) = (MaybeUninit::uninit(), MaybeUninit::uninit());
        // SAFETY: both sets are written before they are read, and no other thread runs yet.
        let (descriptor, given) = unsafe {
            libc::sigfillset(all.as_mut_ptr());
            libc::sigemptyset(given.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_BLOCK, all.as_ptr(), given.as_mut_ptr());
            let descriptor = libc::signalfd(-1, all.as_ptr(), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK);
            (descriptor, given.assume_init())
        };
        if descriptor < 0 {
            return Err(std::io::Error::last_os_error()).context("signalfd");
        }
        // SAFETY: the descriptor was made just now, and is nobody else's.
        Ok(Self { descriptor: unsafe { OwnedFd::from_raw_fd(descriptor) }, given })
    }

    /// The next one that has come.
    fn next(&self) -> Option<i32> {
        const SIZE: usize = size_of::<libc::signalfd_siginfo>();
        let mut bytes = [0; SIZE];
        // The kernel writes whole records; the number is the first field.
        let length = rustix::io::read(self.descriptor.as_fd(), &mut bytes).ok()?;
        (length == SIZE).then(|| i32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }
}

fn set_mask(mask: &libc::sigset_t) -> std::io::Result<()> {
    // SAFETY: reads a set that is whole.
    let code = unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, mask, std::ptr::null_mut()) };
    if code == 0 { Ok(()) } else { Err(std::io::Error::from_raw_os_error(code)) }
}
