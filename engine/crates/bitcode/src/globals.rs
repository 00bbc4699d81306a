//! Describes every function, variable and alias of a module, and numbers them.

use std::ffi::CStr;
use std::sync::Arc;

use crate::address::{Address, fold};
use crate::context::{Context, borrow_bytes};
use crate::error::Error;
use crate::ffi::ValueRef;
use crate::global_table::{Entry, GlobalTable};
use crate::init;
use crate::ir::{Global, GlobalId, GlobalKind, Linkage, Module, SymbolKind, Variable};
use crate::type_table::TypeTable;

/// Numbers all globals — functions, variables, aliases, each in file order — and describes them.
pub(crate) fn read(cx: &Context, types: &mut TypeTable) -> Result<(GlobalTable, Module), Error> {
    let api = cx.api();
    let mut table = GlobalTable::default();
    let mut module = Module {
        assembly: String::from_utf8_lossy(borrow_bytes(api, |len| api.LLVMGetModuleInlineAsm(cx.module, len)))
            .into_owned(),
        ..Module::default()
    };
    if let Some(ifunc) = api.LLVMGetFirstGlobalIFunc(cx.module).some() {
        return Err(cx.inconsistent(format!("ifunc {} is not supported", name_of(cx, ifunc)?)));
    }
    let mut next = api.LLVMGetFirstFunction(cx.module);
    while let Some(function) = next.some() {
        next = api.LLVMGetNextFunction(function);
        let name = name_of(cx, function)?;
        if api.LLVMGetIntrinsicID(function) != 0 || name.starts_with("llvm.") {
            table.entries.insert(function, Entry::Intrinsic(name.into()));
            continue;
        }
        let defined = api.LLVMIsDeclaration(function) == 0;
        if let Some(section) = section_of(cx, function) {
            module.function_sections.push((GlobalId(number(&table.handles)), section));
        }
        add(cx, &mut table, &mut module, function, name, GlobalKind::Function { defined }, SymbolKind::Function);
    }
    let mut special = Vec::new();
    let mut next = api.LLVMGetFirstGlobal(cx.module);
    while let Some(variable) = next.some() {
        next = api.LLVMGetNextGlobal(variable);
        let name = name_of(cx, variable)?;
        if name.starts_with("llvm.") || section_of(cx, variable).as_deref() == Some("llvm.metadata") {
            table.entries.insert(variable, Entry::Special);
            special.push((name.to_owned(), variable));
            continue;
        }
        let description = describe_variable(cx, types, variable);
        let kind = if description.thread_local { SymbolKind::ThreadLocal } else { SymbolKind::Data };
        add(cx, &mut table, &mut module, variable, name, GlobalKind::Variable(Box::new(description)), kind);
    }
    read_aliases(cx, types, &mut table, &mut module)?;
    init::read_all(cx, types, &table, &mut module);
    for (name, variable) in special {
        init::read_special(cx, types, &table, &mut module, &name, variable)?;
    }
    Ok((table, module))
}

/// Aliases may stand for aliases that come later, so they are numbered first and resolved second.
fn read_aliases(
    cx: &Context,
    types: &mut TypeTable,
    table: &mut GlobalTable,
    module: &mut Module,
) -> Result<(), Error> {
    let api = cx.api();
    let first = table.handles.len();
    let mut next = api.LLVMGetFirstGlobalAlias(cx.module);
    while let Some(alias) = next.some() {
        next = api.LLVMGetNextGlobalAlias(alias);
        let name = name_of(cx, alias)?;
        let kind = if api.LLVMIsThreadLocal(alias) != 0 {
            SymbolKind::ThreadLocal
        } else if api.LLVMGetTypeKind(api.LLVMGlobalGetValueType(alias)) == 9 {
            SymbolKind::Function
        } else {
            SymbolKind::Data
        };
        let unresolved = GlobalKind::Alias { target: GlobalId(u32::MAX), offset: 0 };
        add(cx, table, module, alias, name, unresolved, kind);
    }
    for index in first..table.handles.len() {
        let aliasee = api.LLVMAliasGetAliasee(table.handles[index]);
        let address = fold(cx, types, table, aliasee);
        let global = &mut module.globals[index];
        global.kind = match address {
            Ok(Address { base: Some((target, _)), addend }) => GlobalKind::Alias { target, offset: addend },
            other => return Err(cx.inconsistent(format!("alias {} stands for {other:?}", global.name))),
        };
    }
    Ok(())
}

fn add(
    cx: &Context,
    table: &mut GlobalTable,
    module: &mut Module,
    value: ValueRef,
    name: &str,
    kind: GlobalKind,
    symbol: SymbolKind,
) {
    const DEFAULT_VISIBILITY: i32 = 0;
    let api = cx.api();
    let id = GlobalId(number(&table.handles));
    table.handles.push(value);
    table.entries.insert(value, Entry::Symbol(id, symbol));
    module.globals.push(Global {
        name: name.strip_prefix('\u{1}').unwrap_or(name).into(),
        linkage: linkage(api.LLVMGetLinkage(value)),
        hidden: api.LLVMGetVisibility(value) != DEFAULT_VISIBILITY,
        kind,
    });
}

/// The number of the global that comes behind those with these handles.
fn number(handles: &[ValueRef]) -> u32 {
    u32::try_from(handles.len()).expect("bitcode numbers values with 32 bits")
}

/// `LLVMLinkage` by number.
fn linkage(number: i32) -> Linkage {
    match number {
        1 => Linkage::AvailableExternally,
        2..=6 | 14 => Linkage::Weak,
        8 | 9 => Linkage::Local,
        12 => Linkage::ExternWeak,
        _ => Linkage::External,
    }
}

fn describe_variable(cx: &Context, types: &mut TypeTable, variable: ValueRef) -> Variable {
    const NO_UNNAMED_ADDRESS: i32 = 0;
    let api = cx.api();
    let ty = types.get(api, api.LLVMGlobalGetValueType(variable));
    let align = match api.LLVMGetAlignment(variable) {
        0 => ty.align(),
        given => u64::from(given),
    };
    Variable {
        thread_local: api.LLVMIsThreadLocal(variable) != 0,
        constant: api.LLVMIsGlobalConstant(variable) != 0,
        unnamed_addr: api.LLVMGetUnnamedAddress(variable) != NO_UNNAMED_ADDRESS,
        size: types.variable_size(api, api.LLVMGlobalGetValueType(variable)),
        align,
        section: section_of(cx, variable),
        init: None,
    }
}

fn section_of(cx: &Context, global: ValueRef) -> Option<Arc<str>> {
    let section = cx.api().LLVMGetSection(global);
    if section.is_null() {
        return None;
    }
    // SAFETY: a NUL-terminated string that the module owns.
    let text = unsafe { CStr::from_ptr(section) }.to_string_lossy();
    (!text.is_empty()).then(|| text.into())
}

/// The name as LLVM spells it.
pub(crate) fn name_of(cx: &Context, value: ValueRef) -> Result<&str, Error> {
    let bytes = borrow_bytes(cx.api(), |len| cx.api().LLVMGetValueName2(value, len));
    std::str::from_utf8(bytes)
        .map_err(|_| cx.inconsistent(format!("the name {:?} is not UTF-8", String::from_utf8_lossy(bytes))))
}
