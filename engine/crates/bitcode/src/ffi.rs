//! The part of the LLVM-C API that the reader calls, as a table of function pointers filled at run time.
//!
//! See [`crate::raw`] for the rules of calling it.

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::ptr::NonNull;

/// Declares an opaque LLVM handle.
macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[repr(transparent)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name(pub *mut c_void);

        #[allow(dead_code, reason = "not every handle is ever null")]
        impl $name {
            /// Whether LLVM returned null.
            #[inline]
            pub fn is_null(self) -> bool {
                self.0.is_null()
            }

            /// `None` for null.
            #[inline]
            pub fn some(self) -> Option<Self> {
                (!self.is_null()).then_some(self)
            }
        }
    )*};
}

handles! {
    /// `LLVMContextRef`
    ContextRef
    /// `LLVMModuleRef`
    ModuleRef
    /// `LLVMMemoryBufferRef`
    BufferRef
    /// `LLVMTypeRef`
    LlvmType
    /// `LLVMValueRef`
    ValueRef
    /// `LLVMBasicBlockRef`
    BlockRef
    /// `LLVMMetadataRef`
    MetadataRef
    /// `LLVMAttributeRef`
    AttributeRef
    /// `LLVMOperandBundleRef`
    BundleRef
    /// `LLVMDiagnosticInfoRef`
    DiagnosticRef
    /// `LLVMErrorRef`
    ErrorRef
    /// `LLVMTargetDataRef`
    DataLayoutRef
}

/// Callback of `LLVMContextSetDiagnosticHandler`.
pub type DiagnosticHandler = extern "C" fn(DiagnosticRef, *mut c_void);

/// Declares a table of C functions with a loader and one method per function: `llvm_api! { table Name; fn …; }`.
///
/// The methods are safe to call under the discipline of [`crate::raw`] only, so the table stays private to its crate.
#[macro_export]
#[doc(hidden)]
macro_rules! llvm_api {
    (table $table:ident; $(fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)?;)*) => {
        /// Function pointers into the loaded library.
        #[allow(non_snake_case, missing_docs, reason = "LLVM's own names")]
        pub(crate) struct $table {
            $($name: unsafe extern "C" fn($($ty),*) $(-> $ret)?,)*
        }

        #[allow(non_snake_case, clippy::too_many_arguments, reason = "LLVM's own names and signatures")]
        impl $table {
            /// Looks every function up through `find`; the error is the first name that is missing.
            pub(crate) fn load(
                find: impl Fn(&std::ffi::CStr) -> Option<std::ptr::NonNull<std::ffi::c_void>>,
            ) -> Result<Self, &'static str> {
                Ok(Self {$(
                    $name: {
                        let name = concat!(stringify!($name), "\0");
                        let name = std::ffi::CStr::from_bytes_with_nul(name.as_bytes()).unwrap_or_default();
                        let address = find(name).ok_or(stringify!($name))?;
                        // SAFETY: the address of the function of this name, whose signature is declared as in llvm-c's
                        // headers; the library is never unloaded.
                        unsafe {
                            std::mem::transmute::<
                                std::ptr::NonNull<std::ffi::c_void>,
                                unsafe extern "C" fn($($ty),*) $(-> $ret)?,
                            >(address)
                        }
                    },
                )*})
            }

            $(
                #[inline(always)]
                pub(crate) fn $name(&self, $($arg: $ty),*) $(-> $ret)? {
                    // SAFETY: the discipline of `cranefly_bitcode::raw`.
                    unsafe { (self.$name)($($arg),*) }
                }
            )*
        }
    };
}

