//! Code for one function: Cranelift first, LLVM for what it cannot express.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use cranefly_bitcode::ir::Function;
use cranefly_bitcode::{Llvm, Reader};
use cranefly_cache::{Compiled, Key};
use cranefly_cgu::{
    DecodeHandler, DecodedFunction, FunctionIdentity, HandlerError, LoadedUnit, ReadContext, demangled,
};
use cranefly_image::Contents;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::compile_context::CompileContext;

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

/// Code that is one function's and no other's, although others have its key: by the function's unit and its number there.
pub type OwnCode = HashMap<(Arc<str>, usize), Compiled>;

/// Compiles the given functions of each unit and puts them into the store, on all cores; gives what does not belong there.
pub fn compile_all(
    context: &CompileContext,
    wanted: &[(Arc<LoadedUnit>, Vec<usize>)],
    options: &CodeOptions,
) -> Result<OwnCode, CompileError> {
    let compile = |(unit, functions): &(Arc<LoadedUnit>, Vec<usize>)| {
        let mut compiler = UnitCompiler::new(context, unit, options);
        let mut own = Vec::new();
        for &number in functions {
            let info = &unit.unit.functions[number];
            let (key, compiled) = compiler.compile(number).map_err(|reason| CompileError {
                function: unit.unit.module.globals[info.global.0 as usize].name.to_string(),
                reason,
            })?;
            if key != Key(info.key) {
                own.push(((unit.unit.id.clone(), number), compiled.clone()));
            }
            context.store.insert(key, compiled);
        }
        Ok(own)
    };
    let own: Vec<_> = wanted.par_iter().map(compile).collect::<Result<_, _>>()?;
    Ok(own.into_iter().flatten().collect())
}

/// Compiles functions of one unit, which is opened when the first is wanted.
pub struct UnitCompiler<'a> {
    context: &'a CompileContext,
    unit: &'a LoadedUnit,
    options: &'a CodeOptions,
    reader: Option<Reader>,
}

impl<'a> UnitCompiler<'a> {
    /// For functions of `unit`.
    pub fn new(context: &'a CompileContext, unit: &'a LoadedUnit, options: &'a CodeOptions) -> Self {
        Self { context, unit, options, reader: None }
    }

    /// Compiles a function by its number in the unit; gives the key that the code may be kept under, too. Errors are
    /// reasons, in words.
    pub fn compile(&mut self, function: usize) -> Result<(Key, Compiled), String> {
        let reader = match self.reader.take() {
            Some(reader) => reader,
            None => open(&self.context.llvm, self.unit)?,
        };
        let compiled = reader
            .function(self.unit.unit.functions[function].global)
            .map_err(|error| error.to_string())
            .and_then(|body| self.compile_body(function, &body));
        self.reader = Some(reader);
        compiled
    }

    /// By the code generator that the function's key is for, since code of the other may depend on what the key does not say.
    /// A function that Cranelift could express but fails to compile is LLVM's from then on, with a key of its own.
    fn compile_body(&self, function: usize, body: &Function) -> Result<(Key, Compiled), String> {
        let (info, unit, store) = (&self.unit.unit.functions[function], self.unit, &self.context.store);
        let source = DecodedFunction { module: &unit.unit.module, bitcode: &unit.bytes, global: info.global, body };
        let key = Key(info.key);
        if !info.is_llvm && store.refusal(key).is_none() {
            match self.context.generator.compile(source, self.options) {
                Ok(compiled) => return Ok((key, compiled)),
                Err(error) => {
                    tracing::warn!(name = source.name(), %error, "goes to LLVM");
                    store.refuse(key, &error.to_string());
                }
            }
        }
        let construct = store.refusal(key).unwrap_or_else(|| UNNAMED.into());
        let tier = &self.context.llvm_tier;
        let isolated = tier.isolate(source, &construct)?;
        if info.is_llvm {
            return Ok((key, tier.compile(source, &isolated, &construct, self.options)?));
        }
        unit.set_outdated();
        let key = key.with(isolated.text.as_bytes());
        store.refuse(key, &construct);
        let known = store.get(key).map(Ok);
        Ok((key, known.unwrap_or_else(|| tier.compile(source, &isolated, &construct, self.options))?))
    }
}

/// What went to LLVM so long ago that nobody knows why.
const UNNAMED: &str = "a construct of its";

