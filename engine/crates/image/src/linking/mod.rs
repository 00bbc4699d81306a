//! What is needed of an image to link it, and is gone when the process is that made it: names, and everything that moves.

pub(crate) mod assemblies;
pub(crate) mod constructors;
pub(crate) mod data;
pub(crate) mod exports;
pub(crate) mod groups;

use std::sync::Arc;

use cranefly_cgu::CodegenUnit;

use self::assemblies::Assemblies;
use self::constructors::Constructors;
use self::data::Data;
use self::exports::Exports;
use self::groups::Groups;
use crate::Error;
use crate::base::BaseImage;
use crate::file::elf::Alignment;
use crate::tables::Tables;
use crate::tables::cells::Asker;
use crate::tables::dynamic::DynamicTables;
use crate::tables::relocations::Relocations;
use crate::tables::stub::OwnCode;
use crate::tables::symbols::SymbolIndex;

/// The tables, which each keep themselves in order.
#[derive(Debug)]
pub(crate) struct Linking {
    pub(crate) base: Arc<BaseImage>,
    pub(crate) own: OwnCode,
    pub(crate) dynamic: DynamicTables,
    pub(crate) relocations: Relocations,
    pub(crate) data: Data,
    pub(crate) assemblies: Assemblies,
    pub(crate) groups: Groups,
    pub(crate) constructors: Constructors,
    /// The allocator's entry points, which follow what the program has for them.
    pub(crate) allocator: Vec<SymbolIndex>,
    pub(crate) exports: Exports,
    /// Of the strictest variables.
    pub(crate) alignment: Alignment,
}

impl Linking {
    /// The right to make cells.
    pub(crate) fn asker(&mut self) -> Asker<'_> {
        Asker::Linking(&mut self.relocations)
    }

    /// Address to call for a symbol: a slot, or a PLT entry.
    pub(crate) fn call_target(&mut self, tables: &mut Tables, symbol: SymbolIndex) -> Result<u64, Error> {
        let Tables { file, symbols, cells, .. } = tables;
        cells.call_target(file, &mut self.asker(), symbols, symbol)
    }

    /// The GOT entry of a symbol.
    pub(crate) fn cell(&mut self, tables: &mut Tables, symbol: SymbolIndex) -> Result<u64, Error> {
        let Tables { file, symbols, cells, .. } = tables;
        cells.address(file, &mut self.asker(), symbols, symbol)
    }

    /// The GOT entry with a symbol's thread-pointer offset.
    pub(crate) fn thread_pointer_cell(&mut self, tables: &mut Tables, symbol: SymbolIndex) -> Result<u64, Error> {
        let Tables { file, symbols, cells, .. } = tables;
        cells.thread_pointer(file, &mut self.asker(), symbols, symbol)
    }

    /// Takes back what is known of a variable that is there no more, or moves.
    pub(crate) fn forget_data(&mut self, tables: &mut Tables, symbol: SymbolIndex) {
        self.data.forget(&mut tables.file, &mut self.relocations, symbol);
    }

    /// Gives everything that `unit` refers to outside of the image its GOT entries.
    pub(crate) fn provide_cells(&mut self, tables: &mut Tables, unit: &CodegenUnit) -> Result<(), Error> {
        let Tables { file, symbols, units, cells, .. } = tables;
        for &symbol in units[&unit.id].symbols() {
            cells.provide(file, &mut self.relocations, symbols, symbol)?;
        }
        Ok(())
    }
}
