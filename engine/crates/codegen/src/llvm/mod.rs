//! The fallback: one function compiled by LLVM, at -O0 unless asked otherwise, through the toolchain's own library.
//!
//! **Takes** a unit's bitcode and the number of one function in it. **Gives** the same [`MachineCode`](crate::machine::MachineCode) that Cranelift's
//! tier gives. **Never** compiles anything but that one function: everything else in the unit becomes a declaration whose
//! name says its [`GlobalId`], which is how relocations find back to the function's symbol table.
//!
//! LLVM ends the process on what it calls fatal errors (an instruction that it cannot select), so that its part of the work,
//! [`LlvmCompiler::emit`], can be done in another process. Inline assembly that does not assemble is an ordinary
//! [`Error::Rejected`].

mod cursor;
mod eh_frame;
mod error;
mod ffi;
mod isolate;
mod lines;
mod lsda;
mod object_file;

use std::ffi::{CStr, c_char};
use std::ptr;
use std::sync::Arc;

use cranefly_bitcode::ir::{Clause, Function, GlobalId, Op};
use cranefly_bitcode::raw::Unit;
use cranefly_bitcode::{Llvm, Reader};

use ffi::{Api, BufferRef, MachineRef, TargetRef};
use isolate::Names;

pub use error::{Error, Unrepresentable};
pub use object_file::Compiled;

/// How much LLVM optimises in code generation; no passes run over the IR at any level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum OptLevel {
    /// `-O0`: fast instruction selection and register allocation.
    #[default]
    None = 0,
    /// `-O1`.
    Less = 1,
    /// `-O2`.
    Default = 2,
    /// `-O3`.
    Aggressive = 3,
}

/// LLVM's code generator. Cheap to clone and free to share between threads: every compilation has a context of its own.
#[derive(Clone)]
pub struct LlvmCompiler {
    llvm: Llvm,
    api: Arc<Api>,
}

impl LlvmCompiler {
    /// Registers LLVM's x86 code generator and assembler.
    ///
    /// # Errors
    /// [`Error::SymbolMissing`].
    pub fn new(llvm: &Llvm) -> Result<Self, Error> {
        let api = Api::load(|name| llvm.address(name)).map_err(Error::SymbolMissing)?;
        api.LLVMInitializeX86TargetInfo();
        api.LLVMInitializeX86Target();
        api.LLVMInitializeX86TargetMC();
        api.LLVMInitializeX86AsmPrinter();
        // Inline assembly is text that LLVM assembles itself.
        api.LLVMInitializeX86AsmParser();
        Ok(Self { llvm: llvm.clone(), api: Arc::new(api) })
    }

    /// Takes `function`, whose decoded form is `body`, out of the unit in `bitcode`.
    ///
    /// # Errors
    /// Any [`Error`] but [`Error::Rejected`].
    pub fn isolate(&self, bitcode: &[u8], function: GlobalId, body: &Function) -> Result<Isolated, Error> {
        let unit = Unit::from(Reader::open(&self.llvm, bitcode, "function for LLVM")?);
        let name = match unit.description().globals.get(function.0 as usize) {
            Some(global) => global.name.to_string(),
            None => format!("global {}", function.0),
        };
        if let Some(source) = unusual_clause(body) {
            return Err(Error::Unsupported { name, source });
        }
        unit.materialize(function)?;
        let names = isolate::keep_only(&self.api, &unit, function, body)?;
        lines::number(&self.api, &unit, function, body);
        let module = self.write(&unit);
        isolate::drop_named_metadata(&self.api, &unit);
        let text = take_message(&self.api, self.api.LLVMPrintModuleToString(unit.module()));
        Ok(Isolated { module, text, name, function, names })
    }

    /// The machine code of `isolated`, whose decoded form is `body`, out of the `object` that [`Self::emit`] made of it.
    ///
    /// # Errors
    /// [`Error::Unsupported`].
    pub fn finish(&self, object: &[u8], isolated: &Isolated, body: &Function) -> Result<Compiled, Error> {
        object_file::read(object, &isolated.names, isolated.function, body)
            .map_err(|source| Error::Unsupported { name: isolated.name.clone(), source })
    }

    /// Compiles `function` of the unit in `bitcode`, whose decoded form is `body`, in this process.
    ///
    /// # Errors
    /// Any [`Error`].
    pub fn compile(
        &self,
        bitcode: &[u8],
        function: GlobalId,
        body: &Function,
        level: OptLevel,
    ) -> Result<Compiled, Error> {
        let isolated = self.isolate(bitcode, function, body)?;
        let object = self.emit(&isolated.module, &isolated.name, level)?;
        self.finish(&object, &isolated, body)
    }

    /// Takes the `module asm` (`global_asm!`, naked functions) out of a unit: a module to [emit](Self::emit), in which symbols
    /// keep their names; `None` when the unit has no assembly.
    ///
    /// # Errors
    /// Any [`Error`] but [`Error::Rejected`].
    pub fn isolate_assembly(&self, bitcode: &[u8], file: &str) -> Result<Option<Vec<u8>>, Error> {
        let unit = Unit::from(Reader::open(&self.llvm, bitcode, file)?);
        if unit.description().assembly.is_empty() {
            return Ok(None);
        }
        isolate::keep_assembly(&self.api, &unit)?;
        Ok(Some(self.write(&unit)))
    }

