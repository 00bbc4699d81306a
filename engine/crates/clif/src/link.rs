//! From functions to code that can be called.

use std::collections::HashMap;

use cranefly_codegen::cranelift::library_name;
use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{ExternalName, Function, UserFuncName};
use cranelift_codegen::isa::TargetIsa;
use cranelift_codegen::print_errors::pretty_error;
use cranelift_codegen::{Context, FinalizedRelocTarget};

use crate::error::Error;
use crate::file::ClifFile;
use crate::memory::{Draft, Executable};
use crate::{libcalls, trampoline};

/// Bytes of a jump to anywhere: `jmp *0(%rip)` and the address, which serves as a GOT entry as well.
const JUMP: usize = 16;
const JUMP_TARGET: usize = 8;

/// Linked functions.
#[derive(Debug)]
pub struct Program {
    code: Executable,
    /// By number in the file; then the trampolines.
    offsets: Vec<usize>,
    trampoline: HashMap<usize, usize>,
}

impl Program {
    /// The code of a function of the file.
    pub fn function(&self, number: usize) -> *const u8 {
        self.code.at(self.offsets[number])
    }

    /// The code that calls a function of the file with values from memory.
    pub fn trampoline(&self, number: usize) -> Option<*const u8> {
        self.trampoline.get(&number).map(|&number| self.function(number))
    }
}

struct Compiled {
    name: UserFuncName,
    bytes: Vec<u8>,
    align: usize,
    relocations: Vec<(usize, Reloc, Referent, i64)>,
}

/// What a relocation is to.
enum Referent {
    Function(UserFuncName),
    Library(&'static str),
    Here(usize),
}

/// Compiles and links all functions of a file, and a trampoline for each that a directive calls.
pub fn link(file: &ClifFile) -> Result<Program, Error> {
    let mut compiled: Vec<Compiled> =
        file.functions.iter().map(|function| compile(function, &*file.target)).collect::<Result<_, _>>()?;
    let mut trampoline = HashMap::new();
    for directive in &file.directives {
        if !trampoline.contains_key(&directive.function)
            && let Ok(caller) = trampoline::trampoline(&file.functions[directive.function].signature)
        {
            trampoline.insert(directive.function, compiled.len());
            compiled.push(compile(&caller, &*file.target)?);
        }
    }
    let mut offsets = Vec::new();
    let mut end = 0;
    for function in &compiled {
        let at = usize::next_multiple_of(end, function.align);
        offsets.push(at);
        end = at + function.bytes.len();
    }
    let jumps = end.next_multiple_of(JUMP);
    let count = compiled.iter().map(|function| function.relocations.len()).sum::<usize>();
    let mut draft = Draft::new(jumps + count * JUMP)?;
    let places: HashMap<String, usize> =
        compiled.iter().zip(&offsets).map(|(function, &at)| (function.name.to_string(), at)).collect();
    let mut next_jump = jumps;
    for (function, &at) in compiled.iter().zip(&offsets) {
        let mut bytes = function.bytes.clone();
        for (offset, kind, referent, addend) in &function.relocations {
            let target = match referent {
                Referent::Here(offset) => draft.address() + at + offset,
                Referent::Function(name) => {
                    let undefined = || Error::Undefined { function: function.name.clone(), callee: name.clone() };
                    let place = places.get(&name.to_string()).ok_or_else(undefined)?;
                    draft.address() + place
                }
                Referent::Library(name) => {
                    let missing = || Error::LibraryFunction { function: function.name.clone(), name };
                    libcalls::address(name).ok_or_else(missing)?
                }
            };
            // Reached through a jump of our own, whatever the distance.
            let jump = next_jump;
            next_jump += JUMP;
            draft.write(jump, &[0xff, 0x25, 2, 0, 0, 0, 0xcc, 0xcc]);
            draft.write(jump + JUMP_TARGET, &target.to_le_bytes());
            let far = matches!(referent, Referent::Library(_));
            let here = (draft.address() + at + offset) as i64;
            let near = |to: usize| i32::try_from(to as i64 + addend - here).map_err(|_| Error::CodeTooLarge);
            match kind {
                Reloc::Abs8 => bytes[*offset..offset + 8].copy_from_slice(&(target as i64 + addend).to_le_bytes()),
                Reloc::X86GOTPCRel4 => {
                    bytes[*offset..offset + 4]
                        .copy_from_slice(&near(draft.address() + jump + JUMP_TARGET)?.to_le_bytes());
                }
                Reloc::X86PCRel4 | Reloc::X86CallPCRel4 | Reloc::X86CallPLTRel4 => {
                    let to = if far { draft.address() + jump } else { target };
                    bytes[*offset..offset + 4].copy_from_slice(&near(to)?.to_le_bytes());
                }
                &kind => return Err(Error::Relocation { function: function.name.clone(), kind }),
            }
        }
        draft.write(at, &bytes);
    }
    Ok(Program { code: draft.finish()?, offsets, trampoline })
}

fn compile(function: &Function, target: &dyn TargetIsa) -> Result<Compiled, Error> {
    let mut context = Context::for_function(function.clone());
    let compiled = context
        .compile(target, &mut ControlPlane::default())
        .map_err(|error| Error::Compilation { listing: pretty_error(error.func, error.inner) })?;
    let (bytes, align) = (compiled.code_buffer().to_vec(), compiled.buffer.alignment.max(16) as usize);
    let mut relocations = Vec::new();
    for relocation in compiled.buffer.relocs() {
        let referent = match &relocation.target {
            FinalizedRelocTarget::Func(offset) => Referent::Here(*offset as usize),
            FinalizedRelocTarget::ExternalName(ExternalName::User(reference)) => {
                Referent::Function(UserFuncName::User(function.params.user_named_funcs()[*reference].clone()))
            }
            FinalizedRelocTarget::ExternalName(ExternalName::TestCase(name)) => {
                Referent::Function(UserFuncName::Testcase(name.clone()))
            }
            FinalizedRelocTarget::ExternalName(ExternalName::LibCall(call)) => {
                let wants = |source| Error::LibraryCall { function: function.name.clone(), source };
                Referent::Library(library_name(*call).map_err(wants)?)
            }
            other => {
                return Err(Error::Referent { function: function.name.clone(), referent: format!("{other:?}") });
            }
        };
        relocations.push((relocation.offset as usize, relocation.kind, referent, relocation.addend));
    }
    Ok(Compiled { name: function.name.clone(), bytes, align, relocations })
}
