//! A backtrace that is taken while the first-call stub waits goes through the stub and the slot to the caller.

use std::backtrace::Backtrace;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use cranefly_image::unwind;
use cranefly_runtime::uncompiled_slot;
use cranefly_runtime::{Command, Control, Request, SLOT_SIZE, SLOTS_CFI, compiled_slot, data_block, stub};

const SLOTS_AT: u64 = 0x1000;
const CODE_AT: u64 = 0x2000;
const FRAMES_AT: u64 = 0x3000;
const DATA_AT: u64 = 0x4000;
const SIZE: usize = 0x5000;

unsafe extern "C" {
    fn __register_frame(eh_frame: *const u8);
}

static SEEN: Mutex<String> = Mutex::new(String::new());
static WAITING: AtomicBool = AtomicBool::new(false);

extern "C" fn handler(_: i32) {
    // Not fit for a real program's handler. Here the thread is known to sleep in the stub.
    *SEEN.lock().unwrap() = Backtrace::force_capture().to_string();
}

#[inline(never)]
fn the_function_that_calls(slot: extern "C" fn() -> u64) -> u64 {
    WAITING.store(true, Ordering::Release);
    slot() + 1
}

#[test]
fn a_backtrace_passes_the_stub_and_the_slot() {
    let path: PathBuf = std::env::temp_dir().join(format!("cranefly-stub-frames-{}", std::process::id()));
    let command = Command { arguments: vec!["/bin/false".into()], environment: vec![] };
    let control = Control::create(&path, &command).unwrap();
    let stub = stub();
    // SAFETY: a fresh mapping, written before anything in it is used and never unmapped. It is writable and
    // executable as this test has no second process to write it.
    let base = unsafe {
        let prot = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
        let at = libc::mmap(std::ptr::null_mut(), SIZE, prot, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0);
        assert_ne!(at, libc::MAP_FAILED);
        at.cast::<u8>()
    };
    // Addresses instead of vaddrs: registered frames are not found through a program header.
    let vaddr = base as u64;
    let write = |at: u64, bytes: &[u8]| {
        assert!(at as usize + bytes.len() <= SIZE);
        // SAFETY: in bounds.
        unsafe { base.add(at as usize).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) }
    };
    write(0, &stub.bind(0, SLOTS_AT, DATA_AT));
    write(SLOTS_AT, &uncompiled_slot(SLOTS_AT, stub.entry as u64).unwrap());
    write(CODE_AT, &[0xb8, 41, 0, 0, 0, 0xc3]); // mov eax, 41; ret
    write(DATA_AT, &data_block(&path).unwrap());
    let mut frames = unwind::cie(None, vaddr + FRAMES_AT);
    for (start, length, cfi) in [(0, stub.code.len() as u32, &*stub.cfi()), (SLOTS_AT, SLOT_SIZE as u32, SLOTS_CFI)] {
        let at = vaddr + FRAMES_AT + frames.len() as u64;
        frames.extend(unwind::fde(vaddr + FRAMES_AT, at, vaddr + start, length, None, cfi).unwrap());
    }
    frames.extend(unwind::TERMINATOR);
    write(FRAMES_AT, &frames);
    // SAFETY: the tables are complete and stay; the handler has the right type; the slot's function as well.
    let slot = unsafe {
        __register_frame(base.add(FRAMES_AT as usize));
        libc::signal(libc::SIGUSR1, handler as *const () as usize);
        std::mem::transmute::<*mut u8, extern "C" fn() -> u64>(base.add(SLOTS_AT as usize))
    };
    // The first backtrace of a process initialises much; not in the handler.
    drop(Backtrace::force_capture().to_string());

    std::thread::scope(|scope| {
        let (send, receive) = std::sync::mpsc::channel();
        let caller = scope.spawn(move || {
            // SAFETY: always right.
            send.send(unsafe { libc::pthread_self() }).unwrap();
            the_function_that_calls(slot)
        });
        let thread = receive.recv().unwrap();
        assert_eq!(control.next_request(None), Request::Compile(0));
        assert!(WAITING.load(Ordering::Acquire));
        std::thread::sleep(std::time::Duration::from_millis(10));
        // SAFETY: the thread lives, it waits for us.
        unsafe { libc::pthread_kill(thread, libc::SIGUSR1) };
        while SEEN.lock().unwrap().is_empty() {
            std::thread::yield_now();
        }
        write(SLOTS_AT, &compiled_slot(SLOTS_AT, CODE_AT).unwrap());
        control.complete();
        assert_eq!(caller.join().unwrap(), 42);
    });
    std::fs::remove_file(&path).unwrap();
    let text = SEEN.lock().unwrap().clone();
    assert!(text.contains("the_function_that_calls"), "{text}");
    assert!(text.contains("thread_start"), "{text}");
}
