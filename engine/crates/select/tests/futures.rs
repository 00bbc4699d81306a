//! Edited `async fn`s: taken as long as nobody else would notice that their futures are others.

mod support;

use cranefly_select::{Refusal, Selection, SelectionCache, select};
use support::{Crate, edit, functions};

/// Functions have a line each.
const SOURCE: &str = r"
use std::{future::Future, pin::{Pin, pin}, task::{Context, Poll, Waker}};
pub struct Pause(pub bool);
impl Future for Pause {
    type Output = u32;
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u32> { if self.0 { Poll::Ready(7) } else { Poll::Pending } }
}
pub struct Loud(pub u32);
impl Drop for Loud {
    fn drop(&mut self) { std::process::abort() }
}
pub async fn waits(n: u32) -> u32 { Pause(true).await ^ n }
pub fn starts() -> bool { pin!(waits(1)).poll(&mut Context::from_waker(Waker::noop())).is_ready() }
";
/// What makes rustc generate the function, and what polls and drops its future, where nothing calls it.
const ROOT: &str = "static __CRANEFLY_ROOT_0: [::core::sync::atomic::AtomicPtr<()>; 3] = { const fn of<P0, R: Future>(f: fn(P0) -> R) -> [::core::sync::atomic::AtomicPtr<()>; 3] { [::core::sync::atomic::AtomicPtr::new(f as *mut ()), ::core::sync::atomic::AtomicPtr::new(<R as Future>::poll as *mut ()), ::core::sync::atomic::AtomicPtr::new(::core::ptr::drop_in_place::<R> as *mut ())] } of(waits) };\n";

#[track_caller]
fn edited(name: &str, body: &str) -> Result<Selection, Refusal> {
    let mut app = Crate::new(&format!("future-{name}"));
    let before = app.units(SOURCE, &[]);
    let (from, to) = ("{ Pause(true).await ^ n }", format!("{{ {body} }}"));
    assert_eq!(SOURCE.matches(from).count(), 1);
    let after = SOURCE.replace(from, &to) + ROOT;
    let body = app.overlay_units(&after, &["fn waits", "const fn of"], &[]);
    let functions = [app.edited(&after, "fn waits")];
    select(&before, &body, &edit(&functions), &|_| true, &mut SelectionCache::default())
}

#[test]
fn what_a_body_does_between_its_waits_is_its_own() {
    let selection = edited("taken", "Pause(true).await ^ n ^ 1").unwrap();
    let taken = functions(&selection.units[1]);
    assert!(taken.contains(&"app::waits::{{closure}}".to_owned()), "{taken:?}");
    assert!(!taken.contains(&"app::starts".to_owned()), "{taken:?}");
}

#[test]
fn a_body_that_waits_more_often_is_refused() {
    let refusal = edited("states", "Pause(true).await ^ Pause(false).await ^ n").unwrap_err();
    assert!(matches!(refusal, Refusal::FutureLayout | Refusal::FutureStates), "{refusal}");
    assert!(refusal.is_final());
}

#[test]
fn a_future_that_holds_more_is_refused() {
    let refusal = edited("layout", "let held = [n; 50]; let n = Pause(true).await; held[n as usize % 50]").unwrap_err();
    assert_eq!(refusal, Refusal::FutureLayout);
}

#[test]
fn a_future_that_has_something_to_drop_now_is_refused() {
    let refusal = edited("drop", "let _loud = Loud(n); Pause(true).await").unwrap_err();
    assert!(matches!(refusal, Refusal::FutureLayout | Refusal::FutureDrop), "{refusal}");
    assert!(refusal.is_final());
}
