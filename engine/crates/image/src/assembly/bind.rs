//! Relocations of assembly, as the psABI describes them.

use std::sync::Arc;

use object::{Object, ObjectSection, ObjectSymbol, RelocationFlags, RelocationTarget, SymbolSection, elf};

use super::object::Section;
use super::{Assembly, PlacedAssembly, PlacedSection};
use crate::Error;
use crate::dynamic::DynamicRelocation;
use crate::image::Image;
use crate::layout::Region;
use crate::symbols::{Place, SymbolIndex};

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

impl Image {
    /// Applies the relocations of a unit's assembly, once every symbol has its place.
    pub(crate) fn bind_assembly(&mut self, assembly: &Assembly) -> Result<(), Error> {
        let Some(mut placed) = self.assemblies.remove(&assembly.unit.id) else { return Ok(()) };
        for row in std::mem::take(&mut placed.relocations) {
            self.relocations.remove(&mut self.file, row);
        }
        placed.references.clear();
        for section in assembly.elf.sections() {
            if let Some(&at) = placed.sections.get(&section.index()) {
                self.bind_section(assembly, &section, at, &mut placed)?;
            }
        }
        self.assemblies.insert(assembly.unit.id.clone(), placed);
        Ok(())
    }

    fn bind_section(
        &mut self,
        assembly: &Assembly,
        section: &Section,
        section_at: PlacedSection,
        placed: &mut PlacedAssembly,
    ) -> Result<(), Error> {
        let bytes = assembly.contents(section)?;
        self.file.write(section_at.at, bytes);
        for (offset, relocation) in section.relocations() {
            let RelocationFlags::Elf { r_type } = relocation.flags() else { continue };
            if r_type == elf::R_X86_64_NONE {
                continue;
            }
            let RelocationTarget::Symbol(symbol) = relocation.target() else {
                return Err(assembly.failed(&"a relocation without a symbol"));
            };
            let target = self.target(assembly, placed, symbol)?;
            placed.references.extend(target.symbol);
            let before = usize::try_from(offset).ok().and_then(|offset| bytes.get(..offset));
            let before = before.ok_or_else(|| assembly.failed(&"a relocation behind its section's end"))?;
            let site = Site { at: section_at.at + offset, section: section_at, before, addend: relocation.addend() };
            self.relocate(assembly, placed, &site, r_type, &target)?;
        }
        Ok(())
    }

