// Control flow, memory, aggregates, atomics, thread-locals, statics, dynamic dispatch, C calls.
#[path = "log.rs"]
pub mod log;
use log::Log;
use std::cell::Cell;
use std::hint::black_box;
use std::sync::atomic::*;

fn sparse(x: u64) -> u8 {
    match x {
        0 => 1,
        1..=9 => 2,
        0x1_0000_0000 => 3,
        u64::MAX => 4,
        100 | 200 | 300 => 5,
        _ => 6,
    }
}
fn dense(x: i16) -> i32 {
    match x {
        -2 => 9,
        -1 => 8,
        0 => 7,
        1 => 5,
        2 => 3,
        3 => 33,
        4 => 1,
        5 => -4,
        6 => 90,
        7 => 91,
        8 => 92,
        _ => 0,
    }
}
fn huge(x: i128) -> u8 {
    match x {
        i128::MIN => 1,
        -1 => 2,
        0x1_0000_0000_0000_0000 => 3,
        5..=9 => 4,
        _ => 5,
    }
}
fn text(x: char) -> &'static str {
    match x {
        'a'..='z' => "lower",
        'A'..='Z' => "upper",
        '0'..='9' => "digit",
        '\u{10ffff}' => "last",
        _ => "other",
    }
}

thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(41) };
    static BIG: Cell<[u64; 5]> = const { Cell::new([1, 2, 3, 4, 5]) };
}
static TOTAL: AtomicU64 = AtomicU64::new(7);
static mut BUFFER: [u16; 8] = [3; 8];
static NAMES: [&str; 4] = ["one", "two", "three", "four"];
static FUNCTIONS: [fn(u64) -> u64; 3] = [double, triple, |x| x ^ 0xff];
fn double(x: u64) -> u64 {
    x * 2
}
fn triple(x: u64) -> u64 {
    x * 3
}

trait Shape {
    fn area(&self) -> f64;
    fn name(&self) -> &str {
        "shape"
    }
}
struct Square(f64);
struct Circle {
    radius: f64,
    label: [u8; 3],
}
impl Shape for Square {
    fn area(&self) -> f64 {
        self.0 * self.0
    }
}
impl Shape for Circle {
    fn area(&self) -> f64 {
        self.radius * self.radius * 3.0
    }
    fn name(&self) -> &str {
        std::str::from_utf8(&self.label).unwrap_or("?")
    }
}

#[repr(align(64))]
struct Aligned([u8; 70]);
#[repr(C, packed)]
#[derive(Clone, Copy)]
struct Packed(u8, u32, u16, u64);

unsafe extern "C" {
    fn snprintf(to: *mut u8, size: usize, format: *const u8, ...) -> i32;
    fn strlen(text: *const u8) -> usize;
    fn qsort(base: *mut u8, count: usize, size: usize, compare: extern "C" fn(*const i32, *const i32) -> i32);
}
extern "C" fn backwards(a: *const i32, b: *const i32) -> i32 {
    unsafe { (*b).cmp(&*a) as i32 }
}

macro_rules! atomics {
    ($log:expr, $t:ty, $a:ty) => {{
        let cell = <$a>::new(black_box(5 as $t));
        for value in black_box([0 as $t, 1, 100, <$t>::MAX, <$t>::MIN]) {
            $log.put("add", cell.fetch_add(value, Ordering::SeqCst));
            $log.put("sub", cell.fetch_sub(3, Ordering::Relaxed));
            $log.put("and", cell.fetch_and(!value, Ordering::AcqRel));
            $log.put("or", cell.fetch_or(value, Ordering::AcqRel));
            $log.put("xor", cell.fetch_xor(0x55, Ordering::AcqRel));
            $log.put("nand", cell.fetch_nand(value, Ordering::AcqRel));
            $log.put("max", cell.fetch_max(value, Ordering::AcqRel));
            $log.put("min", cell.fetch_min(value, Ordering::AcqRel));
            $log.put("swap", cell.swap(value, Ordering::AcqRel));
            match cell.compare_exchange(value, 77, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(old) => $log.put("cas", old),
                Err(old) => $log.put("failed", old),
            }
            match cell.compare_exchange(1, 2, Ordering::SeqCst, Ordering::Relaxed) {
                Ok(old) => $log.put("cas", old),
                Err(old) => $log.put("failed", old),
            }
            cell.store(value, Ordering::Release);
            fence(Ordering::SeqCst);
            $log.put("load", cell.load(Ordering::Acquire));
        }
    }};
}

fn odd_loads(log: &mut Log) {
    // Three-, five- and seven-byte values at the very end of a buffer.
    #[derive(Clone, Copy, PartialEq)]
    struct Three([u8; 3]);
    let mut buffer = [0u8; 24];
    for (i, byte) in buffer.iter_mut().enumerate() {
        *byte = (i * 37) as u8;
    }
    let values: [Three; 8] = unsafe { std::mem::transmute(black_box(buffer)) };
    for i in 0..8 {
        let next = values[(i + 1) % 8];
        let copy = black_box(values[i]);
        log.put("three", copy == next);
        log.put("three", u32::from_le_bytes([copy.0[0], copy.0[1], copy.0[2], 0]));
    }
}

