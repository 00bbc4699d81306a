//! Code for one function: Cranelift first, LLVM for what it cannot express.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use cranefly_bitcode::ir::{Function, GlobalId, Linkage, Module};
use cranefly_bitcode::{Llvm, Reader};
use cranefly_cache::{Compiled, Key, Store};
use cranefly_codegen::cranelift::{Compiler, Flags};
use cranefly_codegen::llvm::{LlvmCompiler, OptLevel};
use cranefly_codegen::machine::Target;
use cranefly_image::Contents;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::engine::Shared;
use crate::units::LoadedUnit;

/// Name of the variable that says which functions skip Cranelift, to find the one that it compiles wrong: a part of
/// their demangled names, or `*` for all. Read when the daemon starts.
const LLVM_ONLY_VARIABLE: &str = "CRANEFLY_LLVM_ONLY";
static LLVM_ONLY: LazyLock<Option<String>> =
    LazyLock::new(|| std::env::var(LLVM_ONLY_VARIABLE).ok().filter(|part| !part.is_empty()));

/// How functions are compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeOptions {
    /// rustc's `opt-level`.
    pub opt_level: String,
    /// Functions get debug info entries of their own, not only line tables.
    pub full_debug_info: bool,
    /// What the program's file says of its functions.
    pub contents: Contents,
}

impl CodeOptions {
    /// Everything outside of a function that its code depends on.
    pub fn configuration(&self) -> String {
        let llvm_only = LLVM_ONLY.as_deref().map(|part| format!(" llvm-{part}")).unwrap_or_default();
        format!("x86_64 cranefly-{} opt-{}{llvm_only}", env!("CARGO_PKG_VERSION"), self.opt_level)
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
    wanted.par_iter().try_for_each(|(unit, functions)| {
        let mut compiler = UnitCompiler::new(llvm, unit, options);
        for &number in functions {
            let info = &unit.unit.functions[number];
            let compiled = compiler.compile(number).map_err(|reason| CompileError {
                function: unit.unit.module.globals[info.global.0 as usize].name.to_string(),
                reason,
            })?;
            store.insert(Key(info.key), compiled);
        }
        Ok(())
    })
}

/// Compiles functions of one unit, which is opened when the first is wanted.
pub struct UnitCompiler<'a> {
    llvm: &'a Llvm,
    unit: &'a LoadedUnit,
    options: &'a CodeOptions,
    reader: Option<Reader>,
}

impl<'a> UnitCompiler<'a> {
    /// For functions of `unit`.
    pub fn new(llvm: &'a Llvm, unit: &'a LoadedUnit, options: &'a CodeOptions) -> Self {
        Self { llvm, unit, options, reader: None }
    }

    /// Compiles a function by its number in the unit. Errors are reasons, in words.
    pub fn compile(&mut self, function: usize) -> Result<Compiled, String> {
        let reader = match self.reader.take() {
            Some(reader) => reader,
            None => open(self.llvm, self.unit)?,
        };
        let global = self.unit.unit.functions[function].global;
        let unit = self.unit;
        let compiled = reader
            .function(global)
            .map_err(|error| error.to_string())
            .and_then(|body| compile(self.llvm, &unit.unit.module, global, &unit.bytes, &body, self.options));
        self.reader = Some(reader);
        compiled
    }
}

fn open(llvm: &Llvm, unit: &LoadedUnit) -> Result<Reader, String> {
    Reader::open(llvm, &*unit.bytes, &unit.path.to_string_lossy()).map_err(|error| error.to_string())
}

thread_local! {
    static COMPILER: RefCell<Option<(String, Compiler)>> = const { RefCell::new(None) };
}

/// Compiles functions as their units are read, while their decoded bodies are at hand: as many as the budget allows.
#[derive(Debug)]
pub struct EagerCompiler<'a> {
    /// The toolchain's LLVM.
    pub llvm: &'a Llvm,
    /// Where code goes.
    pub store: &'a Store,
    /// How.
    pub options: &'a CodeOptions,
    budget: AtomicUsize,
    /// Recompile what the store has, and compare.
    paranoid: bool,
}

