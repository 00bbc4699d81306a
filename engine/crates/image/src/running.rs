//! An image that programs may run from: it grows by code, and by nothing else.

use std::ops::Deref;
use std::sync::Arc;

use cranefly_cgu::CodegenUnit;
use cranefly_machine::PackedCode;

use crate::Error;
use crate::checkpoint::Checkpoint;
use crate::error::CodeError;
use crate::file::elf;
use crate::file::region::{PAGE, Region};
use crate::passes::install::{self, Jump, State, install};
use crate::passes::late_code::{may_begin_page, waits_no_more};
use crate::tables::Tables;
use crate::tables::code::Pending;
use crate::tables::slots;

/// A committed image. Code that is [installed](Self::install) is to be [published](Self::publish): before, no slot jumps to it.
#[derive(Debug)]
pub struct Running<'image> {
    tables: &'image mut Tables,
    stamp: u64,
    added: Vec<Added>,
}

/// Code that no slot jumps to yet.
#[derive(Debug)]
struct Added {
    unit: Arc<CodegenUnit>,
    function: usize,
    jump: Jump,
}

impl Deref for Running<'_> {
    type Target = Tables;

    fn deref(&self) -> &Tables {
        self.tables
    }
}

impl<'image> Running<'image> {
    /// `stamp`: what the image's checkpoint and what was saved of it have in common.
    pub(crate) fn new(tables: &'image mut Tables, stamp: u64) -> Self {
        Self { tables, stamp, added: Vec::new() }
    }

    /// Alignment of the code that comes next. A debugger that sets a breakpoint gives its process a private copy of the page,
    /// which does not see what is appended to that page later. So what is published together begins on a page on which nothing
    /// can be called yet: while there is room for that.
    fn align(&mut self) -> u64 {
        if self.added.is_empty() && may_begin_page(self.tables) { PAGE } else { install::ALIGN }
    }

    /// Appends `code`, bound. The function's slot jumps to it when it is [published](Self::publish).
    pub fn install(&mut self, pending: &Pending, code: &Arc<PackedCode>) -> Result<(), Error> {
        let align = self.align();
        let jump = install(self.tables, State::Running, pending, code, align)?;
        waits_no_more(self.tables, pending.info().weight);
        self.added.push(Added { unit: pending.unit.clone(), function: pending.function, jump });
        Ok(())
    }

    /// Gives the slot of a function that cannot be compiled code that ends the program with `message`.
    pub fn install_failure(&mut self, pending: &Pending, message: &str) -> Result<(), Error> {
        let align = self.align();
        let at = self.tables.file.end(Region::Text).next_multiple_of(align);
        let code = cranefly_runtime::failure_code(at, self.tables.stub.fail(), message).map_err(|error| {
            let function = self.tables.name(pending.symbol).to_string();
            Error::Code { function, source: CodeError::Failure(error) }
        })?;
        let at = self.tables.file.append(Region::Text, &code, align)?;
        waits_no_more(self.tables, pending.info().weight);
        let slot = self.tables.slots.of_function(pending.symbol);
        self.checkpoint();
        self.tables.file.publish_u64(slot, slots::jump_word(slot, at));
        Ok(())
    }

    /// Lets programs run the code that was installed. Only appends, so they may read meanwhile. The error says that debug info is
    /// missing; the code is published all the same.
    ///
    /// The process may end at any instruction here: slots come last, so that code which can run is described and lies before
    /// the cursors that another process goes on from.
    pub fn publish(mut self) -> Result<(), Error> {
        self.added.sort_by(|a, b| (&a.unit.id, a.function).cmp(&(&b.unit.id, b.function)));
        let described = self.describe();
        self.checkpoint();
        let file = &mut self.tables.file;
        self.tables.frames.publish(file);
        elf::write_sections(file);
        for Added { jump, .. } in &self.added {
            file.publish_u64(jump.slot, jump.word);
        }
        described
    }

    fn describe(&mut self) -> Result<(), Error> {
        for group in self.added.chunk_by(|a, b| a.unit.id == b.unit.id) {
            let functions: Vec<usize> = group.iter().map(|code| code.function).collect();
            let (debug, file, subject) = self.tables.description();
            debug.describe_added(file, subject, &group[0].unit.id, &functions)?;
        }
        Ok(())
    }

    /// Writes down how far the image is in use: before anything that was added can be reached.
    fn checkpoint(&mut self) {
        Checkpoint::of(self.tables, self.stamp).write(&mut self.tables.file);
    }
}
