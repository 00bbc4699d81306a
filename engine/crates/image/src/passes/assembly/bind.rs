//! Relocations of assembly, as the psABI describes them.

use std::sync::Arc;

use object::{Object, ObjectSection, ObjectSymbol, RelocationFlags, RelocationTarget, SymbolSection, elf};

use crate::Error;
use crate::error::{AssemblyConstruct, AssemblyError, RelocationProblem};
use crate::file::region::Region;
use crate::input::object_file::{Assembly, Section};
use crate::linking::Linking;
use crate::linking::assemblies::{PlacedAssembly, PlacedSection};
use crate::passes::outside;
use crate::tables::Tables;
use crate::tables::dynamic::DynamicRelocation;
use crate::tables::symbols::{Place, SymbolIndex};

/// What a relocation refers to.
struct Target {
    place: Place,
    /// `None` for a local of the object that has no symbol in the program.
    symbol: Option<SymbolIndex>,
    object_symbol: object::SymbolIndex,
    name: String,
}

/// A relocation in the image.
struct Site<'object> {
    at: u64,
    section: PlacedSection,
    /// The section's own bytes up to the relocation.
    before: &'object [u8],
    addend: i64,
}

/// Applies the relocations of a unit's assembly, once every symbol has its place.
pub(crate) fn bind(tables: &mut Tables, linking: &mut Linking, assembly: &Assembly) -> Result<(), Error> {
    let unit = &assembly.unit.id;
    let Some(mut placed) = linking.assemblies.take(unit) else { return Ok(()) };
    for row in std::mem::take(&mut placed.relocations) {
        linking.relocations.remove(&mut tables.file, row);
    }
    placed.references.clear();
    for section in assembly.elf.sections() {
        if let Some(&at) = placed.sections.get(&section.index()) {
            Binder { tables, linking, assembly, placed: &mut placed }.bind(&section, at)?;
        }
    }
    linking.assemblies.put(unit, placed);
    Ok(())
}

/// What binding one object takes.
struct Binder<'a, 'unit> {
    tables: &'a mut Tables,
    linking: &'a mut Linking,
    assembly: &'a Assembly<'unit>,
    placed: &'a mut PlacedAssembly,
}

impl Binder<'_, '_> {
    fn bind(&mut self, section: &Section, section_at: PlacedSection) -> Result<(), Error> {
        let bytes = self.assembly.contents(section)?;
        self.tables.file.write(section_at.at, bytes);
        for (offset, relocation) in section.relocations() {
            let RelocationFlags::Elf { r_type } = relocation.flags() else { continue };
            if r_type == elf::R_X86_64_NONE {
                continue;
            }
            let failed = |error: fn(String, u64) -> AssemblyError| {
                self.assembly.failed(error(section.name().unwrap_or_default().to_owned(), offset))
            };
            let RelocationTarget::Symbol(symbol) = relocation.target() else {
                return Err(failed(|section, offset| AssemblyError::NoSymbol { section, offset }));
            };
            let before = usize::try_from(offset).ok().and_then(|offset| bytes.get(..offset));
            let before =
                before.ok_or_else(|| failed(|section, offset| AssemblyError::BehindEnd { section, offset }))?;
            let target = self.target(symbol)?;
            self.placed.references.extend(target.symbol);
            let site = Site { at: section_at.at + offset, section: section_at, before, addend: relocation.addend() };
            self.relocate(&site, r_type, &target)?;
        }
        Ok(())
    }

    fn relocate(&mut self, site: &Site, r_type: elf::RelocationType, target: &Target) -> Result<(), Error> {
        let assembly = self.assembly;
        let refused = |problem: RelocationProblem| {
            let (kind, name) = (r_type.0, target.name.clone());
            assembly.linker_only(AssemblyConstruct::Relocation { kind, name, problem })
        };
        match (r_type, target.place) {
            (elf::R_X86_64_PC32 | elf::R_X86_64_PLT32, Place::Image(at)) if self.tables.file.layout().is_near(at) => {
                self.put_distance(site, target, at)
            }
            (elf::R_X86_64_PC32 | elf::R_X86_64_PLT32, place) if is_outside(place) => {
                let Some(symbol) = target.symbol else { return Err(refused(RelocationProblem::Unsupported)) };
                if r_type == elf::R_X86_64_PLT32 || site.section.code && is_branch(site.before) {
                    let at = self.linking.call_target(self.tables, symbol)?;
                    return self.put_distance(site, target, at);
                }
                // What a linker makes of `mov x@GOTPCREL(%rip)` for a near symbol, the other way round.
                let Some(load) = load_of_address(site.before).filter(|_| site.section.code && site.addend == -4) else {
                    return Err(refused(RelocationProblem::Outside));
                };
                let cell = self.linking.cell(self.tables, symbol)?;
                self.tables.file.write(site.at - 2, &[load]);
                self.put_distance(site, target, cell)
            }
            (elf::R_X86_64_PC64, Place::Image(at)) => {
                let distance = at.cast_signed().wrapping_add(site.addend).wrapping_sub(site.at.cast_signed());
                self.tables.file.write(site.at, &distance.to_le_bytes());
                Ok(())
            }
            (
                elf::R_X86_64_GOTPCREL | elf::R_X86_64_GOTPCRELX | elf::R_X86_64_REX_GOTPCRELX,
                Place::Image(_)
                | Place::Absolute(_)
                | Place::Base(_)
                | Place::Import { thread_local: false, .. }
                | Place::Null
                | Place::Undefined,
            ) => {
                let symbol = self.symbol_with_cells(target);
                let cell = self.linking.cell(self.tables, symbol)?;
                self.put_distance(site, target, cell)
            }
            (elf::R_X86_64_GOTTPOFF, place)
                if self.linking.relocations.anchors().thread_pointer_offset(place) != DynamicRelocation::None =>
            {
                let symbol = self.symbol_with_cells(target);
                let cell = self.linking.thread_pointer_cell(self.tables, symbol)?;
                self.put_distance(site, target, cell)
            }
            (elf::R_X86_64_64, place) => match self.linking.relocations.anchors().pointer_to(place, site.addend) {
                DynamicRelocation::None if place == Place::Undefined => Ok(()),
                DynamicRelocation::Constant(word) => {
                    self.tables.file.write(site.at, &word.to_le_bytes());
                    Ok(())
                }
                relocation if site.section.writable && relocation != DynamicRelocation::None => {
                    let row = self.linking.relocations.add(&mut self.tables.file, site.at, relocation)?;
                    self.placed.relocations.push(row);
                    Ok(())
                }
                _ => Err(refused(RelocationProblem::ReadOnly)),
            },
            (elf::R_X86_64_32 | elf::R_X86_64_32S | elf::R_X86_64_16 | elf::R_X86_64_8, Place::Absolute(value)) => {
                let value = value.cast_signed().wrapping_add(site.addend);
                let (fits, size) = match r_type {
                    elf::R_X86_64_32 => (u32::try_from(value).is_ok(), 4),
                    elf::R_X86_64_32S => (i32::try_from(value).is_ok(), 4),
                    elf::R_X86_64_16 => (u16::try_from(value).is_ok(), 2),
                    _ => (u8::try_from(value).is_ok(), 1),
                };
                if !fits {
                    return Err(refused(RelocationProblem::Overflow));
                }
                self.tables.file.write(site.at, &value.to_le_bytes()[..size]);
                Ok(())
            }
            _ => Err(refused(RelocationProblem::Unsupported)),
        }
    }

