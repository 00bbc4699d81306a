//! A program's C-level interface: the names by which it and everything that is no Rust code of its own know each other.
//!
//! **Takes** units. **Gives** what they define for others and need of others under names that are not mangled by rustc, and
//! says whether a base image was linked for just that. A linker selects archive members, and decides between weak and
//! strong definitions, by these names alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cranefly_bitcode::ir::{Global, GlobalKind, Linkage};
use cranefly_cgu::{CodegenUnit, LoadedUnit, is_definition};
use object::read::elf::ElfFile64;
use object::{LittleEndian, Object, ObjectSection, ObjectSymbol, SectionFlags, SymbolKind, elf};
use serde::Serialize;

use crate::input::globals;
use crate::input::linker_symbols::is_of_headers;
use crate::input::mangling::{is_bound, is_mangled};
use crate::input::section::SectionKind;

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

    /// What it defines, and nothing else may.
    pub(crate) fn defines(&self) -> impl Iterator<Item = &str> {
        self.defines.iter().map(|(name, _)| &**name)
    }

    /// What it defines unless something else does.
    pub(crate) fn weakly(&self) -> impl Iterator<Item = &str> {
        self.weakly.iter().map(|(name, _)| &**name)
    }

    /// What others are to define.
    pub(crate) fn needs(&self) -> impl Iterator<Item = &str> {
        self.needs.iter().map(|name| &**name)
    }

    /// The sections that it adds to, of those whose names mean something to linkers.
    pub(crate) fn sections(&self) -> impl Iterator<Item = &SectionKind> {
        self.sections.iter()
    }

    /// Reads it off a unit.
    pub fn of(unit: &CodegenUnit) -> Self {
        let mut interface = Self::default();
        for global in &unit.module.globals {
            if let GlobalKind::Variable(variable) = &global.kind
                && variable.init.is_some()
                && let Ok(kind) = globals::kind_of(variable)
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
        if matches!(kind, SectionKind::Group(_)) || kind.is_numbered() {
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
    pub fn with_references<'a>(self, units: impl Iterator<Item = &'a CodegenUnit>) -> Self {
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

/// What units declare under names of rustc's own.
pub(crate) fn references<'a>(units: impl Iterator<Item = &'a CodegenUnit>) -> impl Iterator<Item = &'a Arc<str>> {
    let is_reference =
        |global: &&Global| global.linkage == Linkage::External && !is_definition(global) && is_mangled(&global.name);
    units.flat_map(move |unit| unit.module.globals.iter().filter(is_reference).map(|global| &global.name))
}

#[cfg(test)]
impl UnitInterface {
    /// One of functions.
    pub(crate) fn named(defines: &[&str], weakly: &[&str], needs: &[&str]) -> Self {
        let functions = |names: &[&str]| names.iter().map(|&name| (name.into(), NameKind::Function)).collect();
        Self {
            defines: functions(defines),
            weakly: functions(weakly),
            needs: needs.iter().map(|&name| name.into()).collect(),
            sections: BTreeSet::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(defines: &[&str], needs: &[&str]) -> UnitInterface {
        UnitInterface::named(defines, &[], needs)
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
        let weak = UnitInterface::named(&[], &["shared"], &[]);
        let units = [weak, unit(&["main"], &["shared", "puts"])];
        let Interface { defines, needs, .. } = Interface::of(units.iter());
        assert_eq!(defines.into_keys().collect::<Vec<_>>(), ["main"]);
        assert_eq!(needs.into_iter().collect::<Vec<_>>(), ["puts"]);
    }
}
