//! Owners of LLVM objects: a context with its module and the bytes that the module reads from.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_uint, c_void};
use std::ptr;

use crate::error::Error;
use crate::ffi::{Api, ContextRef, DiagnosticRef, ErrorRef, MetadataRef, ModuleRef, ValueRef};
use crate::library::Llvm;

/// One parsed module in a context of its own. Fields are dropped by [`Drop`] in LLVM's order: module, context, bytes.
pub(crate) struct Context {
    pub(crate) llvm: Llvm,
    pub(crate) context: ContextRef,
    pub(crate) module: ModuleRef,
    /// What the lazily read module still points into.
    pub(crate) bytes: Box<[u8]>,
    diagnostics: Box<Diagnostics>,
    pub(crate) file: String,
}

/// What LLVM reported through the context's handler, which keeps it from printing and exiting.
struct Diagnostics {
    llvm: Llvm,
    errors: RefCell<Vec<String>>,
}

extern "C" fn collect(info: DiagnosticRef, data: *mut c_void) {
    const ERROR: i32 = 0;
    // SAFETY: `data` is the boxed `Diagnostics` of the context that calls, which lives as long as the context.
    let diagnostics = unsafe { &*data.cast::<Diagnostics>() };
    let api = diagnostics.llvm.api();
    if api.LLVMGetDiagInfoSeverity(info) == ERROR {
        let text = take_message(api, api.LLVMGetDiagInfoDescription(info));
        diagnostics.errors.borrow_mut().push(text);
    }
}

/// Copies and frees a string that the C API allocated.
pub(crate) fn take_message(api: &Api, message: *mut c_char) -> String {
    if message.is_null() {
        return String::new();
    }
    // SAFETY: a NUL-terminated string that we own until it is disposed of.
    let text = unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned();
    api.LLVMDisposeMessage(message);
    text
}

/// Borrows a string that LLVM owns, given the call that yields its start and length. Never outlives the call's object,
/// which lives as long as the context that the borrow of the table stands for.
pub(crate) fn borrow_bytes(_owner: &Api, call: impl FnOnce(&mut usize) -> *const c_char) -> &[u8] {
    let mut len = 0;
    let start = call(&mut len);
    if start.is_null() || len == 0 {
        return &[];
    }
    // SAFETY: LLVM returned `len` bytes at `start`. They belong to an object of the context; callers copy them before
    // they give the context back.
    unsafe { std::slice::from_raw_parts(start.cast(), len) }
}

/// As [`borrow_bytes`], for the functions that count with an `unsigned`, as text.
pub(crate) fn borrow_text(owner: &Api, call: impl FnOnce(&mut c_uint) -> *const c_char) -> std::borrow::Cow<'_, str> {
    let mut short = 0;
    String::from_utf8_lossy(borrow_bytes(owner, |len| {
        let start = call(&mut short);
        *len = short as usize;
        start
    }))
}

impl Context {
    /// Parses `bytes`; function bodies stay unread where the library allows it. Names of local values are for printing
    /// only: without them, reading a function takes a third less time.
    pub(crate) fn parse(llvm: &Llvm, bytes: Box<[u8]>, file: &str, names: bool) -> Result<Self, Error> {
        crate::container::check(&bytes, file)?;
        let api = llvm.api();
        let context = api.LLVMContextCreate();
        api.LLVMContextSetDiscardValueNames(context, (!names).into());
        let diagnostics = Box::new(Diagnostics { llvm: llvm.clone(), errors: RefCell::default() });
        api.LLVMContextSetDiagnosticHandler(context, Some(collect), (&raw const *diagnostics).cast_mut().cast());
        let mut this = Self {
            llvm: llvm.clone(),
            context,
            module: ModuleRef(ptr::null_mut()),
            bytes,
            diagnostics,
            file: file.to_owned(),
        };
        let name = CString::new(file.replace('\0', "?")).unwrap_or_default();
        let range = (this.bytes.as_ptr().cast(), this.bytes.len());
        let buffer = api.LLVMCreateMemoryBufferWithMemoryRange(range.0, range.1, name.as_ptr(), 0);
        let mut module = ModuleRef(ptr::null_mut());
        let failed = if llvm.is_lazy() {
            let failed = api.LLVMGetBitcodeModuleInContext2(context, buffer, &mut module) != 0;
            // The module owns the buffer only when there is a module.
            if failed {
                api.LLVMDisposeMemoryBuffer(buffer);
            }
            failed
        } else {
            let failed = api.LLVMParseBitcodeInContext2(context, buffer, &mut module) != 0;
            api.LLVMDisposeMemoryBuffer(buffer);
            failed
        };
        if failed || module.is_null() {
            return Err(Error::Invalid {
                file: file.to_owned(),
                message: this.take_errors().unwrap_or_else(|| "unknown reason".to_owned()),
            });
        }
        this.module = module;
        Ok(this)
    }

    pub(crate) fn api(&self) -> &Api {
        self.llvm.api()
    }

    /// Reads the body of a function that is still in the file only.
    pub(crate) fn materialize(&self, function: ValueRef) -> Result<(), Error> {
        let Some(materialize) = self.llvm.optional().materialize else {
            return Ok(());
        };
        let mut error: *mut c_void = ptr::null_mut();
        // SAFETY: `function` is a `GlobalValue` of our live module; `error` is room for an `llvm::Error`, one pointer.
        unsafe { materialize(&mut error, function) };
        // Builds with ABI-breaking checks keep an "unchecked" flag in the lowest bit.
        let payload = error.map_addr(|address| address & !1);
        if payload.is_null() {
            return Ok(());
        }
        let api = self.api();
        let text = api.LLVMGetErrorMessage(ErrorRef(payload));
        // SAFETY: a NUL-terminated string that we own until it is disposed of.
        let message = unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned();
        api.LLVMDisposeErrorMessage(text);
        Err(Error::Invalid { file: self.file.clone(), message })
    }

    /// Case value `index` (from 0) of a `switch`.
    pub(crate) fn switch_case(&self, switch: ValueRef, index: u32) -> ValueRef {
        match self.llvm.optional().switch_case_value {
            // SAFETY: callers pass a `switch` of the live module and an index below its number of cases; successor 0
            // is the default.
            Some(get) => unsafe { get(switch, index + 1) },
            None => self.api().LLVMGetOperand(switch, 2 + 2 * index),
        }
    }

    /// An operand of a metadata node, by position.
    pub(crate) fn metadata_operands(&self, node: MetadataRef, out: &mut Vec<ValueRef>) {
        let api = self.api();
        let value = api.LLVMMetadataAsValue(self.context, node);
        let count = api.LLVMGetMDNodeNumOperands(value) as usize;
        out.clear();
        out.resize(count, ValueRef(ptr::null_mut()));
        api.LLVMGetMDNodeOperands(value, out.as_mut_ptr());
    }

    /// An error that blames this file's contents.
    pub(crate) fn inconsistent(&self, what: impl Into<String>) -> Error {
        Error::Inconsistent { file: self.file.clone(), what: what.into() }
    }

    /// What the handler has collected since the last call.
    pub(crate) fn take_errors(&self) -> Option<String> {
        let errors = std::mem::take(&mut *self.diagnostics.errors.borrow_mut());
        (!errors.is_empty()).then(|| errors.join("; "))
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        let api = self.llvm.api();
        if !self.module.is_null() {
            api.LLVMDisposeModule(self.module);
        }
        api.LLVMContextDispose(self.context);
    }
}
