//! Reduces a unit to one function, or to its `module asm`.

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_void};
use std::ptr;

use cranefly_bitcode::ir::{Function, Global, GlobalId, GlobalKind, Linkage};
use cranefly_bitcode::raw::{Unit, ValueRef};

use super::error::Error;
use super::ffi::{Api, NamedNodeRef};

/// Start of the names that globals get.
const PREFIX: &str = "cranefly.";

const EXTERNAL: i32 = 0;
const EXTERNAL_WEAK: i32 = 12;
const INITIAL_EXEC: i32 = 3;

/// What globals are called in the isolated module. A name says nothing of the unit that the function comes from, so that the
/// same function of two units is the same module: the function itself has a fixed one, what its body refers to is
/// numbered as [`Function::symbols`] is, and what only LLVM knows of goes by its linker name, or by its number if it has none.
#[derive(Debug, Default)]
pub struct Names {
    /// With whether it is a function.
    globals: HashMap<String, (GlobalId, bool)>,
}

impl Names {
    /// The global that a symbol of the emitted object stands for; `None` for run-time support functions.
    pub(super) fn global_of(&self, name: &str) -> Option<GlobalId> {
        self.globals.get(name).map(|&(global, _)| global)
    }

    /// Whether that global is a function.
    pub(super) fn is_function(&self, name: &str) -> bool {
        self.globals.get(name).is_some_and(|&(_, is_function)| is_function)
    }

    fn add(&mut self, name: String, id: GlobalId, global: &Global) -> CString {
        let text = CString::new(name.replace('\0', "?")).unwrap_or_default();
        let is_function = matches!(global.kind, GlobalKind::Function { .. });
        self.globals.insert(text.to_string_lossy().into_owned(), (id, is_function));
        text
    }
}

/// Leaves `kept`, whose decoded form is `body`, as the only definition; what it refers to becomes declarations, all others go.
///
/// Declarations are made anew instead of stripped of their contents: a new one is neither local, hidden nor `dso_local`,
/// so LLVM reaches it through the GOT or a PLT wherever the image may have put it. (The C API also has no way to drop the
/// body of a function that was never read.) They come in the order in which the body names them, whatever the unit's is.
pub(super) fn keep_only(api: &Api, unit: &Unit, kept: GlobalId, body: &Function) -> Result<Names, Error> {
    clear(api, unit);
    let globals = &unit.description().globals;
    let mut names = Names::default();
    let mut declared = vec![false; globals.len()];
    let known = body.symbols.iter().enumerate().map(|(number, symbol)| (symbol.global, format!("{PREFIX}s.{number}")));
    let others = (0u32..).map(GlobalId).zip(globals).map(|(id, global)| {
        let is_local = global.linkage == Linkage::Local;
        (id, if is_local { format!("{PREFIX}g.{}", id.0) } else { format!("{PREFIX}n.{}", global.name) })
    });
    for (id, name) in known.chain(others) {
        let Some((global, old)) = globals.get(id.0 as usize).zip(unit.global(id)) else { continue };
        if id == kept || std::mem::replace(&mut declared[id.0 as usize], true) {
            continue;
        }
        forget_dead_constants(unit, old);
        if !api.LLVMGetFirstUse(old).0.is_null() {
            let new = declare(api, unit, id, old, &names.add(name, id, global));
            if global.linkage == Linkage::ExternWeak {
                api.LLVMSetLinkage(new, EXTERNAL_WEAK);
            }
            api.LLVMReplaceAllUsesWith(old, new);
        }
        erase(api, unit, &global.kind, old)?;
    }
    if let Some((global, function)) = globals.get(kept.0 as usize).zip(unit.global(kept)) {
        let name = names.add(format!("{PREFIX}f"), kept, global);
        api.LLVMSetComdat(function, ptr::null_mut());
        api.LLVMSetLinkage(function, EXTERNAL);
        api.LLVMSetVisibility(function, 0);
        api.LLVMSetSection(function, c"".as_ptr());
        api.LLVMSetValueName2(function, name.as_ptr(), name.as_bytes().len());
        order_intrinsics(api, unit, function);
    }
    api.LLVMSetModuleInlineAsm2(unit.module(), c"".as_ptr(), 0);
    api.LLVMStripModuleDebugInfo(unit.module());
    for set in [Api::LLVMSetSourceFileName, Api::LLVMSetModuleIdentifier] {
        set(api, unit.module(), c"".as_ptr(), 0);
    }
    Ok(names)
}

