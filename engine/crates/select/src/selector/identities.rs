//! Whether what is taken says the same of types and functions as the crate would.

use std::collections::HashSet;

use cranefly_bitcode::ir::{Global, GlobalKind};
use cranefly_cgu::type_id;

use super::Selector;
use crate::{Origin, Refusal};

/// The names of a patch crate's statics that hold the identities of its own types: see `server/src/core/source/rootStatics.ts`.
const OWN_TYPES: &str = "__CRANEFLY_TYPE_";

/// What paths in a patch crate have that no crate's own have: see `server/src/core/lanes/patch/patchText.ts`.
const MARKS: [&[u8]; 2] = [b"__cranefly_", b"__Cranefly"];

impl Selector<'_> {
    /// An identity of a patch crate or of its twin is the program's only if the program has it, too, or if it is that of a type that the patch
    /// itself defines: nobody else can hold one.
    pub(super) fn check_identities(&self) -> Result<(), Refusal> {
        let own = self.own_identities();
        let is_known = |half: &u64| {
            !type_id::may_be_half(*half)
                || own.contains(half)
                || self.crates.iter().any(|unit| unit.identities().contains(half))
        };
        for &node in &self.taken {
            if self.origin(node) == Origin::Overlay {
                continue;
            }
            let unit = self.unit(node);
            let global = unit.global(node.1);
            let may_hold = unit.function(node.1).is_some_and(|function| unit.shapes()[function].may_hold_identity);
            if may_hold || !type_id::in_constant(global).iter().all(is_known) {
                return Err(Refusal::TypeIdentity);
            }
            if has_name_of_patch(global) {
                return Err(Refusal::TypeName);
            }
        }
        Ok(())
    }

    /// The halves of the identities of the types that patch crates define.
    fn own_identities(&self) -> HashSet<u64> {
        let patches = self.body.iter().filter(|unit| unit.origin == Origin::Patch);
        let globals = patches.flat_map(|body| &body.unit.unit.module.globals);
        globals.filter(|global| global.name.contains(OWN_TYPES)).flat_map(type_id::in_constant).copied().collect()
    }
}

/// Whether a constant has the name of a type or function that a patch crate knows by another path (`type_name`, `function_name!()`).
pub fn has_name_of_patch(global: &Global) -> bool {
    let GlobalKind::Variable(variable) = &global.kind else { return false };
    let bytes = variable.init.as_ref().map_or(&[][..], |init| &init.bytes);
    MARKS.iter().any(|mark| bytes.windows(mark.len()).any(|part| part == *mark))
}
