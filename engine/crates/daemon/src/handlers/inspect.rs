//! `inspect`: functions as text.

use cranefly_bitcode::{Reader, demangled};
use cranefly_cgu::absolute_path;
use cranefly_image::PublishedCode;
use cranefly_inspect::{Code, Error, Subject, Text};
use cranefly_program::{FunctionOf, View};
use cranefly_wire::{InspectParams, InspectResult, RpcError, TextKind, TextLine, TextReference};

use super::view;
use crate::engine::Engine;

/// The text of a function, in this generation or before its last change.
pub fn inspect(engine: &Engine, params: &InspectParams) -> Result<InspectResult, RpcError> {
    let view = view(engine, &params.workspace, &params.program)?;
    let candidates = view.named(&params.symbol, params.unit.as_deref());
    let (text, generation) = if params.previous {
        let former = view.history.of(&params.symbol).ok_or_else(|| not_kept(&params.symbol))?;
        let function = FunctionOf { unit: &former.unit, number: former.number };
        let text = match params.what {
            TextKind::Asm => {
                let code = former.code.clone().ok_or_else(|| not_kept_code(&params.symbol))?;
                asm(function, code)
            }
            what => ir(engine, function, what, &view)?,
        };
        (text, former.generation)
    } else {
        let function = *candidates.first().ok_or_else(|| unknown(&params.symbol))?;
        let text = match params.what {
            TextKind::Asm => machine_code(&candidates, &view)?,
            what => ir(engine, function, what, &view)?,
        };
        (text, view.generation)
    };
    Ok(InspectResult {
        symbol: params.symbol.clone(),
        name: demangled(&params.symbol),
        generation,
        truncated: text.missing > 0,
        lines: text.lines.iter().map(line).collect(),
        refs: text.refs.into_iter().map(|reference| described(reference, &view)).collect(),
        text: text.text,
    })
}

fn ir(engine: &Engine, function: FunctionOf, what: TextKind, view: &View) -> Result<Text, RpcError> {
    let unit = function.unit;
    let (name, global) = (unit.path.to_string_lossy(), function.info().global);
    let llvm = &engine.compile().llvm;
    let text = if what == TextKind::Llvm {
        cranefly_inspect::llvm(llvm, &unit.bitcode.unpack(), &name, global)
    } else {
        Reader::open(llvm, unit.bitcode.unpack(), &name)
            .and_then(|reader| reader.function(global))
            .map_err(Error::from)
            .and_then(|body| {
                let subject = Subject::new(&unit.unit.module, global, &body);
                cranefly_inspect::clif(subject, &body, view.options.code.opt_level != "0")
            })
    };
    text.map_err(|error| match error {
        Error::Read(error) => RpcError::failed("bitcode", error.to_string()),
        Error::Translate(error) => RpcError::failed(
            "notExpressible",
            format!("`{}` has no Cranelift IR, LLVM compiles it: {error}", demangled(function.symbol())),
        ),
    })
}

/// The machine code of a function, compiled for this if need be.
fn machine_code(candidates: &[FunctionOf], view: &View) -> Result<Text, RpcError> {
    let find = || {
        let image = view.live.image();
        candidates.iter().find_map(|function| {
            let code = image.published(&function.unit.unit.id, function.info().global)?;
            (code.key == function.info().key).then_some((*function, code))
        })
    };
    let found = find().or_else(|| {
        view.live.compile_functions(candidates);
        find()
    });
    let (function, code) = found.ok_or_else(|| {
        let name = candidates.first().map(|function| demangled(function.symbol())).unwrap_or_default();
        RpcError::failed("notCompiled", format!("`{name}` has no code in the image, and cannot be compiled"))
    })?;
    Ok(asm(function, code))
}

fn asm(function: FunctionOf, code: PublishedCode) -> Text {
    let info = function.info();
    let locations = info.positions.unpack();
    let subject = Subject {
        module: &function.unit.unit.module,
        global: info.global,
        symbols: &info.symbols,
        locations: &locations,
    };
    cranefly_inspect::asm(subject, &Code { address: code.address, bytes: code.bytes, unbound: code.unbound })
}

fn line(line: &cranefly_inspect::SourceLine) -> TextLine {
    TextLine {
        line: line.line,
        file: absolute_path(&line.file),
        source_line: line.source_line,
        source_column: line.source_column,
        function_line: line.function_line,
    }
}

fn described(reference: cranefly_inspect::Reference, view: &View) -> TextReference {
    let target = view.named(&reference.symbol, None).first().map(|function| function.place()).unwrap_or_default();
    TextReference {
        line: reference.line,
        column: reference.column,
        length: reference.length,
        name: demangled(&reference.symbol),
        symbol: reference.symbol,
        file: target.file.map(str::to_owned),
        source_line: target.line,
    }
}

fn unknown(symbol: &str) -> RpcError {
    RpcError::failed("unknownFunction", format!("the program has no function `{}`", demangled(symbol)))
}

fn not_kept(symbol: &str) -> RpcError {
    let name = demangled(symbol);
    RpcError::failed(
        "notKept",
        format!("no former version of `{name}` is kept: it did not change, or too much did since"),
    )
}

fn not_kept_code(symbol: &str) -> RpcError {
    let name = demangled(symbol);
    RpcError::failed("notKept", format!("`{name}` was not compiled before its last change, so it had no machine code"))
}
