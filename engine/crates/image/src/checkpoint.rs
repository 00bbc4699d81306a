//! How far an image is in use, written into the image itself, so that another process can go on after this one ended at
//! any instruction.
//!
//! A checkpoint is two copies of the same words and a selector that says which of them counts. A new state goes to the
//! copy that does not count, and one aligned store of the selector makes it the other. What a slot or the unwinder's table
//! leads to always lies before the cursors of the checkpoint: it is written before the slot and the table's length are.

use crate::error::AdoptError;
use crate::file::elf::SECTION_HEADERS;
use crate::file::region::Region;
use crate::file::{Cursors, ImageFile};
use crate::tables::Tables;

/// Offset of the selector: 0 for no checkpoint, else the number of the copy. The section headers end here.
const SELECTOR: u64 = SECTION_HEADERS + 64 * 40;
/// Offsets of the copies, behind the selector and before the header region's end.
const COPIES: [u64; 2] = [SELECTOR + 8, SELECTOR + 8 + 8 * WORDS as u64];
const WORDS: usize = Region::COUNT + 2;

const _: () = assert!(Region::COUNT <= 40 && COPIES[1] + 8 * WORDS as u64 <= 8192);

/// What another process must know that is not in what was [saved](crate::Image::save) when the image was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Of the [saved](crate::Image::save) state that it goes with.
    pub stamp: u64,
    /// Rows in the unwinder's search table, all of them complete.
    pub fdes: u32,
    /// Bytes in use by region.
    pub used: Cursors,
}

impl Checkpoint {
    /// How far an image is in use now.
    pub(crate) fn of(tables: &Tables, stamp: u64) -> Self {
        Self { stamp, fdes: tables.frames.count(), used: tables.file.cursors() }
    }

    /// Writes it into `file`.
    pub fn write(&self, file: &mut ImageFile) {
        let copy = usize::from(selector(file) == 1);
        let words = [self.stamp, self.fdes.into()].into_iter().chain(self.used);
        let bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
        file.write(COPIES[copy], &bytes);
        file.publish_u64(SELECTOR, copy as u64 + 1);
    }

    /// Reads it from `file`.
    pub fn read(file: &ImageFile) -> Result<Self, AdoptError> {
        let copy = match selector(file) {
            1 => COPIES[0],
            2 => COPIES[1],
            _ => return Err(AdoptError::NoCheckpoint),
        };
        let word = |index: usize| word(file, copy + 8 * index as u64);
        let used = std::array::from_fn(|region| word(region + 2));
        let fdes = u32::try_from(word(1)).map_err(|_| AdoptError::DamagedCheckpoint)?;
        Ok(Self { stamp: word(0), fdes, used })
    }
}

fn selector(file: &ImageFile) -> u64 {
    word(file, SELECTOR)
}

pub(crate) fn word(file: &ImageFile, at: u64) -> u64 {
    u64::from_le_bytes(file.read(at, 8).try_into().expect("eight bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::demand::Demand;
    use crate::file::layout::Layout;
    use crate::file::room::Room;

    #[test]
    fn a_torn_checkpoint_leaves_the_one_before() {
        let path = std::env::temp_dir().join(format!("cranefly-checkpoint-{}", std::process::id()));
        let mut file = ImageFile::create(&path, Layout::new(&Demand::default(), &Room::default()).unwrap()).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(Checkpoint::read(&file).is_err());
        for fdes in 1..5 {
            let checkpoint = Checkpoint { stamp: 7, fdes, used: [u64::from(fdes); Region::COUNT] };
            checkpoint.write(&mut file);
            assert_eq!(Checkpoint::read(&file), Ok(checkpoint));
            // The next one, ended before its selector.
            let other = COPIES[usize::from(selector(&file) == 1)];
            file.write(other, &[0xff; 8 * WORDS]);
            assert_eq!(Checkpoint::read(&file), Ok(checkpoint));
        }
    }
}