llvm_api! {
    table Api;
    fn LLVMGetVersion(major: *mut c_uint, minor: *mut c_uint, patch: *mut c_uint);
    fn LLVMDisposeMessage(message: *mut c_char);
    fn LLVMGetErrorMessage(error: ErrorRef) -> *mut c_char;
    fn LLVMDisposeErrorMessage(message: *mut c_char);
    fn LLVMContextCreate() -> ContextRef;
    fn LLVMContextDispose(context: ContextRef);
    fn LLVMContextSetDiscardValueNames(context: ContextRef, discard: c_int);
    fn LLVMContextSetDiagnosticHandler(context: ContextRef, handler: Option<DiagnosticHandler>, data: *mut c_void);
    fn LLVMGetDiagInfoDescription(info: DiagnosticRef) -> *mut c_char;
    fn LLVMGetDiagInfoSeverity(info: DiagnosticRef) -> c_int;
    fn LLVMCreateMemoryBufferWithMemoryRange(data: *const c_char, len: usize, name: *const c_char, nul: c_int) -> BufferRef;
    fn LLVMDisposeMemoryBuffer(buffer: BufferRef);
    fn LLVMGetBitcodeModuleInContext2(context: ContextRef, buffer: BufferRef, module: *mut ModuleRef) -> c_int;
    fn LLVMParseBitcodeInContext2(context: ContextRef, buffer: BufferRef, module: *mut ModuleRef) -> c_int;
    fn LLVMDisposeModule(module: ModuleRef);
    fn LLVMGetDataLayoutStr(module: ModuleRef) -> *const c_char;
    fn LLVMGetTarget(module: ModuleRef) -> *const c_char;
    fn LLVMGetModuleInlineAsm(module: ModuleRef, len: *mut usize) -> *const c_char;
    fn LLVMGetFirstFunction(module: ModuleRef) -> ValueRef;
    fn LLVMGetNextFunction(function: ValueRef) -> ValueRef;
    fn LLVMGetFirstGlobal(module: ModuleRef) -> ValueRef;
    fn LLVMGetNextGlobal(global: ValueRef) -> ValueRef;
    fn LLVMGetFirstGlobalAlias(module: ModuleRef) -> ValueRef;
    fn LLVMGetNextGlobalAlias(alias: ValueRef) -> ValueRef;
    fn LLVMGetFirstGlobalIFunc(module: ModuleRef) -> ValueRef;
    fn LLVMAliasGetAliasee(alias: ValueRef) -> ValueRef;
    fn LLVMGetInitializer(global: ValueRef) -> ValueRef;
    fn LLVMIsThreadLocal(global: ValueRef) -> c_int;
    fn LLVMIsGlobalConstant(global: ValueRef) -> c_int;
    fn LLVMGetUnnamedAddress(global: ValueRef) -> c_int;
    fn LLVMGetSection(global: ValueRef) -> *const c_char;
    fn LLVMGetLinkage(global: ValueRef) -> c_int;
    fn LLVMGetVisibility(global: ValueRef) -> c_int;
    fn LLVMIsDeclaration(global: ValueRef) -> c_int;
    fn LLVMGlobalGetValueType(global: ValueRef) -> LlvmType;
    fn LLVMGetIntrinsicID(function: ValueRef) -> c_uint;
    fn LLVMGetValueName2(value: ValueRef, len: *mut usize) -> *const c_char;
    fn LLVMGetValueKind(value: ValueRef) -> c_int;
    fn LLVMTypeOf(value: ValueRef) -> LlvmType;
    fn LLVMPrintValueToString(value: ValueRef) -> *mut c_char;
    fn LLVMGetTypeKind(ty: LlvmType) -> c_int;
    fn LLVMGetIntTypeWidth(ty: LlvmType) -> c_uint;
    fn LLVMGetElementType(ty: LlvmType) -> LlvmType;
    fn LLVMGetArrayLength2(ty: LlvmType) -> u64;
    fn LLVMGetVectorSize(ty: LlvmType) -> c_uint;
    fn LLVMIsPackedStruct(ty: LlvmType) -> c_int;
    fn LLVMIsOpaqueStruct(ty: LlvmType) -> c_int;
    fn LLVMCountStructElementTypes(ty: LlvmType) -> c_uint;
    fn LLVMGetStructElementTypes(ty: LlvmType, out: *mut LlvmType);
    fn LLVMGetReturnType(ty: LlvmType) -> LlvmType;
    fn LLVMCountParamTypes(ty: LlvmType) -> c_uint;
    fn LLVMGetParamTypes(ty: LlvmType, out: *mut LlvmType);
    fn LLVMIsFunctionVarArg(ty: LlvmType) -> c_int;
    fn LLVMGetPointerAddressSpace(ty: LlvmType) -> c_uint;
    fn LLVMPrintTypeToString(ty: LlvmType) -> *mut c_char;
    fn LLVMGetModuleDataLayout(module: ModuleRef) -> DataLayoutRef;
    fn LLVMTypeIsSized(ty: LlvmType) -> c_int;
    fn LLVMABISizeOfType(layout: DataLayoutRef, ty: LlvmType) -> u64;
    fn LLVMABIAlignmentOfType(layout: DataLayoutRef, ty: LlvmType) -> c_uint;
    fn LLVMIntTypeInContext(context: ContextRef, bits: c_uint) -> LlvmType;
    fn LLVMConstIntOfArbitraryPrecision(ty: LlvmType, count: c_uint, words: *const u64) -> ValueRef;
    fn LLVMConstIntGetZExtValue(value: ValueRef) -> u64;
    fn LLVMConstTrunc(value: ValueRef, ty: LlvmType) -> ValueRef;
    fn LLVMConstBitCast(value: ValueRef, ty: LlvmType) -> ValueRef;
    fn LLVMGetConstOpcode(value: ValueRef) -> c_int;
    fn LLVMGetRawDataValues(value: ValueRef, len: *mut usize) -> *const c_char;
    fn LLVMGetAggregateElement(value: ValueRef, index: c_uint) -> ValueRef;
    fn LLVMGetNumOperands(value: ValueRef) -> c_int;
    fn LLVMGetOperand(value: ValueRef, index: c_uint) -> ValueRef;
    fn LLVMGetGEPSourceElementType(value: ValueRef) -> LlvmType;
    fn LLVMGetAlignment(value: ValueRef) -> c_uint;
    fn LLVMGetVolatile(value: ValueRef) -> c_int;
    fn LLVMGetOrdering(value: ValueRef) -> c_int;
    fn LLVMGetAllocatedType(value: ValueRef) -> LlvmType;
    fn LLVMGetICmpPredicate(value: ValueRef) -> c_int;
    fn LLVMGetFCmpPredicate(value: ValueRef) -> c_int;
    fn LLVMGetNumIndices(value: ValueRef) -> c_uint;
    fn LLVMGetIndices(value: ValueRef) -> *const c_uint;
    fn LLVMGetNumMaskElements(value: ValueRef) -> c_uint;
    fn LLVMGetMaskValue(value: ValueRef, index: c_uint) -> c_int;
    fn LLVMGetAtomicRMWBinOp(value: ValueRef) -> c_int;
    fn LLVMGetNumClauses(value: ValueRef) -> c_uint;
    fn LLVMGetClause(value: ValueRef, index: c_uint) -> ValueRef;
    fn LLVMIsCleanup(value: ValueRef) -> c_int;
    fn LLVMCountIncoming(phi: ValueRef) -> c_uint;
    fn LLVMGetIncomingValue(phi: ValueRef, index: c_uint) -> ValueRef;
    fn LLVMGetIncomingBlock(phi: ValueRef, index: c_uint) -> BlockRef;
    fn LLVMGetNumSuccessors(value: ValueRef) -> c_uint;
    fn LLVMGetSuccessor(value: ValueRef, index: c_uint) -> BlockRef;
    fn LLVMGetCondition(value: ValueRef) -> ValueRef;
    fn LLVMGetCalledValue(call: ValueRef) -> ValueRef;
    fn LLVMGetCalledFunctionType(call: ValueRef) -> LlvmType;
    fn LLVMGetNumArgOperands(call: ValueRef) -> c_uint;
    fn LLVMGetNumOperandBundles(call: ValueRef) -> c_uint;
    fn LLVMGetOperandBundleAtIndex(call: ValueRef, index: c_uint) -> BundleRef;
    fn LLVMGetOperandBundleTag(bundle: BundleRef, len: *mut usize) -> *const c_char;
    fn LLVMDisposeOperandBundle(bundle: BundleRef);
    fn LLVMGetTailCallKind(call: ValueRef) -> c_int;
    fn LLVMGetInstructionCallConv(call: ValueRef) -> c_uint;
    fn LLVMGetFunctionCallConv(function: ValueRef) -> c_uint;
    fn LLVMGetNormalDest(invoke: ValueRef) -> BlockRef;
    fn LLVMGetUnwindDest(invoke: ValueRef) -> BlockRef;
    fn LLVMGetInlineAsmAsmString(value: ValueRef, len: *mut usize) -> *const c_char;
    fn LLVMGetInlineAsmConstraintString(value: ValueRef, len: *mut usize) -> *const c_char;
    fn LLVMGetInlineAsmDialect(value: ValueRef) -> c_int;
    fn LLVMGetInlineAsmHasSideEffects(value: ValueRef) -> c_int;
    fn LLVMGetInlineAsmNeedsAlignedStack(value: ValueRef) -> c_int;
    fn LLVMGetInlineAsmCanUnwind(value: ValueRef) -> c_int;
    fn LLVMGetFirstBasicBlock(function: ValueRef) -> BlockRef;
    fn LLVMGetNextBasicBlock(block: BlockRef) -> BlockRef;
    fn LLVMGetFirstInstruction(block: BlockRef) -> ValueRef;
    fn LLVMGetNextInstruction(value: ValueRef) -> ValueRef;
    fn LLVMGetInstructionOpcode(value: ValueRef) -> c_int;
    fn LLVMCountParams(function: ValueRef) -> c_uint;
    fn LLVMGetParams(function: ValueRef, out: *mut ValueRef);
    fn LLVMHasPersonalityFn(function: ValueRef) -> c_int;
    fn LLVMGetPersonalityFn(function: ValueRef) -> ValueRef;
    fn LLVMGetAttributeCountAtIndex(function: ValueRef, index: c_uint) -> c_uint;
    fn LLVMGetAttributesAtIndex(function: ValueRef, index: c_uint, out: *mut AttributeRef);
    fn LLVMGetCallSiteAttributeCount(call: ValueRef, index: c_uint) -> c_uint;
    fn LLVMGetCallSiteAttributes(call: ValueRef, index: c_uint, out: *mut AttributeRef);
    fn LLVMIsStringAttribute(attribute: AttributeRef) -> c_int;
    fn LLVMGetStringAttributeKind(attribute: AttributeRef, len: *mut c_uint) -> *const c_char;
    fn LLVMGetStringAttributeValue(attribute: AttributeRef, len: *mut c_uint) -> *const c_char;
    fn LLVMGetEnumAttributeKind(attribute: AttributeRef) -> c_uint;
    fn LLVMGetEnumAttributeKindForName(name: *const c_char, len: usize) -> c_uint;
    fn LLVMGetEnumAttributeValue(attribute: AttributeRef) -> u64;
    fn LLVMGetTypeAttributeValue(attribute: AttributeRef) -> LlvmType;
    fn LLVMInstructionGetDebugLoc(value: ValueRef) -> MetadataRef;
    fn LLVMDILocationGetLine(location: MetadataRef) -> c_uint;
    fn LLVMDILocationGetColumn(location: MetadataRef) -> c_uint;
    fn LLVMDILocationGetScope(location: MetadataRef) -> MetadataRef;
    fn LLVMDILocationGetInlinedAt(location: MetadataRef) -> MetadataRef;
    fn LLVMDIScopeGetFile(scope: MetadataRef) -> MetadataRef;
    fn LLVMDIFileGetDirectory(file: MetadataRef, len: *mut c_uint) -> *const c_char;
    fn LLVMDIFileGetFilename(file: MetadataRef, len: *mut c_uint) -> *const c_char;
    fn LLVMGetSubprogram(function: ValueRef) -> MetadataRef;
    fn LLVMDISubprogramGetLine(subprogram: MetadataRef) -> c_uint;
    fn LLVMGetMetadataKind(metadata: MetadataRef) -> c_int;
    fn LLVMMetadataAsValue(context: ContextRef, metadata: MetadataRef) -> ValueRef;
    fn LLVMValueAsMetadata(value: ValueRef) -> MetadataRef;
    fn LLVMGetMDNodeNumOperands(value: ValueRef) -> c_uint;
    fn LLVMGetMDNodeOperands(value: ValueRef, out: *mut ValueRef);
    fn LLVMGetMDString(value: ValueRef, len: *mut c_uint) -> *const c_char;
}

