//! What code generation needs of the LLVM-C API, beyond what reading needs. See [`cranefly_bitcode::raw`] for the rules.

use std::ffi::{c_char, c_int, c_uint, c_void};

use cranefly_bitcode::llvm_api;
use cranefly_bitcode::raw::{ContextRef, LlvmType, MetadataRef, ModuleRef, ValueRef};

/// `LLVMMemoryBufferRef`
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(super) struct BufferRef(pub *mut c_void);

/// `LLVMTargetRef`
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(super) struct TargetRef(pub *mut c_void);

/// `LLVMTargetMachineRef`
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(super) struct MachineRef(pub *mut c_void);

impl MachineRef {
    pub(super) fn is_null(self) -> bool {
        self.0.is_null()
    }
}

/// `LLVMDIBuilderRef`
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(super) struct DebugBuilderRef(pub *mut c_void);

llvm_api! {
    table Api;
    fn LLVMInitializeX86TargetInfo();
    fn LLVMInitializeX86Target();
    fn LLVMInitializeX86TargetMC();
    fn LLVMInitializeX86AsmPrinter();
    fn LLVMInitializeX86AsmParser();
    fn LLVMDisposeMessage(message: *mut c_char);
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
    fn LLVMGetBufferStart(buffer: BufferRef) -> *const c_char;
    fn LLVMGetBufferSize(buffer: BufferRef) -> usize;
    fn LLVMDisposeMemoryBuffer(buffer: BufferRef);
    fn LLVMGetFirstFunction(module: ModuleRef) -> ValueRef;
    fn LLVMGetNextFunction(function: ValueRef) -> ValueRef;
    fn LLVMGetFirstUse(value: ValueRef) -> UseRef;
    fn LLVMReplaceAllUsesWith(old: ValueRef, new: ValueRef);
    fn LLVMDeleteFunction(function: ValueRef);
    fn LLVMDeleteGlobal(global: ValueRef);
    fn LLVMAddFunction(module: ModuleRef, name: *const c_char, ty: LlvmType) -> ValueRef;
    fn LLVMAddGlobal(module: ModuleRef, ty: LlvmType, name: *const c_char) -> ValueRef;
    fn LLVMGlobalGetValueType(global: ValueRef) -> LlvmType;
    fn LLVMGetFunctionCallConv(function: ValueRef) -> c_uint;
    fn LLVMSetFunctionCallConv(function: ValueRef, convention: c_uint);
    fn LLVMGetAlignment(global: ValueRef) -> c_uint;
    fn LLVMSetAlignment(global: ValueRef, bytes: c_uint);
    fn LLVMSetGlobalConstant(global: ValueRef, constant: c_int);
    fn LLVMSetThreadLocalMode(global: ValueRef, mode: c_int);
    fn LLVMSetInitializer(global: ValueRef, value: ValueRef);
    fn LLVMSetLinkage(global: ValueRef, linkage: c_int);
    fn LLVMSetVisibility(global: ValueRef, visibility: c_int);
    fn LLVMSetSection(global: ValueRef, section: *const c_char);
    fn LLVMSetComdat(global: ValueRef, comdat: *mut c_void);
    fn LLVMSetValueName2(value: ValueRef, name: *const c_char, len: usize);
    fn LLVMSetModuleInlineAsm2(module: ModuleRef, text: *const c_char, len: usize);
    fn LLVMStripModuleDebugInfo(module: ModuleRef) -> c_int;
    fn LLVMSetSourceFileName(module: ModuleRef, name: *const c_char, len: usize);
    fn LLVMSetModuleIdentifier(module: ModuleRef, name: *const c_char, len: usize);
    fn LLVMGetValueName2(value: ValueRef, len: *mut usize) -> *const c_char;
    fn LLVMGetFirstNamedMetadata(module: ModuleRef) -> NamedNodeRef;
    fn LLVMGetNextNamedMetadata(node: NamedNodeRef) -> NamedNodeRef;
    fn LLVMWriteBitcodeToMemoryBuffer(module: ModuleRef) -> BufferRef;
    fn LLVMPrintModuleToString(module: ModuleRef) -> *mut c_char;
    fn LLVMInstallFatalErrorHandler(handler: extern "C" fn(*const c_char));
    fn LLVMGetFirstBasicBlock(function: ValueRef) -> BlockRef;
    fn LLVMGetNextBasicBlock(block: BlockRef) -> BlockRef;
    fn LLVMGetFirstInstruction(block: BlockRef) -> ValueRef;
    fn LLVMGetNextInstruction(instruction: ValueRef) -> ValueRef;
    fn LLVMCreateDIBuilder(module: ModuleRef) -> DebugBuilderRef;
    fn LLVMDisposeDIBuilder(builder: DebugBuilderRef);
    fn LLVMDIBuilderFinalize(builder: DebugBuilderRef);
    fn LLVMDIBuilderCreateFile(
        builder: DebugBuilderRef,
        name: *const c_char,
        name_len: usize,
        folder: *const c_char,
        folder_len: usize,
    ) -> MetadataRef;
    fn LLVMDIBuilderCreateCompileUnit(
        builder: DebugBuilderRef,
        language: c_int,
        file: MetadataRef,
        producer: *const c_char,
        producer_len: usize,
        optimized: c_int,
        flags: *const c_char,
        flags_len: usize,
        runtime_version: c_uint,
        split_name: *const c_char,
        split_name_len: usize,
        kind: c_int,
        dwo_id: c_uint,
        split_inlining: c_int,
        for_profiling: c_int,
        sysroot: *const c_char,
        sysroot_len: usize,
        sdk: *const c_char,
        sdk_len: usize,
    ) -> MetadataRef;
    fn LLVMDIBuilderCreateSubroutineType(
        builder: DebugBuilderRef,
        file: MetadataRef,
        types: *mut MetadataRef,
        count: c_uint,
        flags: c_int,
    ) -> MetadataRef;
    fn LLVMDIBuilderCreateFunction(
        builder: DebugBuilderRef,
        scope: MetadataRef,
        name: *const c_char,
        name_len: usize,
        linkage_name: *const c_char,
        linkage_name_len: usize,
        file: MetadataRef,
        line: c_uint,
        ty: MetadataRef,
        local: c_int,
        definition: c_int,
        scope_line: c_uint,
        flags: c_int,
        optimized: c_int,
    ) -> MetadataRef;
    fn LLVMDIBuilderCreateDebugLocation(
        context: ContextRef,
        line: c_uint,
        column: c_uint,
        scope: MetadataRef,
        inlined_at: MetadataRef,
    ) -> MetadataRef;
    fn LLVMGetMDKindIDInContext(context: ContextRef, name: *const c_char, len: c_uint) -> c_uint;
    fn LLVMSetMetadata(instruction: ValueRef, kind: c_uint, node: ValueRef);
    fn LLVMInstructionSetDebugLoc(instruction: ValueRef, location: MetadataRef);
    fn LLVMSetSubprogram(function: ValueRef, subprogram: MetadataRef);
}

/// `LLVMUseRef`
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(super) struct UseRef(pub *mut c_void);

/// `LLVMBasicBlockRef`
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(super) struct BlockRef(pub *mut c_void);

/// `LLVMNamedMDNodeRef`
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(super) struct NamedNodeRef(pub *mut c_void);
