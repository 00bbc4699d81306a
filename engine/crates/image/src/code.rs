//! Putting machine code in its place and letting its slot jump to it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use cranefly_machine::{MachineCode, RelocationKind, Target};

use crate::Error;
use crate::dynamic::symbol as elf_symbol;
use crate::image::{Added, Image, Pending, UnitState};
use crate::input::FunctionInfo;
use crate::layout::{PAGE, Region};
use crate::symbols::Place;
use crate::text::{self, Bound, PlacedCode};

const STT_FUNC: u8 = 2;

impl Image {
    /// Hash of the places of everything that `function` refers to, and that its `code` does besides.
    pub(crate) fn binding(&self, state: &UnitState, function: &FunctionInfo, code: &MachineCode) -> u64 {
        let mut hasher = DefaultHasher::new();
        for symbol in &function.symbols {
            self.symbols[state.symbols[symbol.global.0 as usize]].place.hash(&mut hasher);
        }
        for relocation in &code.relocations {
            let index = match &relocation.target {
                Target::Runtime(name) => self.symbols.find(name),
                Target::Global(number) => state.symbols.get(*number as usize).copied(),
                Target::Symbol(_) | Target::Variadic(_) | Target::Local(_) => continue,
            };
            index.map(|index| self.symbols[index].place).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Alignment of the code that comes next. A debugger that sets a breakpoint gives its process a private copy of the page,
    /// which does not see what is appended to that page later. So once programs may run, what is published together
    /// begins on a page on which nothing can be called yet.
    fn batch_align(&self) -> u64 {
        if self.sealed && self.added.is_empty() { PAGE } else { 16 }
    }

    /// Gives the slot of a function that cannot be compiled code that ends the program with `message`.
    pub fn install_failure(&mut self, pending: &Pending, message: &str) -> Result<(), Error> {
        let align = self.batch_align();
        let at = self.file.end(Region::Text).next_multiple_of(align);
        let fail = self.stub_entry - cranefly_runtime::stub().entry as u64 + cranefly_runtime::stub().fail as u64;
        let code = cranefly_runtime::failure_code(at, fail, message).map_err(|error| Error::Relocation {
            function: self.symbols[pending.symbol].name.to_string(),
            reason: error.to_string(),
        })?;
        let at = self.file.append(Region::Text, &code, align)?;
        let slot = self.symbols[pending.symbol].slot.expect("a defined function has a slot");
        self.checkpoint();
        self.file.publish_u64(slot, text::jump_word(slot, at));
        Ok(())
    }

    /// Appends `code`, bound, and lets the function's slot jump to it: at once before [`Self::commit`], and with
    /// [`Self::publish_added`] behind it.
    pub fn install(&mut self, pending: &Pending, code: &Arc<MachineCode>) -> Result<(), Error> {
        let name = self.symbols[pending.symbol].name.clone();
        let failed = |reason: String| Error::Relocation { function: name.to_string(), reason };
        let align = u64::from(code.align).clamp(16, PAGE).max(self.batch_align());
        let address = self.file.reserve(Region::Text, code.bytes.len() as u64, align)?;
        let mut bytes = code.bytes.clone();
        for relocation in &code.relocations {
            let bound = self.bind(pending, address, code, relocation).map_err(|error| match error {
                BindError::Reason(reason) => failed(reason),
                BindError::Image(error) => error,
            })?;
            text::relocate(&mut bytes, address, relocation, bound).map_err(failed)?;
        }
        self.file.write(address, &bytes);
        self.add_frame(&name, address, code)?;
        let symtab = self.symbols[pending.symbol].code.as_ref().map(|old| old.symtab);
        let symtab = self.add_to_symtab(symtab, &name, STT_FUNC, address, u64::from(code.text_len))?;
        let binding = self.binding(&self.units[&pending.unit.id], pending.info(), code);
        let symbol = &mut self.symbols[pending.symbol];
        symbol.code = Some(PlacedCode { key: pending.info().key, code: code.clone(), address, binding, symtab });
        let slot = symbol.slot.expect("a defined function has a slot");
        let word = text::jump_word(slot, address);
        if self.sealed {
            self.added.push(Added { unit: pending.unit.clone(), function: pending.function, slot, word });
        } else {
            self.file.publish_u64(slot, word);
        }
        Ok(())
    }

    fn bind(
        &mut self,
        pending: &Pending,
        address: u64,
        code: &MachineCode,
        relocation: &cranefly_machine::Relocation,
    ) -> Result<Bound, BindError> {
        let of_symbol = |program: &Self, number: u32| {
            let reference = pending.info().symbols.get(number as usize);
            let reference =
                reference.ok_or_else(|| BindError::Reason(format!("symbol operand {number} is unknown")))?;
            Ok::<_, BindError>(program.units[&pending.unit.id].symbols[reference.global.0 as usize])
        };
        let index = match &relocation.target {
            Target::Local(offset) => return Ok(Bound::Direct(address + u64::from(*offset))),
            Target::Symbol(number) => of_symbol(self, *number)?,
            Target::Variadic(number) => {
                let index = of_symbol(self, *number)?;
                return Ok(Bound::Direct(self.variadic(index)?));
            }
            Target::Global(number) => {
                let symbols = &self.units[&pending.unit.id].symbols;
                *symbols
                    .get(*number as usize)
                    .ok_or_else(|| BindError::Reason(format!("global {number} is unknown")))?
            }
            Target::Runtime(name) => {
                let index = self.runtime(name)?;
                self.named_by_code.insert(index);
                if self.symbols[index].place == Place::Undefined {
                    return Err(BindError::Reason(format!("nothing defines `{name}`, which its code needs")));
                }
                index
            }
        };
        let relaxable = text::can_relax(&code.bytes, relocation.offset as usize);
        Ok(match (relocation.kind, self.symbols[index].place) {
            (RelocationKind::TlsGd | RelocationKind::GotTpOff, _) => {
                Bound::ThreadPointerCell(self.thread_pointer_cell(index)?)
            }
            (RelocationKind::GotPcRel32 { relaxable: true }, Place::Image(at))
                if relaxable && self.file.layout().is_near(at) =>
            {
                Bound::Direct(at)
            }
            (RelocationKind::GotPcRel32 { .. }, _) => Bound::Cell(self.cell(index)?),
            (_, Place::Image(at)) => Bound::Direct(at),
            (RelocationKind::Call32, _) => Bound::Direct(self.call_target(index)?),
            (kind, place) => {
                return Err(BindError::Reason(format!("{kind:?} to `{}` at {place:?}", self.symbols[index].name)));
            }
        })
    }

    /// Describes what lies at `address` in `.symtab`, in a row that it had before or in a new one.
    pub(crate) fn add_to_symtab(
        &mut self,
        row: Option<u32>,
        name: &str,
        kind: u8,
        address: u64,
        len: u64,
    ) -> Result<u32, Error> {
        if !self.contents.names {
            // The null symbol's, which stands for any.
            return Ok(0);
        }
        let start = self.file.layout().start(Region::Symtab);
        let (row, name) = if let Some(row) = row {
            let bytes = self.file.read(start + u64::from(row) * 24, 4);
            (row, u32::from_le_bytes(bytes.try_into().expect("four bytes")))
        } else {
            if self.file.used(Region::Strtab) == 0 {
                self.file.append(Region::Strtab, &[0], 1)?;
                self.file.append(Region::Symtab, &[0; 24], 8)?;
            }
            let mut text = name.as_bytes().to_vec();
            text.push(0);
            let at = self.file.append(Region::Strtab, &text, 1)? - self.file.layout().start(Region::Strtab);
            let row = self.file.reserve(Region::Symtab, 24, 8)?;
            let row = u32::try_from((row - start) / 24).expect("symbols below 2^32");
            (row, u32::try_from(at).expect("strings below 4 GB"))
        };
        self.file.write(start + u64::from(row) * 24, &elf_symbol(name, kind, crate::elf::TEXT_SECTION, address, len));
        Ok(row)
    }

    /// Makes a row of `.symtab` one that says nothing.
    pub(crate) fn clear_symtab(&mut self, row: u32) {
        if !self.contents.names {
            return;
        }
        let start = self.file.layout().start(Region::Symtab);
        self.file.write(start + u64::from(row) * 24, &[0; 24]);
    }
}

enum BindError {
    Reason(String),
    Image(Error),
}

impl From<Error> for BindError {
    fn from(error: Error) -> Self {
        Self::Image(error)
    }
}
