//! Appending little-endian DWARF primitives to a byte vector.

/// DWARF's primitive forms.
pub(super) trait Put {
    /// A 2-byte number.
    fn u16(&mut self, value: u16);
    /// A 4-byte number.
    fn u32(&mut self, value: u32);
    /// An 8-byte number.
    fn u64(&mut self, value: u64);
    /// Variable-length, unsigned.
    fn uleb(&mut self, value: u64);
    /// Variable-length, signed.
    fn sleb(&mut self, value: i64);
    /// NUL-terminated; ends at the first NUL inside, as every reader would.
    fn string(&mut self, value: &str);
}

impl Put for Vec<u8> {
    fn u16(&mut self, value: u16) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn u64(&mut self, value: u64) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn uleb(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.push(value as u8);
    }

    fn sleb(&mut self, mut value: i64) {
        while !(-0x40..0x40).contains(&value) {
            self.push(value as u8 & 0x7f | 0x80);
            value >>= 7;
        }
        self.push(value as u8 & 0x7f);
    }

    fn string(&mut self, value: &str) {
        let bytes = value.as_bytes();
        self.extend_from_slice(bytes.split(|&byte| byte == 0).next().unwrap_or_default());
        self.push(0);
    }
}
