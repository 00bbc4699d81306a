//! A program's C-level interface: the names by which it and everything that is no Rust code of its own know each other.
//!
//! **Takes** units. **Gives** what they define for others and need of others under names that are not mangled by rustc, and
//! says whether a base image was linked for just that. A linker selects archive members, and decides between weak and
//! strong definitions, by these names alone.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use cranefly_bitcode::ir::{Global, GlobalKind, Linkage};
use cranefly_cgu::LoadedUnit;
use object::read::elf::ElfFile64;
use object::{LittleEndian, Object, ObjectSection, ObjectSymbol, SectionFlags, SymbolKind, elf};
use serde::{Deserialize, Serialize};

use crate::base::BaseImage;
use crate::base::arrays::{self, CrateEntry};
use crate::data;
use crate::image::defines;
use crate::input::Unit;
use crate::linker_symbols::is_of_headers;
use crate::section::SectionKind;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum NameKind {
    /// Code.
    Function,
    /// Data.
    Variable,
    /// Thread-local data.
    ThreadLocal,
}

/// One unit's part of the interface.
#[derive(Debug, Default)]
pub struct UnitInterface {
    defines: Vec<(Arc<str>, NameKind)>,
    /// A weak definition gives way to any other, and is what other units' needs of the name find.
    weakly: Vec<(Arc<str>, NameKind)>,
    needs: Vec<Arc<str>>,
    /// The sections of names that mean something to linkers that it adds to.
    sections: BTreeSet<SectionKind>,
}

impl UnitInterface {
    /// That of a unit, found out when it is first asked for.
    pub fn of_loaded(unit: &LoadedUnit) -> &Self {
        unit.attached(Self::of)
    }

    /// Reads it off a unit.
    pub fn of(unit: &Unit) -> Self {
        let mut interface = Self::default();
        for global in &unit.module.globals {
            if let GlobalKind::Variable(variable) = &global.kind
                && variable.init.is_some()
                && let Ok(kind) = data::kind_of(variable)
            {
                interface.add_section(kind);
            }
            if is_mangled(&global.name) || global.name.starts_with("llvm.") || is_bound(&global.name) {
                continue;
            }
            let (defined, kind) = match &global.kind {
                GlobalKind::Function { defined } => (*defined, NameKind::Function),
                GlobalKind::Alias { .. } => (true, NameKind::Function),
                GlobalKind::Variable(variable) => {
                    let kind = if variable.thread_local { NameKind::ThreadLocal } else { NameKind::Variable };
                    (variable.init.is_some(), kind)
                }
            };
            match global.linkage {
                Linkage::External if defined => interface.defines.push((global.name.clone(), kind)),
                // The image's own: the base image would be linked with what the linker says of that.
                Linkage::External if is_of_headers(&global.name) => {}
                Linkage::External | Linkage::AvailableExternally => interface.needs.push(global.name.clone()),
                Linkage::Weak if defined => interface.weakly.push((global.name.clone(), kind)),
                // A weak reference takes nothing out of an archive.
                Linkage::Local | Linkage::Weak | Linkage::ExternWeak => {}
            }
        }
        if let Some(bytes) = &unit.assembly {
            interface.read_assembly(bytes);
        }
        interface
    }

    fn add_section(&mut self, kind: SectionKind) {
        if matches!(kind, SectionKind::Group(_)) || arrays::is_numbered(&kind) {
            self.sections.insert(kind);
        }
    }

    fn read_assembly(&mut self, object: &[u8]) {
        let Ok(elf) = ElfFile64::<LittleEndian>::parse(object) else { return };
        for section in elf.sections() {
            let SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
            if sh_flags.0 & elf::SHF_ALLOC.0 == 0 {
                continue;
            }
            if let Ok(Ok(kind)) = section.name().map(SectionKind::of) {
                self.add_section(kind);
            }
        }
        for symbol in elf.symbols().filter(ObjectSymbol::is_global) {
            let Ok(name) = symbol.name() else { continue };
            if name.is_empty() || is_mangled(name) || is_bound(name) {
                continue;
            }
            let kind = if symbol.kind() == SymbolKind::Tls { NameKind::ThreadLocal } else { NameKind::Function };
            // Absolute symbols are definitions, too.
            match (symbol.is_undefined(), symbol.is_weak()) {
                (false, false) => self.defines.push((name.into(), kind)),
                (false, true) => self.weakly.push((name.into(), kind)),
                (true, false) if is_of_headers(name) => {}
                (true, false) => self.needs.push(name.into()),
                (true, true) => {}
            }
        }
    }
}

