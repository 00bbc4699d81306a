//! What comes with an edited `async fn`, and what a twin's is replaced by.

use std::collections::HashSet;
use std::sync::Arc;

use cranefly_bitcode::demangled;
use cranefly_bitcode::ir::GlobalId;
use cranefly_cgu::{LoadedUnit, polls_future};

use super::{Node, Selector};
use crate::edited_functions::{self, Root};
use crate::futures::{Future, has_body_of_future, path_of_drop};
use crate::names::definitions_at;
use crate::{BodyUnit, Origin, Refusal};

impl<'a> Selector<'a> {
    /// What polls and drops the futures of edited `async fn`s, if they have remained what they were to all others.
    pub(super) fn futures(&mut self) -> Result<Vec<Node>, Refusal> {
        let mut found = Vec::new();
        let mut unchecked: HashSet<Node> = self.edited.iter().copied().filter(|&node| self.polls(node)).collect();
        // (A twin has none, and as many globals as the crate.)
        let compiled = self.body.iter().enumerate().filter(|(_, unit)| unit.origin != Origin::Twin);
        let roots = compiled.flat_map(|(number, BodyUnit { unit, .. })| {
            edited_functions::roots(unit).flat_map(move |Root { function, future }| Some((number, function, future?)))
        });
        for (number, function, future) in roots.collect::<Vec<_>>() {
            let make = self.definition((number, function)).filter(|make| self.edited.contains(make));
            let [Some(poll), Some(drop)] = future.map(|global| self.definition((number, global))) else { continue };
            let Some(make) = make else { continue };
            unchecked.remove(&poll);
            let before = (self.counterpart(make), self.counterpart(poll), self.drop_of_future(poll, drop));
            let (old_make, old_poll, old_drop) = match before {
                (Some(make), Some(poll), drop) => (make, poll, drop),
                // Nobody has ever called it.
                (None, None, None) => continue,
                _ => return Err(Refusal::FutureNotInUse),
            };
            let after =
                Future { make: self.located(make)?, poll: self.located(poll)?, drop: Some(self.located(drop)?) };
            let before = Future {
                make: self.located_in_crate(old_make)?,
                poll: self.located_in_crate(old_poll)?,
                drop: old_drop.map(|drop| self.located_in_crate(drop)).transpose()?,
            };
            after.check_same_layout(&before)?;
            self.check_only_drop(old_poll, old_drop)?;
            self.edited.insert(poll);
            found.push(poll);
            if old_drop.is_some() {
                found.push(drop);
            }
        }
        if unchecked.is_empty() {
            return Ok(found);
        }
        Err(Refusal::FutureUnknown)
    }

    /// The crate lane's version of what drops a future, whose name is noted.
    fn drop_of_future(&mut self, poll: Node, drop: Node) -> Option<(usize, GlobalId)> {
        if self.origin(drop) == Origin::Overlay {
            return self.counterpart(drop);
        }
        let path = path_of_drop(&self.names.path(&self.unit(poll).global(poll.1).name));
        self.only_crate_definition(drop, &path)
    }

    fn located(&self, node: Node) -> Result<(&'a LoadedUnit, usize), Refusal> {
        let unit = self.unit(node);
        unit.function(node.1).map(|function| (unit, function)).ok_or(Refusal::Alias)
    }

    fn located_in_crate(&self, (number, global): (usize, GlobalId)) -> Result<(&'a LoadedUnit, usize), Refusal> {
        let unit = &*self.crates[number];
        unit.function(global).map(|function| (unit, function)).ok_or(Refusal::Alias)
    }

    /// Another crate may have a function of its own that drops the future, under another name, which nothing would replace.
    fn check_only_drop(&self, poll: (usize, GlobalId), drop: Option<(usize, GlobalId)>) -> Result<(), Refusal> {
        let name = |(number, global): (usize, GlobalId)| -> &'a Arc<str> { &self.crates[number].global(global).name };
        let path = path_of_drop(&demangled(name(poll)));
        let mut all = definitions_at(self.crates.iter().enumerate(), &path).into_iter();
        if all.all(|other| drop.is_some_and(|own| name(own) == name(other))) {
            return Ok(());
        }
        Err(Refusal::FutureDroppedElsewhere)
    }

    fn polls(&self, node: Node) -> bool {
        self.subprogram(node).is_some_and(|it| polls_future(it))
    }

    /// Whether a function is rustc's copy of what polls or drops an `async fn`'s future, made from the twin.
    pub(super) fn has_body_of_future(&self, node: Node) -> bool {
        self.origin(node) != Origin::Overlay && self.subprogram(node).is_some_and(|it| has_body_of_future(it))
    }
}
