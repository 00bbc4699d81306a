//! Whether what is taken says the same of types and functions as the crate would.

use cranefly_bitcode::ir::{Global, GlobalKind};
use cranefly_cgu::type_id;

use super::Selector;
use crate::{Origin, Refusal};

/// What paths in a patch crate have that no crate's own have: see `server/src/core/lanes/patch/patchText.ts`.
const MARKS: [&[u8]; 2] = [b"__cranefly_", b"__Cranefly"];

impl Selector<'_> {
    /// An identity of a patch crate or of its twin is the program's only if the program has it, too.
    pub(super) fn check_identities(&self) -> Result<(), Refusal> {
        let is_known = |half: &u64| self.crates.iter().any(|unit| unit.identities().contains(half));
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
}

/// Whether a constant has the name of a type or function that a patch crate knows by another path (`type_name`, `function_name!()`).
pub fn has_name_of_patch(global: &Global) -> bool {
    let GlobalKind::Variable(variable) = &global.kind else { return false };
    let bytes = variable.init.as_ref().map_or(&[][..], |init| &init.bytes);
    MARKS.iter().any(|mark| bytes.windows(mark.len()).any(|part| part == *mark))
}
