//! Putting machine code in its place.

use std::sync::Arc;

use cranefly_machine::{MachineCode, PackedCode, Relocation, RelocationKind, Target};

use crate::Error;
use crate::error::CodeError;
use crate::file::region::{PAGE, Region};
use crate::linking::Linking;
use crate::passes::outside;
use crate::passes::text::{self, Bound};
use crate::tables::Tables;
use crate::tables::cells::Asker;
use crate::tables::code::{Pending, PlacedCode, binding};
use crate::tables::slots;
use crate::tables::symbols::{Place, SymbolIndex};
use crate::tables::symtab::Named;

const STT_FUNC: u8 = 2;
/// Alignment of code that asks for none.
pub(crate) const ALIGN: u64 = 16;

/// The state of the image that code is placed in.
pub(crate) enum State<'a> {
    /// What the code needs can be had.
    Linking(&'a mut Linking),
    /// Programs run from it: code can only be appended, and needs nothing that is not there.
    Running,
}

impl State<'_> {
    fn asker(&mut self) -> Asker<'_> {
        match self {
            Self::Linking(linking) => linking.asker(),
            Self::Running => Asker::Running,
        }
    }
}

/// What a slot must hold for its function to run the code that it has now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Jump {
    pub(crate) slot: u64,
    pub(crate) word: u64,
}

/// Appends `code`, bound, aligned to `align` at least, and describes it to the unwinder and by its name. Gives what the function's
/// slot must hold.
pub(crate) fn install(
    tables: &mut Tables,
    mut state: State,
    pending: &Pending,
    packed: &Arc<PackedCode>,
    align: u64,
) -> Result<Jump, Error> {
    let code = packed.unpack();
    let name = tables.symbols.name(pending.symbol).clone();
    let failed = |source: CodeError| Error::Code { function: name.to_string(), source };
    let align = u64::from(code.align).clamp(ALIGN, PAGE).max(align);
    let address = tables.file.reserve(Region::Text, code.bytes.len() as u64, align)?;
    let mut bytes = packed.bytes().to_vec();
    for relocation in &code.relocations {
        let bound = bind(tables, &mut state, pending, address, &code, relocation).map_err(|error| match error {
            BindError::Code(error) => failed(error),
            BindError::Image(error) => error,
        })?;
        text::relocate(&mut bytes, address, relocation, bound).map_err(|error| failed(error.into()))?;
    }
    let Tables { file, symbols, units, slots, frames, symtab, code: placed, .. } = tables;
    file.write(address, &bytes);
    frames.add_function(file, &name, address, &code)?;
    let row = placed.get(pending.symbol).map(|old| old.symtab);
    let named = Named { name: &name, kind: STT_FUNC, address, size: u64::from(code.text_len) };
    let symtab = symtab.set(file, row, named)?;
    let binding = binding(symbols, &units[&pending.unit.id], pending.info(), packed);
    let key = pending.info().key;
    placed.set(pending.symbol, PlacedCode { key, code: packed.clone(), address, binding, symtab });
    let slot = slots.of_function(pending.symbol);
    Ok(Jump { slot, word: slots::jump_word(slot, address) })
}

fn bind(
    tables: &mut Tables,
    state: &mut State,
    pending: &Pending,
    address: u64,
    code: &MachineCode,
    relocation: &Relocation,
) -> Result<Bound, BindError> {
    let of_operand = |tables: &Tables, number: u32| {
        let reference = pending.info().symbols.get(number as usize);
        let reference = reference.ok_or(CodeError::UnknownOperand(number))?;
        Ok::<_, BindError>(tables.units[&pending.unit.id].symbol(reference.global))
    };
    let symbol = match &relocation.target {
        Target::Local(offset) => return Ok(Bound::Direct(address + u64::from(*offset))),
        Target::Symbol(number) => of_operand(tables, *number)?,
        Target::Variadic(number) => {
            let symbol = of_operand(tables, *number)?;
            let Tables { file, symbols, cells, .. } = tables;
            return Ok(Bound::Direct(cells.variadic_target(file, &mut state.asker(), symbols, symbol)?));
        }
        Target::Global(number) => {
            let symbols = tables.units[&pending.unit.id].symbols();
            *symbols.get(*number as usize).ok_or(CodeError::UnknownGlobal(*number))?
        }
        Target::Runtime(name) => {
            let symbol = runtime(tables, state, name)?;
            tables.code.note_named(symbol);
            symbol
        }
    };
    let Tables { file, symbols, cells, .. } = tables;
    let relaxable = text::can_relax(&code.bytes, relocation.offset as usize);
    let asker = &mut state.asker();
    Ok(match (relocation.kind, symbols.place(symbol)) {
        (RelocationKind::TlsGd | RelocationKind::GotTpOff, _) => {
            Bound::ThreadPointerCell(cells.thread_pointer(file, asker, symbols, symbol)?)
        }
        (RelocationKind::GotPcRel32 { relaxable: true }, Place::Image(at))
            if relaxable && file.layout().is_near(at) =>
        {
            Bound::Direct(at)
        }
        (RelocationKind::GotPcRel32 { .. }, _) => Bound::Cell(cells.address(file, asker, symbols, symbol)?),
        (_, Place::Image(at)) => Bound::Direct(at),
        (RelocationKind::Call32, _) => Bound::Direct(cells.call_target(file, asker, symbols, symbol)?),
        (kind, place) => {
            let symbol = symbols.name(symbol).to_string();
            return Err(CodeError::Unreachable { kind, symbol, place }.into());
        }
    })
}

/// The symbol of a run-time support function that code calls.
fn runtime(tables: &mut Tables, state: &mut State, name: &str) -> Result<SymbolIndex, BindError> {
    let symbol = match state {
        State::Linking(linking) => outside::runtime(tables, linking, name)?,
        // All that any code may need have been there since the image was made.
        State::Running => tables.symbols.find(name).ok_or(Error::Sealed)?,
    };
    if tables.symbols.place(symbol) == Place::Undefined {
        return Err(CodeError::Undefined(name.to_owned()).into());
    }
    Ok(symbol)
}

enum BindError {
    Code(CodeError),
    Image(Error),
}

impl From<CodeError> for BindError {
    fn from(error: CodeError) -> Self {
        Self::Code(error)
    }
}

impl From<Error> for BindError {
    fn from(error: Error) -> Self {
        Self::Image(error)
    }
}
