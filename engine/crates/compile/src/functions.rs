//! Code for functions of units that were read before: Cranelift first, LLVM for what it cannot express.

use std::collections::HashMap;
use std::sync::Arc;

use cranefly_bitcode::Reader;
use cranefly_bitcode::ir::Function;
use cranefly_cache::{Compiled, Key};
use cranefly_cgu::{DecodedFunction, LoadedUnit};
use rayon::prelude::*;

use crate::context::CompileContext;
use crate::error::{CompileError, Failure};
use crate::options::CodeOptions;

/// Code that is one function's and no other's, although others have its key: by the function's unit and its number there.
pub type OwnCode = HashMap<(Arc<str>, usize), Compiled>;

/// What was compiled.
#[derive(Debug, Default)]
pub struct Made {
    /// What the store has now, by content.
    pub shared: HashMap<Key, Compiled>,
    /// What does not belong there.
    pub own: OwnCode,
}

/// Compiles the given functions of each unit and puts them into the store, on all cores; gives all of it.
///
/// # Errors
/// One of the functions that could not be compiled.
pub fn compile_all(
    context: &CompileContext,
    wanted: &[(Arc<LoadedUnit>, Vec<usize>)],
    options: &CodeOptions,
) -> Result<Made, CompileError> {
    let compile = |(unit, functions): &(Arc<LoadedUnit>, Vec<usize>)| {
        let mut compiler = UnitCompiler::new(context, unit, options);
        let mut made = Made::default();
        for &number in functions {
            let info = &unit.unit.functions[number];
            let (key, compiled) = compiler
                .compile(number)
                .map_err(|reason| CompileError { symbol: unit.global(info.global).name.to_string(), reason })?;
            if key != Key(info.key) {
                made.own.insert((unit.unit.id.clone(), number), compiled.clone());
            } else {
                made.shared.insert(key, compiled.clone());
            }
            context.store.insert(key, compiled);
        }
        Ok(made)
    };
    let parts: Vec<Made> = wanted.par_iter().map(compile).collect::<Result<_, _>>()?;
    let mut made = Made::default();
    for part in parts {
        made.shared.extend(part.shared);
        made.own.extend(part.own);
    }
    Ok(made)
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

    /// Compiles a function by its number in the unit; gives the key that the code may be kept under, too.
    ///
    /// # Errors
    /// Any [`Failure`] but those of paranoid mode.
    pub fn compile(&mut self, function: usize) -> Result<(Key, Compiled), Failure> {
        let reader = match self.reader.take() {
            Some(reader) => reader,
            None => Reader::open(&self.context.llvm, &*self.unit.bytes, &self.unit.path.to_string_lossy())?,
        };
        let compiled = reader
            .function(self.unit.unit.functions[function].global)
            .map_err(Failure::from)
            .and_then(|body| self.compile_body(function, &body));
        self.reader = Some(reader);
        compiled
    }

    /// By the code generator that the function's key is for, since code of the other may depend on what the key does not say.
    /// A function that Cranelift could express but fails to compile is LLVM's from then on, with a key of its own.
    fn compile_body(&self, function: usize, body: &Function) -> Result<(Key, Compiled), Failure> {
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

/// The construct of what went to LLVM so long ago that nobody knows why.
pub const UNNAMED: &str = "a construct of its";
