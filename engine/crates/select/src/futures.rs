//! Edited `async fn`s: whether their futures stay what the rest of the program takes them for.
//!
//! rustc makes three functions of an `async fn`: one that makes the future, one that polls it, and one that drops it. Only the latter
//! two have the body's code, but the body decides the future's layout, which is compiled into whatever holds one. It is
//! the same layout if the function that makes it is the same, for that has its size, its alignment and the places of the parameters
//! and of the state's number, and if it is suspended at as many points, for values that no state has may
//! stand for something else, such as `None`.

use cranefly_bitcode::ir::Subprogram;
use cranefly_cgu::{LoadedUnit, polls_future};

use crate::Refusal;

/// Whether a function has code of the body of an `async fn` that is not generic: it polls or drops its future.
pub fn has_body_of_future(subprogram: &Subprogram) -> bool {
    let name = &*subprogram.name;
    (polls_future(subprogram) && name.ends_with('}'))
        || (name.starts_with("drop_in_place<") && name.ends_with("::{async_fn_env#0}>"))
}

/// The path of the function that drops a future, by that of the one that polls it.
pub fn path_of_drop(poll: &str) -> String {
    format!("core::ptr::drop_in_place<{poll}>")
}

/// The functions of an `async fn`, by their numbers among a unit's.
#[derive(Clone, Copy, Debug)]
pub struct Future<'a> {
    /// Makes the future.
    pub make: (&'a LoadedUnit, usize),
    /// Polls it.
    pub poll: (&'a LoadedUnit, usize),
    /// Drops it; the program has none where nothing in it has to be dropped, or where nobody does.
    pub drop: Option<(&'a LoadedUnit, usize)>,
}

impl Future<'_> {
    /// Refuses an edit that others than these functions would notice.
    pub fn check_same_layout(&self, before: &Self) -> Result<(), Refusal> {
        let info = |(unit, function): (&LoadedUnit, usize)| unit.unit.functions[function].clone();
        let (make, old_make) = (info(self.make), info(before.make));
        let suspensions = |(unit, function): (&LoadedUnit, usize)| unit.shapes()[function].suspensions;
        let states = suspensions(self.poll);
        // (It calls nobody, but may copy its arguments.)
        if make.key != old_make.key || make.symbols.len() != old_make.symbols.len() {
            return Err(Refusal::FutureLayout);
        }
        if states.is_none() || states != suspensions(before.poll) {
            return Err(Refusal::FutureStates);
        }
        if self.needs_drop() && !before.needs_drop() {
            return Err(Refusal::FutureDrop);
        }
        Ok(())
    }

    /// Whether the future has anything to be dropped: otherwise rustc leaves the call out wherever it knows.
    pub fn needs_drop(&self) -> bool {
        self.drop.is_some_and(|(unit, function)| !unit.unit.functions[function].symbols.is_empty())
    }
}
