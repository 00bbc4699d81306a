//! From the rows of a line table to the tree of inlined calls.

use std::sync::Arc;

use cranefly_bitcode::ir::{SourceFrame, Subprogram};

use super::description::{FunctionInfo, NOWHERE};

/// Index of no scope.
pub(super) const NONE: u32 = u32::MAX;

/// One inlined call.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    /// What was inlined.
    pub callee: &'a Arc<Subprogram>,
    /// Position of the call.
    pub call: &'a SourceFrame,
    /// First and last call inlined into this one, and the next one at the same level.
    pub first_child: u32,
    last_child: u32,
    pub next: u32,
    /// Offsets in the function, `start..end`, by rising start.
    pub ranges: smallvec::SmallVec<[(u32, u32); 2]>,
}

/// The inlined calls of one function; reused from function to function.
#[derive(Debug, Default)]
pub(super) struct Scopes<'a> {
    pub all: Vec<Scope<'a>>,
    /// First call inlined into the function itself.
    pub first: u32,
    last: u32,
    /// Scopes that hold the current row, outermost first.
    path: Vec<u32>,
}

impl<'a> Scopes<'a> {
    /// Replaces the contents by `function`'s.
    pub fn collect(&mut self, function: &FunctionInfo<'a>) {
        self.all.clear();
        (self.first, self.last) = (NONE, NONE);
        if function.locations.iter().all(|location| location.frames.len() <= 1) {
            return;
        }
        for (row, &(start, location)) in function.lines.iter().enumerate() {
            let end = function.lines.get(row + 1).map_or(function.length, |next| next.0);
            if location == NOWHERE || start == end {
                continue;
            }
            let frames = &function.locations[location as usize].frames;
            self.find(frames);
            for index in 0..self.path.len() {
                let ranges = &mut self.all[self.path[index] as usize].ranges;
                match ranges.last_mut() {
                    Some(last) if last.1 == start => last.1 = end,
                    _ => ranges.push((start, end)),
                }
            }
        }
    }

    /// Sets the path to the scopes of `frames` (innermost first), making those that are new.
    fn find(&mut self, frames: &'a [SourceFrame]) {
        self.path.clear();
        let mut parent = NONE;
        for pair in frames.windows(2).rev() {
            let (callee, call) = (&pair[0].subprogram, &pair[1]);
            let mut child = if parent == NONE { self.first } else { self.all[parent as usize].first_child };
            while child != NONE && !same(&self.all[child as usize], callee, call) {
                child = self.all[child as usize].next;
            }
            if child == NONE {
                child = self.add(parent, callee, call);
            }
            self.path.push(child);
            parent = child;
        }
    }

    fn add(&mut self, parent: u32, callee: &'a Arc<Subprogram>, call: &'a SourceFrame) -> u32 {
        let new = self.all.len() as u32;
        let ranges = smallvec::SmallVec::new();
        self.all.push(Scope { callee, call, first_child: NONE, last_child: NONE, next: NONE, ranges });
        let last = if parent == NONE { &mut self.last } else { &mut self.all[parent as usize].last_child };
        match std::mem::replace(last, new) {
            NONE if parent == NONE => self.first = new,
            NONE => self.all[parent as usize].first_child = new,
            before => self.all[before as usize].next = new,
        }
        new
    }
}

/// Equal content is the rule of equality; equal pointers are the shortcut that nearly always decides.
fn same(scope: &Scope<'_>, callee: &Arc<Subprogram>, call: &SourceFrame) -> bool {
    let shared = |a: &Arc<Subprogram>, b: &Arc<Subprogram>| Arc::ptr_eq(a, b) || a == b;
    scope.call.line == call.line
        && scope.call.column == call.column
        && shared(scope.callee, callee)
        && (Arc::ptr_eq(&scope.call.file, &call.file) || scope.call.file == call.file)
}
