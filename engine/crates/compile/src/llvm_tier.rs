//! LLVM for what Cranelift cannot express: taking a function out of its unit happens here, compiling it in a worker.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use cranefly_bitcode::Llvm;
use cranefly_bitcode::ir::Linkage;
use cranefly_cache::Compiled;
use cranefly_cgu::DecodedFunction;
use cranefly_codegen::llvm::{self, Isolated, LlvmCompiler, OptLevel};
use cranefly_codegen::machine::{MachineCode, PackedCode, Target};

use crate::error::{Failure, LlvmError};
use crate::llvm_worker::LlvmWorkers;
use crate::options::CodeOptions;

/// The LLVM tier.
pub struct LlvmTier {
    compiler: Result<LlvmCompiler, Arc<llvm::Error>>,
    workers: LlvmWorkers,
}

impl std::fmt::Debug for LlvmTier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("LlvmTier").field("workers", &self.workers).finish_non_exhaustive()
    }
}

impl LlvmTier {
    /// For the toolchain at `sysroot`, whose library is `llvm`. `program`: the file of which a worker is a process.
    pub fn new(llvm: &Llvm, sysroot: &Path, program: &Path) -> Self {
        let compiler = LlvmCompiler::new(llvm).map_err(Arc::new);
        Self { compiler, workers: LlvmWorkers::new(sysroot, program) }
    }

    fn compiler(&self) -> Result<&LlvmCompiler, LlvmError> {
        self.compiler.as_ref().map_err(|error| LlvmError::Unavailable(error.clone()))
    }

    /// Takes a function out of its unit. `construct`: why.
    ///
    /// # Errors
    /// [`Failure::Llvm`].
    pub fn isolate(&self, function: DecodedFunction, construct: &Arc<str>) -> Result<Isolated, Failure> {
        self.compiler()
            .and_then(|it| Ok(it.isolate(function.bitcode, function.global, function.body)?))
            .map_err(|source| failed(construct, source))
    }

    /// Compiles what was taken out.
    ///
    /// # Errors
    /// [`Failure::Llvm`].
    pub fn compile(
        &self,
        function: DecodedFunction,
        isolated: &Isolated,
        construct: &Arc<str>,
        options: &CodeOptions,
    ) -> Result<Compiled, Failure> {
        let start = Instant::now();
        let code = self.code(function, isolated, options).map_err(|source| failed(construct, source))?;
        Ok(Compiled {
            code: Arc::new(PackedCode::of(&code)),
            construct: Some(construct.clone()),
            translate_us: 0.0,
            compile_us: start.elapsed().as_secs_f32() * 1e6,
        })
    }

    fn code(
        &self,
        function: DecodedFunction,
        isolated: &Isolated,
        options: &CodeOptions,
    ) -> Result<MachineCode, LlvmError> {
        let level = match options.opt_level.as_str() {
            "0" => OptLevel::None,
            "1" => OptLevel::Less,
            "3" => OptLevel::Aggressive,
            _ => OptLevel::Default,
        };
        let object = self.workers.emit(&isolated.module, &isolated.name, level)?;
        let compiled = self.compiler()?.finish(&object, isolated, function.body)?;
        let mut code = compiled.code;
        let known = function.body.symbols.len();
        for relocation in &mut code.relocations {
            let Target::Symbol(number) = relocation.target else { continue };
            if (number as usize) < known {
                continue;
            }
            // Known to LLVM only: by name if others can see it, else by its number in the unit.
            let symbol = compiled.symbols.get(number as usize).ok_or(LlvmError::UnknownSymbol)?;
            let global = &function.module.globals[symbol.global.0 as usize];
            relocation.target = if global.linkage == Linkage::Local {
                Target::Global(symbol.global.0)
            } else {
                Target::Runtime(global.name.to_string())
            };
        }
        Ok(code)
    }

    /// The object of a unit's `module asm`; `None` when there is none.
    ///
    /// # Errors
    /// Any [`LlvmError`].
    pub fn assemble(&self, bitcode: &[u8], file: &str) -> Result<Option<Vec<u8>>, LlvmError> {
        let module = self.compiler()?.isolate_assembly(bitcode, file)?;
        Ok(module.map(|module| self.workers.emit(&module, file, OptLevel::None)).transpose()?)
    }
}

fn failed(construct: &Arc<str>, source: LlvmError) -> Failure {
    Failure::Llvm { construct: construct.clone(), source }
}
