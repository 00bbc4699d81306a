//! Code ahead of the first call, for those who need it in the image now: a debugger that sets a breakpoint.

use std::sync::Arc;

use cranefly_image::Pending;
use cranefly_inspect::names;

use crate::engine::Engine;
use crate::program::live::LiveImage;
use crate::program::view::FunctionOf;
use crate::protocol::{CompileParams, CompileResult, FunctionAt};
use crate::rpc::RpcError;

impl Engine {
    /// Compiles the functions at a source line, or with the given symbols, as far as they have no code yet.
    pub fn compile_now(&self, params: &CompileParams) -> Result<CompileResult, RpcError> {
        let view = self.view(&(params.workspace.clone(), params.program.clone()))?;
        let functions: Vec<FunctionOf> = match (&params.symbols, &params.file, params.line) {
            (Some(symbols), None, None) => symbols.iter().flat_map(|symbol| view.named(symbol, None)).collect(),
            (None, Some(file), Some(line)) => view.at_line(file, line),
            _ => return Err(RpcError::invalid("compile takes either `file` and `line`, or `symbols`")),
        };
        let compiled = view.live.as_ref().map_or(0, |live| self.compile_functions(live, &functions));
        let mut symbols: Vec<FunctionAt> = functions.iter().map(|&function| describe(function)).collect();
        symbols.dedup_by(|a, b| a.symbol == b.symbol);
        Ok(CompileResult { generation: view.generation, symbols, compiled })
    }

    /// Compiles those of `functions` that have no code in the image; gives how many have it now.
    pub(crate) fn compile_functions(&self, live: &Arc<LiveImage>, functions: &[FunctionOf]) -> u64 {
        let pending: Vec<Pending> = {
            let program = live.program();
            let uncompiled = |function: &FunctionOf| program.uncompiled(&function.unit.unit.id, function.info().global);
            let mut pending: Vec<Pending> = functions.iter().filter_map(uncompiled).collect();
            pending.sort_by_key(|pending| pending.symbol);
            pending.dedup_by_key(|pending| pending.symbol);
            pending.sort_by(|a, b| a.unit.id.cmp(&b.unit.id));
            pending
        };
        if pending.is_empty() {
            return 0;
        }
        live.compile(&pending);
        let program = live.program();
        pending.iter().filter(|pending| program.has_code(pending)).count() as u64
    }
}

fn describe(function: FunctionOf) -> FunctionAt {
    let place = function.place();
    FunctionAt {
        symbol: function.symbol().to_string(),
        name: names::demangled(function.symbol()),
        unit: function.unit.unit.id.to_string(),
        file: place.file.as_deref().map(str::to_owned),
        line: place.line,
        end_line: place.end_line,
    }
}