/// What differs between LLVM releases: looked up, used when there.
pub(crate) struct Optional {
    /// `llvm::GlobalValue::materialize()`, with the returned `llvm::Error` written through the first argument
    /// (Itanium C++ ABI: a class with a destructor is returned through a hidden pointer). The C API has no counterpart.
    pub(crate) materialize: Option<unsafe extern "C" fn(*mut *mut c_void, ValueRef)>,
    /// Since LLVM 22; before, case values were operands.
    pub(crate) switch_case_value: Option<unsafe extern "C" fn(ValueRef, c_uint) -> ValueRef>,
}

impl Optional {
    /// Probes the library.
    pub(crate) fn load(find: impl Fn(&CStr) -> Option<NonNull<c_void>>) -> Self {
        // SAFETY: the addresses of functions whose signatures are those of the C++ member function's ABI and of llvm-c's
        // header; the library is never unloaded.
        unsafe {
            Self {
                materialize: find(c"_ZN4llvm11GlobalValue11materializeEv").map(|address| {
                    std::mem::transmute::<NonNull<c_void>, unsafe extern "C" fn(*mut *mut c_void, ValueRef)>(address)
                }),
                switch_case_value: find(c"LLVMGetSwitchCaseValue").map(|address| {
                    std::mem::transmute::<NonNull<c_void>, unsafe extern "C" fn(ValueRef, c_uint) -> ValueRef>(address)
                }),
            }
        }
    }
}

