//! Programs that call functions nobody has compiled: an image on a real file, a daemon in a thread or a process.

use std::fs::{File, OpenOptions};
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use cranefly_runtime::{Command, Control, Request, SLOT_SIZE, compiled_slot, data_block, failure_code, stub};
use cranefly_runtime::{is_uncompiled, uncompiled_slot};

const SLOTS_AT: u64 = 0x1000;
const SLOTS: u64 = 2048;
const TEXT_AT: u64 = SLOTS_AT + SLOTS * SLOT_SIZE;
const TEXT_EACH: u64 = 64;
const DATA_AT: u64 = TEXT_AT + SLOTS * TEXT_EACH;
const IMAGE_SIZE: u64 = DATA_AT + 0x1000;

/// Slots with special functions; the others return their first argument plus their index.
const NOTHING: u64 = 1000;
const BROKEN: u64 = 1001;

fn map(file: &File, prot: i32, flags: i32) -> *mut u8 {
    // SAFETY: a new mapping of an open file, never unmapped.
    let at = unsafe { libc::mmap(std::ptr::null_mut(), IMAGE_SIZE as usize, prot, flags, file.as_raw_fd(), 0) };
    assert_ne!(at, libc::MAP_FAILED);
    at.cast()
}

/// The daemon's view of an image.
struct Writer(*mut u8);
// SAFETY: the mapping is shared memory; slots are written by atomic stores, code before its slot.
unsafe impl Send for Writer {}
// SAFETY: as above.
unsafe impl Sync for Writer {}

impl Writer {
    fn open(path: &Path) -> Self {
        let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
        Self(map(&file, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED))
    }

    fn write(&self, at: u64, bytes: &[u8]) {
        assert!(at + bytes.len() as u64 <= IMAGE_SIZE);
        // SAFETY: in bounds; nobody executes it yet.
        unsafe { self.0.add(at as usize).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) }
    }

    fn slot(&self, index: u64) -> &AtomicU64 {
        // SAFETY: aligned, in bounds, and only used atomically.
        unsafe { AtomicU64::from_ptr(self.0.add((SLOTS_AT + index * SLOT_SIZE) as usize).cast()) }
    }

    fn compile(&self, index: u64) {
        if !is_uncompiled(self.slot(index).load(Ordering::Relaxed).to_le_bytes()) {
            return;
        }
        let at = TEXT_AT + index * TEXT_EACH;
        let code = match index {
            NOTHING => vec![0xc3],
            BROKEN => failure_code(at, stub().fail as u64, "`demo::broken`: no way to compile it").unwrap(),
            _ => {
                let mut code = vec![0xb8]; // mov eax, index
                code.extend((index as u32).to_le_bytes());
                code.extend([0x48, 0x01, 0xf8, 0xc3]); // add rax, rdi; ret
                code
            }
        };
        self.write(at, &code);
        let slot = compiled_slot(SLOTS_AT + index * SLOT_SIZE, at).unwrap();
        self.slot(index).store(u64::from_le_bytes(slot), Ordering::Release);
    }
}

fn serve(control: &Control, writer: &Writer) {
    loop {
        match control.next_request(Some(Duration::from_secs(10))) {
            Request::Compile(slot) => {
                writer.compile(slot.into());
                control.complete();
            }
            Request::Interrupted | Request::TimedOut => return,
        }
    }
}

