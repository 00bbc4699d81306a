//! Room for the sections of assembly, and the places of its symbols.

use std::sync::Arc;

use cranefly_cgu::CodegenUnit;
use hashbrown::HashSet;
use object::read::elf::Sym;
use object::{LittleEndian, Object, ObjectSection, ObjectSymbol, SectionIndex, SymbolSection, elf};

use super::bind::symbol_of;
use super::frames::place_frames;
use crate::Error;
use crate::file::region::Region;
use crate::input::object_file::{Assembly, Home, Section, flags};
use crate::linking::Linking;
use crate::linking::assemblies::{PlacedAssembly, PlacedSection, PlacedSymbol};
use crate::linking::groups::Part;
use crate::passes::outside;
use crate::tables::Tables;
use crate::tables::symbols::{Place, SymbolIndex};
use crate::tables::symtab::Named;

/// Finds room for the sections of a unit's assembly, but for those in groups, and makes its symbols known.
pub(crate) fn place(
    tables: &mut Tables,
    linking: &mut Linking,
    assembly: &Assembly,
    touched: &mut HashSet<SymbolIndex>,
) -> Result<(), Error> {
    let unit = &assembly.unit.id;
    let mut placed = PlacedAssembly::default();
    let mut dropped = HashSet::new();
    for section in assembly.elf.sections() {
        match assembly.home(&section)? {
            Home::Nowhere => {
                dropped.insert(section.index());
            }
            Home::Frames => {}
            Home::Group(kind) => linking.groups.add(kind, assembly.unit, Part::Assembly(section.index().0)),
            Home::Region(region) => {
                if region == Region::Text {
                    let name = section.name().map_err(|error| assembly.broken(error))?;
                    placed.code_sections.push(name.into());
                }
                let section_at = put_section(tables, linking, assembly, &section, region)?;
                placed.sections.insert(section.index(), section_at);
            }
        }
    }
    place_frames(tables, assembly, &mut placed)?;
    let tdata = tables.file.layout().start(Region::Tdata);
    for symbol in assembly.elf.symbols() {
        let kind = symbol.elf_symbol().st_type();
        let name = symbol.name().map_err(|error| assembly.broken(error))?;
        if symbol.is_undefined() && !name.is_empty() {
            symbol_of(tables, linking, assembly, name, symbol.is_weak())?;
        }
        if symbol.is_undefined() || matches!(kind, elf::STT_FILE | elf::STT_SECTION) {
            continue;
        }
        assembly.check_symbol(&symbol, name)?;
        let (place, section) = match symbol.section() {
            SymbolSection::Absolute => (Place::Absolute(symbol.address()), None),
            SymbolSection::Section(section) if dropped.contains(&section) => continue,
            SymbolSection::Section(section) => (placed.place(tdata, section, symbol.address()), Some(section)),
            // Refused by the check.
            _ => continue,
        };
        let index = if symbol.is_local() {
            let local = tables.units[unit].local(&tables.symbols, name);
            local.filter(|&index| tables.symbols.definers(index).is_empty())
        } else {
            Some(tables.symbols.global(&Arc::from(name)).0)
        };
        if let Some(index) = index {
            touched.insert(index);
            let is_global = !symbol.is_local();
            if is_global {
                linking.assemblies.define(tables.symbols.name(index), unit, place, symbol.is_weak());
            } else {
                linking.assemblies.define_local(index, place);
            }
            placed.symbols.push(PlacedSymbol { symbol: index, section, value: symbol.address(), is_global });
        }
        let is_code = section.and_then(|section| placed.sections.get(&section)).is_some_and(|it| it.code);
        if let Place::Image(address) = place
            && is_code
            && !name.is_empty()
        {
            let size = symbol.elf_symbol().st_size(LittleEndian);
            let row = tables.symtab.set(&mut tables.file, None, Named { name, kind: kind.0, address, size })?;
            placed.rows.push(row);
        }
    }
    linking.assemblies.put(unit, placed);
    Ok(())
}

fn put_section(
    tables: &mut Tables,
    linking: &mut Linking,
    assembly: &Assembly,
    section: &Section,
    region: Region,
) -> Result<PlacedSection, Error> {
    let align = section.align().max(if region == Region::Text { 16 } else { 1 });
    let thread_local = region == Region::Tdata;
    linking.alignment.include(thread_local, align);
    let at = tables.file.reserve(region, section.size(), align)?;
    tables.file.write(at, assembly.contents(section)?);
    let writable = flags(section) & elf::SHF_WRITE.0 != 0;
    Ok(PlacedSection { at, writable, code: region == Region::Text, thread_local })
}

/// Gives a section that is a member of a group its place, and its symbols theirs; tells where. What it holds is bound later.
pub(crate) fn place_member(
    tables: &mut Tables,
    linking: &mut Linking,
    unit: &Arc<CodegenUnit>,
    section: SectionIndex,
    region: Region,
    moved: &mut HashSet<SymbolIndex>,
) -> Result<Option<u64>, Error> {
    let (Some(assembly), Some(mut placed)) = (Assembly::of(unit)?, linking.assemblies.take(&unit.id)) else {
        return Ok(None);
    };
    let part = assembly.elf.section_by_index(section).map_err(|error| assembly.broken(error))?;
    let section_at = put_section(tables, linking, &assembly, &part, region)?;
    placed.sections.insert(section, section_at);
    let tdata = tables.file.layout().start(Region::Tdata);
    for symbol in placed.symbols.iter().filter(|symbol| symbol.section == Some(section)) {
        let place = placed.place(tdata, section, symbol.value);
        if symbol.is_global {
            linking.assemblies.move_definition(tables.symbols.name(symbol.symbol), &unit.id, place);
        } else {
            linking.assemblies.define_local(symbol.symbol, place);
        }
        if tables.units.definition(&tables.symbols, symbol.symbol).is_none() {
            outside::place_again(tables, linking, symbol.symbol, moved)?;
        }
    }
    linking.assemblies.put(&unit.id, placed);
    linking.assemblies.note_moved(&unit.id);
    Ok(Some(section_at.at))
}
