//! The relocatable object that LLVM wrote → [`MachineCode`].
//!
//! Constants that the code refers to are appended behind the instructions; whatever is relative between the two (jump
//! tables, constant loads) is resolved here, so that the image only sees references to other things.

use std::collections::HashMap;

use cranefly_bitcode::ir::{Function, GlobalId, SymbolKind, SymbolRef};
use object::elf;
use object::read::elf::ElfFile64;
use object::{
    Endianness, Object, ObjectSection, ObjectSymbol, RelocationFlags, RelocationTarget, SectionFlags, SectionIndex,
    SymbolIndex, SymbolSection,
};

use super::error::Unrepresentable;
use super::isolate::Names;
use super::{eh_frame, lines, lsda};
use crate::machine::{MachineCode, Relocation, RelocationKind, Target, Tier};

/// The instruction that traps.
const UD2: [u8; 2] = [0x0f, 0x0b];

type File<'a> = ElfFile64<'a, Endianness>;

/// What came out.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The code. Symbol targets index [`Self::symbols`].
    pub code: MachineCode,
    /// The function's own symbols, then those that only LLVM's code refers to.
    pub symbols: Vec<SymbolRef>,
}

/// Builds the machine code of `function`.
pub(super) fn read(
    object: &[u8],
    names: &Names,
    function: GlobalId,
    body: &Function,
) -> Result<Compiled, Unrepresentable> {
    let file = File::parse(object)?;
    let text = text_section(&file, names, function)?;
    let mut builder = Builder {
        file: &file,
        names,
        bytes: Vec::new(),
        align: 1,
        placed: HashMap::new(),
        queue: Vec::new(),
        relocations: Vec::new(),
        symbols: body.symbols.clone(),
    };
    builder.place(text)?;
    if builder.bytes.is_empty() {
        // LLVM makes nothing of a function that is never entered. Whoever enters it all the same is to end there, and not
        // in what happens to lie behind.
        builder.bytes.extend(UD2);
    }
    let text_len = to_u32(builder.bytes.len())?;
    // Relocating a section may place another behind it.
    while let Some(section) = builder.queue.pop() {
        builder.relocate(section)?;
    }
    builder.check_nothing_left(function)?;
    builder.relocations.sort_by_key(|relocation| relocation.offset);
    let frame = eh_frame::read(&contents(&file, ".eh_frame")?).ok_or(Unrepresentable::Frame)?;
    let table = contents(&file, ".gcc_except_table")?;
    let call_sites = match table.is_empty() {
        true => Vec::new(),
        false => lsda::read(&table).ok_or(Unrepresentable::ExceptionTable)?,
    };
    let lines = lines::read(&contents(&file, ".debug_line")?, text_len)?;
    let code = MachineCode {
        bytes: builder.bytes,
        text_len,
        align: to_u32(builder.align as usize)?,
        relocations: builder.relocations,
        call_sites,
        has_personality: frame.personality,
        cfi: frame.instructions,
        lines,
        tier: Tier::Llvm,
    };
    Ok(Compiled { code, symbols: builder.symbols })
}

fn to_u32(value: usize) -> Result<u32, Unrepresentable> {
    u32::try_from(value).map_err(|_| Unrepresentable::TooLarge { what: "code", limit: "4 GB" })
}

fn contents(file: &File<'_>, name: &str) -> Result<Vec<u8>, Unrepresentable> {
    match file.section_by_name(name) {
        Some(section) => Ok(section.data()?.to_vec()),
        None => Ok(Vec::new()),
    }
}

/// The section that holds the function, which must be the only code and start with it.
fn text_section(file: &File<'_>, names: &Names, function: GlobalId) -> Result<SectionIndex, Unrepresentable> {
    let symbol = file
        .symbols()
        .find(|symbol| {
            symbol.is_definition() && symbol.name().ok().and_then(|name| names.global_of(name)) == Some(function)
        })
        .ok_or(Unrepresentable::NoCode)?;
    if symbol.address() != 0 {
        return Err(Unrepresentable::CodeInFront);
    }
    let index = symbol.section_index().ok_or(Unrepresentable::NoSection)?;
    let other = file
        .sections()
        .find(|section| section.index() != index && section.size() > 0 && flags(section) & elf::SHF_EXECINSTR.0 != 0);
    match other {
        Some(section) => Err(Unrepresentable::SecondCode { section: name_of(&section) }),
        None => Ok(index),
    }
}

