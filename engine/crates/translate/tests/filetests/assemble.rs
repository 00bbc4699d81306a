//! LLVM IR as text → a unit that the reader opens, by the toolchain's own assembler.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;
use std::process::Command;
use std::ptr;

use cranefly_bitcode::{Llvm, Reader};

/// What rustc writes at the start of a module, and the reader insists on; in one line, before the file's first.
const HEADER: &str = concat!(
    "target datalayout = ",
    "\"e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128\" ",
    "target triple = \"x86_64-unknown-linux-gnu\" "
);

cranefly_bitcode::llvm_api! {
    table Api;
    fn LLVMContextCreate() -> *mut c_void;
    fn LLVMContextDispose(context: *mut c_void);
    fn LLVMCreateMemoryBufferWithMemoryRangeCopy(data: *const c_char, len: usize, name: *const c_char) -> *mut c_void;
    fn LLVMParseIRInContext(
        context: *mut c_void,
        text: *mut c_void,
        module: *mut *mut c_void,
        message: *mut *mut c_char,
    ) -> c_int;
    fn LLVMDisposeMessage(message: *mut c_char);
    fn LLVMWriteBitcodeToMemoryBuffer(module: *mut c_void) -> *mut c_void;
    fn LLVMDisposeModule(module: *mut c_void);
    fn LLVMGetBufferStart(buffer: *mut c_void) -> *const c_char;
    fn LLVMGetBufferSize(buffer: *mut c_void) -> usize;
    fn LLVMDisposeMemoryBuffer(buffer: *mut c_void);
}

/// The LLVM of the `rustc` on the path.
pub struct Assembler {
    llvm: Llvm,
    api: Api,
}

impl Assembler {
    pub fn new() -> Self {
        let output = Command::new("rustc").args(["--print", "sysroot"]).output().expect("rustc runs");
        let sysroot = String::from_utf8(output.stdout).expect("UTF-8");
        let llvm = Llvm::open(Path::new(sysroot.trim())).expect("libLLVM opens");
        let api = Api::load(|name| llvm.address(name)).expect("libLLVM has an assembler");
        Self { llvm, api }
    }

    /// Opens the module that `text` is; the error is LLVM's or the reader's words.
    pub fn open(&self, text: &str, path: &Path) -> Result<Reader, String> {
        let bitcode = self.assemble(text)?;
        Reader::open(&self.llvm, bitcode, &path.display().to_string()).map_err(|error| error.to_string())
    }

    fn assemble(&self, text: &str) -> Result<Vec<u8>, String> {
        let api = &self.api;
        let text = CString::new(format!("{HEADER}{text}")).map_err(|error| error.to_string())?;
        let context = api.LLVMContextCreate();
        let bytes = text.as_bytes();
        let buffer =
            api.LLVMCreateMemoryBufferWithMemoryRangeCopy(bytes.as_ptr().cast(), bytes.len(), c"input".as_ptr());
        let (mut module, mut message) = (ptr::null_mut(), ptr::null_mut());
        // It takes the buffer, whatever becomes of it.
        let failed = api.LLVMParseIRInContext(context, buffer, &mut module, &mut message) != 0;
        let result = if failed {
            // SAFETY: a NUL-terminated string that we own until it is disposed of below.
            let words = unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned();
            api.LLVMDisposeMessage(message);
            Err(words)
        } else {
            let bitcode = api.LLVMWriteBitcodeToMemoryBuffer(module);
            // SAFETY: the buffer holds that many bytes until it is disposed of below.
            let bytes = unsafe {
                std::slice::from_raw_parts(api.LLVMGetBufferStart(bitcode).cast::<u8>(), api.LLVMGetBufferSize(bitcode))
            };
            let bytes = bytes.to_vec();
            api.LLVMDisposeMemoryBuffer(bitcode);
            api.LLVMDisposeModule(module);
            Ok(bytes)
        };
        api.LLVMContextDispose(context);
        result
    }
}