fn open(llvm: &Llvm, unit: &LoadedUnit) -> Result<Reader, String> {
    Reader::open(llvm, &*unit.bytes, &unit.path.to_string_lossy()).map_err(|error| error.to_string())
}

/// Compiles functions as their units are read, while their decoded bodies are at hand: as many as the budget allows.
#[derive(Debug)]
pub struct EagerCompiler<'a> {
    /// The toolchain, and where code goes.
    pub context: &'a CompileContext,
    /// How.
    pub options: &'a CodeOptions,
    budget: AtomicUsize,
}

impl<'a> EagerCompiler<'a> {
    /// For at most `budget` functions.
    pub fn new(context: &'a CompileContext, options: &'a CodeOptions, budget: usize) -> Self {
        Self { context, options, budget: AtomicUsize::new(budget) }
    }

    /// What reading units for this compiler depends on.
    pub fn read_context(&self) -> ReadContext<'_> {
        ReadContext { llvm: &self.context.llvm, configuration: self.options.configuration().into(), handler: self }
    }

    /// Finds out who compiles a function, `plain` being the key of its decoded form, and with that its key: LLVM reads more
    /// than the decoded form holds, so its functions have keys of their own. Errors are of paranoid mode.
    fn identify(&self, plain: Key, source: DecodedFunction) -> Result<FunctionIdentity, String> {
        let store = &self.context.store;
        let by_cranelift = |is_compiled| FunctionIdentity { key: plain, is_llvm: false, is_compiled };
        let construct = if let Some(known) = store.refusal(plain) {
            known
        } else if skips_cranelift(source.name()) {
            LLVM_ONLY_VARIABLE.into()
        } else if store.get(plain).is_some() {
            self.check(plain, || {
                self.context.generator.compile(source, self.options).map_err(|error| error.to_string())
            })?;
            return Ok(by_cranelift(false));
        } else {
            let tried = if self.takes_one() {
                self.context.generator.compile(source, self.options).map(|compiled| {
                    store.insert(plain, compiled);
                    true
                })
            } else {
                self.context.generator.takes(source, self.options).map(|()| false)
            };
            match tried {
                Ok(is_compiled) => return Ok(by_cranelift(is_compiled)),
                Err(error) => store.refuse(plain, &error.to_string()),
            }
        };
        let tier = &self.context.llvm_tier;
        // One that cannot be compiled is refused when it is bound, if it is.
        let Ok(isolated) = tier.isolate(source, &construct) else {
            let key = plain.with(blake3::hash(source.bitcode).as_bytes());
            store.refuse(key, &construct);
            return Ok(FunctionIdentity { key, is_llvm: true, is_compiled: false });
        };
        let key = plain.with(isolated.text.as_bytes());
        store.refuse(key, &construct);
        let compile = || tier.compile(source, &isolated, &construct, self.options);
        self.check(key, compile)?;
        let is_compiled = store.get(key).is_none()
            && self.takes_one()
            && compile().is_ok_and(|compiled| {
                store.insert(key, compiled);
                true
            });
        Ok(FunctionIdentity { key, is_llvm: true, is_compiled })
    }

    /// In paranoid mode: whether the store's code of `key` is what `compile` makes now. A difference is a hole in the key,
    /// the worst bug that Cranefly can have; the function is not run then.
    fn check(&self, key: Key, compile: impl FnOnce() -> Result<Compiled, String>) -> Result<(), String> {
        match self.context.store.get(key).filter(|_| self.context.paranoid) {
            Some(stored) if compile()?.code != stored.code => {
                Err("the function store has other code under its key; please report this".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Whether one more function may be compiled now.
    fn takes_one(&self) -> bool {
        let one_less = |left: usize| left.checked_sub(1);
        self.budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok()
    }
}

impl DecodeHandler for EagerCompiler<'_> {
    fn decoded(&self, key: Key, function: DecodedFunction<'_>) -> Result<FunctionIdentity, HandlerError> {
        Ok(self.identify(key, function)?)
    }

    fn assemble(&self, bitcode: &[u8], file: &str) -> Result<Option<Vec<u8>>, HandlerError> {
        Ok(self.context.llvm_tier.assemble(bitcode, file)?)
    }
}

/// Whether the user asked for LLVM.
fn skips_cranelift(symbol: &str) -> bool {
    LLVM_ONLY.as_deref().is_some_and(|part| part == "*" || demangled(symbol).contains(part))
}