/// A fresh image and the path of its control file, which does not exist yet.
fn image(name: &str) -> (PathBuf, PathBuf) {
    let folder = std::env::temp_dir().join(format!("cranefly-first-call-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (image, control) = (folder.join("image"), folder.join("control"));
    File::create(&image).unwrap().set_len(IMAGE_SIZE).unwrap();
    let writer = Writer::open(&image);
    writer.write(0, &stub().bind(0, SLOTS_AT, DATA_AT));
    assert!(stub().code.len() < SLOTS_AT as usize);
    writer.write(DATA_AT, &data_block(&control).unwrap());
    for index in 0..SLOTS {
        let slot = uncompiled_slot(SLOTS_AT + index * SLOT_SIZE, stub().entry as u64).unwrap();
        writer.slot(index).store(u64::from_le_bytes(slot), Ordering::Relaxed);
    }
    (image, control)
}

/// The program's view of an image: private, text executable and never written.
#[derive(Clone, Copy)]
struct Program(*mut u8);
// SAFETY: the text is only read and executed; the data block is the stub's.
unsafe impl Send for Program {}
// SAFETY: as above.
unsafe impl Sync for Program {}

type Function = extern "C" fn(u64) -> u64;

impl Program {
    fn load(path: &Path) -> Self {
        let base = map(&File::open(path).unwrap(), libc::PROT_READ | libc::PROT_EXEC, libc::MAP_PRIVATE);
        // SAFETY: the last page of the mapping.
        let data = unsafe { base.add(DATA_AT as usize) };
        // SAFETY: as above.
        let done = unsafe { libc::mprotect(data.cast(), 0x1000, libc::PROT_READ | libc::PROT_WRITE) };
        assert_eq!(done, 0);
        Self(base)
    }

    fn address(self, index: u64) -> *const u8 {
        // SAFETY: in bounds.
        unsafe { self.0.add((SLOTS_AT + index * SLOT_SIZE) as usize) }
    }

    fn function(self, index: u64) -> Function {
        // SAFETY: what `compile` makes has this type.
        unsafe { std::mem::transmute(self.address(index)) }
    }
}

/// An image served by a thread of this process.
fn with_thread(name: &str, test: impl FnOnce(Program)) {
    let (image, path) = image(name);
    let command = Command { arguments: vec!["/bin/false".into()], environment: vec![] };
    let control = Arc::new(Control::create(&path, &command).unwrap());
    let daemon = std::thread::spawn({
        let (control, writer) = (control.clone(), Writer::open(&image));
        move || serve(&control, &writer)
    });
    test(Program::load(&image));
    control.interrupt();
    daemon.join().unwrap();
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

/// Every register but rsp: 15 general ones (rax rcx rdx rbx rbp rsi rdi r8 … r15), the flags, sixteen ymm.
#[repr(C, align(32))]
#[derive(Clone, Debug, PartialEq)]
struct Registers {
    general: [u64; 15],
    flags: u64,
    vectors: [[u64; 4]; 16],
}

std::arch::global_asm!(
    ".macro each_ymm op", // vmovups to or from [rax + 128 + 32 n]
    "\\op 0",
    "\\op 1",
    "\\op 2",
    "\\op 3",
    "\\op 4",
    "\\op 5",
    "\\op 6",
    "\\op 7",
    "\\op 8",
    "\\op 9",
    "\\op 10",
    "\\op 11",
    "\\op 12",
    "\\op 13",
    "\\op 14",
    "\\op 15",
    ".endm",
    ".macro load_ymm n",
    "vmovups ymm\\n, [rax + 128 + 32 * \\n]",
    ".endm",
    ".macro save_ymm n",
    "vmovups [rax + 128 + 32 * \\n], ymm\\n",
    ".endm",
    ".text",
    "call_with_registers:", // rdi: function, rsi: Registers before, rdx: Registers after
    "push rbx",
    "push rbp",
    "push r12",
    "push r13",
    "push r14",
    "push r15",
    "push rdx",
    "push rdi",
    "mov rax, rsi",
    "each_ymm load_ymm",
    "push [rax + 120]",
    "popfq",
    "mov rcx, [rax + 8]",
    "mov rdx, [rax + 16]",
    "mov rbx, [rax + 24]",
    "mov rbp, [rax + 32]",
    "mov rsi, [rax + 40]",
    "mov rdi, [rax + 48]",
    "mov r8, [rax + 56]",
    "mov r9, [rax + 64]",
    "mov r10, [rax + 72]",
    "mov r11, [rax + 80]",
    "mov r12, [rax + 88]",
    "mov r13, [rax + 96]",
    "mov r14, [rax + 104]",
    "mov r15, [rax + 112]",
    "mov rax, [rax]",
    "call [rsp]",
    "pushfq",
    "push rax",
    "mov rax, [rsp + 24]",
    "mov [rax + 8], rcx",
    "mov [rax + 16], rdx",
    "mov [rax + 24], rbx",
    "mov [rax + 32], rbp",
    "mov [rax + 40], rsi",
    "mov [rax + 48], rdi",
    "mov [rax + 56], r8",
    "mov [rax + 64], r9",
    "mov [rax + 72], r10",
    "mov [rax + 80], r11",
    "mov [rax + 88], r12",
    "mov [rax + 96], r13",
    "mov [rax + 104], r14",
    "mov [rax + 112], r15",
    "pop rcx",
    "mov [rax], rcx",
    "pop rcx",
    "mov [rax + 120], rcx",
    "each_ymm save_ymm",
    "cld",
    "vzeroupper",
    "add rsp, 16",
    "pop r15",
    "pop r14",
    "pop r13",
    "pop r12",
    "pop rbp",
    "pop rbx",
    "ret",
);

unsafe extern "C" {
    fn call_with_registers(function: *const u8, before: *const Registers, after: *mut Registers);
}

#[test]
fn every_register_survives_the_first_call() {
    assert!(is_x86_feature_detected!("avx"), "the test needs ymm registers");
    with_thread("registers", |program| {
        let mut value = 0x9e37_79b9_7f4a_7c15u64;
        let mut next = || {
            value = value.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(1);
            value
        };
        let before = Registers {
            general: std::array::from_fn(|_| next()),
            flags: 0x202 | 0x400 | 0x8d5, // IF; DF; CF PF AF ZF SF OF
            vectors: std::array::from_fn(|_| std::array::from_fn(|_| next())),
        };
        let mut after = Registers { general: [0; 15], flags: 0, vectors: [[0; 4]; 16] };
        // SAFETY: the slot's function is a single `ret`.
        unsafe { call_with_registers(program.address(NOTHING), &before, &mut after) };
        // Not a program's to set: the reserved bit, and IF, which valgrind shows as clear.
        after.flags |= 0x202;
        assert_eq!(before, after);
    });
}

#[test]
fn threads_call_the_same_and_other_functions_at_once() {
    with_thread("threads", |program| {
        let sum = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for thread in 0..16 {
                let sum = &sum;
                scope.spawn(move || {
                    for step in 0..400 {
                        let index = (step + thread * 25) % 400;
                        assert_eq!(program.function(index)(thread << 32), (thread << 32) + index);
                        sum.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(sum.into_inner(), 16 * 400);
    });
}

#[test]
fn a_full_ring_only_delays() {
    let (image, path) = image("full");
    let command = Command { arguments: vec!["/bin/false".into()], environment: vec![] };
    let control = Control::create(&path, &command).unwrap();
    let ring = std::mem::offset_of!(cranefly_runtime::Layout, ring) as u64;
    let requests: Vec<u8> = (0..cranefly_runtime::RING as u32).flat_map(|n| (n % 500 + 1).to_le_bytes()).collect();
    OpenOptions::new().write(true).open(&path).unwrap().write_all_at(&requests, ring).unwrap();
    let program = Program::load(&image);
    std::thread::scope(|scope| {
        let callers: Vec<_> = (600..632).map(|index| scope.spawn(move || program.function(index)(1))).collect();
        std::thread::sleep(Duration::from_millis(20));
        scope.spawn(|| serve(&control, &Writer::open(&image)));
        for (index, caller) in (600..).zip(callers) {
            assert_eq!(caller.join().unwrap(), index + 1);
        }
        control.interrupt();
    });
    assert_eq!(program.function(499)(0), 499);
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

static HANDLER_TARGET: AtomicU64 = AtomicU64::new(0);
static HANDLER_RESULT: AtomicU64 = AtomicU64::new(0);

extern "C" fn handler(_: i32) {
    // SAFETY: the test stored a function of this type.
    let function: Function = unsafe { std::mem::transmute(HANDLER_TARGET.load(Ordering::Relaxed)) };
    HANDLER_RESULT.store(function(7), Ordering::Relaxed);
}

#[test]
fn in_a_signal_handler_on_a_small_stack() {
    with_thread("signal", |program| {
        HANDLER_TARGET.store(program.address(33) as u64, Ordering::Relaxed);
        let mut stack = vec![0u8; 16 << 10];
        // SAFETY: plain libc calls on live structures; the alternate stack is taken away before it is freed.
        unsafe {
            let alternate = libc::stack_t { ss_sp: stack.as_mut_ptr().cast(), ss_flags: 0, ss_size: stack.len() };
            let mut old: libc::stack_t = std::mem::zeroed();
            assert_eq!(libc::sigaltstack(&alternate, &mut old), 0);
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = handler as *const () as usize;
            action.sa_flags = libc::SA_ONSTACK;
            assert_eq!(libc::sigaction(libc::SIGUSR1, &action, std::ptr::null_mut()), 0);
            *libc::__errno_location() = 77;
            libc::raise(libc::SIGUSR1);
            assert_eq!(*libc::__errno_location(), 77);
            assert_eq!(libc::sigaltstack(&old, std::ptr::null_mut()), 0);
        }
        assert_eq!(HANDLER_RESULT.load(Ordering::Relaxed), 40);
    });
}

/// Runs `child` in a forked process; its wait status and standard error.
fn forked(child: impl FnOnce() -> i32) -> (i32, String) {
    let mut pipe = [0; 2];
    // SAFETY: the child only calls async-signal-safe functions and the code under test.
    unsafe {
        assert_eq!(libc::pipe(pipe.as_mut_ptr()), 0);
        match libc::fork() {
            0 => {
                libc::dup2(pipe[1], 2);
                libc::_exit(child())
            }
            pid => {
                libc::close(pipe[1]);
                let text = std::io::read_to_string(File::from_raw_fd(pipe[0])).unwrap();
                let mut status = 0;
                assert_eq!(libc::waitpid(pid, &mut status, 0), pid);
                (status, text)
            }
        }
    }
}

#[test]
fn in_a_forked_child_before_and_after_the_first_use() {
    with_thread("fork", |program| {
        let status = |index| forked(|| i32::from(program.function(index)(5) != 5 + index)).0;
        assert_eq!(status(50), 0);
        assert_eq!(program.function(51)(1), 52);
        assert_eq!(status(52), 0);
        assert_eq!(program.function(52)(1), 53);
    });
}

#[test]
fn attached_ahead_it_needs_no_file() {
    with_thread("attach", |program| {
        // SAFETY: the stub's entry point has this type.
        let attach: extern "C" fn() = unsafe { std::mem::transmute(program.0.add(stub().attach)) };
        attach();
        let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        let (status, text) = forked(|| {
            // SAFETY: a plain system call, in a process of its own.
            unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &none) };
            i32::from(program.function(60)(2) != 62)
        });
        assert_eq!((status, text.as_str()), (0, ""));
    });
}

fn aborted(status: i32) -> bool {
    libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGABRT
}

#[test]
fn a_function_that_cannot_be_compiled_ends_the_program() {
    with_thread("failure", |program| {
        let (status, text) = forked(|| program.function(BROKEN)(0) as i32);
        assert!(aborted(status), "{status:#x}");
        assert_eq!(text, "cranefly: `demo::broken`: no way to compile it\n");
    });
    let (image, path) = image("no-control");
    let program = Program::load(&image);
    let (status, text) = forked(|| program.function(1)(0) as i32);
    assert!(aborted(status), "{status:#x}");
    assert_eq!(text, "cranefly: cannot map the control file of this program's image\n");
    let control = Control::create(&path, &Command { arguments: vec!["/x".into()], environment: vec![] }).unwrap();
    assert!(matches!(Control::open(&path), Err(cranefly_runtime::ControlError::Taken)));
    control.fail_all("the image is full");
    let (status, text) = forked(|| program.function(1)(0) as i32);
    assert!(aborted(status), "{status:#x}");
    assert_eq!(text, "cranefly: the image is full\n");
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

const DAEMON: &str = "CRANEFLY_TEST_DAEMON";

/// Not a test of its own: with the variable set, this process is the daemon of the image in that folder.
#[test]
fn daemon_process() {
    let Some(folder) = std::env::var_os(DAEMON).map(PathBuf::from) else { return };
    let (image, path) = (folder.join("image"), folder.join("control"));
    let control = if path.exists() {
        Control::open(&path)
    } else {
        let arguments = vec![std::env::current_exe().unwrap().into(), "--exact".into(), "daemon_process".into()];
        Control::create(&path, &Command::with_environment(arguments, &[DAEMON]))
    };
    let Ok(control) = control else { return };
    serve(&control, &Writer::open(&image));
}

static SIGNALS: AtomicU32 = AtomicU32::new(0);

extern "C" fn count(_: i32) {
    SIGNALS.fetch_add(1, Ordering::Relaxed);
}

#[test]
fn a_killed_daemon_is_started_again() {
    let (image, path) = image("restart");
    let folder = path.parent().unwrap();
    let mut daemon = Process::new(std::env::current_exe().unwrap())
        .args(["--exact", "daemon_process"])
        .env(DAEMON, folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while !std::fs::metadata(&path).is_ok_and(|file| file.len() > 0) {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(50));
    let program = Program::load(&image);
    assert_eq!(program.function(70)(1), 71);
    daemon.kill().unwrap();
    daemon.wait().unwrap();

    let (status, text) = forked(|| {
        // SAFETY: plain libc calls in a process of its own.
        unsafe {
            libc::signal(libc::SIGCHLD, count as *const () as usize);
            // A profiler's timer: its interruptions must neither hide the death nor run in the daemon.
            libc::signal(libc::SIGALRM, count as *const () as usize);
            let every = libc::timeval { tv_sec: 0, tv_usec: 7000 };
            libc::setitimer(
                libc::ITIMER_REAL,
                &libc::itimerval { it_interval: every, it_value: every },
                std::ptr::null_mut(),
            );
            let alarms = SIGNALS.load(Ordering::Relaxed);
            if program.function(71)(1) != 72 {
                return 1;
            }
            let none = libc::timeval { tv_sec: 0, tv_usec: 0 };
            libc::setitimer(
                libc::ITIMER_REAL,
                &libc::itimerval { it_interval: none, it_value: none },
                std::ptr::null_mut(),
            );
            if SIGNALS.load(Ordering::Relaxed) == alarms {
                return 2;
            }
            // No child is left, not even for those who ask for all kinds.
            if libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG | libc::__WALL) != -1 {
                return 3;
            }
        }
        0
    });
    assert_eq!((libc::WEXITSTATUS(status), status, text.as_str()), (0, 0, ""));
    assert_eq!(program.function(72)(1), 73);

    // The daemon's process id is the fourth word of the control file.
    let word = std::fs::read(&path).unwrap()[12..16].try_into().unwrap();
    let pid = i32::from_le_bytes(word);
    assert_ne!(pid as u32, daemon.id());
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap();
    assert!(environment.split(|&byte| byte == 0).any(|text| text.starts_with(DAEMON.as_bytes())));
    assert_eq!(std::fs::read_link(format!("/proc/{pid}/fd/2")).unwrap(), Path::new("/dev/null"));
    // SAFETY: the daemon that the stub started for this test's image.
    unsafe { libc::kill(pid, libc::SIGKILL) };
    std::fs::remove_dir_all(folder).unwrap();
}
