//! Constructs that the decoder's tests look for.
#![allow(static_mut_refs)]

use std::cell::Cell;

#[unsafe(no_mangle)]
pub fn wide(a: i128) -> i128 {
    match a {
        i128::MIN => i128::MAX,
        -3 => 0x0123_4567_89ab_cdef_0011_2233_4455_6677,
        0x1_0000_0000_0000_0000 => -0x1_0000_0000_0000_0000,
        other => other,
    }
}

const SIGNALING: f64 = f64::from_bits(0x7ff4_0000_dead_beef);
const QUIET: f32 = f32::from_bits(0xffc0_1234);

#[unsafe(no_mangle)]
pub fn floats(x: f64, y: f32) -> (bool, bool) {
    (x == SIGNALING, y == QUIET)
}

pub struct Odd {
    pub a: [u8; 3],
}

#[unsafe(no_mangle)]
pub fn odd(a: Odd) -> Odd {
    a
}

pub static NUMBERS: [u16; 3] = [1, 2, 0xfffe];
pub static TEXTS: &[&str] = &["abc", "de"];
pub static INNER: &u16 = &NUMBERS[2];
pub static ZEROS: [u64; 100] = [0; 100];
pub static FUNCTION: fn(i128) -> i128 = wide;
pub static WIDE: i128 = i128::MIN + 1;
pub static mut COUNTER: u32 = 7;

thread_local! {
    pub static LOCAL: Cell<u32> = const { Cell::new(9) };
}

#[unsafe(no_mangle)]
pub fn thread_local_user() -> u32 {
    LOCAL.with(|cell| cell.get())
}

extern "C" fn at_start() {
    unsafe { COUNTER += 1 };
}

#[used]
#[unsafe(link_section = ".init_array")]
pub static START: extern "C" fn() = at_start;

#[unsafe(no_mangle)]
pub fn flags(a: bool, b: u8, c: i16) -> bool {
    a && b > 3 && c < 0
}

pub struct Noisy;
impl Drop for Noisy {
    fn drop(&mut self) {
        unsafe { COUNTER += 2 };
    }
}

#[inline(never)]
pub fn may_panic(x: u32) -> u32 {
    assert!(x != 0);
    x
}

#[unsafe(no_mangle)]
pub fn unwinding(x: u32) -> u32 {
    let _noisy = Noisy;
    may_panic(x)
}

#[unsafe(no_mangle)]
pub fn catching(x: u32) -> bool {
    std::panic::catch_unwind(|| may_panic(x)).is_ok()
}

#[unsafe(no_mangle)]
pub fn switching(x: u8) -> u32 {
    match x {
        0 => 10,
        1 => 25,
        7 => 3,
        255 => 1,
        _ => 0,
    }
}

#[unsafe(no_mangle)]
pub fn closures(x: u32) -> u32 {
    let add = |y: u32| x.wrapping_add(y);
    add(1) ^ add(2)
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Big {
    pub words: [u64; 5],
}

#[unsafe(no_mangle)]
pub extern "C" fn by_value(big: Big) -> Big {
    big
}

#[unsafe(no_mangle)]
pub fn call_by_value(big: Big) -> Big {
    by_value(big)
}

unsafe extern "C" {
    pub fn printf(format: *const i8, ...) -> i32;
}

#[unsafe(no_mangle)]
pub fn variadic() {
    unsafe { printf(c"%d %f\n".as_ptr().cast(), 3i32, 2.5f64) };
}

#[target_feature(enable = "avx2")]
#[unsafe(no_mangle)]
pub fn featured(a: std::arch::x86_64::__m256i) -> std::arch::x86_64::__m256i {
    std::arch::x86_64::_mm256_add_epi32(a, std::arch::x86_64::_mm256_set1_epi32(3))
}

#[unsafe(no_mangle)]
pub fn assembly(x: u64) -> u64 {
    let y: u64;
    unsafe { std::arch::asm!("lea {}, [{} + 5]", out(reg) y, in(reg) x) };
    y
}

std::arch::global_asm!(".globl cranefly_test_marker", "cranefly_test_marker:", "ret");

#[unsafe(no_mangle)]
pub fn atomics(x: &std::sync::atomic::AtomicU32) -> u32 {
    use std::sync::atomic::Ordering::*;
    let _ = x.compare_exchange(1, 2, AcqRel, Acquire);
    std::sync::atomic::fence(SeqCst);
    x.fetch_add(3, Release) + x.load(Acquire)
}

pub struct Fields {
    pub a: u8,
    pub list: [(u64, u32); 4],
}

#[unsafe(no_mangle)]
pub fn indexing(fields: &Fields, index: usize) -> &u32 {
    &fields.list[index].1
}

/// Its halves are addresses without an object; a pointer that is made of a number is bytes.
#[unsafe(no_mangle)]
pub static IDENTITY: (u8, std::any::TypeId) = (3, std::any::TypeId::of::<Stored>());
pub struct Stored;
pub struct Address(pub *const u8);
unsafe impl Sync for Address {}
#[unsafe(no_mangle)]
pub static ADDRESS: (u128, Address) =
    (0x0123_4567_89ab_cdef_0123_4567_89ab_cdef, Address(std::ptr::without_provenance(0x7fff_1234_5678)));
