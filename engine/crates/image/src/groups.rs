//! Sections whose parts must lie side by side: constructors, destructors, and what lies between `__start_` and `__stop_`
//! symbols.

use std::collections::BTreeMap;
use std::sync::Arc;

use cranefly_bitcode::ir::{GlobalId, Variable};
use hashbrown::HashSet;
use object::SectionIndex;

use crate::Error;
use crate::data::{self, PlacedData};
use crate::image::Image;
use crate::input::Unit;
use crate::layout::Region;
use crate::section::SectionKind;
use crate::symbols::SymbolIndex;

/// A part of a group.
#[derive(Clone, Debug)]
pub struct Member {
    /// The unit that it comes from.
    pub unit: Arc<Unit>,
    /// What it is there.
    pub part: Part,
}

/// What a member is in its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// A section of the unit's assembly, by number, which comes before variables as in an object of LLVM's.
    Assembly(usize),
    /// A variable.
    Variable(GlobalId),
}

/// What the names of a group's bounds begin with.
const BOUNDS: [&str; 2] = ["__start_", "__stop_"];

/// Members by section.
pub type Groups = BTreeMap<SectionKind, Vec<Member>>;

impl Image {
    /// Adds a member, whose place is found by [`Self::place_groups`].
    pub(crate) fn add_member(&mut self, kind: SectionKind, unit: &Arc<Unit>, part: Part) {
        self.groups.entry(kind).or_default().push(Member { unit: unit.clone(), part });
    }

    /// Lays the members of every group side by side, in the order in which a linker would find them.
    pub(crate) fn place_groups(&mut self, moved: &mut HashSet<SymbolIndex>) -> Result<(), Error> {
        let mut groups = std::mem::take(&mut self.groups);
        groups.retain(|_, members| !members.is_empty());
        for members in groups.values_mut() {
            members.sort_by_cached_key(|member| (self.rank(&member.unit.id), member.part));
            members.dedup_by_key(|member| (member.unit.id.clone(), member.part));
        }
        let mut bounds = std::mem::take(&mut self.group_bounds);
        let unreached = self.unreached(&groups)?;
        self.place_arrays(&groups, moved)?;
        for (kind, members) in &groups {
            let SectionKind::Group(name) = kind else { continue };
            let (members, dropped): (Vec<&Member>, Vec<&Member>) =
                members.iter().partition(|member| !unreached.contains(&(member.unit.id.clone(), member.part)));
            // What is not part of the section may still have a name that something unreached refers to.
            for member in dropped {
                self.place_part(member, Region::Data, moved)?;
            }
            let is_plain = members.iter().all(|member| self.is_plain(member));
            let region = if is_plain { Region::Rodata } else { Region::Data };
            let align = members.iter().map(|member| self.align(member)).max().unwrap_or(1);
            self.file.reserve(region, 0, align)?;
            let mut from = None;
            for member in members {
                let at = self.place_part(member, region, moved)?;
                from = from.or(at);
            }
            if let Some(from) = from {
                self.group_bounds.insert(name.clone(), (from, self.file.end(region)));
            }
        }
        self.groups = groups;
        bounds.extend(self.group_bounds.clone());
        for name in bounds.keys() {
            for bound in BOUNDS {
                if let Some(index) = self.symbols.find(&format!("{bound}{name}"))
                    && self.definition(index).is_none()
                {
                    let place = self.resolve_outside(index)?;
                    self.move_to(index, place, moved);
                }
            }
        }
        Ok(())
    }

    /// Members of groups with bounds that lld leaves out. Other linkers keep what is between bounds that are referred to.
    fn unreached(&mut self, groups: &Groups) -> Result<HashSet<(Arc<str>, Part)>, Error> {
        let all = || groups.iter().flat_map(|(kind, members)| members.iter().map(move |member| (kind, member)));
        let doubtful: Vec<(&SectionKind, &Member)> =
            all().filter(|(kind, member)| self.is_wanted(kind) && !self.is_kept(kind, member)).collect();
        self.has_doubtful_members = !doubtful.is_empty();
        let Some((SectionKind::Group(section), _)) = doubtful.first() else { return Ok(HashSet::new()) };
        if !self.base.is_linked_by_lld() {
            let what = format!("section `{section}`, about parts of which only garbage collection decides,");
            return Err(Error::Unplaceable { what });
        }
        let kept = all().filter(|(kind, member)| self.is_kept(kind, member)).map(|(_, member)| member);
        let live = self.live(kept, std::iter::empty());
        // What a unit adds to a section is one input section if it has the same flags, and stays or goes as a whole.
        let input = |kind, member: &Member| (kind, member.unit.id.clone(), self.is_plain(member));
        let reached = doubtful.iter().filter(|(_, member)| self.is_reached(member, &live));
        let reached: HashSet<_> = reached.map(|(kind, member)| input(*kind, member)).collect();
        let unreached = doubtful.into_iter().filter(|(kind, member)| !reached.contains(&input(kind, member)));
        Ok(unreached.map(|(_, member)| (member.unit.id.clone(), member.part)).collect())
    }

