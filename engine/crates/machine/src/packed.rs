//! Machine code at rest: a program's lies in memory as long as the program does, and is looked at when it is bound or described.

use serde::{Deserialize, Serialize};

use crate::{CallSite, MachineCode, Relocation, Target, Tier};

/// Code of one function, packed. The tables take a sixth of what [`MachineCode`] needs for them: numbers in them are small, and all
/// of it is one piece of memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedCode {
    /// [`MachineCode::bytes`], and behind them the tables.
    data: Box<[u8]>,
    /// Where these begin.
    tables: u32,
    text_len: u32,
    align: u32,
    /// Relocations by name, or by a number that the decoded body does not list.
    refers_beyond_body: bool,
}

/// Everything of a [`MachineCode`] that is packed.
#[derive(Debug, Serialize, Deserialize)]
struct Tables {
    /// First: they are read alone, see [`PackedCode::lines`].
    lines: Vec<(u32, u32)>,
    relocations: Vec<Relocation>,
    call_sites: Vec<CallSite>,
    has_personality: bool,
    cfi: Vec<u8>,
    tier: Tier,
}

/// The same, as it is written.
#[derive(Serialize)]
struct TablesOf<'a> {
    lines: &'a [(u32, u32)],
    relocations: &'a [Relocation],
    call_sites: &'a [CallSite],
    has_personality: bool,
    cfi: &'a [u8],
    tier: Tier,
}

impl PackedCode {
    /// Packs `code`.
    ///
    /// # Panics
    /// If it has 4 GB.
    pub fn of(code: &MachineCode) -> Self {
        let MachineCode { bytes, text_len, align, relocations, call_sites, has_personality, cfi, lines, tier } = code;
        let (has_personality, tier) = (*has_personality, *tier);
        let tables = TablesOf { lines, relocations, call_sites, has_personality, cfi, tier };
        let about = relocations.len() * 8 + call_sites.len() * 8 + cfi.len() + lines.len() * 4 + 16;
        let mut data = Vec::with_capacity(bytes.len() + about);
        data.extend_from_slice(bytes);
        let data = postcard::to_extend(&tables, data).expect("memory takes what is written, and all lengths are known");
        Self {
            data: data.into(),
            tables: u32::try_from(bytes.len()).expect("code of a function below 4 GB"),
            text_len: *text_len,
            align: *align,
            refers_beyond_body: relocations.iter().any(|relocation| is_beyond_body(&relocation.target)),
        }
    }

    /// What was packed.
    ///
    /// # Panics
    /// Never: only [`Self::of`] makes one.
    pub fn unpack(&self) -> MachineCode {
        let (bytes, tables) = self.data.split_at(self.tables as usize);
        let tables = postcard::from_bytes(tables).expect("what `of` has written");
        let Tables { lines, relocations, call_sites, has_personality, cfi, tier } = tables;
        let (text_len, align, bytes) = (self.text_len, self.align, bytes.to_vec());
        MachineCode { bytes, text_len, align, relocations, call_sites, has_personality, cfi, lines, tier }
    }

    /// [`MachineCode::bytes`].
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.data[..self.tables as usize]
    }

    /// [`MachineCode::text_len`].
    #[inline]
    pub fn text_len(&self) -> u32 {
        self.text_len
    }

    /// [`MachineCode::align`].
    #[inline]
    pub fn align(&self) -> u32 {
        self.align
    }

    /// [`MachineCode::lines`].
    ///
    /// # Panics
    /// Never, as [`Self::unpack`].
    pub fn lines(&self) -> Vec<(u32, u32)> {
        let (lines, _) = postcard::take_from_bytes(&self.data[self.tables as usize..]).expect("what `of` has written");
        lines
    }

    /// What it refers to that the function's symbol table does not have: functions by name, and globals by number. Most refer to
    /// nothing like that, which costs nothing to find out.
    pub fn beyond_body(&self) -> Vec<Target> {
        if !self.refers_beyond_body {
            return Vec::new();
        }
        let targets = self.unpack().relocations.into_iter().map(|relocation| relocation.target);
        targets.filter(is_beyond_body).collect()
    }

    /// Bytes that it takes.
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.data.len()
    }
}

fn is_beyond_body(target: &Target) -> bool {
    matches!(target, Target::Runtime(_) | Target::Global(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Action, RelocationKind};

    fn code() -> MachineCode {
        let relocation = |offset, kind, target, addend| Relocation { offset, kind, target, addend };
        MachineCode {
            bytes: (0..200).collect(),
            text_len: 180,
            align: 32,
            relocations: vec![
                relocation(3, RelocationKind::Call32, Target::Symbol(7), -4),
                relocation(300, RelocationKind::GotPcRel32 { relaxable: true }, Target::Runtime("memcpy".into()), -4),
                relocation(70_000, RelocationKind::Abs64, Target::Local(u32::MAX), i64::MIN),
                relocation(70_008, RelocationKind::TlsGd, Target::Variadic(0), i64::MAX),
                relocation(70_016, RelocationKind::GotTpOff, Target::Global(12), 0),
            ],
            call_sites: vec![CallSite { start: 1, end: 9, landing_pad: 150, action: Action::Filter }],
            has_personality: true,
            cfi: vec![1, 2, 3],
            lines: vec![(0, u32::MAX), (4, 0), (200, 70_000)],
            tier: Tier::Llvm,
        }
    }

    #[test]
    fn what_is_packed_comes_back() {
        for code in [MachineCode::default(), code()] {
            let packed = PackedCode::of(&code);
            assert_eq!(packed.unpack(), code);
            assert_eq!(packed.bytes(), code.bytes);
            assert_eq!(packed.lines(), code.lines);
            assert_eq!((packed.text_len(), packed.align()), (code.text_len, code.align));
        }
    }

    #[test]
    fn equal_is_what_is_equal_unpacked() {
        let other = MachineCode { lines: vec![(0, 1)], ..code() };
        assert_eq!(PackedCode::of(&code()), PackedCode::of(&code()));
        assert_ne!(PackedCode::of(&code()), PackedCode::of(&other));
    }

    #[test]
    fn what_lies_beyond_the_body_is_known() {
        let beyond = PackedCode::of(&code()).beyond_body();
        assert_eq!(beyond, [Target::Runtime("memcpy".into()), Target::Global(12)]);
        let relocations = code().relocations.into_iter().filter(|relocation| !is_beyond_body(&relocation.target));
        let inside = MachineCode { relocations: relocations.collect(), ..code() };
        assert!(PackedCode::of(&inside).beyond_body().is_empty());
    }

    #[test]
    fn tables_are_a_fraction_of_what_they_are_unpacked() {
        let relocation = |offset| Relocation {
            offset,
            kind: RelocationKind::Call32,
            target: Target::Symbol(offset / 10),
            addend: -4,
        };
        let relocations: Vec<Relocation> = (0..100).map(|number| relocation(number * 10)).collect();
        let unpacked = size_of_val(&relocations[..]);
        let packed = PackedCode::of(&MachineCode { relocations, ..MachineCode::default() });
        assert!(packed.size() * 5 < unpacked, "{} of {unpacked} bytes", packed.size());
    }
}
