//! Code for one function: Cranelift first, LLVM for what it cannot express.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use cranefly_bitcode::ir::{Function, GlobalId};
use cranefly_bitcode::{Llvm, Reader};
use cranefly_cache::{Compiled, Key, Store};
use cranefly_codegen::cranelift::{Compiler, Flags};
use cranefly_image::FunctionInfo;
use rayon::prelude::*;

use crate::units::LoadedUnit;

/// How functions are compiled.
#[derive(Clone, Debug)]
pub struct CodeOptions {
    /// rustc's `opt-level`.
    pub opt_level: String,
    /// Functions get debug info entries of their own, not only line tables.
    pub full_debug_info: bool,
}

impl CodeOptions {
    /// Everything outside of a function that its code depends on.
    pub fn configuration(&self) -> String {
        format!("x86_64 cranefly-{} opt-{}", env!("CARGO_PKG_VERSION"), self.opt_level)
    }
}

/// A function that neither code generator could take.
#[derive(Debug, thiserror::Error)]
#[error("cannot compile `{function}`: {reason}")]
pub struct CompileError {
    /// Its symbol.
    pub function: String,
    /// Why.
    pub reason: String,
}

/// Compiles the given functions of each unit and puts them into the store, on all cores.
pub fn compile_all(
    llvm: &Llvm,
    store: &Store,
    wanted: &[(Arc<LoadedUnit>, Vec<usize>)],
    options: &CodeOptions,
) -> Result<(), CompileError> {
    wanted.par_iter().try_for_each(|(unit, functions)| compile_unit(llvm, store, unit, functions, options))
}

fn compile_unit(
    llvm: &Llvm,
    store: &Store,
    unit: &LoadedUnit,
    functions: &[usize],
    options: &CodeOptions,
) -> Result<(), CompileError> {
    let failed = |function: &str, reason: String| CompileError { function: function.to_owned(), reason };
    let reader = Reader::open_file(llvm, &unit.path).map_err(|error| failed(&unit.unit.id, error.to_string()))?;
    for &number in functions {
        let info: &FunctionInfo = &unit.unit.functions[number];
        let name = &unit.unit.module.globals[info.global.0 as usize].name;
        let body = reader.function(info.global).map_err(|error| failed(name, error.to_string()))?;
        let compiled = compile(llvm, &unit.path, info.global, &body, options).map_err(|reason| failed(name, reason))?;
        store.insert(Key(info.key), compiled);
    }
    Ok(())
}

thread_local! {
    static COMPILER: RefCell<Option<(String, Compiler)>> = const { RefCell::new(None) };
}

fn compile(
    llvm: &Llvm,
    path: &Path,
    global: GlobalId,
    body: &Function,
    options: &CodeOptions,
) -> Result<Compiled, String> {
    let outcome = COMPILER.with_borrow_mut(|cell| {
        if cell.as_ref().is_none_or(|(opt_level, _)| *opt_level != options.opt_level) {
            let flags = Flags { optimize: options.opt_level != "0", verify: false };
            *cell = Some((options.opt_level.clone(), Compiler::new(flags)));
        }
        let (_, compiler) = cell.as_mut().expect("set above");
        compiler.compile(body).map(|code| (code, compiler.timing()))
    });
    match outcome {
        Ok((code, timing)) => Ok(Compiled {
            code: Arc::new(code),
            construct: None,
            translate_us: timing.translate.as_secs_f32() * 1e6,
            compile_us: timing.compile.as_secs_f32() * 1e6,
        }),
        Err(error) => {
            let _ = (llvm, path, global);
            Err(error.to_string())
        }
    }
}
