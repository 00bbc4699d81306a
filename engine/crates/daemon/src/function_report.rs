//! What is told of a program's functions.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, PoisonError};

use cranefly_cache::Key;

use crate::engine::{Engine, ProgramKey};
use crate::program_state::ProgramState;
use crate::protocol::{Fallback, FunctionEntry, FunctionsResult};
use crate::rpc::RpcError;

impl Engine {
    /// The constructs for which functions of a program went to LLVM.
    pub(crate) fn fallbacks(&self, state: &ProgramState) -> Vec<Fallback> {
        let mut counts: BTreeMap<Arc<str>, u64> = BTreeMap::new();
        for key in state.units.iter().flat_map(|unit| &unit.unit.functions).map(|function| Key(function.key)) {
            if let Some(construct) = self.shared.store.get(key).and_then(|compiled| compiled.construct) {
                *counts.entry(construct).or_default() += 1;
            }
        }
        counts
            .into_iter()
            .map(|(construct, functions)| Fallback { construct: construct.to_string(), functions })
            .collect()
    }

    /// Every function of a program, as of its newest generation.
    pub fn functions(&self, key: &ProgramKey) -> Result<FunctionsResult, RpcError> {
        let state = self
            .known_program(key)
            .ok_or_else(|| RpcError::failed("unknownProgram", format!("no program `{}` has been published", key.1)))?;
        let state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut functions = Vec::new();
        for unit in &state.units {
            for (function, times) in unit.unit.functions.iter().zip(&unit.times) {
                let symbol = &unit.unit.module.globals[function.global.0 as usize].name;
                let compiled = self.shared.store.get(Key(function.key));
                let mut us = *times;
                if let Some(compiled) = &compiled {
                    us.translate = compiled.translate_us;
                    us.compile = compiled.compile_us;
                }
                functions.push(FunctionEntry {
                    symbol: symbol.to_string(),
                    name: format!("{:#}", rustc_demangle::demangle(symbol)),
                    file: function.subprogram.as_ref().map(|subprogram| source_path(&subprogram.file)),
                    line: function.subprogram.as_ref().map_or(0, |subprogram| subprogram.line),
                    tier: compiled
                        .as_ref()
                        .map_or("none", |compiled| if compiled.construct.is_some() { "llvm" } else { "cranelift" }),
                    us,
                    bytes: compiled.as_ref().map_or(0, |compiled| compiled.code.bytes.len() as u64),
                    status: state.outcomes.get(symbol).copied().unwrap_or("untouched"),
                    unit: unit.unit.id.to_string(),
                });
            }
        }
        Ok(FunctionsResult { generation: state.generation, functions })
    }
}

fn source_path(file: &cranefly_bitcode::ir::SourceFile) -> String {
    Path::new(&*file.directory).join(&*file.name).to_string_lossy().into_owned()
}
