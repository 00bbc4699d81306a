//! The functions that rustc makes of an `async fn`'s body.

use cranefly_bitcode::ir::{Function, Op, Subprogram};

/// States that every future has: not begun, ended, and ended by a panic.
const FIXED_STATES: u64 = 3;

/// How many points a body may be suspended at, if it is that of an `async fn`'s polling function: they have a state each, and it
/// begins by looking which one it is in. Source: `rustc_mir_transform::coroutine`.
pub fn suspensions(body: &Function) -> Option<u32> {
    if !body.subprogram.as_deref().is_some_and(polls_future) {
        return None;
    }
    match &body.blocks.first()?.instructions.last()?.op {
        Op::Switch { cases, .. } => {
            let states = cases.iter().filter(|(value, _)| value.first().is_some_and(|&state| state >= FIXED_STATES));
            u32::try_from(states.count()).ok()
        }
        // rustc's form of a switch with two cases.
        Op::CondBr { .. } => Some(0),
        _ => None,
    }
}

/// Whether a function polls an `async fn`'s future.
pub fn polls_future(subprogram: &Subprogram) -> bool {
    subprogram.name.starts_with("{async_fn#")
}