/// `LLVMValueKind`.
#[allow(missing_docs, reason = "the numbers' names are LLVM's own")]
pub(crate) mod value_kind {
    pub const FUNCTION: i32 = 5;
    pub const ALIAS: i32 = 6;
    pub const IFUNC: i32 = 7;
    pub const VARIABLE: i32 = 8;
    pub const BLOCK_ADDRESS: i32 = 9;
    pub const EXPRESSION: i32 = 10;
    pub const ARRAY: i32 = 11;
    pub const STRUCT: i32 = 12;
    pub const VECTOR: i32 = 13;
    pub const UNDEF: i32 = 14;
    pub const AGGREGATE_ZERO: i32 = 15;
    pub const DATA_ARRAY: i32 = 16;
    pub const DATA_VECTOR: i32 = 17;
    pub const INT: i32 = 18;
    pub const FLOAT: i32 = 19;
    pub const NULL: i32 = 20;
    pub const TOKEN_NONE: i32 = 21;
    pub const METADATA: i32 = 22;
    pub const ASSEMBLY: i32 = 23;
    pub const POISON: i32 = 25;
}

/// `LLVMTypeKind`.
#[allow(missing_docs, reason = "the numbers' names are LLVM's own")]
pub(crate) mod type_kind {
    pub const VOID: i32 = 0;
    pub const HALF: i32 = 1;
    pub const FLOAT: i32 = 2;
    pub const DOUBLE: i32 = 3;
    pub const QUAD: i32 = 5;
    pub const INTEGER: i32 = 8;
    pub const STRUCT: i32 = 10;
    pub const ARRAY: i32 = 11;
    pub const POINTER: i32 = 12;
    pub const VECTOR: i32 = 13;
}