    fn put_distance(&mut self, site: &Site, target: &Target, to: u64) -> Result<(), Error> {
        let distance = to.cast_signed() + site.addend - site.at.cast_signed();
        let symbol = || target.name.clone();
        let value = i32::try_from(distance)
            .map_err(|_| self.assembly.failed(AssemblyError::OutOfReach { symbol: symbol(), distance }))?;
        self.tables.file.write(site.at, &value.to_le_bytes());
        Ok(())
    }

    fn target(&mut self, object_symbol: object::SymbolIndex) -> Result<Target, Error> {
        let assembly = self.assembly;
        let symbol = assembly.elf.symbol_by_index(object_symbol).map_err(|error| assembly.broken(error))?;
        let name = symbol.name().map_err(|error| assembly.broken(error))?;
        let target = |place, symbol| Target { place, symbol, object_symbol, name: name.to_owned() };
        if symbol.is_local() && !symbol.is_undefined() {
            let place = match symbol.section() {
                SymbolSection::Absolute => Place::Absolute(symbol.address()),
                SymbolSection::Section(section) if self.placed.sections.contains_key(&section) => {
                    let tdata = self.tables.file.layout().start(Region::Tdata);
                    self.placed.place(tdata, section, symbol.address())
                }
                _ => return Err(assembly.linker_only(AssemblyConstruct::NotLoaded { name: name.to_owned() })),
            };
            return Ok(target(place, None));
        }
        let index = symbol_of(self.tables, self.linking, assembly, name, symbol.is_weak())?;
        Ok(target(self.tables.symbols.place(index), Some(index)))
    }

    /// A symbol to which a GOT entry can belong.
    fn symbol_with_cells(&mut self, target: &Target) -> SymbolIndex {
        if let Some(symbol) = target.symbol {
            return symbol;
        }
        let symbols = &mut self.tables.symbols;
        let symbol = *self.placed.cells.entry(target.object_symbol).or_insert_with(|| symbols.add(&Arc::from("")));
        symbols.set_place(symbol, target.place);
        self.linking.assemblies.define_local(symbol, target.place);
        symbol
    }
}

/// What assembly calls `name`: something of its own unit, be it visible elsewhere or not, or else what everybody calls so.
pub(super) fn symbol_of(
    tables: &mut Tables,
    linking: &mut Linking,
    assembly: &Assembly,
    name: &str,
    is_weak: bool,
) -> Result<SymbolIndex, Error> {
    let own = assembly.unit.module.globals.iter().position(|global| *global.name == *name);
    if let Some(number) = own {
        return Ok(tables.units[&assembly.unit.id].symbols()[number]);
    }
    let (symbol, _) = tables.symbols.global(&Arc::from(name));
    if !is_weak {
        tables.symbols.require(symbol);
    }
    if matches!(tables.symbols.place(symbol), Place::Undefined | Place::Null) {
        let place = outside::place(tables, linking, symbol)?;
        tables.symbols.set_place(symbol, place);
    }
    Ok(symbol)
}

/// Not in this image, but reachable through its GOT.
fn is_outside(place: Place) -> bool {
    match place {
        // Those that lie far away.
        Place::Image(_) => true,
        Place::Base(_) | Place::Import { thread_local: false, .. } | Place::Null | Place::Undefined => true,
        Place::Absolute(_) | Place::ThreadLocal(_) | Place::BaseThreadLocal(_) | Place::Import { .. } => false,
    }
}

/// Whether the instruction that ends in the displacement is a call or a jump.
fn is_branch(before: &[u8]) -> bool {
    matches!(before, [.., 0xe8 | 0xe9] | [.., 0x0f, 0x80..=0x8f])
}

/// The opcode that loads what `lea x(%rip), %reg` computes, if the displacement is that of such an instruction.
fn load_of_address(before: &[u8]) -> Option<u8> {
    let is_lea = matches!(before, [.., 0x48 | 0x4c, 0x8d, modrm] if modrm & 0xc7 == 5);
    is_lea.then_some(0x8b)
}
