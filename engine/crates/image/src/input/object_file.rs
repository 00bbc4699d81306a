//! The object of a unit's assembly as it comes from the assembler, and what its sections are to a linker.

use std::sync::Arc;

use cranefly_cgu::CodegenUnit;
use object::read::elf::{ElfFile64, ElfSection64};
use object::{
    LittleEndian, Object, ObjectSection, ObjectSymbol, SectionFlags, SectionKind as ObjectSectionKind, SymbolFlags,
    SymbolSection, elf,
};

use crate::Error;
use crate::error::{AssemblyConstruct, AssemblyError, LinkerOnly};
use crate::file::region::Region;
use crate::input::globals::crate_of;
use crate::input::section::SectionKind;

pub(crate) type Elf<'data> = ElfFile64<'data, LittleEndian>;
pub(crate) type Section<'data, 'file> = ElfSection64<'data, 'file, LittleEndian>;

/// A unit's assembly.
pub(crate) struct Assembly<'unit> {
    pub(crate) unit: &'unit Arc<CodegenUnit>,
    pub(crate) elf: Elf<'unit>,
}

/// Where a section of the object goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// Not loaded: for debuggers and for the linker itself.
    Nowhere,
    /// What the unwinder reads.
    Frames,
    /// Anywhere in a region.
    Region(Region),
    /// Beside others of its name.
    Group(SectionKind),
}

impl<'unit> Assembly<'unit> {
    /// Reads the object; `None` if the unit has no assembly.
    pub(crate) fn of(unit: &'unit Arc<CodegenUnit>) -> Result<Option<Self>, Error> {
        let Some(bytes) = &unit.assembly else { return Ok(None) };
        let elf = Elf::parse(&**bytes).map_err(|error| failed(unit, error.into()))?;
        Ok(Some(Self { unit, elf }))
    }

    /// Names that it defines for its own unit only.
    pub(crate) fn locals(&self) -> Result<Vec<String>, Error> {
        let locals = self.elf.symbols().filter(|symbol| {
            let is_label = !matches!(symbol.kind(), object::SymbolKind::Section | object::SymbolKind::File);
            symbol.is_local() && !symbol.is_undefined() && is_label
        });
        let names = locals.map(|symbol| symbol.name().map(str::to_owned).map_err(|error| self.broken(error)));
        names.filter(|name| name.as_ref().is_ok_and(|name| !name.is_empty())).collect()
    }

