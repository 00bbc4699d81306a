//! What a base image was linked for, and whether that is what a program would have it linked for.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::arrays::CrateEntry;
use cranefly_cgu::CodegenUnit;

use crate::error::BaseError;
use crate::input::interface::{UnitInterface, references};
use crate::input::section::SectionKind;

/// What a base image was linked for: a file beside it.
#[derive(Debug, Default, Deserialize)]
pub struct Linked {
    /// What the program was to define.
    pub(super) defines: HashSet<Box<str>>,
    /// What it was to need, of what is offered.
    needs: HashSet<Box<str>>,
    /// What static archives define, taken or not.
    offered: HashSet<Box<str>>,
    /// The shared libraries that the linker has read.
    pub(super) libraries: Vec<PathBuf>,
    /// The program's crates in the linker's order, the program's own first.
    #[serde(default)]
    pub(super) crates: Vec<Box<str>>,
    /// What each of them has in the arrays of constructors and destructors.
    #[serde(default)]
    pub(super) entries: Vec<CrateEntry>,
    /// Sections that the program was to add to.
    #[serde(default)]
    sections: HashSet<Box<str>>,
    /// What the program was to define unless something else does.
    #[serde(default)]
    weak: HashSet<Box<str>>,
    /// Those of these names that something else does define.
    #[serde(default)]
    pub(super) overridden: HashSet<Box<str>>,
    /// What nothing defines and libraries refer to.
    #[serde(default)]
    undefined: HashSet<Box<str>>,
    /// What the program may refer to without reaching anything of that.
    #[serde(default)]
    references: HashSet<Box<str>>,
}

impl Linked {
    /// Reads what the base image at `path` was linked for; `None` where that was never written down.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, BaseError> {
        let path = path.with_extension("json");
        match std::fs::read(&path) {
            Ok(text) => match serde_json::from_slice(&text) {
                Ok(linked) => Ok(Some(linked)),
                Err(source) => Err(BaseError::Linked { path, source }),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(BaseError::Read { path, source }),
        }
    }

    /// Whether the image's symbol of this name stands for what the program defines.
    pub(super) fn is_stand_in(&self, name: &str) -> bool {
        self.defines.contains(name) || (self.weak.contains(name) && !self.overridden.contains(name))
    }

    /// Whether the linker was not asked whether something that the units refer to leads to what nothing defines.
    pub fn is_doubtful_for<'a>(&self, units: impl Iterator<Item = &'a CodegenUnit>) -> bool {
        !self.undefined.is_empty() && references(units).any(|name| !self.references.contains(&**name))
    }

    /// Whether the linker would decide the same for a program of these units. `is_shared`: whether the base image adds to a section,
    /// too.
    pub(super) fn is_for<'a>(
        &self,
        is_shared: impl Fn(&str) -> bool,
        units: impl Iterator<Item = &'a UnitInterface> + Clone,
    ) -> bool {
        self.has_sections(is_shared, units.clone()) && self.has_names(units)
    }

    /// Whether it has a place for whatever the units add to sections.
    fn has_sections<'a>(
        &self,
        is_shared: impl Fn(&str) -> bool,
        mut units: impl Iterator<Item = &'a UnitInterface>,
    ) -> bool {
        let mut is_known = |kind: &SectionKind| match kind {
            SectionKind::Group(name) => self.sections.contains(&**name) || !is_shared(name),
            kind => self.crates.is_empty() || self.entries.iter().any(|entry| entry.is_for(kind)),
        };
        units.all(|unit| unit.sections().all(&mut is_known))
    }

    /// Whether the program has those names for others that it was to have.
    fn has_names<'a>(&self, units: impl Iterator<Item = &'a UnitInterface> + Clone) -> bool {
        let (mut defined, mut needed) = (HashSet::new(), HashSet::new());
        let mut news = Vec::new();
        for unit in units.clone() {
            for name in unit.defines() {
                if !self.defines.contains(name) {
                    return false;
                }
                defined.insert(name);
            }
            for name in unit.needs() {
                if self.needs.contains(name) {
                    needed.insert(name);
                } else if self.offered.contains(name) {
                    news.push(name);
                }
            }
        }
        let weakly = units.flat_map(UnitInterface::weakly);
        let weak: HashSet<&str> = weakly.filter(|name| !defined.contains(name)).collect();
        weak.len() == self.weak.len()
            && weak.iter().all(|name| self.weak.contains(*name))
            && defined.len() == self.defines.len()
            && needed.len() == self.needs.len()
            && news.iter().all(|name| defined.contains(name) || weak.contains(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(defines: &[&str], needs: &[&str]) -> UnitInterface {
        UnitInterface::named(defines, &[], needs)
    }

    fn linked(defines: &[&str], needs: &[&str], offered: &[&str]) -> Linked {
        let set = |names: &[&str]| names.iter().map(|&name| name.into()).collect();
        Linked { defines: set(defines), needs: set(needs), offered: set(offered), ..Linked::default() }
    }

    #[test]
    fn a_weak_definition_must_have_been_known_as_one() {
        let units = [UnitInterface::named(&[], &["shared"], &[]), unit(&["main"], &["shared", "puts"])];
        let base = linked(&["main"], &[], &["shared"]);
        assert!(!base.has_names(units.iter()));
        assert!(Linked { weak: ["shared".into()].into(), ..base }.has_names(units.iter()));
    }

    #[test]
    fn a_base_image_serves_as_long_as_the_linker_would_decide_the_same() {
        let base = linked(&["main", "hook"], &["z_open"], &["z_open", "z_close", "own"]);
        let is_for = |defines: &[&str], needs: &[&str]| base.has_names([unit(defines, needs)].iter());
        assert!(is_for(&["main", "hook"], &["z_open"]));
        // Another function of a shared library selects nothing.
        assert!(is_for(&["main", "hook"], &["z_open", "puts"]));
        // Another one of an archive does, and so does one that is not needed any more.
        assert!(!is_for(&["main", "hook"], &["z_open", "z_close"]));
        assert!(!is_for(&["main", "hook"], &[]));
        assert!(!is_for(&["main"], &["z_open"]));
        assert!(!is_for(&["main", "hook", "z_close"], &["z_open"]));
        // What the program has itself is taken from no archive.
        let base = linked(&["own"], &[], &["own"]);
        assert!(base.has_names([unit(&["own"], &[]), unit(&[], &["own"])].iter()));
    }
}
