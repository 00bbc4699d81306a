//! Code for functions whose unit is just being read, while their bodies are at hand.

use std::sync::atomic::{AtomicUsize, Ordering};

use cranefly_cache::{Compiled, Key};
use cranefly_cgu::{DecodeHandler, DecodedFunction, FunctionIdentity, HandlerError, ReadContext};

use crate::context::CompileContext;
use crate::error::Failure;
use crate::options::{CodeOptions, LLVM_ONLY_VARIABLE, skips_cranelift};

/// Compiles functions as their units are read, while their decoded bodies are at hand: as many as the budget allows.
#[derive(Debug)]
pub struct EagerCompiler<'a> {
    /// The toolchain, and where code goes.
    pub context: &'a CompileContext,
    options: &'a CodeOptions,
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
    fn identify(&self, plain: Key, source: DecodedFunction) -> Result<FunctionIdentity, Failure> {
        let store = &self.context.store;
        let by_cranelift = |is_compiled| FunctionIdentity { key: plain, is_llvm: false, is_compiled };
        let construct = if let Some(known) = store.refusal(plain) {
            known
        } else if skips_cranelift(source.name()) {
            LLVM_ONLY_VARIABLE.into()
        } else if store.get(plain).is_some() {
            self.check(plain, || Ok(self.context.generator.compile(source, self.options)?))?;
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
    fn check(&self, key: Key, compile: impl FnOnce() -> Result<Compiled, Failure>) -> Result<(), Failure> {
        if !self.context.paranoid {
            return Ok(());
        }
        match self.context.store.get(key) {
            Some(stored) if compile()?.code != stored.code => Err(Failure::OtherCode),
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
        self.identify(key, function).map_err(HandlerError::from)
    }

    fn assemble(&self, bitcode: &[u8], file: &str) -> Result<Option<Vec<u8>>, HandlerError> {
        self.context.llvm_tier.assemble(bitcode, file).map_err(HandlerError::from)
    }
}
