// Panics through translated frames: cleanups, catches, values that live across.
#[path = "log.rs"]
pub mod log;
use log::Log;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

struct Guard<'a>(*mut Log, &'a str, u64);
impl Drop for Guard<'_> {
    fn drop(&mut self) {
        unsafe { (*self.0).put(self.1, self.2) }
    }
}

#[inline(never)]
fn deep(log: *mut Log, depth: u64, callback: fn(u64) -> u64) -> u64 {
    let guard = Guard(log, "deep", depth);
    let values = [depth, depth * 2, depth * 3];
    let result = if depth == 0 { callback(depth) } else { deep(log, depth - 1, callback) };
    let second = Guard(log, "second", values[1] + result);
    let more = callback(depth + 100);
    drop(second);
    drop(guard);
    more + values[2] + result
}

fn conditional(log: *mut Log, which: u8, callback: fn(u64) -> u64) -> u64 {
    let first;
    let a = Guard(log, "a", 1);
    let mut sum = 0;
    if which > 1 {
        first = Guard(log, "b", 2);
        sum += callback(which as u64);
        if which == 3 {
            drop(first);
        } else {
            std::mem::forget(first);
        }
    }
    for i in 0..3u64 {
        let _c = Guard(log, "c", i + sum);
        sum += callback(i + which as u64);
    }
    let boxed: Vec<Guard> = (0..3).map(|i| Guard(log, "vec", i)).collect();
    sum += callback(sum);
    drop(boxed);
    drop(a);
    sum
}

/// With phis and a pad that several calls share.
fn many_args(log: *mut Log, callback: fn(u64) -> u64, x: u64, f: f64) -> (u64, f64) {
    let _guard = Guard(log, "many", x);
    let a = callback(x);
    let b = if a > 5 { callback(a) } else { callback(x + 1) + callback(x + 2) };
    let c = f * 2.0 + callback(b) as f64;
    (a + b, c)
}

#[unsafe(no_mangle)]
pub fn drive_unwinding(log: &mut Log, calm: fn(u64) -> u64, wild: fn(u64) -> u64) {
    let log: *mut Log = log;
    let put = |tag: &str, value: u64| unsafe { (*log).put(tag, value) };
    put("calm", deep(log, 3, calm));
    for callback in [calm, wild] {
        for depth in 0..4 {
            match catch_unwind(AssertUnwindSafe(|| deep(log, depth, callback))) {
                Ok(value) => put("returned", value),
                Err(payload) => put("caught", *payload.downcast_ref::<u64>().unwrap_or(&999)),
            }
        }
        for which in 0..5 {
            match catch_unwind(AssertUnwindSafe(|| conditional(log, which, callback))) {
                Ok(value) => put("returned", value),
                Err(payload) => put("caught", *payload.downcast_ref::<u64>().unwrap_or(&999)),
            }
        }
        match catch_unwind(AssertUnwindSafe(|| many_args(log, callback, black_box(4), black_box(1.5)))) {
            Ok((value, float)) => {
                put("returned", value);
                unsafe { (*log).put("float", float) }
            }
            Err(_) => put("caught", 1),
        }
    }
    // Thrown here, passed on once, caught twice.
    let outer = catch_unwind(AssertUnwindSafe(|| {
        let _guard = Guard(log, "outer", 5);
        let inner = catch_unwind(AssertUnwindSafe(|| {
            let _guard = Guard(log, "inner", 6);
            resume_unwind(Box::new(black_box(17u64)));
        }));
        put("inner", *inner.as_ref().unwrap_err().downcast_ref::<u64>().unwrap());
        resume_unwind(inner.unwrap_err());
    }));
    put("outer", *outer.unwrap_err().downcast_ref::<u64>().unwrap());
    // Panics of the language itself.
    let zero = black_box(0u64);
    put("divided", catch_unwind(|| 1 / zero).is_err() as u64);
    put("indexed", catch_unwind(|| [1u64, 2, 3][black_box(7)]).is_err() as u64);
    put("unwrapped", catch_unwind(|| black_box(None::<u8>).unwrap()).is_err() as u64);
}