#[unsafe(no_mangle)]
pub fn drive_misc(log: &mut Log) {
    for x in black_box([0u64, 1, 5, 9, 10, 100, 200, 250, 300, 0x1_0000_0000, 0x1_0000_0001, u64::MAX]) {
        log.put("sparse", sparse(x));
    }
    for x in -4..12 {
        log.put("dense", dense(x));
    }
    for x in black_box([i128::MIN, -1, 0, 4, 5, 9, 10, 1 << 64, (1 << 64) + 1]) {
        log.put("huge", huge(x));
    }
    for x in black_box(['a', 'z', 'A', '5', '{', '\u{10ffff}', '\u{10fffe}']) {
        log.put("text", text(x).len());
    }
    COUNT.set(COUNT.get() + 1);
    log.put("tls", COUNT.get());
    let mut big = BIG.get();
    big[3] += 9;
    BIG.set(big);
    log.put("tls", BIG.get().iter().sum::<u64>());
    TOTAL.fetch_add(3, Ordering::SeqCst);
    log.put("total", TOTAL.load(Ordering::SeqCst));
    unsafe {
        let buffer = &raw mut BUFFER;
        (*buffer)[black_box(2)] = 500;
        log.put("static", (*buffer).iter().map(|&x| x as u32).sum::<u32>());
    }
    for (index, name) in NAMES.iter().enumerate() {
        log.put("name", name.len() * 10 + index);
        log.put("name", name.as_bytes()[1]);
    }
    for f in FUNCTIONS {
        log.put("function", f(black_box(21)));
    }
    let shapes: [&dyn Shape; 2] = [&Square(1.5), &Circle { radius: 2.0, label: *b"abc" }];
    for shape in black_box(shapes) {
        log.put("area", shape.area());
        log.put("label", shape.name().len());
    }
    let aligned = black_box(Aligned([7; 70]));
    log.put("aligned", &raw const aligned as usize % 64);
    log.put("aligned", aligned.0.iter().map(|&x| x as u32).sum::<u32>());
    let packed = black_box(Packed(1, 0x0203_0405, 0x0607, 0x08090a0b0c0d0e0f));
    let (middle, last) = (packed.1, packed.3);
    log.put("packed", middle);
    log.put("packed", last);
    atomics!(log, u8, AtomicU8);
    atomics!(log, i8, AtomicI8);
    atomics!(log, u16, AtomicU16);
    atomics!(log, i16, AtomicI16);
    atomics!(log, u32, AtomicU32);
    atomics!(log, i32, AtomicI32);
    atomics!(log, u64, AtomicU64);
    atomics!(log, i64, AtomicI64);
    let flag = AtomicBool::new(black_box(false));
    log.put("flag", flag.swap(true, Ordering::SeqCst));
    log.put("flag", flag.fetch_nand(true, Ordering::SeqCst));
    log.put("flag", flag.compare_exchange(false, true, Ordering::SeqCst, Ordering::SeqCst).is_ok());
    odd_loads(log);
    // C: variable arguments with floats, callbacks.
    let mut buffer = [0u8; 64];
    unsafe {
        let n = snprintf(
            buffer.as_mut_ptr(),
            64,
            c"%d %s %.3f %llu %.1f".as_ptr().cast(),
            black_box(42i32),
            c"text".as_ptr(),
            black_box(1.25f64),
            u64::MAX,
            0.5f64,
        );
        log.put("snprintf", n);
        log.put("snprintf", strlen(buffer.as_ptr()));
        for &byte in &buffer[..n as usize] {
            log.put("char", byte);
        }
        let mut numbers = black_box([5i32, -3, 900, 0, 77, i32::MIN, i32::MAX]);
        qsort(numbers.as_mut_ptr().cast(), numbers.len(), 4, backwards);
        for n in numbers {
            log.put("sorted", n);
        }
    }
    let mut copied = [0u8; 300];
    let source: [u8; 300] = std::array::from_fn(|i| i as u8);
    for len in [0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 64, 127, 128, 129, 255] {
        copied[..len].copy_from_slice(&black_box(&source)[300 - len..]);
        copied[len..len + 30].fill(len as u8);
        copied.copy_within(3..90, 20);
        log.put("copy", copied.iter().fold(0u64, |a, &b| a.wrapping_mul(131).wrapping_add(b as u64)));
    }
    let array = black_box([[1u64; 4]; 3]);
    let moved = array;
    log.put("array", moved[2][3] + array[0][0]);
    log.put("mem", std::mem::size_of_val(&array));
    let mut swap = (black_box(1u128), black_box(2u128));
    let (a, b) = (&mut swap.0, &mut swap.1);
    std::mem::swap(a, b);
    log.put("swap", swap.0);
    let mut sorted: [u32; 20] = std::array::from_fn(|i| ((i as u32).wrapping_mul(2_654_435_761)) >> 7);
    sorted.sort_unstable();
    for x in sorted {
        log.put("sort", x);
    }
    log.put("parse", "12345".parse::<u64>().unwrap_or(0));
    log.put("parse", "-0x".parse::<i32>().is_err());
    log.put("parse", "3.25e2".parse::<f64>().unwrap_or(0.0));
    let mut vector: Vec<u64> = (0..50).map(|x| x * x).collect();
    vector.retain(|x| x % 3 == 0);
    log.put("vec", vector.iter().sum::<u64>());
    let words: std::collections::HashMap<String, usize> = "the quick brown fox jumps over the lazy dog the end"
        .split(' ')
        .fold(Default::default(), |mut map: std::collections::HashMap<String, usize>, word| {
            *map.entry(word.to_owned()).or_default() += 1;
            map
        });
    log.put("map", words.len());
    log.put("map", words["the"]);
    let formatted = format!("{:>8.3} {:#x} {:?} {}", 3.14159, 255u128, Some("x"), i128::MIN);
    for byte in formatted.bytes() {
        log.put("format", byte);
    }
}
