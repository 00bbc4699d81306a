//! The Cranelift tier: one decoded function to [`MachineCode`].

mod error;
mod features;
mod finish;
mod text;
mod unwind;

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use cranefly_bitcode::ir;
use cranefly_translate::Translated;
use cranelift_codegen::Context;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::isa::{self, OwnedTargetIsa};
use cranelift_codegen::print_errors::pretty_error;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::FunctionBuilderContext;

use crate::machine::MachineCode;
pub use error::{CodegenError, Error};
pub use finish::library_name;
pub use text::IrText;

/// How to compile; by default as for a debug build.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags {
    /// Cranelift's optimiser runs (`speed`); off for debug builds.
    pub optimize: bool,
    /// Cranelift's verifier checks every function: for tests.
    pub verify: bool,
}

/// Where the time of one compilation went.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timing {
    /// LLVM IR to Cranelift IR.
    pub translate: Duration,
    /// Cranelift IR to machine code.
    pub compile: Duration,
}

/// A compiler with its reusable memory; one per thread.
pub struct Compiler {
    flags: Flags,
    /// Target descriptions by `target-features` string.
    targets: HashMap<String, OwnedTargetIsa>,
    context: Context,
    builder: FunctionBuilderContext,
    control: ControlPlane,
    timing: Timing,
}

impl Compiler {
    /// A compiler for x86-64 Linux.
    pub fn new(flags: Flags) -> Self {
        Self {
            flags,
            targets: HashMap::new(),
            context: Context::new(),
            builder: FunctionBuilderContext::new(),
            control: ControlPlane::default(),
            timing: Timing::default(),
        }
    }

    /// Times of the last [`Self::compile`], whether it succeeded or not.
    pub fn timing(&self) -> Timing {
        self.timing
    }

    /// Compiles one function.
    ///
    /// # Errors
    /// [`Error::Unsupported`] names the construct that only LLVM can compile. A panic inside Cranelift is an
    /// [`Error::Codegen`]: one function must not cost the daemon its life.
    pub fn compile(&mut self, source: &ir::Function) -> Result<MachineCode, Error> {
        self.guarded(|compiler| compiler.attempt(source))
    }

    /// Whether the function can be translated, which is all that can fail but for bugs.
    ///
    /// # Errors
    /// As [`Self::compile`].
    pub fn takes(&mut self, source: &ir::Function) -> Result<(), Error> {
        self.guarded(|compiler| compiler.translate(source).map(|_| ()))
    }

    /// Keeps a panic from spreading.
    fn guarded<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        self.timing = Timing::default();
        match catch_unwind(AssertUnwindSafe(|| work(self))) {
            Ok(result) => result,
            Err(payload) => {
                // Whatever was in the making is thrown away with its memory.
                self.context = Context::new();
                self.builder = FunctionBuilderContext::new();
                let text = payload.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message");
                Err(CodegenError::Panicked { message: text.to_owned() }.into())
            }
        }
    }

    fn attempt(&mut self, source: &ir::Function) -> Result<MachineCode, Error> {
        let (features, translated) = self.translate(source)?;
        let target = &self.targets[&features];
        let start = Instant::now();
        let compiled = self.context.compile(&**target, &mut self.control).map(|_| ()).map_err(|error| {
            let listing = pretty_error(error.func, error.inner);
            Error::Codegen(CodegenError::Compilation { listing })
        });
        let code = compiled.and_then(|()| finish::machine_code(source, &self.context, &translated));
        self.timing.compile = start.elapsed();
        code
    }

    /// Fills the context with the Cranelift IR of `source`; gives the name of its target, too.
    fn translate(&mut self, source: &ir::Function) -> Result<(String, Translated), Error> {
        let start = Instant::now();
        let features = features::of(source)?;
        if !self.targets.contains_key(&features) {
            let target = build_target(self.flags, &features)?;
            self.targets.insert(features.clone(), target);
        }
        let target = &self.targets[&features];
        self.context.clear();
        // Not among what `clear` clears (Cranelift 0.135): each compilation would walk the tables of all before it.
        self.context.func.dfg.exception_tables.clear();
        let translated = cranefly_translate::translate(source, &**target, &mut self.context.func, &mut self.builder);
        self.timing.translate = start.elapsed();
        Ok((features, translated?))
    }

    /// The Cranelift IR of one function before anything is done to it, as text that Cranelift's parser reads. `name` is
    /// what the text calls the function.
    ///
    /// # Errors
    /// As [`Self::compile`].
    pub fn text(&mut self, source: &ir::Function, name: &str) -> Result<IrText, Error> {
        self.guarded(|compiler| {
            let (_, translated) = compiler.translate(source)?;
            text::print(&mut compiler.context.func, &translated, name)
        })
    }

    /// The Cranelift IR of the last [`Self::compile`], as text.
    pub fn clif(&self) -> String {
        self.context.func.display().to_string()
    }
}

/// Builds the target description for a set of features.
fn build_target(flags: Flags, features: &str) -> Result<OwnedTargetIsa, Error> {
    target(flags, features.split(',').filter(|name| !name.is_empty()), &[])
}

/// The target that functions are compiled for: what `features` (names of Cranelift's x86 settings) enable besides x86-64's
/// SSE2, and `more` settings on top of the usual ones.
///
/// # Errors
/// [`CodegenError::Setting`] names a setting that is unknown or has another kind of value.
pub fn target<'a>(
    flags: Flags,
    features: impl Iterator<Item = &'a str>,
    more: &[(String, String)],
) -> Result<OwnedTargetIsa, Error> {
    let named = |name: &str| {
        let name = name.to_owned();
        |source| CodegenError::Setting { name, source }
    };
    let mut shared = settings::builder();
    let verify = if flags.verify { "true" } else { "false" };
    let level = if flags.optimize { "speed" } else { "none" };
    for (name, value) in [
        ("opt_level", level),
        // The other one, `single_pass`, takes a quarter less time, but gives every value a place of its own on the stack: frames
        // become half as large again as LLVM's at -O0, and programs that recurse deeply overflow their stacks.
        ("regalloc_algorithm", "backtracking"),
        ("is_pic", "true"),
        ("preserve_frame_pointers", "true"),
        ("unwind_info", "true"),
        ("enable_llvm_abi_extensions", "true"),
        ("enable_verifier", verify),
        ("enable_probestack", "true"),
        ("probestack_strategy", "inline"),
        ("tls_model", "elf_gd"),
        ("enable_alias_analysis", "false"),
    ] {
        shared.set(name, value).map_err(named(name))?;
    }
    for (name, value) in more {
        shared.set(name, value).map_err(named(name))?;
    }
    let mut builder =
        isa::lookup_by_name("x86_64-unknown-linux-gnu").map_err(|source| CodegenError::TargetMissing { source })?;
    for name in features {
        builder.enable(name).map_err(named(name))?;
    }
    let target = builder.finish(settings::Flags::new(shared));
    target.map_err(|source| CodegenError::Settings { source: Box::new(source) }.into())
}
