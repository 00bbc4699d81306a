//! The tables of an image that code is bound by and described in: all that it takes to give a function code.

pub(crate) mod cells;
pub(crate) mod code;
pub(crate) mod debug;
pub(crate) mod dynamic;
pub(crate) mod frames;
pub(crate) mod relocations;
pub(crate) mod slots;
pub(crate) mod start;
pub(crate) mod stub;
pub(crate) mod symbols;
pub(crate) mod symtab;
pub(crate) mod units;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cranefly_bitcode::ir::GlobalId;
use cranefly_cgu::CodegenUnit;
use cranefly_machine::PackedCode;
use hashbrown::HashSet;

use self::cells::Cells;
use self::code::{Code, Pending};
use self::debug::{DebugInfo, Subject};
use self::frames::Frames;
use self::slots::Slots;
use self::stub::Stub;
use self::symbols::{SymbolIndex, Symbols};
use self::symtab::Symtab;
use self::units::Units;
use crate::file::ImageFile;

/// The tables, which each keep themselves in order. What can be looked at in an image whatever its state.
#[derive(Debug)]
pub struct Tables {
    pub(crate) file: ImageFile,
    pub(crate) symbols: Symbols,
    pub(crate) units: Units,
    pub(crate) slots: Slots,
    pub(crate) cells: Cells,
    pub(crate) code: Code,
    pub(crate) frames: Frames,
    pub(crate) symtab: Symtab,
    pub(crate) debug: DebugInfo,
    pub(crate) stub: Stub,
    /// Bytes of code that functions without any may need yet; `None` while nobody asked since the last update.
    pub(crate) late_text: Option<u64>,
    /// All functions whose slots have lower numbers have code. Begins again when a function loses its code, and with each update.
    pub(crate) compiled_up_to: AtomicUsize,
}

/// Code of a function as it lies in the image.
#[derive(Clone, Debug)]
pub struct PublishedCode {
    /// Content key of the function that it is the code of.
    pub key: u128,
    /// Virtual address.
    pub address: u64,
    /// The bytes, bound.
    pub bytes: Vec<u8>,
    /// What they were made of.
    pub unbound: Arc<PackedCode>,
}

impl Tables {
    /// The file.
    pub fn file(&self) -> &ImageFile {
        &self.file
    }

    /// Name of a symbol.
    pub fn name(&self, symbol: SymbolIndex) -> &Arc<str> {
        self.symbols.name(symbol)
    }

    /// Whether a function has code.
    pub fn has_code(&self, pending: &Pending) -> bool {
        self.code.get(pending.symbol).is_some()
    }

    /// Whether `pending` still says what its slot needs: it has no code, and its definition is the same.
    pub fn is_deferred(&self, pending: &Pending) -> bool {
        let same = |(unit, global)| Arc::ptr_eq(unit, &pending.unit) && global == pending.info().global;
        !self.has_code(pending) && self.units.definition(&self.symbols, pending.symbol).is_some_and(same)
    }

    /// What must be bound for the slot with this number to have code; `None` if it has, or if there is no such slot.
    pub fn deferred(&self, slot: u32) -> Option<Pending> {
        let symbol = self.slots.symbol(slot as usize)?;
        if self.code.get(symbol).is_some() { None } else { self.function(symbol) }
    }

    /// A function, as if it had no code.
    fn function(&self, symbol: SymbolIndex) -> Option<Pending> {
        let (unit, function) = self.units.function(&self.symbols, symbol)?;
        Some(Pending { symbol, unit: unit.clone(), function, changed: true })
    }

    /// Every function that has no code yet, in the order of the slots.
    pub fn deferred_functions(&self) -> impl Iterator<Item = Pending> {
        self.slots_without_code().filter_map(|symbol| self.function(symbol))
    }