/// A whole program's interface.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Interface {
    defines: BTreeMap<String, NameKind>,
    /// What it defines unless something else does.
    weak: BTreeMap<String, NameKind>,
    needs: BTreeSet<String>,
    /// Numbers of the constructors and of the destructors that have one.
    init_priorities: BTreeSet<u32>,
    fini_priorities: BTreeSet<u32>,
    /// Sections between whose bounds it has something.
    sections: BTreeSet<String>,
    /// What its Rust code refers to outside of itself, where that decides whether a linker would complain.
    references: BTreeSet<String>,
}

impl Interface {
    /// Together with what the units' Rust code refers to.
    #[must_use]
    pub fn with_references<'a>(self, units: impl Iterator<Item = &'a Unit>) -> Self {
        Self { references: references(units).map(ToString::to_string).collect(), ..self }
    }

    /// That of all units together: what one needs and another defines concerns nobody else.
    pub fn of<'a>(units: impl Iterator<Item = &'a UnitInterface> + Clone) -> Self {
        let all = units.clone().flat_map(|unit| &unit.defines);
        let defines: BTreeMap<String, NameKind> = all.map(|(name, kind)| (name.to_string(), *kind)).collect();
        let weak = units.clone().flat_map(|unit| &unit.weakly).filter(|(name, _)| !defines.contains_key(&**name));
        let weak: BTreeMap<String, NameKind> = weak.map(|(name, kind)| (name.to_string(), *kind)).collect();
        let needs = units.clone().flat_map(|unit| &unit.needs).map(ToString::to_string);
        let needs = needs.filter(|name| !defines.contains_key(name) && !weak.contains_key(name)).collect();
        let (mut init_priorities, mut fini_priorities, mut sections) =
            <(BTreeSet<_>, BTreeSet<_>, BTreeSet<_>)>::default();
        for kind in units.flat_map(|unit| &unit.sections) {
            match kind {
                SectionKind::InitArray(priority) => drop(init_priorities.insert(*priority)),
                SectionKind::FiniArray(priority) => drop(fini_priorities.insert(*priority)),
                SectionKind::Group(name) => drop(sections.insert(name.to_string())),
                SectionKind::Text | SectionKind::Ordinary => {}
            }
        }
        Self { defines, weak, needs, references: BTreeSet::new(), init_priorities, fini_priorities, sections }
    }
}

/// What a base image was linked for: a file beside it.
#[derive(Debug, Default, Deserialize)]
pub struct Linked {
    /// What the program was to define.
    pub(crate) defines: HashSet<Box<str>>,
    /// What it was to need, of what is offered.
    needs: HashSet<Box<str>>,
    /// What static archives define, taken or not.
    offered: HashSet<Box<str>>,
    /// The shared libraries that the linker has read.
    pub(crate) libraries: Vec<PathBuf>,
    /// The program's crates in the linker's order, the program's own first.
    #[serde(default)]
    pub(crate) crates: Vec<Box<str>>,
    /// What each of them has in the arrays of constructors and destructors.
    #[serde(default)]
    pub(crate) entries: Vec<CrateEntry>,
    /// Sections that the program was to add to.
    #[serde(default)]
    sections: HashSet<Box<str>>,
    /// What the program was to define unless something else does.
    #[serde(default)]
    weak: HashSet<Box<str>>,
    /// Those of these names that something else does define.
    #[serde(default)]
    pub(crate) overridden: HashSet<Box<str>>,
    /// What nothing defines and libraries refer to.
    #[serde(default)]
    undefined: HashSet<Box<str>>,
    /// What the program may refer to without reaching anything of that.
    #[serde(default)]
    references: HashSet<Box<str>>,
}

impl Linked {
    /// Whether the image's symbol of this name stands for what the program defines.
    pub(crate) fn is_stand_in(&self, name: &str) -> bool {
        self.defines.contains(name) || (self.weak.contains(name) && !self.overridden.contains(name))
    }

