//! Where everything lies in an image: regions of fixed capacity, in file order.
//!
//! Virtual addresses equal file offsets for everything that is loaded, so that the daemon's mapping of the file is
//! indexed by virtual address. Regions are sized for growth and cost nothing until written (the file is sparse).

use serde::{Deserialize, Serialize};

/// Size of a page; segment boundaries are multiples of it.
pub const PAGE: u64 = 4096;

/// A part of the image with its own write cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Region {
    /// ELF header, program headers, section headers, the [checkpoint](crate::checkpoint).
    Header,
    /// `.hash`: System V hash table of the exported symbols.
    Hash,
    /// `.dynsym`.
    Dynsym,
    /// `.dynstr`.
    Dynstr,
    /// `.gnu.version`.
    Versym,
    /// `.gnu.version_r`.
    Verneed,
    /// `.rela.dyn`.
    Rela,
    /// `.eh_frame_hdr`: binary search table, by rising address because text is append-only.
    EhFrameHdr,
    /// `.eh_frame`.
    EhFrame,
    /// `.gcc_except_table`.
    Lsda,
    /// `.rodata`: constants without pointers.
    Rodata,
    /// `.cranefly.stub`: the first-call stub.
    Stub,
    /// `.cranefly.slots`: one 8-byte jump a function.
    Slots,
    /// `.plt`: jumps through the GOT to other objects, variadic thunks, allocator shims.
    Plt,
    /// `.text`.
    Text,
    /// `.tdata`: initial contents of the thread-locals.
    Tdata,
    /// `.init_array`.
    InitArray,
    /// `.fini_array`.
    FiniArray,
    /// `.dynamic`.
    Dynamic,
    /// `.got`.
    Got,
    /// `.data.rel.ro`: constants with pointers.
    DataRelRo,
    /// `.cranefly.runtime`: the stub's private words.
    Runtime,
    /// `.data`.
    Data,
    /// `.bss`: takes no room in the file.
    Bss,
    /// `.symtab`.
    Symtab,
    /// `.strtab`.
    Strtab,
    /// `.shstrtab`.
    Shstrtab,
    /// `.debug_abbrev`.
    DebugAbbrev,
    /// `.debug_info`.
    DebugInfo,
    /// `.debug_line`.
    DebugLine,
    /// `.debug_str`.
    DebugStr,
    /// `.debug_ranges`.
    DebugRanges,
}

impl Region {
    /// All regions in file order.
    pub const ALL: [Self; 32] = [
        Self::Header,
        Self::Hash,
        Self::Dynsym,
        Self::Dynstr,
        Self::Versym,
        Self::Verneed,
        Self::Rela,
        Self::EhFrameHdr,
        Self::EhFrame,
        Self::Lsda,
        Self::Rodata,
        Self::Stub,
        Self::Slots,
        Self::Plt,
        Self::Text,
        Self::Tdata,
        Self::InitArray,
        Self::FiniArray,
        Self::Dynamic,
        Self::Got,
        Self::DataRelRo,
        Self::Runtime,
        Self::Data,
        Self::Bss,
        Self::Symtab,
        Self::Strtab,
        Self::Shstrtab,
        Self::DebugAbbrev,
        Self::DebugInfo,
        Self::DebugLine,
        Self::DebugStr,
        Self::DebugRanges,
    ];

    /// Name of the region's section.
    pub fn section_name(self) -> &'static str {
        match self {
            Self::Header => "",
            Self::Hash => ".hash",
            Self::Dynsym => ".dynsym",
            Self::Dynstr => ".dynstr",
            Self::Versym => ".gnu.version",
            Self::Verneed => ".gnu.version_r",
            Self::Rela => ".rela.dyn",
            Self::EhFrameHdr => ".eh_frame_hdr",
            Self::EhFrame => ".eh_frame",
            Self::Lsda => ".gcc_except_table",
            Self::Rodata => ".rodata",
            Self::Stub => ".cranefly.stub",
            Self::Slots => ".cranefly.slots",
            Self::Plt => ".plt",
            Self::Text => ".text",
            Self::Tdata => ".tdata",
            Self::InitArray => ".init_array",
            Self::FiniArray => ".fini_array",
            Self::Dynamic => ".dynamic",
            Self::Got => ".got",
            Self::DataRelRo => ".data.rel.ro",
            Self::Runtime => ".cranefly.runtime",
            Self::Data => ".data",
            Self::Bss => ".bss",
            Self::Symtab => ".symtab",
            Self::Strtab => ".strtab",
            Self::Shstrtab => ".shstrtab",
            Self::DebugAbbrev => ".debug_abbrev",
            Self::DebugInfo => ".debug_info",
            Self::DebugLine => ".debug_line",
            Self::DebugStr => ".debug_str",
            Self::DebugRanges => ".debug_ranges",
        }
    }

    /// Starts a new segment, or a part of one with other protection: page-aligned.
    fn starts_page(self) -> bool {
        matches!(self, Self::Hash | Self::Stub | Self::Tdata | Self::Runtime | Self::Bss | Self::Symtab)
    }
}

