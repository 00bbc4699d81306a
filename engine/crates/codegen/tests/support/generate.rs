//! Machine code of every function of some units.

use std::sync::atomic::{AtomicUsize, Ordering};

use cranefly_bitcode::ir::{Function, GlobalId, SymbolRef};
use cranefly_codegen::cranelift::{Compiler, Flags};
use cranefly_codegen::llvm::{LlvmCompiler, OptLevel};
use cranefly_codegen::machine::MachineCode;

use super::{Unit, llvm};

/// Which code generator every function goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    Cranelift,
    Llvm,
}

/// One function.
pub struct Generated {
    /// Number of its unit.
    pub unit: usize,
    pub global: GlobalId,
    pub body: Function,
    /// The code and the symbols that it refers to, or why there is none.
    pub result: Result<(MachineCode, Vec<SymbolRef>), String>,
}

/// Compiles all functions of `units`, in their order, as the engine does for a profile with this `opt-level`.
pub fn all(units: &[Unit], tier: Tier, opt_level: OptLevel) -> Vec<Generated> {
    let bitcode: Vec<&[u8]> = units.iter().map(|unit| &*unit.bitcode).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let unit = next.fetch_add(1, Ordering::Relaxed);
            let Some(bitcode) = bitcode.get(unit) else { break done };
            done.extend(compile(unit, bitcode, tier, opt_level));
        }
    };
    let mut all: Vec<Generated> = std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        // Readers stay on their threads: each opens units of its own.
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("compiles")).collect()
    });
    all.sort_by_key(|generated| (generated.unit, generated.global));
    all
}

fn compile(unit: usize, bitcode: &[u8], tier: Tier, opt_level: OptLevel) -> Vec<Generated> {
    let reader = Unit::open(bitcode.to_vec()).reader;
    let mut cranelift = Compiler::new(Flags { optimize: opt_level != OptLevel::None, verify: true });
    let fallback = LlvmCompiler::new(llvm()).expect("LLVM has a code generator");
    let one = |global| {
        let body = reader.function(global).expect("decodes");
        let result = match tier {
            Tier::Cranelift => match cranelift.compile(&body) {
                Ok(code) => Ok((code, body.symbols.clone())),
                Err(error) => Err(error.to_string()),
            },
            Tier::Llvm => match fallback.compile(bitcode, global, &body, opt_level) {
                Ok(compiled) => Ok((compiled.code, compiled.symbols)),
                Err(error) => Err(error.to_string()),
            },
        };
        Generated { unit, global, body, result }
    };
    reader.functions().map(one).collect()
}