    /// Assembles the `module asm` of a unit, in this process, into a relocatable object that holds nothing else.
    ///
    /// # Errors
    /// Any [`Error`]; assembly errors are [`Error::Rejected`].
    pub fn assemble(&self, bitcode: &[u8], file: &str) -> Result<Option<Vec<u8>>, Error> {
        let module = self.isolate_assembly(bitcode, file)?;
        module.map(|module| self.emit(&module, file, OptLevel::None)).transpose()
    }

    /// Runs code generation over a module; gives the object. What LLVM calls a fatal error ends the process: see
    /// [`Self::on_fatal_error`].
    ///
    /// # Errors
    /// Any [`Error`] but [`Error::Unsupported`]; assembly errors are [`Error::Rejected`].
    pub fn emit(&self, module: &[u8], name: &str, level: OptLevel) -> Result<Vec<u8>, Error> {
        const OBJECT_FILE: i32 = 1;
        let api = &*self.api;
        let unit = Unit::from(Reader::open(&self.llvm, module, name)?);
        unit.materialize_all()?;
        let machine = Machine::new(api, &unit, level)?;
        let (mut message, mut buffer) = (ptr::null_mut(), BufferRef(ptr::null_mut()));
        let failed = api.LLVMTargetMachineEmitToMemoryBuffer(
            machine.machine,
            unit.module(),
            OBJECT_FILE,
            &mut message,
            &mut buffer,
        ) != 0;
        let rejected = |message| Error::Rejected { name: name.to_owned(), message };
        if failed {
            return Err(rejected(take_message(api, message)));
        }
        let bytes = self.take_buffer(buffer);
        // LLVM writes an object even when the assembler complained.
        unit.take_errors().map_or(Ok(bytes), |message| Err(rejected(message)))
    }

    /// Has `handler` called with LLVM's words before a fatal error ends the process.
    pub fn on_fatal_error(&self, handler: extern "C" fn(*const c_char)) {
        self.api.LLVMInstallFatalErrorHandler(handler);
    }

    /// The module as bitcode.
    fn write(&self, unit: &Unit) -> Vec<u8> {
        self.take_buffer(self.api.LLVMWriteBitcodeToMemoryBuffer(unit.module()))
    }

    /// Copies and frees a buffer.
    fn take_buffer(&self, buffer: BufferRef) -> Vec<u8> {
        let len = self.api.LLVMGetBufferSize(buffer);
        // SAFETY: the buffer holds `len` bytes until it is disposed of below.
        let bytes =
            unsafe { std::slice::from_raw_parts(self.api.LLVMGetBufferStart(buffer).cast::<u8>(), len) }.to_vec();
        self.api.LLVMDisposeMemoryBuffer(buffer);
        bytes
    }
}

/// One function alone: a module with no other definition.
#[derive(Debug)]
pub struct Isolated {
    /// The module, for [`LlvmCompiler::emit`].
    pub module: Vec<u8>,
    /// All that LLVM's code generator reads, as text: equal for functions that it makes the same code of, whatever unit they are in.
    pub text: String,
    /// The function's linker name.
    pub name: String,
    function: GlobalId,
    names: Names,
}

/// A target machine, disposed of when dropped.
struct Machine<'a> {
    api: &'a Api,
    machine: MachineRef,
}

impl<'a> Machine<'a> {
    fn new(api: &'a Api, unit: &Unit, level: OptLevel) -> Result<Self, Error> {
        const PIC: i32 = 2;
        const SMALL: i32 = 3;
        let triple = api.LLVMGetTarget(unit.module());
        let (mut target, mut message) = (TargetRef(ptr::null_mut()), ptr::null_mut());
        if api.LLVMGetTargetFromTriple(triple, &mut target, &mut message) != 0 {
            return Err(Error::Target(take_message(api, message)));
        }
        // Functions name their own processor and features; these are for what has none (assembly).
        let (cpu, features) = (c"x86-64".as_ptr(), c"".as_ptr());
        let machine = api.LLVMCreateTargetMachine(target, triple, cpu, features, level as i32, PIC, SMALL);
        if machine.is_null() {
            return Err(Error::Target("no target machine".to_owned()));
        }
        Ok(Self { api, machine })
    }
}

impl Drop for Machine<'_> {
    fn drop(&mut self) {
        self.api.LLVMDisposeTargetMachine(self.machine);
    }
}

/// The tables that machine code has know three kinds of landing pads; any other would be run wrongly.
fn unusual_clause(body: &Function) -> Option<Unrepresentable> {
    body.blocks.iter().flat_map(|block| &block.instructions).find_map(|instruction| match &instruction.op {
        Op::LandingPad { clauses, .. } => clauses.iter().find_map(|clause| match clause {
            Clause::Other(clause) => Some(Unrepresentable::LandingPad { clause: clause.clone() }),
            Clause::CatchAll | Clause::FilterAll => None,
        }),
        _ => None,
    })
}

/// Copies and frees a string that LLVM allocated.
fn take_message(api: &Api, message: *mut c_char) -> String {
    if message.is_null() {
        return "no reason given".to_owned();
    }
    // SAFETY: a NUL-terminated string that we own until it is disposed of.
    let text = unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned();
    api.LLVMDisposeMessage(message);
    text
}
