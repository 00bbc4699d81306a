//! Laying the members of groups side by side.

use std::sync::Arc;

use cranefly_bitcode::ir::GlobalId;
use cranefly_cgu::CodegenUnit;
use hashbrown::HashSet;
use object::SectionIndex;

use crate::Error;
use crate::base::BasePlace;
use crate::base::arrays::{Array, Entry};
use crate::error::LinkerOnly;
use crate::file::region::Region;
use crate::input::globals::variable_of;
use crate::input::mangling::BOUNDS;
use crate::input::section::SectionKind;
use crate::linking::Linking;
use crate::linking::groups::{Member, Members, Part, is_wanted};
use crate::passes::assembly;
use crate::passes::liveness;
use crate::passes::outside;
use crate::tables::Tables;
use crate::tables::symbols::{Place, SymbolIndex};

/// Lays the members of every group side by side, in the order in which a linker would find them.
pub(crate) fn place_groups(
    tables: &mut Tables,
    linking: &mut Linking,
    moved: &mut HashSet<SymbolIndex>,
) -> Result<(), Error> {
    let groups = linking.groups.take(|unit| tables.units.rank(unit));
    let mut bounded: HashSet<Arc<str>> = linking.groups.take_bounds().into_iter().collect();
    let Unreached { members: unreached, is_doubtful } = unreached(tables, linking, &groups)?;
    place_arrays(tables, linking, &groups, moved)?;
    for (kind, members) in &groups {
        let SectionKind::Group(name) = kind else { continue };
        let (members, dropped): (Vec<&Member>, Vec<&Member>) =
            members.iter().partition(|member| !unreached.contains(&(member.unit.id.clone(), member.part)));
        // What is not part of the section may still have a name that something unreached refers to.
        for member in dropped {
            place_member(tables, linking, member, Region::Data, moved)?;
        }
        let is_plain = members.iter().all(|member| member.is_plain());
        let region = if is_plain { Region::Rodata } else { Region::Data };
        let align = members.iter().map(|member| member.align()).max().unwrap_or(1);
        tables.file.reserve(region, 0, align)?;
        let mut from = None;
        for member in members {
            let at = place_member(tables, linking, member, region, moved)?;
            from = from.or(at);
        }
        if let Some(from) = from {
            linking.groups.set_bounds(name, (from, tables.file.end(region)));
        }
    }
    linking.groups.put(groups, is_doubtful);
    bounded.extend(linking.groups.bounded().cloned());
    for name in bounded {
        for bound in BOUNDS {
            if let Some(symbol) = tables.symbols.find(&format!("{bound}{name}"))
                && tables.units.definition(&tables.symbols, symbol).is_none()
            {
                outside::place_again(tables, linking, symbol, moved)?;
            }
        }
    }
    Ok(())
}

/// What a linker leaves out of groups with bounds.
struct Unreached {
    members: HashSet<(Arc<str>, Part)>,
    /// There are members that are there only if they are reached.
    is_doubtful: bool,
}

/// Members of groups with bounds that lld leaves out. Other linkers keep what is between bounds that are referred to.
fn unreached(tables: &Tables, linking: &Linking, groups: &Members) -> Result<Unreached, Error> {
    let all = || groups.iter().flat_map(|(kind, members)| members.iter().map(move |member| (kind, member)));
    let doubtful: Vec<(&SectionKind, &Member)> = all()
        .filter(|(kind, member)| is_wanted(kind, &tables.symbols, &linking.base) && !member.is_kept(kind))
        .collect();
    let Some((SectionKind::Group(section), _)) = doubtful.first() else {
        return Ok(Unreached { members: HashSet::new(), is_doubtful: false });
    };
    if !linking.base.is_linked_by_lld() {
        return Err(Error::LinkerOnly(LinkerOnly::Collected { section: section.to_string() }));
    }
    let kept = all().filter(|(kind, member)| member.is_kept(kind)).map(|(_, member)| member);
    let live = liveness::reached(tables, linking, kept, std::iter::empty());
    // What a unit adds to a section is one input section if it has the same flags, and stays or goes as a whole.
    let input = |kind, member: &Member| (kind, member.unit.id.clone(), member.is_plain());
    let reached = doubtful.iter().filter(|(_, member)| liveness::is_reached(tables, linking, member, &live));
    let reached: HashSet<_> = reached.map(|(kind, member)| input(*kind, member)).collect();
    let unreached = doubtful.into_iter().filter(|(kind, member)| !reached.contains(&input(kind, member)));
    let members = unreached.map(|(_, member)| (member.unit.id.clone(), member.part)).collect();
    Ok(Unreached { members, is_doubtful: true })
}