    fn relocate(
        &mut self,
        assembly: &Assembly,
        placed: &mut PlacedAssembly,
        site: &Site,
        r_type: elf::RelocationType,
        target: &Target,
    ) -> Result<(), Error> {
        let refused = |why: &str| {
            let number = r_type.0;
            assembly.unplaceable(&format!("relocation {number} against `{}`{why}", target.name))
        };
        match (r_type, target.place) {
            (elf::R_X86_64_PC32 | elf::R_X86_64_PLT32, Place::Image(at)) if self.file.layout().is_near(at) => {
                self.put_distance(assembly, site, at)
            }
            (elf::R_X86_64_PC32 | elf::R_X86_64_PLT32, place) if is_outside(place) => {
                let Some(symbol) = target.symbol else { return Err(refused("")) };
                if r_type == elf::R_X86_64_PLT32 || site.section.code && is_branch(site.before) {
                    let at = self.call_target(symbol)?;
                    return self.put_distance(assembly, site, at);
                }
                // What a linker makes of `mov x@GOTPCREL(%rip)` for a near symbol, the other way round.
                let Some(load) = load_of_address(site.before).filter(|_| site.section.code && site.addend == -4) else {
                    return Err(refused(", which is not in the program's own image,"));
                };
                let cell = self.cell(symbol)?;
                self.file.write(site.at - 2, &[load]);
                self.put_distance(assembly, site, cell)
            }
            (elf::R_X86_64_PC64, Place::Image(at)) => {
                let distance = at.cast_signed().wrapping_add(site.addend).wrapping_sub(site.at.cast_signed());
                self.file.write(site.at, &distance.to_le_bytes());
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
                let symbol = self.symbol_of(placed, target);
                let cell = self.cell(symbol)?;
                self.put_distance(assembly, site, cell)
            }
            (elf::R_X86_64_GOTTPOFF, place) if self.anchors.thread_pointer_offset(place) != DynamicRelocation::None => {
                let symbol = self.symbol_of(placed, target);
                let cell = self.thread_pointer_cell(symbol)?;
                self.put_distance(assembly, site, cell)
            }
            (elf::R_X86_64_64, place) => match self.anchors.pointer_to(place, site.addend) {
                DynamicRelocation::None if place == Place::Undefined => Ok(()),
                DynamicRelocation::Constant(word) => {
                    self.file.write(site.at, &word.to_le_bytes());
                    Ok(())
                }
                relocation if site.section.writable && relocation != DynamicRelocation::None => {
                    placed.relocations.push(self.relocations.add(&mut self.file, site.at, relocation)?);
                    Ok(())
                }
                _ => Err(refused(" in a section that is not writable")),
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
                    return Err(refused(", whose value does not fit,"));
                }
                self.file.write(site.at, &value.to_le_bytes()[..size]);
                Ok(())
            }
            _ => Err(refused("")),
        }
    }

    fn put_distance(&mut self, assembly: &Assembly, site: &Site, to: u64) -> Result<(), Error> {
        let value = to.cast_signed() + site.addend - site.at.cast_signed();
        let value = i32::try_from(value).map_err(|error| assembly.failed(&error))?;
        self.file.write(site.at, &value.to_le_bytes());
        Ok(())
    }

    fn target(
        &mut self,
        assembly: &Assembly,
        placed: &PlacedAssembly,
        object_symbol: object::SymbolIndex,
    ) -> Result<Target, Error> {
        let symbol = assembly.elf.symbol_by_index(object_symbol).map_err(|error| assembly.failed(&error))?;
        let name = symbol.name().map_err(|error| assembly.failed(&error))?;
        let target = |place, symbol| Target { place, symbol, object_symbol, name: name.to_owned() };
        if symbol.is_local() && !symbol.is_undefined() {
            let place = match symbol.section() {
                SymbolSection::Absolute => Place::Absolute(symbol.address()),
                SymbolSection::Section(section) if placed.sections.contains_key(&section) => {
                    placed.place(self.file.layout().start(Region::Tdata), section, symbol.address())
                }
                _ => return Err(assembly.unplaceable(&format!("a reference to `{name}`, which is not loaded,"))),
            };
            return Ok(target(place, None));
        }
        let index = self.symbol_of_assembly(assembly, name, symbol.is_weak())?;
        Ok(target(self.symbols[index].place, Some(index)))
    }

    /// What assembly calls `name`: something of its own unit, be it visible elsewhere or not, or else what everybody calls so.
    pub(super) fn symbol_of_assembly(
        &mut self,
        assembly: &Assembly,
        name: &str,
        is_weak: bool,
    ) -> Result<SymbolIndex, Error> {
        let own = assembly.unit.module.globals.iter().position(|global| *global.name == *name);
        if let Some(number) = own {
            return Ok(self.units[&assembly.unit.id].symbols[number]);
        }
        let (index, new) = self.symbols.global(&Arc::from(name));
        if new {
            self.runtime_symbols.push(index);
        }
        let symbol = &mut self.symbols[index];
        symbol.weak &= is_weak;
        if matches!(symbol.place, Place::Undefined | Place::Null) {
            self.symbols[index].place = self.resolve_outside(index)?;
        }
        Ok(index)
    }

    /// A symbol to which a GOT entry can belong.
    fn symbol_of(&mut self, placed: &mut PlacedAssembly, target: &Target) -> SymbolIndex {
        if let Some(symbol) = target.symbol {
            return symbol;
        }
        let symbols = &mut self.symbols;
        let index = *placed.cells.entry(target.object_symbol).or_insert_with(|| symbols.add(&Arc::from("")));
        symbols[index].place = target.place;
        symbols[index].in_assembly = Some(target.place);
        index
    }
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
