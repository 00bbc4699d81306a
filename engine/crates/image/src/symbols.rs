//! The program's symbols: who defines each, and where it lies.

use std::sync::Arc;

use cranefly_bitcode::ir::{GlobalId, Linkage};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::data::PlacedData;
use crate::text::PlacedCode;

/// Index of a symbol in [`Symbols`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymbolIndex(pub u32);

/// Where a symbol lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Place {
    /// Nobody defines it.
    Undefined,
    /// Undefined and weak: address zero.
    Null,
    /// A number that is no address: what assembly sets a symbol to.
    Absolute(u64),
    /// In this image, at a virtual address (functions: their slot).
    Image(u64),
    /// In this image's block of thread-locals, bytes from its start.
    ThreadLocal(u64),
    /// In the base image, bytes from the anchor.
    Base(i64),
    /// In the base image's block of thread-locals, bytes from the anchor.
    BaseThreadLocal(i64),
    /// In a shared library, by dynamic symbol.
    Import {
        /// Index in `.dynsym`.
        index: u32,
        /// Thread-local.
        thread_local: bool,
    },
}

/// One defining unit of a symbol.
#[derive(Clone, Debug)]
pub struct Definer {
    /// The unit's id.
    pub unit: Arc<str>,
    /// The global there.
    pub global: GlobalId,
    /// `External` or `Local` beats `Weak`.
    pub linkage: Linkage,
}

/// A function, variable or alias.
#[derive(Debug)]
pub struct Symbol {
    /// Linker name.
    pub name: Arc<str>,
    /// Units that define it, by order of arrival.
    pub definers: SmallVec<[Definer; 1]>,
    /// Every declaration is `extern_weak`.
    pub weak: bool,
    /// Where it lies now.
    pub place: Place,
    /// Address of its slot, once it has one; kept for good.
    pub slot: Option<u64>,
    /// Address of its GOT entry.
    pub got: Option<u64>,
    /// Address of the GOT entry with its thread-pointer offset.
    pub tp_got: Option<u64>,
    /// Address of its PLT entry.
    pub plt: Option<u64>,
    /// Address of its variadic thunk.
    pub variadic: Option<u64>,
    /// Machine code that its slot jumps to.
    pub code: Option<PlacedCode>,
    /// Its storage.
    pub data: Option<PlacedData>,
    /// Where the assembly of its unit defines it, if it is a local of that.
    pub in_assembly: Option<Place>,
}

impl Symbol {
    /// The definition that counts: the first strong one, or else the first weak one.
    pub fn definition(&self) -> Option<&Definer> {
        self.definers.iter().find(|definer| definer.linkage != Linkage::Weak).or_else(|| self.definers.first())
    }
}

/// All symbols of a program.
#[derive(Debug, Default)]
pub struct Symbols {
    all: Vec<Symbol>,
    by_name: HashMap<Arc<str>, SymbolIndex>,
}

impl Symbols {
    /// The symbol visible everywhere as `name`, made when new. The flag tells whether it is.
    pub fn global(&mut self, name: &Arc<str>) -> (SymbolIndex, bool) {
        if let Some(&index) = self.by_name.get(name) {
            return (index, false);
        }
        let index = self.add(name);
        self.by_name.insert(name.clone(), index);
        (index, true)
    }

    /// The global symbol `name`, if there is one.
    pub fn find(&self, name: &str) -> Option<SymbolIndex> {
        self.by_name.get(name).copied()
    }

    /// All symbols, by index.
    pub fn iter(&self) -> impl Iterator<Item = (SymbolIndex, &Symbol)> {
        (0..).map(SymbolIndex).zip(&self.all)
    }

    /// A new symbol that is in no table of names.
    pub fn add(&mut self, name: &Arc<str>) -> SymbolIndex {
        let index = SymbolIndex(u32::try_from(self.all.len()).expect("symbols below 2^32"));
        self.all.push(Symbol {
            name: name.clone(),
            definers: SmallVec::new(),
            weak: true,
            place: Place::Undefined,
            slot: None,
            got: None,
            tp_got: None,
            plt: None,
            variadic: None,
            code: None,
            data: None,
            in_assembly: None,
        });
        index
    }
}

impl std::ops::Index<SymbolIndex> for Symbols {
    type Output = Symbol;

    fn index(&self, index: SymbolIndex) -> &Symbol {
        &self.all[index.0 as usize]
    }
}

impl std::ops::IndexMut<SymbolIndex> for Symbols {
    fn index_mut(&mut self, index: SymbolIndex) -> &mut Symbol {
        &mut self.all[index.0 as usize]
    }
}
