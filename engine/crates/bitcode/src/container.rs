//! The outer structure of a bitcode file, checked before LLVM sees it.
//!
//! LLVM's reader trusts block lengths in places and may leave through `abort`, so a file that ends early — a write cut
//! short, a full disk — is recognised here. Format: "LLVM Bitcode File Format" (llvm.org/docs/BitCodeFormat.html).

use crate::error::Error;

const MAGIC: [u8; 4] = *b"BC\xC0\xDE";
const ENTER_SUBBLOCK: u64 = 1;
const MODULE_BLOCK: u64 = 8;
const IDENTIFICATION_BLOCK: u64 = 13;

/// Largest file that is handed to LLVM: bit positions are kept in 32-bit words by its block lengths.
const MAX_LEN: usize = 1 << 32;

/// Checks the magic and that the top-level blocks exactly fill the file and hold a module. `file` is what errors call it.
///
/// # Errors
/// [`Error::NotBitcode`] and [`Error::Truncated`].
pub fn check(bytes: &[u8], file: &str) -> Result<(), Error> {
    let corrupt = |what: String| Error::Truncated { file: file.to_owned(), what };
    if bytes.len() < 4 {
        return Err(if bytes.is_empty() || MAGIC.starts_with(bytes) {
            corrupt(format!("only {} bytes", bytes.len()))
        } else {
            Error::NotBitcode { file: file.to_owned() }
        });
    }
    if bytes[..4] != MAGIC {
        return Err(Error::NotBitcode { file: file.to_owned() });
    }
    if !bytes.len().is_multiple_of(4) {
        return Err(corrupt(format!("{} bytes are no whole number of words", bytes.len())));
    }
    if bytes.len() >= MAX_LEN {
        return Err(corrupt(format!("{} bytes are more than a bitcode file can hold", bytes.len())));
    }
    let mut cursor = Bits { bytes, bit: 32 };
    let (mut modules, mut first) = (0, true);
    while cursor.bit < bytes.len() * 8 {
        let at = cursor.bit / 8;
        let block = cursor.block().ok_or_else(|| corrupt(format!("the block at byte {at} has no header")))?;
        if first && block.id != IDENTIFICATION_BLOCK && block.id != MODULE_BLOCK {
            return Err(corrupt(format!("the first block has number {}", block.id)));
        }
        if block.end > bytes.len() {
            return Err(corrupt(format!(
                "block {} at byte {at} ends at byte {}, the file at {}",
                block.id,
                block.end,
                bytes.len()
            )));
        }
        first = false;
        modules += usize::from(block.id == MODULE_BLOCK);
        cursor.bit = block.end * 8;
    }
    match modules {
        1 => Ok(()),
        0 => Err(corrupt("it holds no module".to_owned())),
        count => Err(corrupt(format!("it holds {count} modules"))),
    }
}

/// Header of a top-level block.
struct BlockHeader {
    id: u64,
    /// Byte offset just past it.
    end: usize,
}

/// A little-endian bit cursor.
struct Bits<'a> {
    bytes: &'a [u8],
    bit: usize,
}

impl Bits<'_> {
    fn fixed(&mut self, width: usize) -> Option<u64> {
        let mut value = 0;
        for shift in 0..width {
            let byte = self.bytes.get(self.bit / 8)?;
            value |= u64::from(byte >> (self.bit % 8) & 1) << shift;
            self.bit += 1;
        }
        Some(value)
    }

    fn variable(&mut self, width: usize) -> Option<u64> {
        let mut value = 0;
        for part in 0..8 {
            let chunk = self.fixed(width)?;
            let more = 1 << (width - 1);
            value |= (chunk & (more - 1)) << (part * (width - 1));
            if chunk & more == 0 {
                return Some(value);
            }
        }
        None
    }

    /// `ENTER_SUBBLOCK` at the top level, where abbreviation ids are two bits wide.
    fn block(&mut self) -> Option<BlockHeader> {
        if self.fixed(2)? != ENTER_SUBBLOCK {
            return None;
        }
        let id = self.variable(8)?;
        let width = self.variable(4)?;
        if !(2..=32).contains(&width) {
            return None;
        }
        self.bit = self.bit.next_multiple_of(32);
        let words = usize::try_from(self.fixed(32)?).ok()?;
        Some(BlockHeader { id, end: (self.bit / 8).checked_add(words.checked_mul(4)?)? })
    }
}
