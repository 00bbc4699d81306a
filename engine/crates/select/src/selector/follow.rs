//! What a definition refers to: which of it is taken as well, and which is the program's own.

use cranefly_bitcode::demangled;
use cranefly_bitcode::ir::{GlobalKind, Linkage};
use cranefly_cgu::is_anonymous;

use super::{Node, Selector};
use crate::content::{same_shape, same_variable};
use crate::edit::source_file;
use crate::names::{Origin, definitions_at};
use crate::refusal::{Needed, Refusal};

impl Selector<'_> {
    /// Something that a function or a constant refers to. `takes`: what refers to it is taken.
    pub(super) fn refer(&mut self, reference: Node, takes: bool) -> Result<(), Refusal> {
        if takes {
            self.referenced.insert(reference);
        }
        let global = self.unit(reference).global(reference.1);
        let Some(node) = self.definition(reference) else {
            return if takes { self.bind_outside(&global.name.clone()) } else { Ok(()) };
        };
        if self.program_tests.contains_key(&node) {
            return Ok(());
        }
        let unit = self.unit(node);
        match &unit.global(node.1).kind {
            GlobalKind::Function { .. } => self.refer_to_function(node, takes),
            GlobalKind::Variable(_) => self.refer_to_variable(node, takes),
            GlobalKind::Alias { .. } => Err(Refusal::Alias),
        }
    }

    fn refer_to_function(&mut self, node: Node, takes: bool) -> Result<(), Refusal> {
        if let Some(&is_known) = self.old_instances.get(&node) {
            return if is_known { Ok(()) } else { Err(Refusal::MissingInstance) };
        }
        if !self.edited.contains(&node) {
            if self.unit(node).is_blank(node.1) || self.is_twins_own(node) {
                if takes {
                    self.bind(node);
                }
                return Ok(());
            }
            if self.is_same_instance(node) {
                return Ok(());
            }
            let is_new =
                self.fresh_futures.contains(&node) || self.names.is_of_new_method(&self.unit(node).global(node.1).name);
            if !is_new && self.has_body_of_future(node) {
                if self.counterpart(node).is_some() {
                    return Ok(());
                }
                if self.is_twin_behind {
                    return Err(Refusal::OldFuture);
                }
            }
        }
        self.reach(node);
        Ok(())
    }

    fn refer_to_variable(&mut self, node: Node, takes: bool) -> Result<(), Refusal> {
        let unit = self.unit(node);
        let global = unit.global(node.1);
        let GlobalKind::Variable(variable) = &global.kind else { return Ok(()) };
        if !is_anonymous(global)
            && !self.is_new_static(node)
            && let Some(present) = self.counterpart(node)
        {
            let other = &self.crates[present.0];
            let GlobalKind::Variable(old) = &other.global(present.1).kind else {
                return Err(Refusal::StaticIsFunction);
            };
            let is_same = match self.origin(node) {
                Origin::Overlay => same_variable((other, old), (unit, variable)),
                Origin::Patch | Origin::Twin => same_shape(old, variable),
            };
            if !is_same {
                return Err(Refusal::StaticChanged);
            }
            // What it points to has been compared by name only. (A twin's statics are no others than the crate's.)
            return if self.origin(node) == Origin::Overlay && self.seen.insert(node) {
                self.refer_to_targets(node, false)
            } else {
                Ok(())
            };
        }
        if self.origin(node) == Origin::Twin && !is_anonymous(global) && self.has_namesake(node) {
            let path = self.names.path(&global.name);
            return Err(Refusal::AmbiguousStatic { path });
        }
        if variable.section.is_some() && self.origin(node) != Origin::Overlay {
            // In a section that others go through it would be there twice.
            return Err(Refusal::StaticInSection);
        }
        // A constant is looked through once; that it is taken may come later.
        let fresh = self.seen.insert(node);
        let newly_taken = takes && self.taken.insert(node);
        if fresh || newly_taken { self.refer_to_targets(node, takes) } else { Ok(()) }
    }

    /// Everything that a variable's initial value points to.
    fn refer_to_targets(&mut self, node: Node, takes: bool) -> Result<(), Refusal> {
        let GlobalKind::Variable(variable) = &self.unit(node).global(node.1).kind else { return Ok(()) };
        let mut targets = variable.init.iter().flat_map(|init| &init.pointers).map(|pointer| pointer.target);
        targets.try_for_each(|target| self.refer((node.0, target), takes))
    }

    /// Whether a patch crate defines a static: only an edited body can, by a macro. All that refers to it is taken, and several of them may
    /// have one path, so that it is never one that the program has.
    fn is_new_static(&self, node: Node) -> bool {
        let name = &self.unit(node).global(node.1).name;
        self.origin(node) == Origin::Patch && (name.starts_with("_R") || name.starts_with("_ZN"))
    }

    /// Whether the crate lane has anything at the path of a definition.
    fn has_namesake(&self, node: Node) -> bool {
        let path = self.names.path(&self.unit(node).global(node.1).name);
        !definitions_at(self.crates_of(node.0), &path).is_empty()
    }

    /// Whether a function has no instances and is declared in the twin, which may have been made before its last edit: then it is no more
    /// than a name, even if its body is there. (It may also have copies of other crates' inline functions.)
    pub(super) fn is_twins_own(&self, node: Node) -> bool {
        if self.origin(node) != Origin::Twin {
            return false;
        }
        match self.subprogram(node) {
            Some(subprogram) => {
                let crate_name = subprogram.namespace.first();
                let is_declared_here = crate_name.is_none_or(|name| *name == self.body[node.0].crate_name);
                is_declared_here && !subprogram.name.contains(['<', '{'])
            }
            // (What rustc writes into each unit for itself, such as what `catch_unwind` calls, has no source.)
            None => self.unit(node).global(node.1).linkage != Linkage::Local,
        }
    }

    /// A function that is only a name: the crate lane's is what is meant, if there is one.
    fn bind(&mut self, node: Node) {
        let name = &self.unit(node).global(node.1).name;
        let subprogram = self.subprogram(node);
        // An instance for a closure's type: the closure of that name may have had other captures when the crate lane
        // compiled the instance.
        let is_instance_of_closure = subprogram.is_none_or(|subprogram| {
            ["{closure", "{async", "{coroutine"].iter().any(|part| subprogram.name.contains(part))
        });
        if self.counterpart(node).is_none() || is_instance_of_closure {
            self.needs.insert(Needed {
                name: demangled(name),
                file: subprogram.map(|subprogram| source_file(subprogram)),
                line: subprogram.map_or(0, |subprogram| subprogram.line),
            });
        }
    }

    /// A name that the body lane does not define: the program must have it, or what it stands on.
    fn bind_outside(&mut self, name: &str) -> Result<(), Refusal> {
        let is_known = self.crate_definition(name).is_some()
            || (self.is_defined_outside)(name)
            || self.crates.iter().any(|unit| unit.declares(name));
        if is_known {
            return Ok(());
        }
        let name = demangled(name);
        let needs = vec![Needed { name, file: None, line: 0 }];
        Err(Refusal::NotLinked { needs })
    }
}