/// Constants that nothing contains any more, such as parts of the initial contents that were dropped, still count as uses.
fn forget_dead_constants(unit: &Unit, global: ValueRef) {
    let Some(address) = unit.address(c"_ZNK4llvm8Constant23removeDeadConstantUsersEv") else { return };
    // SAFETY: `llvm::Constant::removeDeadConstantUsers()`: a member function without arguments or result. `global` is a live
    // global, which is a constant.
    unsafe {
        let remove = std::mem::transmute::<ptr::NonNull<c_void>, unsafe extern "C" fn(ValueRef)>(address);
        remove(global);
    }
}

/// What is left besides `kept` and new declarations are intrinsics: drops those that are not used, and declares the others
/// anew in the order of their names.
fn order_intrinsics(api: &Api, unit: &Unit, kept: ValueRef) {
    let mut intrinsics = Vec::new();
    let mut next = api.LLVMGetFirstFunction(unit.module());
    while !next.is_null() {
        let function = next;
        next = api.LLVMGetNextFunction(function);
        let mut len = 0;
        let name = api.LLVMGetValueName2(function, &mut len);
        // SAFETY: LLVM keeps `len` bytes at `name`, and a NUL behind them, for as long as the function has the name.
        let name = unsafe { CStr::from_ptr(name) }.to_owned();
        if function == kept || name.to_bytes().starts_with(PREFIX.as_bytes()) {
            continue;
        }
        if api.LLVMGetFirstUse(function).0.is_null() {
            api.LLVMDeleteFunction(function);
        } else {
            intrinsics.push((name, function));
        }
    }
    intrinsics.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, old) in intrinsics {
        let ty = api.LLVMGlobalGetValueType(old);
        api.LLVMSetValueName2(old, c"".as_ptr(), 0);
        // LLVM gives a function of such a name an intrinsic's attributes.
        let new = api.LLVMAddFunction(unit.module(), name.as_ptr(), ty);
        api.LLVMReplaceAllUsesWith(old, new);
        api.LLVMDeleteFunction(old);
    }
}

/// Drops the module's flags and identification: what they say of how the unit was compiled is decided by the declarations
/// here, and differs between units that have the same function.
pub(super) fn drop_named_metadata(api: &Api, unit: &Unit) {
    let Some(erase) = unit.address(c"_ZN4llvm11NamedMDNode15eraseFromParentEv") else { return };
    // SAFETY: `llvm::NamedMDNode::eraseFromParent()`: a member function without arguments or result.
    let erase = unsafe { std::mem::transmute::<ptr::NonNull<c_void>, unsafe extern "C" fn(NamedNodeRef)>(erase) };
    let mut next = api.LLVMGetFirstNamedMetadata(unit.module());
    while !next.0.is_null() {
        let node = next;
        next = api.LLVMGetNextNamedMetadata(node);
        // SAFETY: a node of the live module, which is not used again.
        unsafe { erase(node) };
    }
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
                let name = CString::new(format!("{PREFIX}g.{index}")).unwrap_or_default();
                let new = declare(api, unit, GlobalId(index as u32), value, &name);
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

fn declare(api: &Api, unit: &Unit, id: GlobalId, old: ValueRef, name: &CStr) -> ValueRef {
    let description = unit.description();
    let index = id.0 as usize;
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
