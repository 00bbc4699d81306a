//! A parsed unit as LLVM's own objects, for the one stage that must hand them back to LLVM: the fallback code generator.
//!
//! Whoever uses the handles keeps to this discipline, which the types do not enforce: every handle comes from a context
//! that is still alive, is of the class that the called function asks for (dispatch on opcode, value kind or type kind
//! first, as LLVM's own `cast<>` demands), has not been erased, and stays on the thread of its context.

use std::ptr;

pub use crate::ffi::{ContextRef, LlvmType, MetadataRef, ModuleRef, ValueRef};

use crate::context::Context;
use crate::error::Error;
use crate::global_table::{Entry, GlobalTable};
use crate::ir::{GlobalId, GlobalKind, Module};
use crate::reader::Reader;

/// A unit taken apart: its module may be changed, so nothing is decoded from it any more.
pub struct Unit {
    context: Context,
    globals: GlobalTable,
    module: Module,
}

impl Unit {
    /// The context.
    pub fn context(&self) -> ContextRef {
        self.context.context
    }

    /// The module.
    pub fn module(&self) -> ModuleRef {
        self.context.module
    }

    /// Description of all globals, as it was before any change.
    pub fn description(&self) -> &Module {
        &self.module
    }

    /// The handle of a global.
    pub fn global(&self, id: GlobalId) -> Option<ValueRef> {
        self.globals.handles.get(id.0 as usize).copied()
    }

    /// Handles of the compiler's own variables (`llvm.used`, …), which have no number.
    pub fn special(&self) -> Vec<ValueRef> {
        let entries = self.globals.entries.iter();
        entries.filter(|(_, entry)| matches!(entry, Entry::Special)).map(|(&value, _)| value).collect()
    }

    /// Reads the body of a function.
    ///
    /// # Errors
    /// [`Error::Invalid`].
    pub fn materialize(&self, id: GlobalId) -> Result<(), Error> {
        self.global(id).map_or(Ok(()), |function| self.context.materialize(function))
    }

    /// Reads the bodies of all functions.
    ///
    /// # Errors
    /// [`Error::Invalid`].
    pub fn materialize_all(&self) -> Result<(), Error> {
        let defined = |index: usize| matches!(self.module.globals[index].kind, GlobalKind::Function { defined: true });
        let mut handles = self.globals.handles.iter().enumerate().filter(|&(index, _)| defined(index));
        handles.try_for_each(|(_, &function)| self.context.materialize(function))
    }

    /// Errors that LLVM has reported since the last call, joined; `None` when there were none.
    pub fn take_errors(&self) -> Option<String> {
        self.context.take_errors()
    }

    /// Address of a function of the library, see [`crate::Llvm::address`].
    pub fn address(&self, name: &std::ffi::CStr) -> Option<ptr::NonNull<std::ffi::c_void>> {
        self.context.llvm.address(name)
    }

    /// A null value handle.
    pub fn null() -> ValueRef {
        ValueRef(ptr::null_mut())
    }
}

impl From<Reader> for Unit {
    fn from(reader: Reader) -> Self {
        let (context, globals, module) = reader.into_parts();
        Self { context, globals, module }
    }
}
