//! LLVM's -O0 pipeline as rustc uses it: a whole unit read, and compiled into an object file.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use cranefly_bitcode::raw::{ContextRef, ModuleRef};
use cranefly_bitcode::{Llvm, llvm_api};
use cranefly_codegen::llvm::LlvmCompiler;

/// `LLVMMemoryBufferRef`
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(crate) struct BufferRef(*mut c_void);

/// `LLVMTargetRef`
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(crate) struct TargetRef(*mut c_void);

/// `LLVMTargetMachineRef`
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(crate) struct MachineRef(*mut c_void);

llvm_api! {
    table Api;
    fn LLVMContextCreate() -> ContextRef;
    fn LLVMContextDispose(context: ContextRef);
    fn LLVMContextSetDiscardValueNames(context: ContextRef, discard: c_int);
    fn LLVMCreateMemoryBufferWithMemoryRange(data: *const c_char, len: usize, name: *const c_char, terminated: c_int) -> BufferRef;
    fn LLVMDisposeMemoryBuffer(buffer: BufferRef);
    fn LLVMGetBufferSize(buffer: BufferRef) -> usize;
    fn LLVMParseBitcodeInContext2(context: ContextRef, buffer: BufferRef, module: *mut ModuleRef) -> c_int;
    fn LLVMDisposeModule(module: ModuleRef);
    fn LLVMStripModuleDebugInfo(module: ModuleRef) -> c_int;
    fn LLVMGetTarget(module: ModuleRef) -> *const c_char;
    fn LLVMGetTargetFromTriple(triple: *const c_char, target: *mut TargetRef, message: *mut *mut c_char) -> c_int;
    fn LLVMCreateTargetMachine(
        target: TargetRef,
        triple: *const c_char,
        cpu: *const c_char,
        features: *const c_char,
        level: c_int,
        relocation: c_int,
        model: c_int,
    ) -> MachineRef;
    fn LLVMDisposeTargetMachine(machine: MachineRef);
    fn LLVMTargetMachineEmitToMemoryBuffer(
        machine: MachineRef,
        module: ModuleRef,
        kind: c_int,
        message: *mut *mut c_char,
        buffer: *mut BufferRef,
    ) -> c_int;
}

/// What LLVM writes besides code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DebugInfo {
    /// What the bitcode says, as rustc does it.
    Kept,
    /// None: the debug info is removed before code generation.
    Stripped,
}

/// LLVM's code generator.
pub struct Pipeline {
    api: Api,
}

impl Pipeline {
    /// Binds and initialises what code generation needs. Panics when the library lacks a function: a benchmark cannot go on.
    pub fn new(llvm: &Llvm) -> Self {
        let api = Api::load(|name| llvm.address(name)).unwrap_or_else(|name| panic!("libLLVM does not export {name}"));
        LlvmCompiler::new(llvm).unwrap_or_else(|error| panic!("{error}"));
        Self { api }
    }

    /// Reads a unit with all function bodies. Panics on invalid bitcode.
    pub fn parse<'a>(&'a self, bytes: &'a [u8]) -> LlvmUnit<'a> {
        let api = &self.api;
        let context = api.LLVMContextCreate();
        api.LLVMContextSetDiscardValueNames(context, 1);
        let mut unit = LlvmUnit { api, context, module: ModuleRef(ptr::null_mut()), _bytes: bytes };
        let buffer = api.LLVMCreateMemoryBufferWithMemoryRange(bytes.as_ptr().cast(), bytes.len(), c"unit".as_ptr(), 0);
        let failed = api.LLVMParseBitcodeInContext2(context, buffer, &mut unit.module) != 0;
        api.LLVMDisposeMemoryBuffer(buffer);
        assert!(!failed, "LLVM cannot read the unit");
        unit
    }
}

/// A unit in LLVM's memory.
pub struct LlvmUnit<'a> {
    api: &'a Api,
    context: ContextRef,
    module: ModuleRef,
    _bytes: &'a [u8],
}

impl LlvmUnit<'_> {
    /// Removes the debug info if it is not wanted.
    pub fn prepare(&self, debug: DebugInfo) {
        if debug == DebugInfo::Stripped {
            self.api.LLVMStripModuleDebugInfo(self.module);
        }
    }

    /// Compiles everything at -O0, position-independently, into an object file in memory, and gives its size in bytes.
    /// Panics when LLVM fails. Changes the module: only for once.
    pub fn emit(self) -> usize {
        const NONE: i32 = 0;
        const PIC: i32 = 2;
        const SMALL: i32 = 3;
        const OBJECT_FILE: i32 = 1;
        let api = self.api;
        let triple = api.LLVMGetTarget(self.module);
        let (mut target, mut message) = (TargetRef(ptr::null_mut()), ptr::null_mut());
        assert_eq!(api.LLVMGetTargetFromTriple(triple, &mut target, &mut message), 0, "LLVM knows its own target");
        let machine = api.LLVMCreateTargetMachine(target, triple, c"x86-64".as_ptr(), c"".as_ptr(), NONE, PIC, SMALL);
        let mut object = BufferRef(ptr::null_mut());
        let failed =
            api.LLVMTargetMachineEmitToMemoryBuffer(machine, self.module, OBJECT_FILE, &mut message, &mut object) != 0;
        assert!(!failed, "LLVM cannot compile the unit");
        let size = api.LLVMGetBufferSize(object);
        api.LLVMDisposeMemoryBuffer(object);
        api.LLVMDisposeTargetMachine(machine);
        size
    }
}

impl Drop for LlvmUnit<'_> {
    fn drop(&mut self) {
        if !self.module.is_null() {
            self.api.LLVMDisposeModule(self.module);
        }
        self.api.LLVMContextDispose(self.context);
    }
}
