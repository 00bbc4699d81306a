//! What a program needs room for, and how much of it an image sets aside.
//!
//! Of data the need is known to the byte. Of code it follows from the [weight](cranefly_cgu::weight) of the functions, which
//! is known before any is compiled: `--example room` of `cranefly-bench` measures by how much. Of 11,759 functions of
//! rust-analyzer's a unit of weight took 4.9 bytes of code on average, and between 3.7 and 8.2 in all but two of a hundred
//! groups of a hundred functions.

use std::ops::AddAssign;

use crate::file::region::{ByRegion, PAGE, Region};
use crate::file::room::{MOST, Need, Room};

/// Sizes from which variables may lie where only the GOT reaches, the usual one first. The others are for programs with so many
/// variables that code would not reach them all.
pub const FAR_FROM: [u64; 4] = [1 << 20, 1 << 16, 1 << 12, 1 << 8];

/// Bytes of code for each unit of weight that hardly any program is below, on average.
const LEAST_CODE: u64 = 3;

/// Variables that may lie anywhere, by what they hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Variables {
    /// How many there are.
    pub count: u64,
    /// Bytes of constants without pointers.
    pub constants: u64,
    /// Bytes of constants with pointers.
    pub relocated: u64,
    /// Bytes of what the program writes to.
    pub data: u64,
    /// Bytes of zeros that are in no file however small the variables are.
    pub zeros: u64,
    /// Bytes of other zeros, which are in no file if they lie far away: what the program writes to.
    pub small_zeros: u64,
    /// The same of constants, however large.
    pub zero_constants: u64,
}

/// What an image must have room for. All sums saturate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// Functions, compiled or not.
    pub functions: u64,
    /// Their weights.
    pub weight: u64,
    /// Symbols in assembly.
    pub assembly_symbols: u64,
    /// Bytes of the names of functions and of symbols in assembly.
    pub name_bytes: u64,
    /// Bytes of the names of variables.
    pub variable_name_bytes: u64,
    /// Variables by size: from nothing on, and from each of [`FAR_FROM`] on, backwards.
    pub variables: [Variables; FAR_FROM.len() + 1],
    /// Bytes that lie in a region whatever their size.
    pub fixed: ByRegion,
    /// Pointers in variables and in assembly.
    pub pointers: u64,
    /// GOT entries of thread-locals and of what assembly asks for.
    pub cells: u64,
    /// Different names that are declared and not defined.
    pub imports: u64,
    /// Bytes of these names.
    pub import_name_bytes: u64,
    /// Different names that others are to find.
    pub exports: u64,
    /// Bytes of these names.
    pub export_name_bytes: u64,
}

impl Default for Demand {
    /// That of nothing.
    fn default() -> Self {
        Self {
            functions: 0,
            weight: 0,
            assembly_symbols: 0,
            name_bytes: 0,
            variable_name_bytes: 0,
            variables: Default::default(),
            fixed: [0; Region::COUNT],
            pointers: 0,
            cells: 0,
            imports: 0,
            import_name_bytes: 0,
            exports: 0,
            export_name_bytes: 0,
        }
    }
}

impl Demand {
    /// Everything that is defined is to be found by others.
    pub fn export_all(&mut self) {
        let variables = self.variables.iter().map(|it| it.count).fold(0, u64::saturating_add);
        add(&mut self.exports, self.functions.saturating_add(variables).saturating_add(self.assembly_symbols));
        add(&mut self.export_name_bytes, self.name_bytes.saturating_add(self.variable_name_bytes));
    }

    /// Bytes of code that the program has at least, whatever it is compiled to.
    pub fn least_code(&self) -> u64 {
        least_code_of(self.weight).saturating_add(self.fixed[Region::Text as usize])
    }

