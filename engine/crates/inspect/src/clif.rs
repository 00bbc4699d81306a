//! Cranelift IR.

use cranefly_bitcode::demangled;
use cranefly_bitcode::ir::Function;
use cranefly_codegen::cranelift::{Compiler, Flags};

use crate::error::Error;
use crate::subject::Subject;
use crate::text::Text;

/// The Cranelift IR that `body` is translated to, before anything is compiled, as a `.clif` file. Comments say what the
/// names of other functions and of data stand for.
///
/// # Errors
/// [`Error::Translate`] when LLVM compiles the function because Cranelift cannot express it.
pub fn clif(subject: Subject, body: &Function, optimize: bool) -> Result<Text, Error> {
    let ir = Compiler::new(Flags { optimize, verify: false }).text(body, subject.symbol())?;
    let mut text = Text::titled(";", subject.symbol());
    let mut locations = ir.locations.iter().peekable();
    let mut mentions = ir.mentions.iter().peekable();
    for (number, line) in ir.text.lines().enumerate() {
        let number = number as u32;
        let location = locations.next_if(|(at, _)| *at == number).map(|(_, location)| *location);
        let location = location.and_then(|location| subject.locations.get(location as usize));
        let mention = mentions.next_if(|(at, _)| *at == number).and_then(|(_, target)| subject.name(target));
        match mention {
            None => text.push(line, location, &[]),
            Some(symbol) => {
                let name = demangled(symbol);
                let line = format!("{line} ; {name}");
                text.push(&line, location, &[(line.len() - name.len(), name.len(), symbol)]);
            }
        }
    }
    Ok(text.finish(";"))
}