    /// Where `section` goes.
    pub(crate) fn home(&self, section: &Section<'unit, '_>) -> Result<Home, Error> {
        let name = section.name().map_err(|error| self.broken(error))?;
        let (kind, flags) = (section.elf_section_header().sh_type.get(LittleEndian), flags(section));
        let refused = |construct: fn(String) -> AssemblyConstruct| self.linker_only(construct(name.to_owned()));
        if kind == elf::SHT_GROUP {
            return Err(self.linker_only(AssemblyConstruct::Group));
        }
        if flags & elf::SHF_ALLOC.0 == 0 || flags & elf::SHF_EXCLUDE.0 != 0 {
            return Ok(Home::Nowhere);
        }
        /// `SHF_X86_64_LARGE` of the psABI.
        const LARGE: u64 = 0x1000_0000;
        const PLAIN: u64 = elf::SHF_ALLOC.0
            | elf::SHF_WRITE.0
            | elf::SHF_EXECINSTR.0
            | elf::SHF_MERGE.0
            | elf::SHF_STRINGS.0
            | elf::SHF_INFO_LINK.0
            | elf::SHF_TLS.0
            | elf::SHF_GNU_RETAIN.0
            | LARGE;
        const TYPES: [elf::SectionType; 6] = [
            elf::SHT_PROGBITS,
            elf::SHT_NOBITS,
            elf::SHT_NOTE,
            elf::SHT_INIT_ARRAY,
            elf::SHT_FINI_ARRAY,
            elf::SHT_X86_64_UNWIND,
        ];
        if flags & !PLAIN != 0 || !TYPES.contains(&kind) {
            let (name, kind) = (name.to_owned(), kind.0);
            return Err(self.linker_only(AssemblyConstruct::UnknownSection { name, kind, flags }));
        }
        if name == ".eh_frame" {
            return Ok(Home::Frames);
        }
        let has = |flag: elf::SectionFlags| flags & flag.0 != 0;
        // Assembly's own tables for a personality routine are constants like any others.
        let placed = if name.starts_with(".gcc_except_table") {
            SectionKind::Ordinary
        } else {
            SectionKind::of(name).map_err(|_| refused(|name| AssemblyConstruct::Section { name }))?
        };
        if has(elf::SHF_TLS) {
            let ordinary = placed == SectionKind::Ordinary && !has(elf::SHF_EXECINSTR);
            return if ordinary {
                Ok(Home::Region(Region::Tdata))
            } else {
                Err(refused(|name| AssemblyConstruct::ThreadLocals { name }))
            };
        }
        if has(elf::SHF_EXECINSTR) || placed == SectionKind::Text {
            let is_code = !has(elf::SHF_WRITE) && kind != elf::SHT_NOBITS;
            let is_code = is_code && !matches!(placed, SectionKind::InitArray(_) | SectionKind::FiniArray(_));
            return if is_code {
                Ok(Home::Region(Region::Text))
            } else {
                Err(refused(|name| AssemblyConstruct::WritableCode { name }))
            };
        }
        Ok(match placed {
            SectionKind::Ordinary if !has(elf::SHF_WRITE) => Home::Region(Region::Rodata),
            SectionKind::Ordinary if kind == elf::SHT_NOBITS => Home::Region(Region::Bss),
            SectionKind::Ordinary if name.starts_with(".data.rel.ro") => Home::Region(Region::DataRelRo),
            SectionKind::Ordinary => Home::Region(Region::Data),
            group => Home::Group(group),
        })
    }

    /// The contents of `section`; empty if they are zeros that the object does not hold.
    pub(crate) fn contents(&self, section: &Section<'unit, '_>) -> Result<&'unit [u8], Error> {
        if section.kind() == ObjectSectionKind::UninitializedData
            || section.kind() == ObjectSectionKind::UninitializedTls
        {
            return Ok(&[]);
        }
        section.data().map_err(|error| self.broken(error))
    }

    /// Refuses a symbol that only a linker can define.
    pub(crate) fn check_symbol<'data>(&self, symbol: &impl ObjectSymbol<'data>, name: &str) -> Result<(), Error> {
        let name = name.to_owned();
        let is_function_of_loader =
            matches!(symbol.flags(), SymbolFlags::Elf { st_info, .. } if st_info.st_type() == elf::STT_GNU_IFUNC);
        if is_function_of_loader || name.contains('@') {
            return Err(self.linker_only(AssemblyConstruct::ResolvedAtStart { name }));
        }
        match symbol.section() {
            SymbolSection::Absolute | SymbolSection::Section(_) => Ok(()),
            _ => Err(self.linker_only(AssemblyConstruct::Common { name })),
        }
    }

    pub(crate) fn failed(&self, source: AssemblyError) -> Error {
        failed(self.unit, source)
    }

    /// The error for an object that is not what it says.
    pub(crate) fn broken(&self, error: object::Error) -> Error {
        self.failed(error.into())
    }

    /// The error for something that only a linker can place.
    pub(crate) fn linker_only(&self, construct: AssemblyConstruct) -> Error {
        Error::LinkerOnly(LinkerOnly::Assembly { of_crate: crate_of(&self.unit.id).to_owned(), construct })
    }
}

pub(crate) fn flags<'data>(section: &impl ObjectSection<'data>) -> u64 {
    match section.flags() {
        SectionFlags::Elf { sh_flags, .. } => sh_flags.0,
        _ => 0,
    }
}

fn failed(unit: &CodegenUnit, source: AssemblyError) -> Error {
    Error::Assembly { unit: unit.id.to_string(), source }
}
