//! Tables for the dynamic loader: dynamic symbols with versions, their hash table, strings and relocations.
//!
//! Sources: System V gABI chapter 5 (hash table), the GNU symbol versioning specification (`.gnu.version_r`), and the
//! x86-64 psABI (relocation types).

use hashbrown::HashMap;

use crate::base::Import;

/// Size of an `Elf64_Rela`.
pub const RELA_SIZE: u64 = 24;

const STB_GLOBAL: u8 = 1;
const STT_NOTYPE: u8 = 0;
const STT_FUNC: u8 = 2;
const STT_TLS: u8 = 6;

/// Section index for symbols that are defined in the object; any value but 0 and the reserved ones does.
const SOME_SECTION: u16 = 1;

/// One dynamic symbol.
#[derive(Clone, Debug)]
struct Entry {
    name: u32,
    hash: u32,
    info: u8,
    value: Option<u64>,
    version: u16,
}

/// The dynamic symbol table under construction. Indices stay valid: entries are only added.
#[derive(Debug)]
pub struct DynamicTables {
    strings: Vec<u8>,
    string_offsets: HashMap<String, u32>,
    entries: Vec<Entry>,
    by_name: HashMap<String, u32>,
    /// Library → (string offset, version → (index, string offset, hash)), in order of first use.
    versions: Vec<LibraryVersions>,
    next_version: u16,
}

#[derive(Debug)]
struct LibraryVersions {
    library: String,
    name: u32,
    versions: Vec<(String, u16, u32)>,
}

impl Default for DynamicTables {
    fn default() -> Self {
        Self {
            strings: vec![0],
            string_offsets: HashMap::new(),
            entries: Vec::new(),
            by_name: HashMap::new(),
            versions: Vec::new(),
            // 0 is local, 1 is global without a version.
            next_version: 2,
        }
    }
}

impl DynamicTables {
    /// Offset of `text` in `.dynstr`, added when new.
    pub fn string(&mut self, text: &str) -> u32 {
        if let Some(&offset) = self.string_offsets.get(text) {
            return offset;
        }
        let offset = u32::try_from(self.strings.len()).expect("dynamic strings below 4 GB");
        self.strings.extend_from_slice(text.as_bytes());
        self.strings.push(0);
        self.string_offsets.insert(text.to_owned(), offset);
        offset
    }

    /// Offset of `text` in `.dynstr`, if it was added.
    pub fn known_string(&self, text: &str) -> Option<u32> {
        self.string_offsets.get(text).copied()
    }

    /// Index of the undefined symbol `name`, bound to the version that `import` records. The name may be `name@VERSION`, with
    /// that version: a symbol of its own.
    pub fn import(&mut self, name: &str, import: Option<&Import>, thread_local: bool) -> u32 {
        if let Some(&index) = self.by_name.get(name) {
            return index;
        }
        let version = import
            .and_then(|import| import.version.as_ref().map(|version| (import.library.clone(), version.clone())))
            .map_or(1, |(library, version)| self.version(&library, &version));
        let text = if version > 1 { name.split_once('@').map_or(name, |(text, _)| text) } else { name };
        self.add(name, text, if thread_local { STT_TLS } else { STT_NOTYPE }, None, version)
    }

    /// Exports function `name` at `value`, or moves it there.
    pub fn export(&mut self, name: &str, value: u64) -> u32 {
        if let Some(&index) = self.by_name.get(name) {
            self.entries[index as usize - 1].value = Some(value);
            return index;
        }
        self.add(name, name, STT_FUNC, Some(value), 1)
    }

    /// Exports a thread-local, `offset` bytes into the image's block of them, or moves it there.
    pub fn export_thread_local(&mut self, name: &str, offset: u64) -> u32 {
        let index = self.export(name, offset);
        self.entries[index as usize - 1].info = (STB_GLOBAL << 4) | STT_TLS;
        index
    }

    /// Nobody finds `name` here any more.
    pub fn withdraw(&mut self, name: &str) {
        if let Some(&index) = self.by_name.get(name) {
            self.entries[index as usize - 1].value = None;
        }
    }

    /// `text` is what the loader looks for.
    fn add(&mut self, name: &str, text: &str, kind: u8, value: Option<u64>, version: u16) -> u32 {
        let offset = self.string(text);
        let entry =
            Entry { name: offset, hash: sysv_hash(text.as_bytes()), info: (STB_GLOBAL << 4) | kind, value, version };
        self.entries.push(entry);
        // Index 0 is the null symbol.
        let index = u32::try_from(self.entries.len()).expect("dynamic symbols below 2^32");
        self.by_name.insert(name.to_owned(), index);
        index
    }

    fn version(&mut self, library: &str, version: &str) -> u16 {
        let position = self.versions.iter().position(|entry| entry.library == library).unwrap_or_else(|| {
            let name = self.string(library);
            self.versions.push(LibraryVersions { library: library.to_owned(), name, versions: Vec::new() });
            self.versions.len() - 1
        });
        if let Some((_, index, _)) = self.versions[position].versions.iter().find(|(name, ..)| name == version) {
            return *index;
        }
        let name = self.string(version);
        let index = self.next_version;
        self.next_version += 1;
        self.versions[position].versions.push((version.to_owned(), index, name));
        index
    }

