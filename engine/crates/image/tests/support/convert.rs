//! An object as a unit: what a reader of bitcode would have found, and what a code generator would have made of it.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use cranefly_bitcode::ir::{
    Global, GlobalId, GlobalKind, Init, InitPointer, Linkage, Module, SymbolKind as ReferenceKind, SymbolRef, Variable,
};
use cranefly_cgu::{CodegenUnit, FunctionInfo, Positions};
use cranefly_machine::{MachineCode, Relocation, RelocationKind, Target};
use object::read::elf::ElfFile64;
use object::{
    LittleEndian, Object, ObjectSection, ObjectSymbol, RelocationFlags, RelocationTarget, SectionFlags, SectionIndex,
    SymbolIndex, elf,
};

/// A unit, and code for each of its functions.
pub struct Converted {
    pub unit: CodegenUnit,
    pub code: Vec<MachineCode>,
}

type Elf<'data> = ElfFile64<'data, LittleEndian>;

/// Converts an object each of whose functions has a section of its own. (Variables that share a section are names for parts of one.)
pub fn convert(id: &Arc<str>, bytes: &[u8]) -> Converted {
    let elf = Elf::parse(bytes).unwrap();
    let mut globals = Globals::of(&elf);
    let mut functions = Vec::new();
    let mut code = Vec::new();
    for section in elf.sections() {
        let Some(&global) = globals.by_section.get(&section.index()) else { continue };
        if flags(&section) & elf::SHF_EXECINSTR.0 != 0 {
            let (info, machine_code) = function(&section, global, &globals);
            functions.push(Arc::new(info));
            code.push(machine_code);
            continue;
        }
        let pointers = pointers(&section, &globals);
        let GlobalKind::Variable(variable) = &mut globals.all[global.0 as usize].kind else { unreachable!() };
        variable.init.as_mut().expect("a definition").pointers = pointers;
    }
    let named = |(number, global): (usize, &Global)| match &global.kind {
        GlobalKind::Variable(variable) if variable.section.is_some() => Some(GlobalId(number as u32)),
        _ => None,
    };
    let used = globals.all.iter().enumerate().filter_map(named).collect();
    let module = Module { globals: globals.all, used, ..Module::default() };
    Converted {
        unit: CodegenUnit {
            id: id.clone(),
            module,
            assembly: None,
            functions,
            bound: BTreeMap::new(),
            is_body_lane: false,
        },
        code,
    }
}

/// The globals that an object's sections and symbols are.
struct Globals {
    all: Vec<Global>,
    by_section: HashMap<SectionIndex, GlobalId>,
    by_symbol: HashMap<SymbolIndex, GlobalId>,
}

impl Globals {
    fn of(elf: &Elf) -> Self {
        let mut globals = Self { all: Vec::new(), by_section: HashMap::new(), by_symbol: HashMap::new() };
        for section in elf.sections() {
            let is_frames = section.name().unwrap().starts_with(".eh_frame");
            if flags(&section) & elf::SHF_ALLOC.0 != 0 && section.size() > 0 && !is_frames {
                globals.add_section(elf, &section);
            }
        }
        for symbol in elf.symbols() {
            let kind = symbol.elf_symbol().st_type();
            if symbol.is_undefined() && !symbol.name().unwrap().is_empty() {
                let linkage = if symbol.is_weak() { Linkage::ExternWeak } else { Linkage::External };
                let id = globals.add(symbol.name().unwrap(), linkage, GlobalKind::Function { defined: false });
                globals.by_symbol.insert(symbol.index(), id);
            }
            let Some(section) = symbol.section_index() else { continue };
            let Some(&target) = globals.by_section.get(&section) else { continue };
            let is_whole = *globals.all[target.0 as usize].name == *symbol.name().unwrap();
            let id = if kind == elf::STT_SECTION || is_whole {
                target
            } else {
                let alias = GlobalKind::Alias { target, offset: symbol.address().cast_signed() };
                globals.add(symbol.name().unwrap(), linkage(&symbol), alias)
            };
            globals.by_symbol.insert(symbol.index(), id);
        }
        globals
    }

    fn add(&mut self, name: &str, linkage: Linkage, kind: GlobalKind) -> GlobalId {
        self.all.push(Global { name: name.into(), linkage, hidden: false, kind });
        GlobalId(self.all.len() as u32 - 1)
    }