fn name_of<'a>(section: &impl ObjectSection<'a>) -> String {
    section.name().unwrap_or("?").to_owned()
}

fn flags<'a>(section: &impl ObjectSection<'a>) -> u64 {
    match section.flags() {
        SectionFlags::Elf { sh_flags, .. } => sh_flags.0,
        _ => 0,
    }
}

struct Builder<'a> {
    file: &'a File<'a>,
    names: &'a Names,
    bytes: Vec<u8>,
    align: u64,
    /// Where sections start in `bytes`.
    placed: HashMap<SectionIndex, usize>,
    /// Placed, but not relocated yet.
    queue: Vec<SectionIndex>,
    relocations: Vec<Relocation>,
    symbols: Vec<SymbolRef>,
}

/// Where a symbol is.
enum Place {
    /// In `bytes`.
    Inside(usize),
    /// Elsewhere.
    Outside(Target),
}

impl Builder<'_> {
    /// Appends a section, once; where it starts.
    fn place(&mut self, index: SectionIndex) -> Result<usize, Unrepresentable> {
        if let Some(&start) = self.placed.get(&index) {
            return Ok(start);
        }
        let section = self.file.section_by_index(index)?;
        let name = section.name().unwrap_or("?");
        let flags = flags(&section);
        if flags & elf::SHF_WRITE.0 != 0 && !name.starts_with(".data.rel.ro") {
            return Err(Unrepresentable::WritableData { section: name.to_owned() });
        }
        if flags & elf::SHF_ALLOC.0 == 0 {
            return Err(Unrepresentable::NotLoaded { section: name.to_owned() });
        }
        let data = section.data()?;
        let align = section.align().max(1);
        self.align = self.align.max(align);
        let start = self.bytes.len().next_multiple_of(align as usize);
        self.bytes.resize(start, 0);
        self.bytes.extend_from_slice(data);
        // A section of zeros may have no bytes in the file.
        self.bytes.resize(start + section.size() as usize, 0);
        self.placed.insert(index, start);
        self.queue.push(index);
        Ok(start)
    }

    /// Inline assembly can write into any section and define any symbol; what is not part of the function would be lost.
    fn check_nothing_left(&self, function: GlobalId) -> Result<(), Unrepresentable> {
        /// Read by name, or written for the linker's own use, or constants that nothing refers to.
        const KNOWN: [&str; 6] =
            [".eh_frame", ".gcc_except_table", ".data.DW.ref.", ".data.rel.local.DW.ref.", ".note.", ".rodata"];
        for section in self.file.sections() {
            let name = section.name().unwrap_or("?");
            let loaded = flags(&section) & elf::SHF_ALLOC.0 != 0 && section.size() > 0;
            if loaded
                && !self.placed.contains_key(&section.index())
                && !KNOWN.iter().any(|known| name.starts_with(known))
            {
                return Err(Unrepresentable::OwnSection { section: name.to_owned() });
            }
        }
        for symbol in self.file.symbols().filter(|symbol| symbol.is_definition() && symbol.is_global()) {
            let name = symbol.name().unwrap_or("?");
            if self.names.global_of(name) != Some(function) && !name.starts_with("DW.ref.") {
                return Err(Unrepresentable::OwnSymbol { symbol: name.to_owned() });
            }
        }
        Ok(())
    }

    fn relocate(&mut self, index: SectionIndex) -> Result<(), Unrepresentable> {
        let base = self.placed[&index];
        let section = self.file.section_by_index(index)?;
        let mut inside_tls_sequence = false;
        for (offset, relocation) in section.relocations() {
            let RelocationFlags::Elf { r_type } = relocation.flags() else {
                return Err(Unrepresentable::OddRelocation { what: "that is not of ELF" });
            };
            // The call that ends the general-dynamic sequence belongs to the relocation that starts it.
            if std::mem::replace(&mut inside_tls_sequence, r_type == elf::R_X86_64_TLSGD) {
                continue;
            }
            let RelocationTarget::Symbol(symbol) = relocation.target() else {
                return Err(Unrepresentable::OddRelocation { what: "without a symbol" });
            };
            let offset = base + offset as usize;
            match self.resolve(symbol)? {
                Place::Inside(target) => self.bind(offset, r_type, target, relocation.addend())?,
                Place::Outside(target) => {
                    let kind = self.kind(offset, r_type)?;
                    self.push(offset, kind, target, relocation.addend())?;
                }
            }
        }
        Ok(())
    }

    fn push(
        &mut self,
        offset: usize,
        kind: RelocationKind,
        target: Target,
        addend: i64,
    ) -> Result<(), Unrepresentable> {
        self.relocations.push(Relocation { offset: to_u32(offset)?, kind, target, addend });
        Ok(())
    }

    /// A reference from these bytes into these bytes.
    fn bind(
        &mut self,
        offset: usize,
        r_type: elf::RelocationType,
        target: usize,
        addend: i64,
    ) -> Result<(), Unrepresentable> {
        match r_type {
            elf::R_X86_64_PC32 | elf::R_X86_64_PLT32 => {
                let distance = target as i64 + addend - offset as i64;
                let distance = i32::try_from(distance)
                    .map_err(|_| Unrepresentable::TooLarge { what: "a distance", limit: "2 GB" })?;
                self.patch(offset, &distance.to_le_bytes())
            }
            elf::R_X86_64_PC64 => self.patch(offset, &(target as i64 + addend - offset as i64).to_le_bytes()),
            elf::R_X86_64_64 => self.push(offset, RelocationKind::Abs64, Target::Local(to_u32(target)?), addend),
            other => Err(Unrepresentable::LocalRelocation { kind: other.0 }),
        }
    }

    fn patch(&mut self, offset: usize, bytes: &[u8]) -> Result<(), Unrepresentable> {
        let place = self
            .bytes
            .get_mut(offset..offset + bytes.len())
            .ok_or(Unrepresentable::OddRelocation { what: "past the end" })?;
        place.copy_from_slice(bytes);
        Ok(())
    }

    fn kind(&self, offset: usize, r_type: elf::RelocationType) -> Result<RelocationKind, Unrepresentable> {
        const MOV: u8 = 0x8b;
        Ok(match r_type {
            elf::R_X86_64_PLT32 => RelocationKind::Call32,
            elf::R_X86_64_PC32 => RelocationKind::Pc32,
            elf::R_X86_64_GOTPCREL => RelocationKind::GotPcRel32 { relaxable: false },
            elf::R_X86_64_GOTPCRELX | elf::R_X86_64_REX_GOTPCRELX => {
                // Calls, jumps and arithmetic through the GOT have the same types, but only a `mov` becomes a `lea`.
                let opcode = offset.checked_sub(2).and_then(|at| self.bytes.get(at));
                RelocationKind::GotPcRel32 { relaxable: opcode == Some(&MOV) }
            }
            elf::R_X86_64_TLSGD => RelocationKind::TlsGd,
            elf::R_X86_64_GOTTPOFF => RelocationKind::GotTpOff,
            elf::R_X86_64_64 => RelocationKind::Abs64,
            other => return Err(Unrepresentable::Relocation { kind: other.0 }),
        })
    }

    fn resolve(&mut self, index: SymbolIndex) -> Result<Place, Unrepresentable> {
        let symbol = self.file.symbol_by_index(index)?;
        let name = symbol.name()?;
        // The function itself is referred to as everybody else refers to it: it may be replaced.
        if let Some(global) = self.names.global_of(name) {
            let kind = match symbol.kind() {
                object::SymbolKind::Tls => SymbolKind::ThreadLocal,
                _ if self.names.is_function(name) => SymbolKind::Function,
                _ => SymbolKind::Data,
            };
            return Ok(Place::Outside(Target::Symbol(self.symbol(global, kind)?)));
        }
        match symbol.section() {
            SymbolSection::Section(section) => Ok(Place::Inside(self.place(section)? + symbol.address() as usize)),
            SymbolSection::Undefined => Ok(Place::Outside(Target::Runtime(name.to_owned()))),
            other => Err(Unrepresentable::OddSymbol { symbol: name.to_owned(), section: format!("{other:?}") }),
        }
    }

    /// Number of a global in the symbol table, extended when the body does not list it.
    fn symbol(&mut self, global: GlobalId, kind: SymbolKind) -> Result<u32, Unrepresentable> {
        if let Some(known) = self.symbols.iter().position(|symbol| symbol.global == global) {
            return to_u32(known);
        }
        self.symbols.push(SymbolRef { global, kind });
        to_u32(self.symbols.len() - 1)
    }
}
