//! Bitcode at rest: compressed, since a program's is most of what the daemon would hold, and is read again a unit at a time.

/// A file's contents, compressed as an LZ4 block behind their length. Bitcode takes a third of its size, at about a gigabyte a
/// second in both directions (`lz4 -b1 FILE.bc`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packed(Box<[u8]>);

impl Packed {
    /// Compresses `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(lz4_flex::compress_prepend_size(bytes).into())
    }

    /// What somebody else has compressed; `None` if that cannot be.
    pub fn from_compressed(compressed: &[u8]) -> Option<Vec<u8>> {
        // The length is believed only as far as so much can have been compressed into these bytes.
        let (length, _) = compressed.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        if length > compressed.len().saturating_mul(MAX_RATIO) {
            return None;
        }
        lz4_flex::decompress_size_prepended(compressed).ok()
    }

    /// The bytes.
    pub fn unpack(&self) -> Vec<u8> {
        if self.0.is_empty() {
            return Vec::new();
        }
        Self::from_compressed(&self.0).expect("made by `of`")
    }

    /// As they are kept.
    pub fn compressed(&self) -> &[u8] {
        &self.0
    }
}

/// A byte of an LZ4 block stands for 255 at most.
const MAX_RATIO: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back() {
        for bytes in [&b""[..], b"a", &[7; 100_000], &(0..=255).collect::<Vec<u8>>()] {
            let packed = Packed::of(bytes);
            assert_eq!(packed.unpack(), bytes);
            assert_eq!(Packed::from_compressed(packed.compressed()).as_deref(), Some(bytes));
        }
        assert!(Packed::of(&[7; 100_000]).compressed().len() < 1000);
        assert!(Packed::default().unpack().is_empty());
    }

    #[test]
    fn what_was_not_packed_is_nothing() {
        let packed = Packed::of(&[7; 1000]);
        let compressed = packed.compressed();
        assert_eq!(Packed::from_compressed(&compressed[..compressed.len() - 1]), None);
        assert_eq!(Packed::from_compressed(b""), None);
        assert_eq!(Packed::from_compressed(&[0xff; 20]), None, "four gigabytes in twenty bytes");
    }
}