/// What an image must have room for; capacities are a generous multiple.
#[derive(Clone, Copy, Debug, Default)]
pub struct Demand {
    /// Functions, compiled or not.
    pub functions: u64,
    /// Variables and constants.
    pub variables: u64,
    /// Bytes of all initialised variables.
    pub data_bytes: u64,
    /// Bytes of all zero-initialised variables.
    pub zero_bytes: u64,
    /// Bytes of thread-locals.
    pub tls_bytes: u64,
    /// Declarations of things defined elsewhere.
    pub imports: u64,
    /// Total length of all symbol names.
    pub name_bytes: u64,
    /// Doubled for every time that an image of this program ran full.
    pub scale: u64,
}

/// Start and capacity of every region.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Layout {
    start: [u64; Region::ALL.len()],
    capacity: [u64; Region::ALL.len()],
    bss_address: u64,
    file_len: u64,
}

impl Layout {
    /// Lays out an image for `demand`. `None` when it would not fit into the 2 GB that PC-relative addressing spans.
    pub fn new(demand: &Demand) -> Option<Self> {
        let grow = demand.scale.max(1);
        let functions = demand.functions * grow * 2 + 4096;
        let variables = demand.variables * grow * 2 + 4096;
        let imports = demand.imports * grow * 2 + 2048;
        let data = demand.data_bytes * grow * 2 + (1 << 20);
        let mut capacity = [0u64; Region::ALL.len()];
        for region in Region::ALL {
            capacity[region as usize] = match region {
                Region::Header => 8192,
                Region::Hash => imports * 8 + (64 << 10),
                Region::Dynsym => imports * 24,
                Region::Dynstr => imports * 128,
                Region::Versym => imports * 2,
                Region::Verneed => 64 << 10,
                Region::Rela => (variables * 4 + imports * 2 + demand.data_bytes * grow / 8) * 24,
                Region::EhFrameHdr => functions * 4 * 8 + 16,
                Region::EhFrame => functions * 4 * 64,
                Region::Lsda => functions * 4 * 96,
                Region::Rodata | Region::DataRelRo | Region::Data => data + variables * 16,
                Region::Stub => PAGE,
                Region::Slots => functions * cranefly_runtime::SLOT_SIZE,
                Region::Plt => imports * 16 + 4096,
                Region::Text => functions * 4096 + (8 << 20),
                Region::Tdata => demand.tls_bytes * grow * 2 + 4096,
                Region::InitArray | Region::FiniArray => 64 << 10,
                Region::Dynamic => 8192,
                Region::Got => (imports + functions / 8) * 8,
                Region::Runtime => PAGE,
                Region::Bss => demand.zero_bytes * grow * 2 + (1 << 20),
                Region::Symtab => functions * 24 * 2,
                Region::Strtab => demand.name_bytes * grow * 2 + functions * 64,
                Region::Shstrtab => 4096,
                Region::DebugAbbrev => 4096,
                Region::DebugInfo => functions * 2048,
                Region::DebugLine => functions * 2048,
                Region::DebugStr => functions * 1024 + demand.name_bytes * grow * 2,
                Region::DebugRanges => functions * 512,
            };
        }
        let mut start = [0u64; Region::ALL.len()];
        let mut at = 0u64;
        let mut bss_address = 0;
        for region in Region::ALL {
            at = at.next_multiple_of(if region.starts_page() { PAGE } else { 64 });
            start[region as usize] = at;
            if region == Region::Bss {
                bss_address = at;
            } else {
                at += capacity[region as usize];
            }
        }
        let file_len = at.next_multiple_of(PAGE);
        let loaded_end = bss_address + capacity[Region::Bss as usize];
        (loaded_end < (1 << 31) - (16 << 20)).then_some(Self { start, capacity, bss_address, file_len })
    }

    /// File offset of a region (and virtual address, if it is loaded).
    pub fn start(&self, region: Region) -> u64 {
        self.start[region as usize]
    }

    /// Bytes that a region can hold.
    pub fn capacity(&self, region: Region) -> u64 {
        self.capacity[region as usize]
    }

    /// Virtual address of `.bss`.
    pub fn bss_address(&self) -> u64 {
        self.bss_address
    }

    /// Apparent length of the file.
    pub fn file_len(&self) -> u64 {
        self.file_len
    }
}
