//! Whether functions that have no code yet will find room for it in an image that programs may run from by then.

use crate::file::demand::Demand;
use crate::file::region::Region;
use crate::tables::Tables;

/// Bytes that hardly any function needs more of, and hardly any needs for each unit of its weight.
const MOST: [(Region, u64, u64); 5] = [
    (Region::Text, 64, 12),
    (Region::EhFrame, 128, 1),
    (Region::EhFrameHdr, 8, 0),
    (Region::Lsda, 32, 2),
    (Region::Symtab, 24, 0),
];

/// Functions to be compiled.
#[derive(Clone, Copy, Debug, Default)]
struct Waiting {
    functions: u64,
    weight: u64,
    name_bytes: u64,
}

/// Whether all functions without code will find room for it, whatever it turns out to be. `all`: what the program needs.
pub(crate) fn has_room(tables: &Tables, all: &Demand) -> bool {
    let all = Waiting { functions: all.functions, weight: all.weight, name_bytes: all.name_bytes };
    // Most images have room for everything once more.
    all.fits(tables) || waiting(tables).fits(tables)
}

impl Waiting {
    fn fits(self, tables: &Tables) -> bool {
        let left = |region| tables.file.layout().capacity(region) - tables.file.used(region);
        let fits = |&(region, function, weight): &(Region, u64, u64)| {
            let functions = self.functions.saturating_mul(function);
            functions.saturating_add(self.weight.saturating_mul(weight)) <= left(region)
        };
        MOST.iter().all(fits) && self.name_bytes <= left(Region::Strtab)
    }
}

fn waiting(tables: &Tables) -> Waiting {
    let mut waiting = Waiting::default();
    for symbol in tables.slots_without_code() {
        let Some((unit, function)) = tables.units.function(&tables.symbols, symbol) else { continue };
        waiting.functions += 1;
        waiting.weight += u64::from(unit.functions[function].weight);
        waiting.name_bytes += tables.symbols.name(symbol).len() as u64 + 1;
    }
    waiting
}
