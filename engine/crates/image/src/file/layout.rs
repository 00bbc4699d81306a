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
    /// ELF header, program headers, section headers, the checkpoint (`checkpoint.rs`).
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
    /// `.cranefly.slots`: sixteen bytes a function, which begin with a jump to its code.
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
    /// `.lrodata`: large constants. From here on only the GOT reaches.
    FarRodata,
    /// `.ldata`: other large variables.
    FarData,
    /// `.lbss`: those that are zero, which take no room in the file.
    FarBss,
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
    pub const ALL: [Self; 35] = [
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
        Self::FarRodata,
        Self::FarData,
        Self::FarBss,
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
            Self::FarRodata => ".lrodata",
            Self::FarData => ".ldata",
            Self::FarBss => ".lbss",
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
        use Region::{Bss, FarBss, FarData, FarRodata, Hash, Runtime, Stub, Symtab, Tdata};
        matches!(self, Hash | Stub | Tdata | Runtime | Bss | FarRodata | FarData | FarBss | Symtab)
    }

    /// Zeros that are not in the file.
    pub fn is_zero(self) -> bool {
        matches!(self, Self::Bss | Self::FarBss)
    }
}

/// Bytes of one kind that no program has room for.
const MOST: u64 = 1 << 40;

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
    /// Bytes of large variables: constants, others, and zeros.
    pub far_bytes: [u64; 3],
    /// Pointers in variables.
    pub pointers: u64,
    /// Bytes of thread-locals.
    pub tls_bytes: u64,
    /// Bytes of the larger one of the arrays of constructors and destructors.
    pub array_bytes: u64,
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
    #[serde(with = "by_region")]
    start: [u64; Region::ALL.len()],
    #[serde(with = "by_region")]
    capacity: [u64; Region::ALL.len()],
    file_len: u64,
}

impl Layout {
    /// Lays out an image for `demand`. `None` when it would not fit into the 2 GB that PC-relative addressing spans.
    pub fn new(demand: &Demand) -> Option<Self> {
        let grow = demand.scale.max(1);
        // More than there are addresses is too much, whatever it is multiplied with.
        let bytes = [demand.data_bytes, demand.zero_bytes, demand.tls_bytes, demand.array_bytes];
        if bytes.iter().chain(&demand.far_bytes).any(|&bytes| bytes > MOST) {
            return None;
        }
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
                Region::Rela => {
                    (variables * 4 + imports * 2 + (demand.pointers + demand.array_bytes / 8) * grow * 2) * 24
                }
                Region::EhFrameHdr => functions * 4 * 8 + 16,
                Region::EhFrame => functions * 4 * 64,
                Region::Lsda => functions * 4 * 96,
                Region::Rodata | Region::DataRelRo | Region::Data => data + variables * 16,
                Region::Stub => PAGE,
                Region::Slots => functions * cranefly_runtime::SLOT_SIZE,
                Region::Plt => imports * 16 + 4096,
                Region::Text => functions * 4096 + (8 << 20),
                Region::Tdata => demand.tls_bytes * grow * 2 + 4096,
                Region::InitArray | Region::FiniArray => demand.array_bytes * grow * 2 + (64 << 10),
                Region::Dynamic => 8192,
                Region::Got => (imports + functions / 8) * 8,
                Region::Runtime => PAGE,
                Region::Bss => demand.zero_bytes * grow * 2 + (1 << 20),
                // An image whose large variables have grown is made anew.
                Region::FarRodata => demand.far_bytes[0],
                Region::FarData => demand.far_bytes[1],
                Region::FarBss => demand.far_bytes[2],
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
        for region in Region::ALL {
            at = at.next_multiple_of(if region.starts_page() { PAGE } else { 64 });
            start[region as usize] = at;
            // What is loaded behind zeros leaves a hole for them in the file, as addresses are offsets.
            if region != Region::FarBss {
                at += capacity[region as usize];
            }
        }
        let file_len = at.next_multiple_of(PAGE);
        let near_end = start[Region::FarRodata as usize];
        (near_end < (1 << 31) - (16 << 20)).then_some(Self { start, capacity, file_len })
    }

    /// File offset of a region (and virtual address, if it is loaded).
    pub fn start(&self, region: Region) -> u64 {
        self.start[region as usize]
    }

    /// Bytes that a region can hold.
    pub fn capacity(&self, region: Region) -> u64 {
        self.capacity[region as usize]
    }

    /// Whether code reaches `address` without the GOT.
    pub fn is_near(&self, address: u64) -> bool {
        address < self.start(Region::FarRodata)
    }

    /// Apparent length of the file.
    pub fn file_len(&self) -> u64 {
        self.file_len
    }
}

/// Numbers by region as serde has them: as a list of the right length.
pub(crate) mod by_region {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use super::Region;

    type ByRegion = [u64; Region::ALL.len()];

    pub fn serialize<S: Serializer>(numbers: &ByRegion, serializer: S) -> Result<S::Ok, S::Error> {
        numbers.as_slice().serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ByRegion, D::Error> {
        let numbers = Vec::<u64>::deserialize(deserializer)?;
        numbers.try_into().map_err(|_| D::Error::custom("another number of regions"))
    }
}