    /// Whether the linker was not asked whether something that the units refer to leads to what nothing defines.
    pub fn is_doubtful_for<'a>(&self, units: impl Iterator<Item = &'a Unit>) -> bool {
        !self.undefined.is_empty() && references(units).any(|name| !self.references.contains(&**name))
    }

    /// Whether the linker would decide the same for a program of these units as it did for `base`.
    pub fn is_for<'a>(&self, base: &BaseImage, units: impl Iterator<Item = &'a UnitInterface> + Clone) -> bool {
        self.has_sections(|name| base.has_section(name), units.clone()) && self.has_names(units)
    }

    /// Whether it has a place for whatever the units add to sections. `is_shared`: whether the base image adds to a section, too.
    fn has_sections<'a>(
        &self,
        is_shared: impl Fn(&str) -> bool,
        mut units: impl Iterator<Item = &'a UnitInterface>,
    ) -> bool {
        let mut is_known = |kind: &SectionKind| match kind {
            SectionKind::Group(name) => self.sections.contains(&**name) || !is_shared(name),
            kind => self.crates.is_empty() || self.entries.iter().any(|entry| entry.is_for(kind)),
        };
        units.all(|unit| unit.sections.iter().all(&mut is_known))
    }

    /// Whether the program has those names for others that it was to have.
    fn has_names<'a>(&self, units: impl Iterator<Item = &'a UnitInterface> + Clone) -> bool {
        let (mut defined, mut needed) = (HashSet::new(), HashSet::new());
        let mut news = Vec::new();
        for unit in units.clone() {
            for (name, _) in &unit.defines {
                if !self.defines.contains(&**name) {
                    return false;
                }
                defined.insert(&**name);
            }
            for name in &unit.needs {
                if self.needs.contains(&**name) {
                    needed.insert(&**name);
                } else if self.offered.contains(&**name) {
                    news.push(&**name);
                }
            }
        }
        let weakly = units.flat_map(|unit| &unit.weakly).map(|(name, _)| &**name);
        let weak: HashSet<&str> = weakly.filter(|name| !defined.contains(name)).collect();
        weak.len() == self.weak.len()
            && weak.iter().all(|name| self.weak.contains(*name))
            && defined.len() == self.defines.len()
            && needed.len() == self.needs.len()
            && news.iter().all(|name| defined.contains(name) || weak.contains(name))
    }
}

/// What units declare under names of rustc's own.
fn references<'a>(units: impl Iterator<Item = &'a Unit>) -> impl Iterator<Item = &'a Arc<str>> {
    let is_reference =
        |global: &&Global| global.linkage == Linkage::External && !defines(global) && is_mangled(&global.name);
    units.flat_map(move |unit| unit.module.globals.iter().filter(is_reference).map(|global| &global.name))
}

/// Whether the linker itself defines the name, as a bound of a section, so that no archive is asked for it.
pub(crate) fn is_bound(name: &str) -> bool {
    name.starts_with("__start_") || name.starts_with("__stop_")
}

/// Whether rustc has made up the name, by either of its schemes (C++ has the beginning of the older one): no C code and no
/// archive of C objects knows it.
pub(crate) fn is_mangled(name: &str) -> bool {
    let is_hash = |rest: &str| {
        rest.len() >= 17 && rest.as_bytes()[16] == b'E' && rest[..16].bytes().all(|b| b.is_ascii_hexdigit())
    };
    name.starts_with("_R")
        || (name.starts_with("_ZN") && name.rmatch_indices("17h").any(|(at, hash)| is_hash(&name[at + hash.len()..])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(defines: &[&str], needs: &[&str]) -> UnitInterface {
        UnitInterface {
            defines: defines.iter().map(|&name| (name.into(), NameKind::Function)).collect(),
            weakly: Vec::new(),
            needs: needs.iter().map(|&name| name.into()).collect(),
            sections: BTreeSet::new(),
        }
    }

    fn linked(defines: &[&str], needs: &[&str], offered: &[&str]) -> Linked {
        let set = |names: &[&str]| names.iter().map(|&name| name.into()).collect();
        Linked { defines: set(defines), needs: set(needs), offered: set(offered), ..Linked::default() }
    }

    #[test]
    fn rust_names_are_told_from_those_of_cpp() {
        assert!(is_mangled("_RNvCs2SkXJDBz4Ns_7___rustc12___rust_alloc"));
        assert!(is_mangled("_ZN4core3fmt5Write9write_str17h0123456789abcdefE"));
        assert!(is_mangled("_ZN4core3fmt5Write9write_str17h0123456789abcdefE.llvm.77"));
        assert!(!is_mangled("_ZN3foo3barEv"));
        assert!(!is_mangled("sqlite3_open"));
    }

    #[test]
    fn a_program_needs_what_none_of_its_units_defines() {
        let units = [unit(&["main", "hook"], &["puts", "own"]), unit(&["own"], &["hook", "z_open"])];
        let Interface { defines, needs, .. } = Interface::of(units.iter());
        assert_eq!(defines.into_keys().collect::<Vec<_>>(), ["hook", "main", "own"]);
        assert_eq!(needs.into_iter().collect::<Vec<_>>(), ["puts", "z_open"]);
    }

    #[test]
    fn a_weak_definition_is_enough_for_other_units() {
        let weak = UnitInterface { weakly: vec![("shared".into(), NameKind::Function)], ..UnitInterface::default() };
        let units = [weak, unit(&["main"], &["shared", "puts"])];
        let Interface { defines, needs, .. } = Interface::of(units.iter());
        assert_eq!(defines.into_keys().collect::<Vec<_>>(), ["main"]);
        assert_eq!(needs.into_iter().collect::<Vec<_>>(), ["puts"]);
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