    /// Gives a member its place in a region; tells where.
    pub(crate) fn place_part(
        &mut self,
        member: &Member,
        region: Region,
        moved: &mut HashSet<SymbolIndex>,
    ) -> Result<Option<u64>, Error> {
        match member.part {
            Part::Assembly(section) => self.place_assembly_section(&member.unit, SectionIndex(section), region, moved),
            Part::Variable(global) => self.place_member(&member.unit, global, region, moved),
        }
    }

    fn align(&self, member: &Member) -> u64 {
        match member.part {
            Part::Assembly(section) => self.assembly_align(&member.unit, SectionIndex(section)),
            Part::Variable(global) => data::variable_of(&member.unit, global).map_or(1, |variable| variable.align),
        }
    }

    /// Whether somebody asks for the bounds of a group.
    fn is_wanted(&self, kind: &SectionKind) -> bool {
        let SectionKind::Group(section) = kind else { return false };
        BOUNDS.iter().any(|bound| {
            let name = format!("{bound}{section}");
            self.symbols.find(&name).is_some() || self.base.symbol(&name).is_some() || self.base.expects(&name)
        })
    }

    /// Whether `name` is a bound of one of the program's groups.
    pub(crate) fn is_bound(&self, name: &str) -> bool {
        BOUNDS.iter().any(|bound| name.strip_prefix(bound).is_some_and(|group| self.group_bounds.contains_key(group)))
    }

    /// Refuses groups whose bounds somebody asks for if no two addresses would span them: the base image has a part, or there
    /// are functions among them, which have places of their own.
    pub(crate) fn check_groups(&self) -> Result<(), Error> {
        for section in self.units.values().flat_map(|state| self.code_sections(&state.unit)) {
            if SectionKind::of(section).is_ok_and(|kind| self.is_wanted(&kind)) {
                return Err(Error::Unplaceable { what: format!("code between the bounds of section `{section}`") });
            }
        }
        for kind in self.groups.keys() {
            let SectionKind::Group(section) = kind else { continue };
            if self.is_wanted(kind) && self.base.has_section(section) {
                let what = format!("section `{section}`, which both the workspace and a dependency add to,");
                return Err(Error::Unplaceable { what });
            }
        }
        Ok(())
    }

    /// rustc links a crate's units by name, and crates before those that they depend on; it is told the latter first.
    pub(crate) fn rank(&self, id: &str) -> (usize, Arc<str>) {
        let unit_crate = id.rsplit_once('/').map_or(id, |(unit_crate, _)| unit_crate);
        let position = self.crates.iter().rev().position(|known| **known == *unit_crate);
        (position.unwrap_or(usize::MAX), id.into())
    }

    /// Whether nobody, the loader included, writes to a member.
    fn is_plain(&self, member: &Member) -> bool {
        match member.part {
            Part::Assembly(section) => self.is_plain_assembly(&member.unit, SectionIndex(section)),
            Part::Variable(global) => data::variable_of(&member.unit, global).is_some_and(data::is_plain),
        }
    }

    /// Places a variable, if it is what its symbol means; gives where.
    fn place_member(
        &mut self,
        unit: &Arc<Unit>,
        global: GlobalId,
        region: Region,
        moved: &mut HashSet<SymbolIndex>,
    ) -> Result<Option<u64>, Error> {
        let Some(variable) = data::variable_of(unit, global) else { return Ok(None) };
        let index = self.units[&unit.id].symbols[global.0 as usize];
        let counts = self.definition(index).is_some_and(|(other, same)| other.id == unit.id && same == global);
        if !counts {
            return Ok(None);
        }
        self.load_align = self.load_align.max(variable.align);
        // Never where it was: the group as a whole gets new room.
        self.forget_data(index);
        if data::place(&mut self.file, &mut self.symbols, index, variable, region)? {
            moved.insert(index);
        }
        // A member may be moved by this without its unit having changed.
        self.fill(unit, index, variable)?;
        Ok(self.symbols[index].data.as_ref().map(|data| data.address))
    }

    /// Gives back the relocations of a variable that is there no more, or moves.
    pub(crate) fn forget_data(&mut self, index: SymbolIndex) {
        let Some(PlacedData { relocations, .. }) = self.symbols[index].data.take() else { return };
        for row in relocations {
            self.relocations.remove(&mut self.file, row);
        }
    }

    pub(crate) fn fill(&mut self, unit: &Unit, index: SymbolIndex, variable: &Variable) -> Result<(), Error> {
        let symbols = &self.units[&unit.id].symbols;
        data::fill(&mut self.file, &mut self.relocations, &mut self.symbols, index, variable, symbols, self.anchors)
    }
}
