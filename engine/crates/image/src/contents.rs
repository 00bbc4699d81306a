//! What of a program's names and source positions is in its file: what a linker would have left there.

use cranefly_bitcode::ir::Linkage;
use serde::{Deserialize, Serialize};

use crate::image::Image;
use crate::symbols::Place;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// Debug info.
    pub debug_info: bool,
    /// Names of functions.
    pub names: bool,
    /// All visible symbols are in the dynamic symbol table (`--export-dynamic`).
    pub all_exported: bool,
}

impl Default for Contents {
    fn default() -> Self {
        Self { debug_info: true, names: true, all_exported: false }
    }
}

impl Image {
    /// For an empty image: what shall be in it.
    pub fn set_contents(&mut self, contents: Contents) {
        self.contents = contents;
    }

    /// Exports what a linker would of an executable that is to have all its symbols in the dynamic symbol table.
    pub(crate) fn export_all(&mut self) {
        if !self.contents.all_exported {
            return;
        }
        for index in std::mem::take(&mut self.visible) {
            self.dynamic.withdraw(&self.symbols[index].name);
        }
        for (index, symbol) in self.symbols.iter() {
            let Some(definer) = symbol.definition() else { continue };
            let hidden = self.units[&definer.unit].unit.module.globals[definer.global.0 as usize].hidden;
            if let Place::Image(at) = symbol.place
                && definer.linkage != Linkage::Local
                && !hidden
            {
                self.dynamic.export(&symbol.name, at);
                self.visible.insert(index);
            }
        }
    }
}
