//! Whether functions that have no code yet will find room for it in an image that programs may run from by then.

use crate::file::demand::Demand;
use crate::file::region::{PAGE, Region};
use crate::file::room::Shortage;
use crate::tables::Tables;

/// Bytes of code that hardly any function needs more of, its alignment included, and for each unit of its weight.
const MOST_TEXT: (u64, u64) = (64, 12);
/// Bytes that hardly any function needs more of, and hardly any needs for each unit of its weight.
const MOST: [(Region, u64, u64); 5] = [
    (Region::Text, MOST_TEXT.0, MOST_TEXT.1),
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

/// What functions without code may find no room in, whatever theirs turns out to be. `all`: what the program needs.
pub(crate) fn shortage(tables: &Tables, all: &Demand) -> Option<Shortage> {
    let all = Waiting { functions: all.functions, weight: all.weight, name_bytes: all.name_bytes };
    // Most images have room for everything once more.
    all.shortage(tables)?;
    waiting(tables).shortage(tables)
}

/// Weight of all functions, with or without code: of each the definition that counts.
pub(crate) fn weight(tables: &Tables) -> u64 {
    let of = |&symbol| {
        tables.units.function(&tables.symbols, symbol).map(|(unit, function)| unit.functions[function].weight)
    };
    tables.slots.symbols().iter().filter_map(of).map(u64::from).sum()
}

/// Whether the code that comes next may begin on a page of its own: all functions without code find room even so.
pub(crate) fn may_begin_page(tables: &mut Tables) -> bool {
    let rest = tables.late_text.unwrap_or_else(|| waiting(tables).text());
    tables.late_text = Some(rest);
    rest.saturating_add(PAGE) <= left(tables, Region::Text)
}

/// Notes that a function of this weight waits no more.
pub(crate) fn waits_no_more(tables: &mut Tables, weight: u32) {
    let text = Waiting { functions: 1, weight: u64::from(weight), name_bytes: 0 }.text();
    tables.late_text = tables.late_text.map(|rest| rest.saturating_sub(text));
}

fn left(tables: &Tables, region: Region) -> u64 {
    tables.file.layout().capacity(region) - tables.file.used(region)
}

impl Waiting {
    fn text(self) -> u64 {
        self.bytes(MOST_TEXT.0, MOST_TEXT.1)
    }

    fn bytes(self, function: u64, weight: u64) -> u64 {
        self.functions.saturating_mul(function).saturating_add(self.weight.saturating_mul(weight))
    }

    fn shortage(self, tables: &Tables) -> Option<Shortage> {
        let code = MOST.iter().map(|&(region, function, weight)| (region, self.bytes(function, weight)));
        let mut needs = code.chain([(Region::Strtab, self.name_bytes)]);
        let (region, bytes) = needs.find(|&(region, bytes)| bytes > left(tables, region))?;
        let capacity = tables.file.layout().capacity(region);
        Some(Shortage { region, capacity, needed: tables.file.used(region).saturating_add(bytes) })
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
