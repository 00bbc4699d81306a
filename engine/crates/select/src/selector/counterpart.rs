//! Which of the program's things is meant by one of a patch crate's or of a twin's.

use std::collections::HashSet;
use std::sync::Arc;

use cranefly_bitcode::ir::{GlobalId, GlobalKind};
use cranefly_cgu::{FunctionInfo, LoadedUnit};

use super::{Node, Selector};
use crate::content::same_shape;
use crate::names::{Origin, definitions_at};

/// A function as debug info has it: namespace and name, which has the numbers of closures that symbols lack, and the line.
type Described = (Vec<Arc<str>>, Arc<str>, u32);

impl Selector<'_> {
    /// The crate lane's version of a definition, whose name is noted.
    pub(super) fn counterpart(&mut self, node: Node) -> Option<(usize, GlobalId)> {
        let found = self.crate_definition(&self.name(node));
        if found.is_some() || self.origin(node) == Origin::Overlay {
            return found;
        }
        let path = self.names.path(&self.unit(node).global(node.1).name);
        let is_only = self.origin(node) != Origin::Twin || self.twins_at(&path).len() == 1;
        let only = if is_only { self.only_crate_definition(node, &path) } else { None };
        only.or_else(|| self.static_by_users(node, &path))
    }

    /// The crate lane's definition at a path, if there is one of that path, which is noted as the name of `node`.
    pub(super) fn only_crate_definition(&mut self, node: Node, path: &str) -> Option<(usize, GlobalId)> {
        let names = self.names_at(node, path);
        let [own] = &names[..] else { return None };
        self.names.same(&self.unit(node).global(node.1).name, own);
        self.crate_definition(own)
    }

    /// A twin's static by the functions that use it, where several have one path: each thread-local has two, in two closures, for types
    /// that have to be dropped and for others, and a program uses one of them.
    fn static_by_users(&mut self, node: Node, path: &str) -> Option<(usize, GlobalId)> {
        let GlobalKind::Variable(variable) = &self.unit(node).global(node.1).kind else { return None };
        if self.origin(node) != Origin::Twin {
            return None;
        }
        let name = &self.unit(node).global(node.1).name;
        // (Closures are inline functions: they are made where they are called.)
        let body: Vec<&LoadedUnit> = self.body.iter().map(|unit| &*unit.unit).collect();
        let crates: Vec<&LoadedUnit> = self.crates_of(node.0).map(|(_, unit)| &**unit).collect();
        let users = users_of(&body, name);
        let is_used_alike = |units: &[&LoadedUnit], other: &str| !users.is_disjoint(&users_of(units, other));
        let twin_names: HashSet<&Arc<str>> =
            self.twins_at(path).into_iter().map(|twin| &self.unit(twin).global(twin.1).name).collect();
        if twin_names.into_iter().filter(|other| is_used_alike(&body, other)).count() != 1 {
            return None;
        }
        let names = self.names_at(node, path);
        let mut alike = names.iter().filter(|own| is_used_alike(&crates, own));
        let (Some(own), None) = (alike.next(), alike.next()) else { return None };
        let present = self.crate_definition(own)?;
        let has_shape = match &self.crates[present.0].global(present.1).kind {
            GlobalKind::Variable(other) => same_shape(variable, other),
            GlobalKind::Function { .. } | GlobalKind::Alias { .. } => false,
        };
        if !has_shape {
            return None;
        }
        self.names.same(name, own);
        Some(present)
    }

    /// The crate lane's symbols at a path in the crate that a node belongs to.
    fn names_at(&self, node: Node, path: &str) -> Vec<Arc<str>> {
        let found = definitions_at(self.crates_of(node.0), path);
        let mut names: Vec<_> =
            found.into_iter().map(|(number, global)| self.crates[number].global(global).name.clone()).collect();
        names.sort();
        names.dedup();
        names
    }

    fn twins_at(&self, path: &str) -> Vec<Node> {
        definitions_at(self.twin_units(), path)
    }

    fn twin_units(&self) -> impl Iterator<Item = (usize, &Arc<LoadedUnit>)> {
        let units = self.body.iter().enumerate().filter(|(_, unit)| unit.origin == Origin::Twin);
        units.map(|(number, unit)| (number, &unit.unit))
    }
}

/// The functions that refer to a symbol.
fn users_of(units: &[&LoadedUnit], name: &str) -> HashSet<Described> {
    let users = units.iter().filter(|unit| unit.declares(name)).flat_map(|unit| {
        let refers = move |function: &&Arc<FunctionInfo>| {
            function.symbols.iter().any(|symbol| &*unit.global(symbol.global).name == name)
        };
        unit.unit.functions.iter().filter(refers)
    });
    let described = users.filter_map(|function| function.subprogram.as_ref());
    described.map(|it| (it.namespace.clone(), it.name.clone(), it.line)).collect()
}
