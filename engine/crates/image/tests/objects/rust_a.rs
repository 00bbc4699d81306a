//! What rustc's own objects have: calls through the GOT, statics with names of their own, constants of many kinds.
#![no_std]
#![crate_type = "lib"]

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

unsafe extern "C" {
    safe fn here(x: i32) -> i32;
    fn strlen(text: *const u8) -> usize;
    static mut from_c: [i32; 4];
}

#[repr(C, align(128))]
struct Aligned([u8; 5]);

static COUNTER: AtomicU64 = AtomicU64::new(40);
static mut ZEROS: [u64; 2000] = [0; 2000];
static ALIGNED: Aligned = Aligned(*b"align");
static TABLE: [(&str, fn(u64) -> u64); 3] = [("double", double), ("square", square), ("count", count)];
#[unsafe(no_mangle)]
pub static mut FROM_RUST: [&(u8, u32); 2] = [&(1, 2), &(3, 4)];
#[used]
#[unsafe(link_section = ".init_array")]
static AT_START: extern "C" fn() = at_start;
#[used]
#[unsafe(link_section = "entries")]
static ENTRY: u64 = 0x1122_3344_5566_7788;

unsafe extern "C" {
    #[link_name = "__start_entries"]
    static FIRST: u64;
    #[link_name = "__stop_entries"]
    static END: u64;
}

extern "C" fn at_start() {
    COUNTER.fetch_add(2, Relaxed);
}

#[inline(never)]
fn double(x: u64) -> u64 {
    x * 2
}

#[inline(never)]
fn square(x: u64) -> u64 {
    x * x
}

#[inline(never)]
fn count(x: u64) -> u64 {
    COUNTER.fetch_add(x, Relaxed)
}

#[unsafe(no_mangle)]
pub extern "C" fn from_table(index: usize, x: u64) -> u64 {
    TABLE.get(index).map_or(u64::MAX, |(name, function)| function(x) * 1000 + name.len() as u64)
}

#[unsafe(no_mangle)]
pub extern "C" fn of_names() -> u64 {
    // SAFETY: a terminated string.
    let length = unsafe { strlen(c"terminated".as_ptr().cast()) };
    TABLE.iter().flat_map(|(name, _)| name.bytes()).map(u64::from).sum::<u64>() + length as u64
}

#[unsafe(no_mangle)]
pub extern "C" fn alignment() -> usize {
    (&raw const ALIGNED as usize % 128) * 1000 + ALIGNED.0[4] as usize
}

#[unsafe(no_mangle)]
pub extern "C" fn changes(x: u64) -> u64 {
    // SAFETY: nothing else runs.
    unsafe {
        from_c[2] += here(5);
        ZEROS[1999] += x;
        (&raw const ZEROS).cast::<u64>().add(1999).read() + (&raw const from_c).cast::<i32>().add(2).read() as u64
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn bounded() -> u64 {
    let (first, end) = (&raw const FIRST, &raw const END);
    // SAFETY: the linker's bounds of a section with one number.
    unsafe { first.read() + (end as u64 - first as u64) }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