    /// As [`deferred_functions`](Self::deferred_functions), callees after their callers as far as calls are direct, from `main`
    /// on; the rest in the order of the slots.
    pub fn deferred_in_call_order(&self) -> Vec<Pending> {
        let mut order = Vec::new();
        if self.is_compiled() {
            return order;
        }
        let mut is_queued = vec![false; self.symbols.len()];
        let mut queue: VecDeque<SymbolIndex> = self.symbols.find("main").into_iter().collect();
        for &symbol in &queue {
            is_queued[symbol.number() as usize] = true;
        }
        let mut rest = self.slots.symbols().iter().copied();
        loop {
            let unqueued = |symbol: &SymbolIndex| !std::mem::replace(&mut is_queued[symbol.number() as usize], true);
            let Some(symbol) = queue.pop_front().or_else(|| rest.find(unqueued)) else { return order };
            let Some(pending) = self.function(symbol) else { continue };
            let state = &self.units[&pending.unit.id];
            let callees = pending.info().symbols.iter().map(|reference| state.symbol(reference.global));
            let unqueued = |symbol: &SymbolIndex| !std::mem::replace(&mut is_queued[symbol.number() as usize], true);
            queue.extend(callees.filter(|&callee| self.slots.get(callee).is_some()).filter(unqueued));
            if self.code.get(symbol).is_none() {
                order.push(pending);
            }
        }
    }

    /// Whether every function has code.
    pub fn is_compiled(&self) -> bool {
        // Programs call functions in any order, and this is asked after each: what has code keeps it until the next update.
        let begin = self.compiled_up_to.load(Ordering::Relaxed);
        let symbols = self.slots.symbols();
        let lacks_code = |&symbol: &SymbolIndex| {
            self.code.get(symbol).is_none() && self.units.function(&self.symbols, symbol).is_some()
        };
        let first = symbols[begin.min(symbols.len())..].iter().position(lacks_code);
        self.compiled_up_to.store(first.map_or(symbols.len(), |first| begin + first), Ordering::Relaxed);
        first.is_none()
    }

    /// Units with functions that have no code yet, by id.
    pub fn incomplete_units(&self) -> Vec<Arc<CodegenUnit>> {
        let mut seen = HashSet::new();
        let mut units = Vec::new();
        for symbol in self.slots_without_code() {
            let Some((unit, global)) = self.units.definition(&self.symbols, symbol) else { continue };
            if !seen.contains(&unit.id) && unit.function(global).is_some() {
                seen.insert(&unit.id);
                units.push(unit.clone());
            }
        }
        units.sort_by(|a, b| a.id.cmp(&b.id));
        units
    }

    /// The symbols, by slot number, whose slots call the first-call stub, or belong to no function any more.
    pub(crate) fn slots_without_code(&self) -> impl Iterator<Item = SymbolIndex> {
        self.slots.symbols().iter().copied().filter(|&symbol| self.code.get(symbol).is_none())
    }

    /// The code that calls of the function `global` of a unit get; `None` while it has none, or is not in the program.
    pub fn published(&self, unit: &str, global: GlobalId) -> Option<PublishedCode> {
        let symbol = *self.units.get(unit)?.symbols().get(global.0 as usize)?;
        let code = self.code.get(symbol)?;
        Some(PublishedCode {
            key: code.key,
            address: code.address,
            bytes: self.file.read(code.address, code.code.bytes().len()).to_vec(),
            unbound: code.code.clone(),
        })
    }

    /// What must be bound for the function `global` of a unit to have code; `None` if it has, or is not in the program.
    pub fn uncompiled(&self, unit: &str, global: GlobalId) -> Option<Pending> {
        let symbol = *self.units.get(unit)?.symbols().get(global.0 as usize)?;
        let number = Slots::number(&self.file, self.slots.get(symbol)?)?;
        self.deferred(u32::try_from(number).ok()?)
    }

    /// The code that there is, to describe it to debuggers; and where that goes.
    pub(crate) fn description(&mut self) -> (&mut DebugInfo, &mut ImageFile, Subject<'_>) {
        let Self { file, symbols, units, code, debug, .. } = self;
        (debug, file, Subject { units, symbols, code })
    }

    /// Lets a function be compiled when it is first called.
    pub(crate) fn defer(&mut self, symbol: SymbolIndex) {
        self.code.forget(symbol);
        self.compiled_up_to = AtomicUsize::new(0);
        let slot = self.slots.of_function(symbol);
        self.file.publish_u64(slot, slots::lazy_word(slot, self.stub.entry()));
    }
}