/// `LLVMMetadataKind`.
#[allow(missing_docs, reason = "the numbers' names are LLVM's own")]
pub(crate) mod metadata_kind {
    pub const COMPOSITE_TYPE: i32 = 13;
    pub const SUBPROGRAM: i32 = 17;
    pub const LEXICAL_BLOCK: i32 = 18;
    pub const LEXICAL_BLOCK_FILE: i32 = 19;
    pub const NAMESPACE: i32 = 20;
}

/// `LLVMOpcode`.
#[allow(missing_docs, reason = "the numbers' names are LLVM's own")]
pub(crate) mod opcode {
    pub const RET: i32 = 1;
    pub const BR: i32 = 2;
    pub const SWITCH: i32 = 3;
    pub const INVOKE: i32 = 5;
    pub const UNREACHABLE: i32 = 7;
    pub const ADD: i32 = 8;
    pub const SUB: i32 = 10;
    pub const XOR: i32 = 25;
    pub const ALLOCA: i32 = 26;
    pub const LOAD: i32 = 27;
    pub const STORE: i32 = 28;
    pub const GET_ELEMENT_PTR: i32 = 29;
    pub const TRUNC: i32 = 30;
    pub const PTR_TO_INT: i32 = 39;
    pub const INT_TO_PTR: i32 = 40;
    pub const BIT_CAST: i32 = 41;
    pub const ICMP: i32 = 42;
    pub const FCMP: i32 = 43;
    pub const PHI: i32 = 44;
    pub const CALL: i32 = 45;
    pub const SELECT: i32 = 46;
    pub const EXTRACT_ELEMENT: i32 = 50;
    pub const INSERT_ELEMENT: i32 = 51;
    pub const SHUFFLE_VECTOR: i32 = 52;
    pub const EXTRACT_VALUE: i32 = 53;
    pub const INSERT_VALUE: i32 = 54;
    pub const FENCE: i32 = 55;
    pub const CMP_XCHG: i32 = 56;
    pub const ATOMIC_RMW: i32 = 57;
    pub const RESUME: i32 = 58;
    pub const LANDING_PAD: i32 = 59;
    pub const ADDR_SPACE_CAST: i32 = 60;
    pub const FNEG: i32 = 66;
    pub const FREEZE: i32 = 68;
    pub const PTR_TO_ADDR: i32 = 69;
}
