//! Which of the program's instances of generic functions is one that a program's twin has.
//!
//! A twin that has all bodies has the instances that its crate has. A library's have the library's symbols. A program's have others, since
//! rustc hashes the types into them, and into a type whether its crate is a program; so do identities of types (`TypeId`) in them. Debug
//! info writes the types of both alike, but it has no more of a crate than its name: where another crate of a program has the name of this
//! one, as a package's library often has, only names of types count that it alone declares.

use std::collections::BTreeSet;
use std::sync::Arc;

use cranefly_bitcode::demangled;
use cranefly_bitcode::ir::{GlobalId, GlobalKind, Subprogram};
use cranefly_cgu::{LoadedUnit, is_anonymous};

use super::{Node, Selector};
use crate::content::same_shape;
use crate::names::{BodyUnit, Origin};
use crate::references::is_instance;

impl Selector<'_> {
    /// Whether a twin's instance is known to be one that the program has, whose name is noted then.
    pub(super) fn is_same_instance(&mut self, node: Node) -> bool {
        if self.origin(node) != Origin::Twin {
            return false;
        }
        if self.crate_definition(&self.name(node)).is_some() {
            // A library's. Where it is another one, lines have moved since the twin was made: what is in instances is in the text that
            // twin and crate have in common.
            return self.subprogram(node).is_some_and(|it| is_instance(it) && has_telling_name(it));
        }
        let Some(own) = self.same_instance(node) else { return false };
        let name = self.unit(node).global(node.1).name.clone();
        self.names.same(&name, &own);
        true
    }

    /// The crate lane's symbol of the instance that debug info calls as it calls a twin's, if there is one of that name in both.
    fn same_instance(&self, node: Node) -> Option<Arc<str>> {
        let called = self.subprogram(node).filter(|it| is_instance(it) && has_telling_name(it))?;
        let BodyUnit { unit, crate_id, crate_name, distinct_types, .. } = &self.body[node.0];
        let mentions = || mentions_of(called, crate_name);
        let is_declared_here = called.namespace.first().is_none_or(|name| name == crate_name);
        let has_own_types = is_declared_here || mentions().next().is_some();
        let name_of = |path: &'_ str| path.rsplit_once("::").map_or(path, |(_, name)| name).to_owned();
        if distinct_types.as_ref().is_some_and(|distinct| !mentions().all(|path| distinct.contains(&name_of(path)))) {
            return None;
        }
        if mentions().any(|path| self.may_be_in_function(node, path)) {
            return None;
        }
        let path = demangled(&unit.global(node.1).name);
        let twins = self.body.iter().filter(|unit| unit.origin == Origin::Twin && unit.crate_id == *crate_id);
        if named_alike(twins.map(|unit| &unit.unit), &path, called).len() != 1 {
            return None;
        }
        let crates = self.crates_of(node.0).map(|(_, unit)| unit);
        let [own] = &named_alike(crates, &path, called).into_iter().collect::<Vec<_>>()[..] else { return None };
        self.has_same_content(node, own, has_own_types).then(|| Arc::clone(own))
    }

    /// Whether a type may be one that a function declares in its body. Debug info calls that as if it were in a module of the function's name,
    /// and the types of several blocks alike.
    fn may_be_in_function(&self, node: Node, path: &str) -> bool {
        let ends = path.match_indices("::").map(|(at, _)| &path[..at]).skip(1);
        let units = || {
            let twins = self.body.iter().map(|unit| &unit.unit);
            self.crates_of(node.0).map(|(_, unit)| unit).chain(twins)
        };
        ends.into_iter().any(|outer| units().any(|unit| !unit.at_path(outer).is_empty()))
    }

    /// Whether two instances have the same instructions and refer to the same things. `has_own_types`: identities of types are others.
    fn has_same_content(&self, node: Node, own: &str, has_own_types: bool) -> bool {
        let unit = self.unit(node);
        let Some((number, global)) = self.crate_definition(own) else { return false };
        let present = &self.crates[number];
        let (Some(old), Some(new)) = (present.function(global), unit.function(node.1)) else { return false };
        let has_identities = present.shapes()[old].may_hold_identity && unit.shapes()[new].may_hold_identity;
        let (old, new) = (&present.unit.functions[old], &unit.unit.functions[new]);
        let mut symbols = old.symbols.iter().zip(&new.symbols);
        old.symbols.len() == new.symbols.len()
            && (old.key == new.key || has_own_types && has_identities)
            && symbols.all(|(old, new)| {
                let (old, new) = ((&**present, old.global), (node.0, new.global));
                self.may_be_same_reference(old, new, has_own_types)
            })
    }

    /// Whether what two instances refer to in one place may be one thing. What other crates define has the same symbol in both, what the
    /// crate itself has been made of is at the same path.
    fn may_be_same_reference(&self, old: (&LoadedUnit, GlobalId), new: Node, has_own_types: bool) -> bool {
        let unit = self.unit(new);
        let (present, reference) = (old.0.global(old.1), unit.global(new.1));
        match (is_anonymous(present), is_anonymous(reference)) {
            (false, false) => {
                let is_own = || self.definition(new).is_some_and(|it| self.origin(it) == Origin::Twin);
                present.name == reference.name || is_own() && demangled(&present.name) == demangled(&reference.name)
            }
            (true, true) => match (&present.kind, &reference.kind) {
                (GlobalKind::Variable(present), GlobalKind::Variable(reference)) => {
                    has_own_types || same_shape(present, reference)
                }
                _ => false,
            },
            _ => false,
        }
    }
}

/// The paths of the types that an instance is one for and that a crate of this name declares.
fn mentions_of<'a>(called: &'a Subprogram, crate_name: &'a str) -> impl Iterator<Item = &'a str> {
    let is_part_of_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let names = called.namespace.iter().skip(1).chain([&called.name]);
    let paths = names.flat_map(move |name| name.split(move |c| !is_part_of_path(c)));
    paths.filter(move |path| path.strip_prefix(crate_name).is_some_and(|rest| rest.starts_with("::")))
}

/// Whether the name of an instance tells which types it has: a closure's does not, nor does that of a function's own type, which is
/// written as a pointer to it.
fn has_telling_name(subprogram: &Subprogram) -> bool {
    let is_telling = |name: &str| !name.contains(['{', '}']) && !name.contains("fn(");
    let mut namespaces = subprogram.namespace.iter().filter(|name| !name.starts_with("{impl#"));
    is_telling(&subprogram.name) && namespaces.all(|name| is_telling(name))
}

/// The symbols at a path that have the name, the namespace, and the file of a function. (Its lines may have moved.)
fn named_alike<'a>(
    units: impl Iterator<Item = &'a Arc<LoadedUnit>>,
    path: &str,
    called: &Subprogram,
) -> BTreeSet<&'a Arc<str>> {
    let is_called = |other: &Subprogram| {
        other.name == called.name && other.namespace == called.namespace && other.file == called.file
    };
    let names = units.flat_map(|unit| {
        unit.at_path(path).iter().filter_map(|&global| {
            let function = &unit.unit.functions[unit.function(global)?];
            function.subprogram.as_ref().filter(|it| is_called(it)).map(|_| &unit.global(global).name)
        })
    });
    names.collect()
}
