//! The parts of an image, in file order.

/// Size of a page; segment boundaries are multiples of it.
pub const PAGE: u64 = 4096;

/// Numbers, one for every region.
pub type ByRegion = [u64; Region::COUNT];

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
    /// `.gcc_except_table`.
    Lsda,
    /// `.eh_frame`.
    EhFrame,
    /// `.eh_frame_hdr`: binary search table, by rising address because text is append-only. From here on code and what it refers to reach each
    /// other.
    EhFrameHdr,
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
    /// `.debug_ranges`.
    DebugRanges,
}

impl Region {
    /// All regions in file order.
    pub const ALL: [Self; 34] = [
        Self::Header,
        Self::Hash,
        Self::Dynsym,
        Self::Dynstr,
        Self::Versym,
        Self::Verneed,
        Self::Rela,
        Self::Lsda,
        Self::EhFrame,
        Self::EhFrameHdr,
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
            Self::DebugRanges => ".debug_ranges",
        }
    }

    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// Starts a new segment, or a part of one with other protection: page-aligned.
    pub(crate) fn starts_page(self) -> bool {
        use Region::{Bss, FarBss, FarData, FarRodata, Hash, Runtime, Stub, Symtab, Tdata};
        matches!(self, Hash | Stub | Tdata | Runtime | Bss | FarRodata | FarData | FarBss | Symtab)
    }

    /// Code, or something that code reaches without the GOT.
    pub(crate) fn is_near(self) -> bool {
        (Self::EhFrameHdr as usize..Self::FarRodata as usize).contains(&(self as usize))
    }

    /// What it holds, for people.
    pub(crate) fn contents(self) -> &'static str {
        match self {
            Self::Text => "code",
            Self::Slots => "the table of functions",
            Self::EhFrame | Self::EhFrameHdr | Self::Lsda => "descriptions of frames",
            Self::Rodata | Self::DataRelRo => "constants",
            Self::Data | Self::Bss => "variables",
            Self::Tdata => "thread-locals",
            Self::InitArray | Self::FiniArray => "constructors and destructors",
            Self::FarRodata | Self::FarData | Self::FarBss => "large variables",
            Self::Symtab | Self::Strtab => "names of functions",
            Self::Hash | Self::Dynsym | Self::Dynstr | Self::Versym | Self::Verneed => "names that libraries know",
            Self::Rela => "pointers",
            Self::DebugAbbrev | Self::DebugInfo | Self::DebugLine | Self::DebugRanges => "debug info",
            Self::Plt | Self::Got => "what other libraries define",
            Self::Header | Self::Stub | Self::Dynamic | Self::Runtime | Self::Shstrtab => "headers",
        }
    }

    /// Zeros that are not in the file.
    pub fn is_zero(self) -> bool {
        matches!(self, Self::Bss | Self::FarBss)
    }
}

/// Numbers by region as serde has them: as a list of the right length.
pub(crate) mod by_region {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use super::ByRegion;

    pub fn serialize<S: Serializer>(numbers: &ByRegion, serializer: S) -> Result<S::Ok, S::Error> {
        numbers.as_slice().serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ByRegion, D::Error> {
        let numbers = Vec::<u64>::deserialize(deserializer)?;
        numbers.try_into().map_err(|_| D::Error::custom("another number of regions"))
    }
}
