//! LLVM for what Cranelift cannot express: taking a function out of its unit happens here, compiling it in a worker.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use cranefly_bitcode::Llvm;
use cranefly_bitcode::ir::Linkage;
use cranefly_cache::Compiled;
use cranefly_cgu::DecodedFunction;
use cranefly_codegen::llvm::{Isolated, LlvmCompiler, OptLevel};
use cranefly_codegen::machine::Target;

use crate::compile::CodeOptions;
use crate::llvm_worker::LlvmWorkers;

/// The LLVM tier. Errors are reasons, in words.
pub struct LlvmTier {
    compiler: Result<LlvmCompiler, String>,
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
        let compiler = LlvmCompiler::new(llvm).map_err(|error| error.to_string());
        Self { compiler, workers: LlvmWorkers::new(sysroot, program) }
    }

    fn compiler(&self) -> Result<&LlvmCompiler, String> {
        self.compiler.as_ref().map_err(Clone::clone)
    }

    /// Takes a function out of its unit. `construct`: why.
    pub fn isolate(&self, source: DecodedFunction, construct: &str) -> Result<Isolated, String> {
        self.compiler()
            .and_then(|it| it.isolate(source.bitcode, source.global, source.body).map_err(|error| error.to_string()))
            .map_err(|error| failed(construct, &error))
    }

    /// Compiles what was taken out.
    pub fn compile(
        &self,
        source: DecodedFunction,
        isolated: &Isolated,
        construct: &str,
        options: &CodeOptions,
    ) -> Result<Compiled, String> {
        let start = Instant::now();
        let level = match options.opt_level.as_str() {
            "0" => OptLevel::None,
            "1" => OptLevel::Less,
            "3" => OptLevel::Aggressive,
            _ => OptLevel::Default,
        };
        let compiled = self
            .workers
            .emit(&isolated.module, &isolated.name, level)
            .and_then(|object| {
                self.compiler()?.finish(&object, isolated, source.body).map_err(|error| error.to_string())
            })
            .map_err(|error| failed(construct, &error))?;
        let mut code = compiled.code;
        let known = source.body.symbols.len();
        for relocation in &mut code.relocations {
            let Target::Symbol(number) = relocation.target else { continue };
            if (number as usize) < known {
                continue;
            }
            // Known to LLVM only: by name if others can see it, else by its number in the unit.
            let symbol = compiled.symbols.get(number as usize).ok_or("a relocation to an unknown symbol")?;
            let global = &source.module.globals[symbol.global.0 as usize];
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

    /// The object of a unit's `module asm`; `None` when there is none.
    pub fn assemble(&self, bitcode: &[u8], file: &str) -> Result<Option<Vec<u8>>, String> {
        let module = self.compiler()?.isolate_assembly(bitcode, file).map_err(|error| error.to_string())?;
        module.map(|module| self.workers.emit(&module, file, OptLevel::None)).transpose()
    }
}

fn failed(construct: &str, error: &str) -> String {
    format!("Cranelift does not compile it ({construct}), and LLVM failed: {error}")
}
