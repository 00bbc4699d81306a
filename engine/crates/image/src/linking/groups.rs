//! Sections whose parts must lie side by side: constructors, destructors, and what lies between `__start_` and `__stop_`
//! symbols.

use std::collections::BTreeMap;
use std::sync::Arc;

use cranefly_bitcode::ir::GlobalId;
use cranefly_cgu::CodegenUnit;
use hashbrown::HashMap;

use crate::base::BaseImage;
use crate::input::globals::variable_of;
use crate::input::globals::{self, crate_of};
use crate::input::mangling::BOUNDS;
use crate::input::section::SectionKind;
use crate::linking::assemblies;
use crate::tables::symbols::Symbols;

/// A part of a group.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// The unit that it comes from.
    pub(crate) unit: Arc<CodegenUnit>,
    /// What it is there.
    pub(crate) part: Part,
}

/// What a member is in its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Part {
    /// A section of the unit's assembly, by number, which comes before variables as in an object of LLVM's.
    Assembly(usize),
    /// A variable.
    Variable(GlobalId),
}

impl Member {
    /// The crate that its unit is of.
    pub(crate) fn of_crate(&self) -> &str {
        crate_of(&self.unit.id)
    }

    /// Its alignment.
    pub(crate) fn align(&self) -> u64 {
        match self.part {
            Part::Assembly(section) => assemblies::align(&self.unit, section),
            Part::Variable(global) => variable_of(&self.unit, global).map_or(1, |variable| variable.align),
        }
    }

    /// Whether nobody, the loader included, writes to it.
    pub(crate) fn is_plain(&self) -> bool {
        match self.part {
            Part::Assembly(section) => assemblies::is_plain(&self.unit, section),
            Part::Variable(global) => variable_of(&self.unit, global).is_some_and(globals::is_plain),
        }
    }

    /// Whether it is there whether anything refers to it or not.
    pub(crate) fn is_kept(&self, kind: &SectionKind) -> bool {
        match self.part {
            // Constructors and destructors are.
            _ if !matches!(kind, SectionKind::Group(_)) => true,
            Part::Variable(global) => self.unit.module.used.contains(&global),
            Part::Assembly(section) => assemblies::is_retained(&self.unit, section),
        }
    }
}

/// Members by section.
pub(crate) type Members = BTreeMap<SectionKind, Vec<Member>>;

/// The groups of a program. All members are placed at once, when a member came or went.
#[derive(Debug)]
pub(crate) struct Groups {
    members: Members,
    bounds: HashMap<Arc<str>, (u64, u64)>,
    /// Groups have members without a place, or have lost some.
    is_changed: bool,
    /// Groups have members that are there only if they are reached, which any change may change.
    is_doubtful: bool,
}

impl Groups {
    /// No groups. They count as changed, since the base image's constructors are in the image's array also when the program has
    /// none.
    pub(crate) fn new() -> Self {
        Self { members: Members::new(), bounds: HashMap::new(), is_changed: true, is_doubtful: false }
    }

    /// The members, by section.
    pub(crate) fn members(&self) -> &Members {
        &self.members
    }

    /// Adds a member, which gets its place with all others.
    pub(crate) fn add(&mut self, kind: SectionKind, unit: &Arc<CodegenUnit>, part: Part) {
        self.members.entry(kind).or_default().push(Member { unit: unit.clone(), part });
        self.is_changed = true;
    }

    /// Removes a unit's members.
    pub(crate) fn forget(&mut self, unit: &str) {
        for members in self.members.values_mut() {
            let before = members.len();
            members.retain(|member| *member.unit.id != *unit);
            // The others stand side by side without them, also if nothing takes their place.
            self.is_changed |= members.len() != before;
        }
    }

    /// Notes that the linker would find the members in another order.
    pub(crate) fn note_reordered(&mut self) {
        self.is_changed = true;
    }

    /// Whether they must be placed anew.
    pub(crate) fn must_be_placed(&self) -> bool {
        self.is_changed || self.is_doubtful
    }

    /// Takes the members out to place them, in the order in which a linker would find them; they are to be [put back](Self::put).
    pub(crate) fn take(&mut self, rank: impl Fn(&str) -> (usize, Arc<str>)) -> Members {
        let mut groups = std::mem::take(&mut self.members);
        groups.retain(|_, members| !members.is_empty());
        for members in groups.values_mut() {
            members.sort_by_cached_key(|member| (rank(&member.unit.id), member.part));
            members.dedup_by_key(|member| (member.unit.id.clone(), member.part));
        }
        groups
    }

    /// Keeps the members when all of them have their places.
    pub(crate) fn put(&mut self, members: Members, is_doubtful: bool) {
        self.members = members;
        self.is_changed = false;
        self.is_doubtful = is_doubtful;
    }

    /// Where the group of this name begins and ends, if it has members.
    pub(crate) fn bounds(&self, name: &str) -> Option<(u64, u64)> {
        self.bounds.get(name).copied()
    }

    /// Forgets all bounds; gives the groups that had some.
    pub(crate) fn take_bounds(&mut self) -> Vec<Arc<str>> {
        self.bounds.drain().map(|(name, _)| name).collect()
    }

    /// Tells where a group begins and ends.
    pub(crate) fn set_bounds(&mut self, name: &Arc<str>, bounds: (u64, u64)) {
        self.bounds.insert(name.clone(), bounds);
    }

    /// The groups that have members.
    pub(crate) fn bounded(&self) -> impl Iterator<Item = &Arc<str>> {
        self.bounds.keys()
    }

    /// Whether `name` is a bound of one of the groups.
    pub(crate) fn is_bound(&self, name: &str) -> bool {
        BOUNDS.iter().any(|bound| name.strip_prefix(bound).is_some_and(|group| self.bounds.contains_key(group)))
    }
}

/// Whether somebody asks for the bounds of a section.
pub(crate) fn is_wanted(kind: &SectionKind, symbols: &Symbols, base: &BaseImage) -> bool {
    let SectionKind::Group(section) = kind else { return false };
    BOUNDS.iter().any(|bound| {
        let name = format!("{bound}{section}");
        symbols.find(&name).is_some() || base.symbol(&name).is_some() || base.expects(&name)
    })
}
