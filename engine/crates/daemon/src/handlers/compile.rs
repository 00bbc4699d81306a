//! `compile`: code ahead of the first call, for those who need it in the image now: a debugger that sets a breakpoint.

use cranefly_bitcode::demangled;
use cranefly_program::FunctionOf;
use cranefly_wire::{CompileParams, CompileResult, FunctionAt, RpcError};

use super::view;
use crate::engine::Engine;

/// Compiles the functions at a source line, or with the given symbols, as far as they have no code yet.
pub fn compile(engine: &Engine, params: &CompileParams) -> Result<CompileResult, RpcError> {
    let view = view(engine, &params.workspace, &params.program)?;
    let functions: Vec<FunctionOf> = match (&params.symbols, &params.file, params.line) {
        (Some(symbols), None, None) => symbols.iter().flat_map(|symbol| view.named(symbol, None)).collect(),
        (None, Some(file), Some(line)) => view.at_line(file, line),
        _ => return Err(RpcError::invalid("compile takes either `file` and `line`, or `symbols`")),
    };
    let compiled = view.live.compile_functions(&functions);
    let mut symbols: Vec<FunctionAt> = functions.iter().map(|&function| describe(function)).collect();
    symbols.dedup_by(|a, b| a.symbol == b.symbol);
    Ok(CompileResult { generation: view.generation, symbols, compiled })
}

fn describe(function: FunctionOf) -> FunctionAt {
    let place = function.place();
    FunctionAt {
        symbol: function.symbol().to_string(),
        name: demangled(function.symbol()),
        unit: function.unit.unit.id.to_string(),
        file: place.file.map(str::to_owned),
        line: place.line,
        end_line: place.end_line,
    }
}
