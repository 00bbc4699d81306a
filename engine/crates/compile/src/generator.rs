//! What machine code is made with, unless it is LLVM's to make.

use std::cell::RefCell;
use std::fmt::Debug;
use std::sync::Arc;

use cranefly_cache::Compiled;
use cranefly_cgu::DecodedFunction;
use cranefly_codegen::cranelift::{Compiler, Error, Flags};
use cranefly_codegen::machine::PackedCode;

use crate::options::CodeOptions;

/// A code generator. Its code depends on a function's decoded form and the options alone, which is what its key covers.
pub trait CodeGenerator: Debug + Send + Sync {
    /// Whether it can express the function, which is found out in a fraction of the time that code takes. What it can express
    /// it may fail to compile all the same.
    ///
    /// # Errors
    /// What it cannot express.
    fn takes(&self, source: DecodedFunction, options: &CodeOptions) -> Result<(), Error>;

    /// Code for a function.
    ///
    /// # Errors
    /// What it cannot express, or why it failed: the function is LLVM's.
    fn compile(&self, source: DecodedFunction, options: &CodeOptions) -> Result<Compiled, Error>;
}

/// Cranelift.
#[derive(Clone, Copy, Debug)]
pub struct Cranelift;

impl CodeGenerator for Cranelift {
    fn takes(&self, source: DecodedFunction, options: &CodeOptions) -> Result<(), Error> {
        with_compiler(options, |compiler| compiler.takes(source.body))
    }

    fn compile(&self, source: DecodedFunction, options: &CodeOptions) -> Result<Compiled, Error> {
        let (code, timing) =
            with_compiler(options, |compiler| compiler.compile(source.body).map(|code| (code, compiler.timing())))?;
        Ok(Compiled {
            code: Arc::new(PackedCode::of(&code)),
            construct: None,
            translate_us: timing.translate.as_secs_f32() * 1e6,
            compile_us: timing.compile.as_secs_f32() * 1e6,
        })
    }
}

thread_local! {
    static COMPILER: RefCell<Option<(String, Compiler)>> = const { RefCell::new(None) };
}

/// Has this thread's Cranelift do something.
fn with_compiler<T>(options: &CodeOptions, work: impl FnOnce(&mut Compiler) -> T) -> T {
    COMPILER.with_borrow_mut(|cell| {
        if cell.as_ref().is_none_or(|(opt_level, _)| *opt_level != options.opt_level) {
            let flags = Flags { optimize: options.opt_level != "0", verify: false };
            *cell = Some((options.opt_level.clone(), Compiler::new(flags)));
        }
        let (_, compiler) = cell.as_mut().expect("set above");
        work(compiler)
    })
}
