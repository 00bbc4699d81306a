//! Reduces a unit to one function, or to its `module asm`.

use std::ffi::{CString, c_void};
use std::ptr;

use cranefly_bitcode::ir::{GlobalId, GlobalKind, Linkage};
use cranefly_bitcode::raw::{Unit, ValueRef};

use super::Error;
use super::ffi::Api;

/// Start of the names that globals get; the rest is the [`GlobalId`].
const PREFIX: &str = "cranefly.g.";

const EXTERNAL: i32 = 0;
const EXTERNAL_WEAK: i32 = 12;
const INITIAL_EXEC: i32 = 3;

/// The global that a symbol of the emitted object stands for; `None` for run-time support functions.
pub(super) fn global_of(name: &str) -> Option<GlobalId> {
    name.strip_prefix(PREFIX)?.parse().ok().map(GlobalId)
}

fn name_of(id: usize) -> CString {
    CString::new(format!("{PREFIX}{id}")).unwrap_or_default()
}

/// Leaves `kept` as the only definition; what it refers to becomes declarations named by number, all others go.
///
/// Declarations are made anew instead of stripped of their contents: a new one is neither local, hidden nor `dso_local`,
/// so LLVM reaches it through the GOT or a PLT wherever the image may have put it. (The C API also has no way to drop the
/// body of a function that was never read.)
pub(super) fn keep_only(api: &Api, unit: &Unit, kept: GlobalId) -> Result<(), Error> {
    clear(api, unit);
    let globals = &unit.description().globals;
    for (index, global) in globals.iter().enumerate() {
        let Some(old) = unit.global(GlobalId(index as u32)) else { continue };
        if index == kept.0 as usize {
            continue;
        }
        if !api.LLVMGetFirstUse(old).0.is_null() {
            let new = declare(api, unit, index, old);
            if global.linkage == Linkage::ExternWeak {
                api.LLVMSetLinkage(new, EXTERNAL_WEAK);
            }
            api.LLVMReplaceAllUsesWith(old, new);
        }
        erase(api, unit, &global.kind, old)?;
    }
    if let Some(function) = unit.global(kept) {
        let name = name_of(kept.0 as usize);
        api.LLVMSetComdat(function, ptr::null_mut());
        api.LLVMSetLinkage(function, EXTERNAL);
        api.LLVMSetVisibility(function, 0);
        api.LLVMSetSection(function, c"".as_ptr());
        api.LLVMSetValueName2(function, name.as_ptr(), name.as_bytes().len());
    }
    api.LLVMSetModuleInlineAsm2(unit.module(), c"".as_ptr(), 0);
    api.LLVMStripModuleDebugInfo(unit.module());
    Ok(())
}

/// Leaves nothing but the assembly.
pub(super) fn keep_assembly(api: &Api, unit: &Unit) -> Result<(), Error> {
    clear(api, unit);
    // An alias uses what it stands for, so aliases, which are numbered last, go first. Functions use variables only in
    // bodies, which were never read.
    for (index, global) in unit.description().globals.iter().enumerate().rev() {
        if let Some(value) = unit.global(GlobalId(index as u32)) {
            let remaining = !api.LLVMGetFirstUse(value).0.is_null();
            if remaining {
                let new = declare(api, unit, index, value);
                api.LLVMReplaceAllUsesWith(value, new);
            }
            erase(api, unit, &global.kind, value)?;
        }
    }
    api.LLVMStripModuleDebugInfo(unit.module());
    Ok(())
}

/// Drops the compiler's lists and all initial contents, and with them the uses that they make.
fn clear(api: &Api, unit: &Unit) {
    for special in unit.special() {
        api.LLVMDeleteGlobal(special);
    }
    for (index, global) in unit.description().globals.iter().enumerate() {
        if let (GlobalKind::Variable(variable), Some(value)) = (&global.kind, unit.global(GlobalId(index as u32)))
            && variable.init.is_some()
        {
            api.LLVMSetInitializer(value, Unit::null());
        }
    }
}

fn declare(api: &Api, unit: &Unit, index: usize, old: ValueRef) -> ValueRef {
    let description = unit.description();
    let name = name_of(index);
    let mut resolved = index;
    // An alias is declared as what it finally stands for.
    while let GlobalKind::Alias { target, .. } = description.globals[resolved].kind {
        resolved = target.0 as usize;
    }
    let ty = api.LLVMGlobalGetValueType(old);
    match &description.globals[resolved].kind {
        GlobalKind::Variable(variable) => {
            let new = api.LLVMAddGlobal(unit.module(), ty, name.as_ptr());
            api.LLVMSetAlignment(new, u32::try_from(variable.align).unwrap_or(1));
            api.LLVMSetGlobalConstant(new, variable.constant.into());
            if variable.thread_local {
                // The image is loaded at start, so its thread-locals have a fixed distance from the thread pointer that
                // the loader knows; LLVM itself would take a bin crate for the executable (local-exec).
                api.LLVMSetThreadLocalMode(new, INITIAL_EXEC);
            }
            new
        }
        _ => {
            let new = api.LLVMAddFunction(unit.module(), name.as_ptr(), ty);
            if index == resolved {
                api.LLVMSetFunctionCallConv(new, api.LLVMGetFunctionCallConv(old));
            }
            new
        }
    }
}

fn erase(api: &Api, unit: &Unit, kind: &GlobalKind, value: ValueRef) -> Result<(), Error> {
    match kind {
        GlobalKind::Function { .. } => api.LLVMDeleteFunction(value),
        GlobalKind::Variable(_) => api.LLVMDeleteGlobal(value),
        GlobalKind::Alias { .. } => {
            const ERASE: &str = "_ZN4llvm11GlobalValue15eraseFromParentEv";
            let address =
                unit.address(c"_ZN4llvm11GlobalValue15eraseFromParentEv").ok_or(Error::SymbolMissing(ERASE))?;
            // SAFETY: `llvm::GlobalValue::eraseFromParent()`: a member function without arguments or result. `value` is
            // an alias of the live module and is not used again.
            unsafe {
                let erase = std::mem::transmute::<ptr::NonNull<c_void>, unsafe extern "C" fn(ValueRef)>(address);
                erase(value);
            }
        }
    }
    Ok(())
}