    /// What each region must hold, and what an image sets aside for it. `far_from`: the size from which variables lie far away.
    pub(crate) fn needs(&self, room: &Room, far_from: u64) -> [Need; Region::COUNT] {
        let (near, far) = self.split(far_from);
        let cells = sum([self.imports, self.cells, far.count]);
        let names = sum([self.imports, self.exports]);
        let arrays = sum([self.fixed[Region::InitArray as usize], self.fixed[Region::FiniArray as usize]]);
        let rows = sum([self.pointers, arrays / 8, cells]);
        let far_room = if far_from == FAR_FROM[0] { 1 } else { 2 };
        std::array::from_fn(|number| {
            let region = Region::ALL[number];
            let fixed = self.fixed[number];
            let own = |bytes: u64| sum([bytes, fixed]);
            let need = match region {
                Region::Header => Need::just(2 * PAGE),
                Region::Stub | Region::Runtime | Region::Shstrtab | Region::DebugAbbrev => Need::just(PAGE),
                // Entries of all dynamic symbols, and half as many lists, in words of four bytes.
                Region::Hash => Need::of(times(names, 8)).twice(64 << 10),
                Region::Dynsym => Need::of(times(names, 24)).twice(64 << 10),
                Region::Dynstr => Need::of(sum([self.import_name_bytes, self.export_name_bytes])).twice(256 << 10),
                Region::Versym => Need::of(times(names, 2)).twice(8 << 10),
                Region::Verneed => Need::of(0).twice(64 << 10),
                Region::Rela => Need::of(times(rows, 24)).twice(256 << 10),
                Region::Lsda => self.code(0, 32, 2).twice(1 << 20),
                Region::EhFrame => self.code(fixed, 128, 1).twice(1 << 20),
                Region::EhFrameHdr => {
                    Need::of(sum([times(self.functions, 8), self.fixed[Region::EhFrame as usize] / 3])).twice(256 << 10)
                }
                Region::Slots => Need::of(times(self.functions, cranefly_runtime::SLOT_SIZE)).twice(64 << 10),
                Region::Plt => Need::of(0).with(times(self.imports, 32), 16 << 10),
                Region::Text => {
                    let code = self.code(fixed, 32, 6);
                    Need { least: self.least_code(), wanted: sum([times(code.wanted, 4), 8 << 20]) }
                }
                Region::Rodata => Need::of(own(sum([near.constants, near.zero_constants]))).twice(256 << 10),
                Region::DataRelRo => Need::of(own(near.relocated)).twice(256 << 10),
                Region::Data => Need::of(own(sum([near.data, near.small_zeros]))).twice(256 << 10),
                Region::Bss => Need::of(own(near.zeros)).twice(64 << 10),
                Region::Tdata | Region::InitArray | Region::FiniArray => Need::of(fixed).twice(PAGE),
                Region::Dynamic => Need::of(0).twice(8 << 10),
                Region::Got => Need::of(times(cells, 16)).twice(64 << 10),
                Region::FarRodata => Need::of(far.constants).with(times(far.constants, far_room - 1), 0),
                Region::FarData => {
                    let bytes = sum([far.relocated, far.data]);
                    Need::of(bytes).with(times(bytes, far_room - 1), 0)
                }
                Region::FarBss => Need::of(sum([far.zeros, far.small_zeros, far.zero_constants])),
                Region::Symtab => Need::of(times(sum([self.functions, self.assembly_symbols]), 24)).twice(64 << 10),
                Region::Strtab => Need::of(self.name_bytes).twice(256 << 10),
                Region::DebugInfo => self.code(0, 512, 24).twice(8 << 20),
                Region::DebugLine => self.code(0, 128, 8).twice(4 << 20),
                Region::DebugRanges => self.code(0, 64, 2).twice(2 << 20),
            };
            room.grown(region, need)
        })
    }

    /// Room that is only guessed, for functions and their weights, besides `known` bytes.
    fn code(&self, known: u64, function: u64, weight: u64) -> Need {
        Need::of(known).with(sum([times(self.functions, function), times(self.weight, weight)]), 0)
    }

    /// Variables within reach, and those that lie far away.
    fn split(&self, far_from: u64) -> (Variables, Variables) {
        let (mut near, mut far) = (Variables::default(), Variables::default());
        let sizes = [0].into_iter().chain(FAR_FROM.into_iter().rev());
        for (size, variables) in sizes.zip(&self.variables) {
            *(if size >= far_from { &mut far } else { &mut near }) += variables;
        }
        (near, far)
    }

    /// The variables of this size.
    pub(crate) fn of_size(&mut self, size: u64) -> &mut Variables {
        let larger = FAR_FROM.iter().filter(|&&from| size >= from).count();
        &mut self.variables[larger]
    }
}

impl AddAssign<&Self> for Variables {
    fn add_assign(&mut self, other: &Self) {
        add(&mut self.count, other.count);
        add(&mut self.constants, other.constants);
        add(&mut self.relocated, other.relocated);
        add(&mut self.data, other.data);
        add(&mut self.zeros, other.zeros);
        add(&mut self.small_zeros, other.small_zeros);
        add(&mut self.zero_constants, other.zero_constants);
    }
}

impl AddAssign<&Self> for Demand {
    fn add_assign(&mut self, other: &Self) {
        add(&mut self.functions, other.functions);
        add(&mut self.weight, other.weight);
        add(&mut self.assembly_symbols, other.assembly_symbols);
        add(&mut self.name_bytes, other.name_bytes);
        add(&mut self.variable_name_bytes, other.variable_name_bytes);
        self.variables.iter_mut().zip(&other.variables).for_each(|(sum, more)| *sum += more);
        self.fixed.iter_mut().zip(other.fixed).for_each(|(sum, more)| add(sum, more));
        add(&mut self.pointers, other.pointers);
        add(&mut self.cells, other.cells);
        add(&mut self.imports, other.imports);
        add(&mut self.import_name_bytes, other.import_name_bytes);
        add(&mut self.exports, other.exports);
        add(&mut self.export_name_bytes, other.export_name_bytes);
    }
}

/// Bytes of code that functions of this weight have at least, on average.
pub(crate) fn least_code_of(weight: u64) -> u64 {
    weight.saturating_mul(LEAST_CODE)
}

pub(crate) fn add(sum: &mut u64, more: u64) {
    *sum = sum.saturating_add(more);
}

fn sum<const N: usize>(parts: [u64; N]) -> u64 {
    parts.into_iter().fold(0, u64::saturating_add)
}

fn times(count: u64, bytes: u64) -> u64 {
    count.saturating_mul(bytes).min(MOST)
}