    /// A section as one function or variable, which has the name of the symbol that is all of it.
    fn add_section<'data>(&mut self, elf: &Elf<'data>, section: &impl ObjectSection<'data>) {
        let is_whole = |symbol: &object::read::elf::ElfSymbol64<'data, '_, LittleEndian>| {
            let in_section = symbol.section_index() == Some(section.index()) && symbol.address() == 0;
            in_section && symbol.size() == section.size() && symbol.elf_symbol().st_type() != elf::STT_SECTION
        };
        let symbol = elf.symbols().find(is_whole);
        let (name, linkage) =
            symbol.map_or((String::new(), Linkage::Local), |it| (it.name().unwrap().to_owned(), linkage(&it)));
        let kind = if flags(section) & elf::SHF_EXECINSTR.0 != 0 {
            assert!(!name.is_empty(), "a function has its section for itself: {}", section.name().unwrap());
            GlobalKind::Function { defined: true }
        } else {
            GlobalKind::Variable(Box::new(variable(section)))
        };
        let id = self.add(&name, linkage, kind);
        self.by_section.insert(section.index(), id);
    }

    /// What a relocation refers to.
    fn target(&self, target: RelocationTarget) -> GlobalId {
        let RelocationTarget::Symbol(symbol) = target else { panic!("a relocation without a symbol") };
        self.by_symbol[&symbol]
    }
}

fn flags<'data>(section: &impl ObjectSection<'data>) -> u64 {
    match section.flags() {
        SectionFlags::Elf { sh_flags, .. } => sh_flags.0,
        _ => 0,
    }
}

fn linkage<'data>(symbol: &impl ObjectSymbol<'data>) -> Linkage {
    match (symbol.is_local(), symbol.is_weak()) {
        (true, _) => Linkage::Local,
        (_, true) => Linkage::Weak,
        _ => Linkage::External,
    }
}

fn variable<'data>(section: &impl ObjectSection<'data>) -> Variable {
    const BY_CONTENT: [&str; 6] = [".data", ".rodata", ".bss", ".tdata", ".tbss", ".lrodata"];
    let (name, flags) = (section.name().unwrap(), flags(section));
    let is_ours = !BY_CONTENT.iter().any(|prefix| name.starts_with(prefix));
    Variable {
        thread_local: flags & elf::SHF_TLS.0 != 0,
        constant: flags & elf::SHF_WRITE.0 == 0 || name.starts_with(".data.rel.ro"),
        unnamed_addr: false,
        size: section.size(),
        align: section.align().max(1),
        section: is_ours.then(|| name.into()),
        init: Some(Init { bytes: section.data().unwrap().to_vec(), ..Init::default() }),
    }
}

fn pointers<'data>(section: &impl ObjectSection<'data>, globals: &Globals) -> Vec<InitPointer> {
    let relocations = section.relocations().map(|(offset, relocation)| {
        let RelocationFlags::Elf { r_type } = relocation.flags() else { unreachable!() };
        assert_eq!(r_type, elf::R_X86_64_64, "the only relocation of data that bitcode can mean");
        InitPointer { offset, target: globals.target(relocation.target()), addend: relocation.addend() }
    });
    relocations.collect()
}

fn function<'data>(
    section: &impl ObjectSection<'data>,
    global: GlobalId,
    globals: &Globals,
) -> (FunctionInfo, MachineCode) {
    let bytes = section.data().unwrap().to_vec();
    let mut symbols = Vec::new();
    let relocations = section.relocations().map(|(offset, relocation)| {
        let RelocationFlags::Elf { r_type } = relocation.flags() else { unreachable!() };
        let target = globals.target(relocation.target());
        symbols.push(SymbolRef { global: target, kind: ReferenceKind::Data });
        let kind = match r_type {
            elf::R_X86_64_PLT32 => RelocationKind::Call32,
            elf::R_X86_64_PC32 => RelocationKind::Pc32,
            elf::R_X86_64_GOTPCREL => RelocationKind::GotPcRel32 { relaxable: false },
            elf::R_X86_64_GOTPCRELX | elf::R_X86_64_REX_GOTPCRELX => RelocationKind::GotPcRel32 { relaxable: true },
            elf::R_X86_64_GOTTPOFF => RelocationKind::GotTpOff,
            other => panic!("relocation {} in code", other.0),
        };
        let target = Target::Symbol(symbols.len() as u32 - 1);
        Relocation { offset: offset as u32, kind, target, addend: relocation.addend() }
    });
    let code = MachineCode {
        text_len: bytes.len() as u32,
        align: section.align() as u32,
        relocations: relocations.collect(),
        bytes,
        ..MachineCode::default()
    };
    let text_len = code.text_len;
    // Equal for equal code, whatever it refers to.
    let mut hasher = DefaultHasher::new();
    (&code.bytes, code.relocations.iter().map(|it| (it.offset, it.kind, it.addend)).collect::<Vec<_>>())
        .hash(&mut hasher);
    let key = hasher.finish().into();
    (
        FunctionInfo {
            global,
            key,
            is_llvm: false,
            weight: text_len,
            symbols: symbols.into(),
            positions: Positions::default(),
            subprogram: None,
        },
        code,
    )
}
