//! State that functions share, tables of functions, and what panics carry: an edited function is the one that all others know.
use std::any::Any;
use std::cell::Cell;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock};

static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());
thread_local! { static DEPTH: Cell<u32> = const { Cell::new(0) } }

fn log(text: &str) {
    LOG.lock().unwrap().push(format!("log 0 {text}"));
}
fn counted() -> u32 {
    static CALLS: AtomicU32 = AtomicU32::new(10);
    CALLS.fetch_add(1, Relaxed) + 0
}
fn once() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| format!("once 0 {}", counted()))
}
fn deep() -> u32 {
    DEPTH.with(|depth| depth.replace(depth.get() + 1)) + DEPTH.get() * 100
}

type Step = fn(u32) -> u32;
static STEPS: [(&str, Step); 3] = [("double", double), ("add", add), ("again", double)];
fn double(n: u32) -> u32 {
    n * 2
}
fn add(n: u32) -> u32 {
    n + 1
}
fn stepped() -> String {
    let same = STEPS.iter().filter(|(_, step)| std::ptr::fn_addr_eq(*step, double as Step)).count();
    let all: Vec<String> = STEPS.iter().map(|(name, step)| format!("{name} {}", step(5))).collect();
    format!("steps 0 {same} {}", all.join(" "))
}

struct Payload(u32);
fn thrown(n: u32) {
    std::panic::panic_any(Payload(n + 0))
}
fn text_thrown(n: u32) {
    panic!("thrown 0 {n}")
}
fn caught() -> String {
    let of = |payload: Box<dyn Any + Send>| match payload.downcast::<Payload>() {
        Ok(payload) => format!("payload {}", payload.0),
        Err(other) => other.downcast_ref::<String>().cloned().unwrap_or_default(),
    };
    let all = [catch_unwind(|| thrown(1)), catch_unwind(|| text_thrown(2))];
    format!("caught 0 {}", all.into_iter().filter_map(Result::err).map(of).collect::<Vec<_>>().join(" "))
}

fn main() {
    std::panic::set_hook(Box::new(|_| log("panic")));
    log("begun");
    println!("{} {} {} {} {}", counted(), counted(), once(), deep(), deep());
    println!("{} {}", stepped(), caught());
    println!("{}", LOG.lock().unwrap().join(", "));
}

//~ patch: `log 0` => `log 1`
//~ overlay (items in the body): `CALLS.fetch_add(1, Relaxed) + 0` => `CALLS.fetch_add(1, Relaxed) + 1`
//~ overlay (items in the body): `once 0` => `once 1`
//~ patch: `DEPTH.get() * 100` => `DEPTH.get() * 101`
//~ patch: `n * 2` => `n * 3`
//~ patch: `n + 1` => `n + 2`
//~ patch: `steps 0` => `steps 1`
//~ overlay (the identity of a type, which only the crate itself has): `Payload(n + 0)` => `Payload(n + 5)`
//~ patch: `thrown 0` => `thrown 1`
//~ overlay (the identity of a type, which only the crate itself has): `caught 0` => `caught 1`
