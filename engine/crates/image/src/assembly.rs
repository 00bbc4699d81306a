//! Objects made from a unit's `module asm` (`global_asm!`, naked functions), placed as a classic linker would.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use object::read::elf::ElfFile64;
use object::{
    LittleEndian, Object, ObjectSection, ObjectSymbol, RelocationFlags, RelocationTarget, SectionFlags, SectionIndex,
    SymbolSection, elf,
};
use smallvec::SmallVec;

use crate::Error;
use crate::dynamic::DynamicRelocation;
use crate::input::Unit;
use crate::layout::Region;
use crate::program::Program;
use crate::symbols::{Place, SymbolIndex};

/// Where the parts of a unit's assembly lie.
#[derive(Debug, Default)]
pub(crate) struct PlacedAssembly {
    sections: HashMap<SectionIndex, u64>,
    symbols: Vec<Arc<str>>,
    relocations: SmallVec<[u32; 2]>,
}

type Elf<'data> = ElfFile64<'data, LittleEndian>;

impl Program {
    /// Forgets what the assembly of unit `id` defined.
    pub(crate) fn forget_assembly(&mut self, id: &Arc<str>, touched: &mut HashSet<SymbolIndex>) {
        let Some(old) = self.assemblies.remove(id) else { return };
        for row in old.relocations {
            self.relocations.remove(&mut self.file, row);
        }
        for name in old.symbols {
            self.assembly_symbols.remove(&name);
            touched.extend(self.symbols.find(&name));
        }
    }

    /// Finds room for the sections of `unit`'s assembly and makes its symbols known.
    pub(crate) fn place_assembly(&mut self, unit: &Unit, touched: &mut HashSet<SymbolIndex>) -> Result<(), Error> {
        let Some(bytes) = &unit.assembly else { return Ok(()) };
        let elf = parse(unit, bytes)?;
        let mut placed = PlacedAssembly::default();
        for section in elf.sections() {
            let Some(region) = region(&section) else { continue };
            let at = self.file.reserve(region, section.size().max(1), section.align())?;
            let data = section.data().map_err(|error| failed(unit, &error))?;
            self.file.write(at, data);
            placed.sections.insert(section.index(), at);
        }
        for symbol in elf.symbols().filter(|symbol| symbol.is_global() && symbol.is_definition()) {
            let SymbolSection::Section(section) = symbol.section() else { continue };
            let Some(&start) = placed.sections.get(&section) else { continue };
            let name: Arc<str> = symbol.name().map_err(|error| failed(unit, &error))?.into();
            self.assembly_symbols.insert(name.clone(), start + symbol.address());
            touched.insert(self.symbols.global(&name).0);
            placed.symbols.push(name);
        }
        self.assemblies.insert(unit.id.clone(), placed);
        Ok(())
    }

    /// Applies the relocations of `unit`'s assembly, once every symbol has its place.
    pub(crate) fn bind_assembly(&mut self, unit: &Unit) -> Result<(), Error> {
        let Some(bytes) = &unit.assembly else { return Ok(()) };
        let elf = parse(unit, bytes)?;
        let Some(mut placed) = self.assemblies.remove(&unit.id) else { return Ok(()) };
        for row in std::mem::take(&mut placed.relocations) {
            self.relocations.remove(&mut self.file, row);
        }
        for section in elf.sections() {
            let Some(&start) = placed.sections.get(&section.index()) else { continue };
            let writable = region(&section).is_some_and(|region| matches!(region, Region::Data | Region::DataRelRo));
            for (offset, relocation) in section.relocations() {
                let RelocationFlags::Elf { r_type } = relocation.flags() else { continue };
                let at = start + offset;
                let target = self.assembly_target(unit, &elf, &placed, relocation.target())?;
                let addend = relocation.addend();
                let address = match r_type {
                    elf::R_X86_64_PC32 | elf::R_X86_64_PLT32 => match target {
                        Reference::Address(address) => address,
                        Reference::Symbol(symbol) => self.call_target(symbol)?,
                    },
                    elf::R_X86_64_GOTPCREL | elf::R_X86_64_GOTPCRELX | elf::R_X86_64_REX_GOTPCRELX => match target {
                        Reference::Symbol(symbol) => self.cell(symbol)?,
                        Reference::Address(_) => return Err(failed(unit, &"a GOT entry for a local label")),
                    },
                    elf::R_X86_64_64 if writable => {
                        let word = match target {
                            Reference::Address(address) => {
                                DynamicRelocation::Relative(address.cast_signed().wrapping_add(addend))
                            }
                            Reference::Symbol(symbol) => self.anchors.pointer_to(self.symbols[symbol].place, addend),
                        };
                        placed.relocations.push(self.relocations.add(&mut self.file, at, word)?);
                        continue;
                    }
                    other => {
                        let reason = format!("relocation {other:?} is not possible in position-independent code");
                        return Err(failed(unit, &reason));
                    }
                };
                let value = address.cast_signed() + addend - at.cast_signed();
                let value = i32::try_from(value).map_err(|error| failed(unit, &error))?;
                self.file.write(at, &value.to_le_bytes());
            }
        }
        self.assemblies.insert(unit.id.clone(), placed);
        Ok(())
    }

    fn assembly_target(
        &mut self,
        unit: &Unit,
        elf: &Elf,
        placed: &PlacedAssembly,
        target: RelocationTarget,
    ) -> Result<Reference, Error> {
        let RelocationTarget::Symbol(index) = target else {
            return Err(failed(unit, &"a relocation without a symbol"));
        };
        let symbol = elf.symbol_by_index(index).map_err(|error| failed(unit, &error))?;
        if let SymbolSection::Section(section) = symbol.section()
            && !symbol.is_global()
        {
            let start =
                placed.sections.get(&section).ok_or_else(|| failed(unit, &"a reference to a dropped section"))?;
            return Ok(Reference::Address(start + symbol.address()));
        }
        let name = symbol.name().map_err(|error| failed(unit, &error))?;
        Ok(Reference::Symbol(self.runtime(name)?))
    }

    /// Where some unit's assembly defines `name`.
    pub(crate) fn assembly_place(&self, name: &str) -> Option<Place> {
        self.assembly_symbols.get(name).copied().map(Place::Image)
    }
}

enum Reference {
    Address(u64),
    Symbol(SymbolIndex),
}

fn parse<'data>(unit: &Unit, bytes: &'data [u8]) -> Result<Elf<'data>, Error> {
    Elf::parse(bytes).map_err(|error| failed(unit, &error))
}

/// Where a section goes; `None` if it is not loaded. Call frame information is dropped: unwinding ends at such code.
fn region<'data>(section: &impl ObjectSection<'data>) -> Option<Region> {
    let SectionFlags::Elf { sh_flags, .. } = section.flags() else { return None };
    let name = section.name().unwrap_or_default();
    if !sh_flags.contains(elf::SHF_ALLOC) || name.starts_with(".eh_frame") {
        return None;
    }
    Some(if sh_flags.contains(elf::SHF_EXECINSTR) {
        Region::Text
    } else if sh_flags.contains(elf::SHF_WRITE) {
        Region::Data
    } else if section.relocations().next().is_some() {
        Region::DataRelRo
    } else {
        Region::Rodata
    })
}

fn failed(unit: &Unit, reason: &dyn std::fmt::Display) -> Error {
    Error::Relocation { function: format!("the assembly of {}", unit.id), reason: reason.to_string() }
}
