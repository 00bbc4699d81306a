//! Source positions at rest: there are some fifteen for each function, and hardly any is looked at again.

use std::sync::Arc;

use cranefly_bitcode::ir::{Location, SourceFile, SourceFrame, Subprogram};
use rustc_hash::FxHashMap;

/// The source positions of a function, packed: four or five bytes for each, where a [`Location`] takes forty.
#[derive(Clone, Debug, Default)]
pub struct Positions {
    /// What frames are in, each once.
    scopes: Box<[(Arc<Subprogram>, Arc<SourceFile>)]>,
    /// Of each position the number of its frames, and of each frame the number of its scope, its line and its column.
    packed: Box<[u8]>,
}

/// A frame of a position: see [`SourceFrame`].
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The function that the position is in.
    pub subprogram: &'a Arc<Subprogram>,
    /// File of the position.
    pub file: &'a Arc<SourceFile>,
    /// 1-based line, 0 for none.
    pub line: u32,
    /// 1-based column, 0 for none.
    pub column: u32,
    /// It is in the function itself, not in one that was inlined.
    pub is_outermost: bool,
}

impl Positions {
    /// Packs positions. What is shared in them stays shared.
    ///
    /// # Panics
    /// If one has no frame.
    pub fn of(locations: &[Location]) -> Self {
        let mut numbers: FxHashMap<(*const Subprogram, *const SourceFile), u32> = FxHashMap::default();
        let mut scopes = Vec::new();
        let mut packed = Packer(Vec::with_capacity(locations.len() * 6));
        for Location { frames } in locations {
            assert!(!frames.is_empty(), "a position has a frame at least");
            packed.put(frames.len() as u32);
            for SourceFrame { subprogram, file, line, column } in frames {
                let number = *numbers.entry((Arc::as_ptr(subprogram), Arc::as_ptr(file))).or_insert_with(|| {
                    scopes.push((subprogram.clone(), file.clone()));
                    scopes.len() as u32 - 1
                });
                packed.put(number);
                packed.put(*line);
                packed.put(*column);
            }
        }
        Self { scopes: scopes.into(), packed: packed.0.into() }
    }

    /// The positions, in the order in which they were packed.
    pub fn unpack(&self) -> Vec<Location> {
        let mut locations = Vec::new();
        let mut is_first = true;
        for frame in self.frames() {
            if std::mem::replace(&mut is_first, frame.is_outermost) {
                locations.push(Location { frames: smallvec::SmallVec::new() });
            }
            let Frame { subprogram, file, line, column, .. } = frame;
            let frame = SourceFrame { subprogram: subprogram.clone(), file: file.clone(), line, column };
            locations.last_mut().expect("one that was begun").frames.push(frame);
        }
        locations
    }

    /// The frames of all positions, of each the innermost first.
    pub fn frames(&self) -> impl Iterator<Item = Frame<'_>> {
        let mut rest = &*self.packed;
        let mut left = 0;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            if left == 0 {
                left = take(&mut rest);
            }
            left -= 1;
            let (subprogram, file) = &self.scopes[take(&mut rest) as usize];
            let (line, column) = (take(&mut rest), take(&mut rest));
            Some(Frame { subprogram, file, line, column, is_outermost: left == 0 })
        })
    }

    /// The files that positions are in, some several times.
    pub fn files(&self) -> impl Iterator<Item = &Arc<SourceFile>> {
        self.scopes.iter().map(|(_, file)| file)
    }

    /// Bytes that it takes, without what it shares with others.
    pub fn size(&self) -> usize {
        size_of_val(&*self.scopes) + self.packed.len()
    }
}

/// Writes numbers, small ones in a byte.
struct Packer(Vec<u8>);

impl Packer {
    /// LEB128.
    fn put(&mut self, mut number: u32) {
        while number > 0x7f {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }
}

/// Reads the next number of what a [`Packer`] has written.
#[inline]
fn take(bytes: &mut &[u8]) -> u32 {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (&byte, rest) = bytes.split_first().expect("a number as it was written");
        *bytes = rest;
        number |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return number;
        }
        shift += 7;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back() {
        let files = ["a.rs", "b.rs"].map(|name| Arc::new(SourceFile { directory: "/p".into(), name: name.into() }));
        let subprogram = |number: usize| {
            let (name, linkage_name) = (format!("f{number}").into(), "".into());
            Arc::new(Subprogram { name, linkage_name, namespace: vec![], file: files[0].clone(), line: 3 })
        };
        let subprograms: Vec<_> = (0..300).map(subprogram).collect();
        let frame = |number: usize, line, column| SourceFrame {
            subprogram: subprograms[number % 300].clone(),
            file: files[number % 2].clone(),
            line,
            column,
        };
        let location = |number: usize| {
            let chain = (0..=number % 4).map(|depth| frame(number + depth, (number * 37) as u32, depth as u32));
            Location { frames: chain.collect() }
        };
        let mut locations: Vec<Location> = (0..1000).map(location).collect();
        locations.push(Location { frames: [frame(0, u32::MAX, u32::MAX)].into_iter().collect() });
        let positions = Positions::of(&locations);
        assert_eq!(positions.unpack(), locations);
        assert!(Arc::ptr_eq(&positions.unpack()[0].frames[0].subprogram, &subprograms[0]), "shared");
        assert_eq!(positions.frames().filter(|frame| frame.is_outermost).count(), locations.len());
        assert_eq!(Positions::of(&[]).unpack(), []);
    }
}
