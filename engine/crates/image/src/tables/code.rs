//! Machine code in the image: which function has which, and what it was bound to.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use cranefly_cgu::{CodegenUnit, FunctionInfo};
use cranefly_machine::{MachineCode, PackedCode, Target};
use hashbrown::HashSet;

use crate::tables::symbols::{BySymbol, SymbolIndex, Symbols};
use crate::tables::units::UnitState;

/// A function whose slot must be given code.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Its symbol.
    pub symbol: SymbolIndex,
    /// The unit that defines it.
    pub unit: Arc<CodegenUnit>,
    /// Index in the unit's functions.
    pub function: usize,
    /// Its content changed; otherwise only what it refers to moved.
    pub changed: bool,
}

impl Pending {
    /// The function.
    pub fn info(&self) -> &FunctionInfo {
        &self.unit.functions[self.function]
    }
}

/// Machine code at an address.
#[derive(Clone, Debug)]
pub(crate) struct PlacedCode {
    /// Content key of the function.
    pub(crate) key: u128,
    /// The unbound code.
    pub(crate) code: Arc<PackedCode>,
    /// Virtual address.
    pub(crate) address: u64,
    /// Hash of everything that it was [bound](binding) to.
    pub(crate) binding: u64,
    /// Row in `.symtab`.
    pub(crate) symtab: u32,
}

impl PlacedCode {
    /// Code of which only that it is there counts, and where.
    pub(crate) fn at(address: u64) -> Self {
        Self { key: 0, code: Arc::new(PackedCode::of(&MachineCode::default())), address, binding: 0, symtab: 0 }
    }
}

/// The code of an image's functions. What has none waits for its first call.
#[derive(Debug, Default)]
pub(crate) struct Code {
    placed: BySymbol<PlacedCode>,
    /// What code refers to by name, whether its unit does or not.
    named: HashSet<SymbolIndex>,
}

impl Code {
    /// The code of a function.
    pub(crate) fn get(&self, symbol: SymbolIndex) -> Option<&PlacedCode> {
        self.placed.get(symbol)
    }

    /// Gives a function code in the place of what it had.
    pub(crate) fn set(&mut self, symbol: SymbolIndex, code: PlacedCode) {
        self.placed.insert(symbol, code);
    }

    /// Takes a function's code away.
    pub(crate) fn forget(&mut self, symbol: SymbolIndex) {
        self.placed.remove(symbol);
    }

    /// Notes that code refers to a symbol by its name.
    pub(crate) fn note_named(&mut self, symbol: SymbolIndex) {
        self.named.insert(symbol);
    }

    /// Those of `moved` that code refers to by name.
    pub(crate) fn named_among<'a>(&'a self, moved: &'a HashSet<SymbolIndex>) -> impl Iterator<Item = SymbolIndex> + 'a {
        self.named.intersection(moved).copied()
    }

    /// Whether code of a unit refers to one of these names without the unit doing so.
    pub(crate) fn names_any(&self, state: &UnitState, names: &HashSet<&str>) -> bool {
        let code = |function: &Arc<FunctionInfo>| Some(&self.get(state.symbol(function.global))?.code);
        !names.is_empty()
            && state.unit().functions.iter().filter_map(code).any(|code| {
                let named = |target: &Target| matches!(target, Target::Runtime(name) if names.contains(&**name));
                code.beyond_body().iter().any(named)
            })
    }
}

/// Hash of the places of everything that `function` refers to, and that its `code` does besides.
pub(crate) fn binding(symbols: &Symbols, state: &UnitState, function: &FunctionInfo, code: &PackedCode) -> u64 {
    let mut hasher = DefaultHasher::new();
    for symbol in &function.symbols {
        symbols.place(state.symbol(symbol.global)).hash(&mut hasher);
    }
    for target in code.beyond_body() {
        let index = match &target {
            Target::Runtime(name) => symbols.find(name),
            Target::Global(number) => state.symbols().get(*number as usize).copied(),
            Target::Symbol(_) | Target::Variadic(_) | Target::Local(_) => continue,
        };
        index.map(|index| symbols.place(index)).hash(&mut hasher);
    }
    hasher.finish()
}
