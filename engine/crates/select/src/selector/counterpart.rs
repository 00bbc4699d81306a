//! Which of the program's things is meant by one of a patch crate's or of a twin's.

use std::collections::HashSet;
use std::sync::Arc;

use cranefly_bitcode::ir::{GlobalId, GlobalKind, Subprogram, Variable};
use cranefly_cgu::{FunctionInfo, LoadedUnit};

use super::{Node, Selector};
use crate::content::same_shape;
use crate::names::{BodyUnit, Origin, definitions_at};

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
        let is_only = self.origin(node) != Origin::Twin || self.twins_at(node, &path).len() == 1;
        let only = if is_only { self.only_crate_definition(node, &path) } else { None };
        only.or_else(|| self.static_by_users(node, &path)).or_else(|| self.static_by_place(node, &path))
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
            self.twins_at(node, path).into_iter().map(|twin| &self.unit(twin).global(twin.1).name).collect();
        if twin_names.into_iter().filter(|other| is_used_alike(&body, other)).count() != 1 {
            return None;
        }
        let names = self.names_at(node, path);
        let mut alike = names.iter().filter(|own| is_used_alike(&crates, own));
        let (Some(own), None) = (alike.next(), alike.next()) else { return None };
        self.same_static((name, variable), own)
    }

    /// A twin's static by its place among the symbols of a function that uses it, where several have one path: each event of `tracing` in a
    /// function has such a static. The crate lane's version of that function, with the same content, has the program's in that place.
    fn static_by_place(&mut self, node: Node, path: &str) -> Option<(usize, GlobalId)> {
        let global = self.unit(node).global(node.1);
        let GlobalKind::Variable(variable) = &global.kind else { return None };
        if self.origin(node) != Origin::Twin {
            return None;
        }
        let at_path = self.names_at(node, path);
        let units: Vec<&LoadedUnit> = self.crates_of(node.0).map(|(_, unit)| &**unit).collect();
        let mut found: Option<Arc<str>> = None;
        for (unit, function) in users_in(self.body.iter().map(|unit| &*unit.unit), &global.name) {
            let Some(description) = function.subprogram.as_ref().map(described) else { continue };
            let places = function.symbols.iter().enumerate();
            let places = places.filter(|(_, symbol)| unit.global(symbol.global).name == global.name);
            for (place, _) in places {
                for own in names_in_place(&units, function, &description, place) {
                    // (Copies of a function have the same statics.)
                    if !at_path.contains(own) || found.as_ref().is_some_and(|found| found != own) {
                        return None;
                    }
                    found = Some(own.clone());
                }
            }
        }
        self.same_static((&global.name, variable), &found?)
    }

    /// Notes that a twin's static is one of the program's, if that may be.
    fn same_static(&mut self, (name, variable): (&Arc<str>, &Variable), own: &Arc<str>) -> Option<(usize, GlobalId)> {
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

    /// What the twin of a node's crate has at a path. (A package's program and library often have one name, and then the same paths.)
    fn twins_at(&self, node: Node, path: &str) -> Vec<Node> {
        let of_crate = &self.body[node.0].crate_id;
        let is_its = |unit: &BodyUnit| unit.origin == Origin::Twin && unit.crate_id == *of_crate;
        let units = self.body.iter().enumerate().filter(|(_, unit)| is_its(unit));
        definitions_at(units.map(|(number, unit)| (number, &unit.unit)), path)
    }
}

/// The functions that refer to a symbol.
fn users_of(units: &[&LoadedUnit], name: &str) -> HashSet<Described> {
    let users = users_in(units.iter().copied(), name);
    users.filter_map(|(_, function)| function.subprogram.as_ref()).map(described).collect()
}

fn users_in<'a>(
    units: impl Iterator<Item = &'a LoadedUnit>,
    name: &str,
) -> impl Iterator<Item = (&'a LoadedUnit, &'a FunctionInfo)> {
    units.filter(|unit| unit.declares(name)).flat_map(move |unit| {
        let refers = move |function: &&FunctionInfo| {
            function.symbols.iter().any(|symbol| &*unit.global(symbol.global).name == name)
        };
        unit.unit.functions.iter().map(|function| &**function).filter(refers).map(move |function| (unit, function))
    })
}

fn described(subprogram: &Arc<Subprogram>) -> Described {
    (subprogram.namespace.clone(), subprogram.name.clone(), subprogram.line)
}

/// What stands in a place among the symbols of functions that are described alike and have the same content.
fn names_in_place<'a>(
    units: &[&'a LoadedUnit],
    function: &FunctionInfo,
    description: &Described,
    place: usize,
) -> Vec<&'a Arc<str>> {
    let is_same = |other: &FunctionInfo| {
        other.key == function.key
            && other.symbols.len() == function.symbols.len()
            && other.subprogram.as_ref().is_some_and(|it| described(it) == *description)
    };
    let names = units.iter().flat_map(|unit| {
        let same = unit.unit.functions.iter().filter(|other| is_same(other));
        same.map(move |other| &unit.global(other.symbols[place].global).name)
    });
    names.collect()
}
