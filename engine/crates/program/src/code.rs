//! Code for the functions that a publication binds: from the store, or made now.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cranefly_cache::{Compiled, Key};
use cranefly_cgu::LoadedUnit;
use cranefly_compile::{CodeOptions, CompileContext, CompileError, Made, OwnCode, compile_all};
use cranefly_image::Pending;
use hashbrown::HashSet;

use crate::published::CompileWork;
use crate::unit_set::UnitSet;

/// Functions to compile: of each unit, by their numbers.
type Wanted<'a> = HashMap<&'a Arc<str>, Vec<usize>>;

/// Where a publication has a function's code from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeOrigin {
    /// It was compiled for this publication, now or while its unit was read.
    Compiled,
    /// The store had it.
    Store,
}

/// The code of one publication. Outlives an attempt at linking that fails: what was compiled for it is not compiled again.
#[derive(Debug)]
pub struct CodeSupply<'a> {
    context: &'a CompileContext,
    units: &'a UnitSet,
    options: &'a CodeOptions,
    /// What was compiled for this publication.
    compiled: HashSet<Key>,
    /// What was found or made, by content.
    by_key: HashMap<Key, Compiled>,
    /// What the store does not have, since it is one function's alone.
    own: OwnCode,
    work: CompileWork,
    waited: Duration,
}

impl<'a> CodeSupply<'a> {
    /// For functions of `units`. `read`: keys of what was compiled while the units were read.
    pub fn new(context: &'a CompileContext, units: &'a UnitSet, options: &'a CodeOptions, read: HashSet<Key>) -> Self {
        Self {
            context,
            units,
            options,
            compiled: read,
            by_key: HashMap::new(),
            own: OwnCode::new(),
            work: CompileWork::default(),
            waited: Duration::ZERO,
        }
    }

    /// Makes sure that there is code for all of `pending`, on all cores.
    ///
    /// # Errors
    /// The first function that neither code generator takes.
    pub fn compile(&mut self, pending: &[Pending]) -> Result<(), CompileError> {
        let start = Instant::now();
        let result = self.compile_missing(pending);
        self.waited += start.elapsed();
        result
    }

    fn compile_missing(&mut self, pending: &[Pending]) -> Result<(), CompileError> {
        let mut wanted = Wanted::new();
        let is_known = |pending: &Pending| self.own.contains_key(&place(pending));
        for (key, pending) in first_of_each(pending, |pending| Key(pending.info().key), is_known) {
            if !self.find(key) {
                self.compiled.insert(key);
                wanted.entry(&pending.unit.id).or_default().push(pending.function);
            }
        }
        self.compile_wanted(wanted)?;
        if !self.own.is_empty() {
            // LLVM tells functions apart that are equal to Cranelift: of those that turned out to be LLVM's each has its own.
            let mut others = Wanted::new();
            for pending in pending {
                let is_known = self.own.contains_key(&place(pending));
                if !is_known && !self.find(Key(pending.info().key)) {
                    others.entry(&pending.unit.id).or_default().push(pending.function);
                }
            }
            self.compile_wanted(others)?;
        }
        Ok(())
    }

    /// Compiles functions.
    fn compile_wanted(&mut self, wanted: Wanted) -> Result<(), CompileError> {
        let wanted: Vec<(Arc<LoadedUnit>, Vec<usize>)> =
            wanted.into_iter().filter_map(|(id, functions)| Some((self.units.get(id)?.clone(), functions))).collect();
        let Made { shared, own } = compile_all(self.context, &wanted, self.options)?;
        shared.values().chain(own.values()).for_each(|code| self.work.add(code));
        self.by_key.extend(shared);
        self.own.extend(own);
        Ok(())
    }

    /// The code of a function, and where it is from, if there is any.
    pub fn get(&self, pending: &Pending) -> Option<(Compiled, CodeOrigin)> {
        let key = Key(pending.info().key);
        let known = self.own.get(&place(pending)).or_else(|| self.by_key.get(&key)).cloned();
        let code = known.or_else(|| self.context.store.get(key))?;
        Some((code, if self.compiled.contains(&key) { CodeOrigin::Compiled } else { CodeOrigin::Store }))
    }

    /// Bytes of the code of `all`, if it is as large for its weight as that of `sample`, which there is.
    pub fn projected(&self, sample: &[Pending], all: &[Pending]) -> u64 {
        let weights = |of: &[Pending]| of.iter().map(|pending| u128::from(pending.info().weight)).sum::<u128>();
        // Between others: aligned.
        let bytes = |pending: &Pending| {
            self.get(pending)
                .map_or(0, |(Compiled { code, .. }, _)| code.bytes().len() as u64 + u64::from(code.align().max(16)))
        };
        let bytes: u64 = sample.iter().map(bytes).sum();
        let projected = u128::from(bytes) * weights(all) / weights(sample).max(1);
        u64::try_from(projected).unwrap_or(u64::MAX)
    }

    /// Looks for code by content. The store is asked once, whatever it drops meanwhile.
    fn find(&mut self, key: Key) -> bool {
        if self.by_key.contains_key(&key) {
            return true;
        }
        let found = self.context.store.get(key);
        found.is_some_and(|code| self.by_key.insert(key, code).is_none())
    }

    /// What was compiled, but for what was while units were read.
    pub fn work(&self) -> CompileWork {
        self.work
    }

    /// How long linking waited for it.
    pub fn waited(&self) -> Duration {
        self.waited
    }
}

/// A function's place in the program: its unit and its number there.
fn place(pending: &Pending) -> (Arc<str>, usize) {
    (pending.unit.id.clone(), pending.function)
}

/// What is to be compiled, with its key: of things with equal keys the first that has no code of its own, which an earlier
/// attempt may have made for the ones before it.
fn first_of_each<T, K: Copy + Eq + Hash>(
    things: &[T],
    key: impl Fn(&T) -> K,
    has_own: impl Fn(&T) -> bool,
) -> Vec<(K, &T)> {
    let mut seen = HashSet::new();
    let without = things.iter().filter(|thing| !has_own(thing)).map(|thing| (key(thing), thing));
    without.filter(|(key, _)| seen.insert(*key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_equal_functions_is_compiled_though_another_has_code_of_its_own() {
        let functions = [("early", 1), ("own", 2), ("late", 2), ("later", 2), ("other", 1)];
        let wanted = first_of_each(&functions, |(_, key)| *key, |(name, _)| *name == "own");
        assert_eq!(wanted, [(1, &("early", 1)), (2, &("late", 2))]);
    }
}