    /// Libraries that versioned imports come from.
    pub fn libraries(&self) -> impl Iterator<Item = &str> {
        self.versions.iter().map(|entry| entry.library.as_str())
    }

    /// `.dynstr`.
    pub fn strings(&self) -> &[u8] {
        &self.strings
    }

    /// `.dynsym`.
    pub fn symbols(&self) -> Vec<u8> {
        let mut bytes = vec![0; 24];
        for entry in &self.entries {
            bytes.extend(symbol(
                entry.name,
                entry.info,
                entry.value.map_or(0, |_| SOME_SECTION),
                entry.value.unwrap_or(0),
                0,
            ));
        }
        bytes
    }

    /// `.gnu.version`.
    pub fn versym(&self) -> Vec<u8> {
        std::iter::once(0).chain(self.entries.iter().map(|entry| entry.version)).flat_map(u16::to_le_bytes).collect()
    }

    /// `.gnu.version_r` and the number of libraries in it.
    pub fn verneed(&self) -> (Vec<u8>, u64) {
        let mut bytes = Vec::new();
        for (position, library) in self.versions.iter().enumerate() {
            let count = u16::try_from(library.versions.len()).expect("versions below 65536");
            let last = position + 1 == self.versions.len();
            bytes.extend(1u16.to_le_bytes());
            bytes.extend(count.to_le_bytes());
            bytes.extend(library.name.to_le_bytes());
            bytes.extend(16u32.to_le_bytes());
            bytes.extend(if last { 0 } else { 16 + 16 * u32::from(count) }.to_le_bytes());
            for (number, (version, index, name)) in library.versions.iter().enumerate() {
                bytes.extend(sysv_hash(version.as_bytes()).to_le_bytes());
                bytes.extend(0u16.to_le_bytes());
                bytes.extend(index.to_le_bytes());
                bytes.extend(name.to_le_bytes());
                bytes.extend(if number + 1 == library.versions.len() { 0u32 } else { 16 }.to_le_bytes());
            }
        }
        (bytes, self.versions.len() as u64)
    }

    /// `.hash`: buckets and chains over all symbols.
    pub fn hash(&self) -> Vec<u8> {
        let total = self.entries.len() + 1;
        let buckets = (self.entries.len() / 2).next_power_of_two().max(1);
        let mut heads = vec![0u32; buckets];
        let mut chains = vec![0u32; total];
        for (position, entry) in self.entries.iter().enumerate() {
            if entry.value.is_none() {
                continue;
            }
            let bucket = entry.hash as usize % buckets;
            chains[position + 1] = heads[bucket];
            heads[bucket] = u32::try_from(position + 1).expect("dynamic symbols below 2^32");
        }
        [buckets, total]
            .into_iter()
            .map(|count| u32::try_from(count).expect("dynamic symbols below 2^32"))
            .chain(heads)
            .chain(chains)
            .flat_map(u32::to_le_bytes)
            .collect()
    }
}

/// An `Elf64_Sym`.
pub fn symbol(name: u32, info: u8, section: u16, value: u64, size: u64) -> [u8; 24] {
    let mut bytes = [0; 24];
    bytes[..4].copy_from_slice(&name.to_le_bytes());
    bytes[4] = info;
    bytes[6..8].copy_from_slice(&section.to_le_bytes());
    bytes[8..16].copy_from_slice(&value.to_le_bytes());
    bytes[16..].copy_from_slice(&size.to_le_bytes());
    bytes
}

/// A dynamic relocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DynamicRelocation {
    /// Ignored: `R_X86_64_NONE`.
    None,
    /// Ignored as well: the word has this value from the start.
    Constant(i64),
    /// Load address + addend: `R_X86_64_RELATIVE`.
    Relative(i64),
    /// Address of a dynamic symbol + addend: `R_X86_64_64`.
    Symbol(u32, i64),
    /// Thread-pointer offset of a dynamic symbol (0: this object's own block) + addend: `R_X86_64_TPOFF64`.
    ThreadPointerOffset(u32, i64),
}

impl DynamicRelocation {
    /// The `Elf64_Rela` that applies it at `at`.
    pub fn encode(self, at: u64) -> [u8; 24] {
        let (kind, symbol, addend) = match self {
            Self::None | Self::Constant(_) => (0u32, 0u32, 0i64),
            Self::Relative(addend) => (8, 0, addend),
            Self::Symbol(symbol, addend) => (1, symbol, addend),
            Self::ThreadPointerOffset(symbol, addend) => (18, symbol, addend),
        };
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(&at.to_le_bytes());
        bytes[8..12].copy_from_slice(&kind.to_le_bytes());
        bytes[12..16].copy_from_slice(&symbol.to_le_bytes());
        bytes[16..].copy_from_slice(&addend.to_le_bytes());
        bytes
    }
}

/// The gABI's hash function for `.hash` and version names.
fn sysv_hash(name: &[u8]) -> u32 {
    name.iter().fold(0u32, |hash, &byte| {
        let hash = (hash << 4).wrapping_add(u32::from(byte));
        let high = hash & 0xf000_0000;
        (hash ^ (high >> 24)) & !high
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_matches_known_values() {
        // Values from the GNU C library's own version tables.
        assert_eq!(sysv_hash(b"GLIBC_2.2.5"), 0x0969_1a75);
        assert_eq!(sysv_hash(b"GLIBC_2.34"), 0x0696_91b4);
    }
}