/// Lays out the arrays of constructors and destructors, with the base image's in them.
fn place_arrays(
    tables: &mut Tables,
    linking: &mut Linking,
    groups: &Members,
    moved: &mut HashSet<SymbolIndex>,
) -> Result<(), Error> {
    linking.constructors.clear(&mut tables.file, &mut linking.relocations)?;
    for array in [Array::Init, Array::Fini] {
        place_array(tables, linking, array, groups, moved)?;
    }
    Ok(())
}

fn place_array(
    tables: &mut Tables,
    linking: &mut Linking,
    array: Array,
    groups: &Members,
    moved: &mut HashSet<SymbolIndex>,
) -> Result<(), Error> {
    let region = match array {
        Array::Init => Region::InitArray,
        Array::Fini => Region::FiniArray,
    };
    let base = linking.base.clone();
    let of = |priority: u32| {
        let sections = groups.iter().filter(move |(kind, _)| array.priority_of(kind) == Some(priority));
        sections.flat_map(|(_, members)| members)
    };
    let mut placed: HashSet<(u32, &str)> = HashSet::new();
    for entry in base.arrays().of(array) {
        let place = match entry {
            Entry::Crate { name, priority } => {
                if placed.insert((*priority, name)) {
                    for member in of(*priority).filter(|member| member.of_crate() == &**name) {
                        place_member(tables, linking, member, region, moved)?;
                    }
                }
                continue;
            }
            Entry::Base(BasePlace::Address(distance) | BasePlace::ThreadLocal(distance)) => Place::Base(*distance),
            Entry::Named(name) => {
                let symbol = outside::runtime(tables, linking, name)?;
                tables.symbols.place(symbol)
            }
        };
        linking.constructors.add(&mut tables.file, &mut linking.relocations, region, place)?;
    }
    // Of what the base image knows nothing.
    for (kind, members) in groups {
        let Some(priority) = array.priority_of(kind) else { continue };
        for member in members.iter().filter(|member| !placed.contains(&(priority, member.of_crate()))) {
            place_member(tables, linking, member, region, moved)?;
        }
    }
    Ok(())
}

/// Gives a member its place in a region; tells where.
fn place_member(
    tables: &mut Tables,
    linking: &mut Linking,
    member: &Member,
    region: Region,
    moved: &mut HashSet<SymbolIndex>,
) -> Result<Option<u64>, Error> {
    match member.part {
        Part::Assembly(section) => {
            assembly::place_member(tables, linking, &member.unit, SectionIndex(section), region, moved)
        }
        Part::Variable(global) => place_variable(tables, linking, &member.unit, global, region, moved),
    }
}

/// Places a variable, if it is what its symbol means; gives where.
fn place_variable(
    tables: &mut Tables,
    linking: &mut Linking,
    unit: &Arc<CodegenUnit>,
    global: GlobalId,
    region: Region,
    moved: &mut HashSet<SymbolIndex>,
) -> Result<Option<u64>, Error> {
    let Some(variable) = variable_of(unit, global) else { return Ok(None) };
    let symbol = tables.units[&unit.id].symbol(global);
    if !tables.symbols.is_definition(symbol, &unit.id, global) {
        return Ok(None);
    }
    linking.alignment.include(false, variable.align);
    // Never where it was: the group as a whole gets new room.
    linking.forget_data(tables, symbol);
    let Tables { file, symbols, units, .. } = tables;
    if linking.data.place(file, symbols, symbol, variable, region)? {
        moved.insert(symbol);
    }
    // A member may be moved by this without its unit having changed.
    linking.data.fill(file, &mut linking.relocations, symbols, symbol, variable, units[&unit.id].symbols())?;
    Ok(linking.data.address(symbol))
}

/// Refuses groups whose bounds somebody asks for if no two addresses would span them: the base image has a part, or there
/// are functions among them, which have places of their own.
pub(crate) fn check_groups(tables: &Tables, linking: &Linking) -> Result<(), Error> {
    let is_wanted = |kind: &SectionKind| is_wanted(kind, &tables.symbols, &linking.base);
    for section in tables.units.iter().flat_map(|state| linking.assemblies.code_sections(state.unit())) {
        if SectionKind::of(section).is_ok_and(|kind| is_wanted(&kind)) {
            return Err(Error::LinkerOnly(LinkerOnly::CodeBetweenBounds { section: section.to_owned() }));
        }
    }
    for kind in linking.groups.members().keys() {
        let SectionKind::Group(section) = kind else { continue };
        if is_wanted(kind) && linking.base.has_section(section) {
            return Err(Error::LinkerOnly(LinkerOnly::Shared { section: section.to_string() }));
        }
    }
    Ok(())
}
