//! Other tests than before: the list that the harness runs is made anew.

use cranefly_bitcode::ir::GlobalId;
use cranefly_cgu::{LoadedUnit, LocalOf};

use super::{Node, Selector};
use crate::derive::Kept;
use crate::edit::EditedTests;
use crate::harness::{Harness, merged};
use crate::names::Origin;
use crate::refusal::Refusal;

impl Selector<'_> {
    /// Puts a patch crate's `main`, and its list of tests, in the place of the program's.
    pub(super) fn take_tests(&mut self, edit: &EditedTests<'_>) -> Result<(), Refusal> {
        let body = self.body.iter().enumerate();
        let own = body.filter(|(_, it)| it.origin == Origin::Patch && *it.crate_id == *edit.crate_id);
        let patch = Harness::of(own.map(|(number, it)| (number, &*it.unit)))?;
        let crates = self.crates_of(patch.unit).map(|(number, unit)| (number, &**unit));
        let program = Harness::of(crates.collect::<Vec<_>>().into_iter())?;
        let new = merged(&program, &patch, edit.gone)?;
        let name = |unit: &LoadedUnit, main: GlobalId| unit.global(main).name.clone();
        let main = (patch.unit, patch.main);
        self.names.same(&name(self.unit(main), main.1), &name(&self.crates[program.unit], program.main));
        self.lists.extend(new.list.map(|(list, init)| ((patch.unit, list), init)));
        let tests = new.stand_ins.into_iter();
        self.program_tests.extend(tests.map(|(own, test)| ((patch.unit, own), (program.unit, test))));
        self.edited.insert(main);
        self.reach(main);
        Ok(())
    }

    /// What a description is in the program that stands for one of the program's.
    pub(super) fn program_test(&self, node: Node) -> Option<Kept> {
        let &(number, global) = self.program_tests.get(&node)?;
        let unit = &self.crates[number];
        let local = Some(LocalOf { unit: unit.unit.id.clone(), global });
        let name = unit.global(global).name.clone();
        Some(Kept { linkage: None, name, subprogram: None, local, copies: Vec::new(), init: None })
    }
}
