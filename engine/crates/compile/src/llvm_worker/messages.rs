//! What the engine and a worker tell each other: parts with their length in front, over a Unix socket.

use std::io::{self, Read, Write};

/// Longest part of a message.
const MAX_PART: u64 = 1 << 30;

/// Kinds of answers: an object, why there is none, and the same from a worker that ends.
pub const OBJECT: u8 = 0;
pub const REFUSED: u8 = 1;
pub const FATAL: u8 = 2;

pub fn write_part(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(&(bytes.len() as u64).to_le_bytes())?;
    out.write_all(bytes)
}

/// Reads a part.
///
/// # Errors
/// It cannot be read, or is longer than any.
pub fn read_part(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut len = [0; 8];
    from.read_exact(&mut len)?;
    let len = u64::from_le_bytes(len);
    if len > MAX_PART {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a part of more than 1 GB"));
    }
    let mut bytes = vec![0; len as usize];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

pub fn respond(mut out: impl Write, kind: u8, bytes: &[u8]) -> io::Result<()> {
    out.write_all(&[kind])?;
    write_part(&mut out, bytes)
}