impl<'a> EagerCompiler<'a> {
    /// For at most `budget` functions.
    pub fn new(shared: &'a Shared, options: &'a CodeOptions, budget: usize) -> Self {
        let budget = AtomicUsize::new(budget);
        Self { llvm: &shared.llvm, store: &shared.store, options, budget, paranoid: shared.paranoid }
    }

    /// In paranoid mode: whether the store's code of `key` is what `compile` makes now. A difference is a hole in the key,
    /// the worst bug that Cranefly can have; the function is not run then.
    pub fn check(&self, key: Key, compile: impl FnOnce() -> Result<Compiled, String>) -> Result<(), String> {
        match self.store.get(key).filter(|_| self.paranoid) {
            Some(stored) if compile()?.code != stored.code => {
                Err("the function store has other code under its key; please report this".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Whether the function of this key is to be compiled now. Counts against the budget.
    pub fn wants(&self, key: Key) -> bool {
        let one_less = |left: usize| left.checked_sub(1);
        self.store.get(key).is_none()
            && self.budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok()
    }
}

/// Compiles the function `global`, decoded as `body`, of the unit with the given bitcode. Errors are reasons, in words.
pub fn compile(
    llvm: &Llvm,
    module: &Module,
    global: GlobalId,
    bitcode: &[u8],
    body: &Function,
    options: &CodeOptions,
) -> Result<Compiled, String> {
    if skips_cranelift(&module.globals[global.0 as usize].name) {
        return fall_back(llvm, module, global, bitcode, body, options, LLVM_ONLY_VARIABLE);
    }
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
        Err(error) => fall_back(llvm, module, global, bitcode, body, options, &error.to_string()),
    }
}

/// Whether the user asked for LLVM.
fn skips_cranelift(symbol: &str) -> bool {
    LLVM_ONLY
        .as_deref()
        .is_some_and(|part| part == "*" || format!("{:#}", rustc_demangle::demangle(symbol)).contains(part))
}

/// Compiles with LLVM what Cranelift could not take: `construct` says what that was.
fn fall_back(
    llvm: &Llvm,
    module: &Module,
    global: GlobalId,
    bitcode: &[u8],
    body: &Function,
    options: &CodeOptions,
    construct: &str,
) -> Result<Compiled, String> {
    let failed =
        |error: &dyn std::fmt::Display| format!("{construct} is not supported by Cranelift, and LLVM failed: {error}");
    let start = Instant::now();
    let compiler = LlvmCompiler::new(llvm).map_err(|error| failed(&error))?;
    let level = match options.opt_level.as_str() {
        "0" => OptLevel::None,
        "1" => OptLevel::Less,
        "3" => OptLevel::Aggressive,
        _ => OptLevel::Default,
    };
    let compiled = compiler.compile(bitcode, global, body, level).map_err(|error| failed(&error))?;
    let mut code = compiled.code;
    for relocation in &mut code.relocations {
        let Target::Symbol(number) = relocation.target else { continue };
        let Some(extra) = (number as usize).checked_sub(body.symbols.len()) else { continue };
        // Known to LLVM only: by name if others can see it, else by its number in the unit.
        let symbol = compiled.symbols.get(body.symbols.len() + extra).ok_or("a relocation to an unknown symbol")?;
        let global = &module.globals[symbol.global.0 as usize];
        relocation.target = if global.linkage == Linkage::Local {
            Target::Global(symbol.global.0)
        } else {
            Target::Runtime(global.name.to_string())
        };
    }
    Ok(Compiled {
        code: Arc::new(code),
        construct: Some(construct.into()),
        translate_us: 0.0,
        compile_us: start.elapsed().as_secs_f32() * 1e6,
    })
}
