// What every generated program uses: the checksum, the limit of steps, values that tell when they are dropped.
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

static CHECKSUM: AtomicU64 = AtomicU64::new(0);
static FUEL: AtomicU32 = AtomicU32::new(0);

thread_local! {
    pub static WIDE: Cell<u128> = const { Cell::new(7) };
    pub static COUNT: Cell<i32> = Cell::new(std::hint::black_box(3));
}

/// Takes one step; there are none left if it says so, and everything ends soon.
pub fn step() -> bool {
    let left = FUEL.load(Relaxed);
    FUEL.store(left.saturating_sub(1), Relaxed);
    left > 0
}

pub fn put(value: u64) {
    let sum = (CHECKSUM.load(Relaxed) ^ value).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(9);
    CHECKSUM.store(sum, Relaxed);
}

pub trait Sum {
    fn sum(&self);
}

macro_rules! integers {
    ($($t:ty)*) => {$(
        impl Sum for $t {
            fn sum(&self) {
                put(*self as u64);
                if size_of::<$t>() > 8 { put((*self as u128 >> 64) as u64); }
            }
        }
    )*};
}
integers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize bool char);

// Which NaN it is, is not defined.
impl Sum for f32 {
    fn sum(&self) {
        put(if self.is_nan() { 1 } else { self.to_bits().into() });
    }
}
impl Sum for f64 {
    fn sum(&self) {
        put(if self.is_nan() { 1 } else { self.to_bits() });
    }
}
impl Sum for str {
    fn sum(&self) {
        put(self.len() as u64);
        self.bytes().for_each(|byte| put(byte.into()));
    }
}
impl Sum for String {
    fn sum(&self) {
        self.as_str().sum();
    }
}
impl Sum for () {
    fn sum(&self) {}
}
impl<T: Sum> Sum for [T] {
    fn sum(&self) {
        put(self.len() as u64);
        self.iter().for_each(Sum::sum);
    }
}
impl<T: Sum, const N: usize> Sum for [T; N] {
    fn sum(&self) {
        self.as_slice().sum();
    }
}
impl<T: Sum> Sum for Vec<T> {
    fn sum(&self) {
        self.as_slice().sum();
    }
}
impl<T: Sum + ?Sized> Sum for Box<T> {
    fn sum(&self) {
        (**self).sum();
    }
}
impl<T: Sum + ?Sized> Sum for &T {
    fn sum(&self) {
        (**self).sum();
    }
}
impl<T: Sum> Sum for Option<T> {
    fn sum(&self) {
        match self {
            None => put(0),
            Some(value) => {
                put(1);
                value.sum();
            }
        }
    }
}
impl<T: Sum, E: Sum> Sum for Result<T, E> {
    fn sum(&self) {
        match self {
            Ok(value) => value.sum(),
            Err(error) => {
                put(2);
                error.sum();
            }
        }
    }
}
macro_rules! tuples {
    ($($($t:ident)*;)*) => {$(
        impl<$($t: Sum),*> Sum for ($($t,)*) {
            #[allow(non_snake_case)]
            fn sum(&self) {
                let ($($t,)*) = self;
                $($t.sum();)*
            }
        }
    )*};
}
tuples!(A; A B; A B C; A B C D;);

/// Tells when it is made, cloned and dropped.
#[derive(Debug, PartialEq, PartialOrd)]
pub struct Noisy(pub u32);
impl Noisy {
    pub fn new(number: u32) -> Noisy {
        put(u64::from(number) ^ 0xaaaa);
        Noisy(number)
    }
}
impl Clone for Noisy {
    fn clone(&self) -> Noisy {
        put(u64::from(self.0) ^ 0xbbbb);
        Noisy(self.0.wrapping_add(1))
    }
}
impl Drop for Noisy {
    fn drop(&mut self) {
        put(u64::from(self.0) ^ 0xcccc);
    }
}
impl Sum for Noisy {
    fn sum(&self) {
        put(self.0.into());
    }
}

/// Panics when it is dropped, unless something panics already.
pub struct Bomb(pub u32);
impl Drop for Bomb {
    fn drop(&mut self) {
        put(self.0.into());
        if !std::thread::panicking() && self.0 % 4 == 1 {
            panic!("a bomb of {}", self.0);
        }
    }
}

/// Which NaN it is, is not defined, so neither is its sign.
pub trait Plain {
    fn plain(self) -> Self;
}
impl Plain for f32 {
    fn plain(self) -> f32 {
        if self.is_nan() { 0.25 } else { self }
    }
}
impl Plain for f64 {
    fn plain(self) -> f64 {
        if self.is_nan() { 0.25 } else { self }
    }
}

/// What `what` gives, or `other` if it panics.
pub fn caught<T>(what: impl FnOnce() -> T, other: impl FnOnce(&str) -> T) -> T {
    catch_unwind(AssertUnwindSafe(what)).unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or(payload.downcast_ref::<&str>().copied()).unwrap_or("neither");
        text.sum();
        other(text)
    })
}

/// Tells where its caller is.
#[track_caller]
pub fn here(value: u32) -> u32 {
    let place = std::panic::Location::caller();
    place.file().sum();
    value
}

/// One call of a generated function, and what was put during it.
pub fn record<T: Sum>(name: &str, what: impl FnOnce() -> T) {
    CHECKSUM.store(0, Relaxed);
    FUEL.store(300, Relaxed);
    let outcome = catch_unwind(AssertUnwindSafe(|| what().sum()));
    let end = if outcome.is_ok() { "returned" } else { "panicked" };
    println!("{name} {end} {:016x}", CHECKSUM.load(Relaxed));
}

/// Panics are part of what a program does.
pub fn hook() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(|at| format!("{}:{}:{}", at.file(), at.line(), at.column()));
        println!("{} at {}", info.payload_as_str().unwrap_or("?"), place.unwrap_or_default());
    }));
}
