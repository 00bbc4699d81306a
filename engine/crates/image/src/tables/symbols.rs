//! The program's symbols: who defines each, and where it lies.

use std::sync::Arc;

use cranefly_bitcode::ir::{GlobalId, Linkage};
use hashbrown::{HashMap, HashSet};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// Index of a symbol of an image; valid as long as the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SymbolIndex(u32);

impl SymbolIndex {
    /// Its number among the image's symbols.
    pub(crate) fn number(self) -> u32 {
        self.0
    }
}

/// Where a symbol lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Place {
    /// Nobody defines it.
    Undefined,
    /// Undefined and weak: address zero.
    Null,
    /// A number that is no address: what assembly sets a symbol to.
    Absolute(u64),
    /// In this image, at a virtual address (functions: their slot).
    Image(u64),
    /// In this image's block of thread-locals, bytes from its start.
    ThreadLocal(u64),
    /// In the base image, bytes from the anchor.
    Base(i64),
    /// In the base image's block of thread-locals, bytes from the anchor.
    BaseThreadLocal(i64),
    /// In a shared library, by dynamic symbol.
    Import {
        /// Index in `.dynsym`.
        index: u32,
        /// Thread-local.
        thread_local: bool,
    },
}

impl Place {
    /// The place so many bytes behind; numbers that are not known before the program starts stay what they are.
    pub(crate) fn offset_by(self, bytes: i64) -> Self {
        match self {
            Self::Image(at) => Self::Image(at.wrapping_add_signed(bytes)),
            Self::ThreadLocal(at) => Self::ThreadLocal(at.wrapping_add_signed(bytes)),
            Self::Base(distance) => Self::Base(distance + bytes),
            Self::Absolute(value) => Self::Absolute(value.wrapping_add_signed(bytes)),
            other => other,
        }
    }
}

/// Something for some of the symbols: most have nothing.
#[derive(Debug)]
pub(crate) struct BySymbol<T> {
    /// By symbol, where among the values its own is; [`NOTHING`] for none.
    places: Vec<u32>,
    values: Vec<Option<T>>,
    /// Places of values that were removed.
    free: Vec<u32>,
}

/// The place of no value.
const NOTHING: u32 = u32::MAX;

impl<T> Default for BySymbol<T> {
    fn default() -> Self {
        Self { places: Vec::new(), values: Vec::new(), free: Vec::new() }
    }
}

impl<T> BySymbol<T> {
    fn place(&self, symbol: SymbolIndex) -> Option<usize> {
        self.places.get(symbol.0 as usize).filter(|&&place| place != NOTHING).map(|&place| place as usize)
    }

    pub(crate) fn get(&self, symbol: SymbolIndex) -> Option<&T> {
        self.values[self.place(symbol)?].as_ref()
    }

    pub(crate) fn get_mut(&mut self, symbol: SymbolIndex) -> Option<&mut T> {
        let place = self.place(symbol)?;
        self.values[place].as_mut()
    }

    /// Gives what was there before.
    pub(crate) fn insert(&mut self, symbol: SymbolIndex, value: T) -> Option<T> {
        if let Some(place) = self.place(symbol) {
            return self.values[place].replace(value);
        }
        let index = symbol.0 as usize;
        if index >= self.places.len() {
            self.places.resize(index + 1, NOTHING);
        }
        let place = self.free.pop().unwrap_or_else(|| {
            self.values.push(None);
            u32::try_from(self.values.len() - 1).expect("not more values than symbols")
        });
        self.values[place as usize] = Some(value);
        self.places[index] = place;
        None
    }

    pub(crate) fn remove(&mut self, symbol: SymbolIndex) -> Option<T> {
        let place = std::mem::replace(self.places.get_mut(symbol.0 as usize)?, NOTHING);
        if place == NOTHING {
            return None;
        }
        self.free.push(place);
        self.values[place as usize].take()
    }
}

/// One defining unit of a symbol.
#[derive(Clone, Debug)]
pub(crate) struct Definer {
    /// The unit's id.
    pub(crate) unit: Arc<str>,
    /// The global there.
    pub(crate) global: GlobalId,
    /// `External` or `Local` beats `Weak`.
    pub(crate) linkage: Linkage,
}

/// A function, variable or alias.
#[derive(Debug)]
struct Symbol {
    name: Arc<str>,
    /// Units that define it, by order of arrival.
    definers: SmallVec<[Definer; 1]>,
    /// Something outside of the units' modules defines it, and better.
    is_overridden: bool,
    /// Every declaration is `extern_weak`.
    is_weak: bool,
    place: Place,
}

/// All symbols of an image: names to definitions, and to places. Nothing is ever removed.
#[derive(Debug, Default)]
pub(crate) struct Symbols {
    all: Vec<Symbol>,
    by_name: HashMap<Arc<str>, SymbolIndex>,
}

impl Symbols {
    /// The symbol visible everywhere as `name`, made when new. The flag tells whether it is.
    pub(crate) fn global(&mut self, name: &Arc<str>) -> (SymbolIndex, bool) {
        if let Some(&index) = self.by_name.get(name) {
            return (index, false);
        }
        let index = self.add(name);
        self.by_name.insert(name.clone(), index);
        (index, true)
    }

    /// A new symbol that is in no table of names.
    pub(crate) fn add(&mut self, name: &Arc<str>) -> SymbolIndex {
        let index = SymbolIndex(u32::try_from(self.all.len()).expect("symbols below 2^32"));
        self.all.push(Symbol {
            name: name.clone(),
            definers: SmallVec::new(),
            is_overridden: false,
            is_weak: true,
            place: Place::Undefined,
        });
        index
    }

    /// The global symbol `name`, if there is one.
    pub(crate) fn find(&self, name: &str) -> Option<SymbolIndex> {
        self.by_name.get(name).copied()
    }

    /// Whether there is such a symbol.
    pub(crate) fn contains(&self, symbol: SymbolIndex) -> bool {
        (symbol.0 as usize) < self.all.len()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// All symbols, by number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = SymbolIndex> {
        (0..u32::try_from(self.all.len()).expect("symbols below 2^32")).map(SymbolIndex)
    }

    /// Linker name.
    pub(crate) fn name(&self, symbol: SymbolIndex) -> &Arc<str> {
        &self.at(symbol).name
    }

    /// Whether it is what everybody calls by its name.
    pub(crate) fn is_global(&self, symbol: SymbolIndex) -> bool {
        self.find(self.name(symbol)) == Some(symbol)
    }

    /// Where it lies now.
    pub(crate) fn place(&self, symbol: SymbolIndex) -> Place {
        self.at(symbol).place
    }

    /// Gives it its place; tells whether it had another.
    pub(crate) fn set_place(&mut self, symbol: SymbolIndex, place: Place) -> bool {
        std::mem::replace(&mut self.at_mut(symbol).place, place) != place
    }

    /// Gives it its place; one that had another is `moved`.
    pub(crate) fn move_to(&mut self, symbol: SymbolIndex, place: Place, moved: &mut HashSet<SymbolIndex>) {
        if self.set_place(symbol, place) {
            moved.insert(symbol);
        }
    }

    /// Whether nothing is enough for it: every declaration is `extern_weak`.
    pub(crate) fn is_weak(&self, symbol: SymbolIndex) -> bool {
        self.at(symbol).is_weak
    }

    /// Notes a declaration that is not `extern_weak`; tells whether that is news.
    pub(crate) fn require(&mut self, symbol: SymbolIndex) -> bool {
        std::mem::replace(&mut self.at_mut(symbol).is_weak, false)
    }

    /// Adds a definition. Which one counts is found out by [order](Self::order) and [decide](Self::decide) when all are there.
    pub(crate) fn define(&mut self, symbol: SymbolIndex, definer: Definer) {
        self.at_mut(symbol).definers.push(definer);
    }

    /// Removes a unit's definitions; tells whether there were any.
    pub(crate) fn forget(&mut self, symbol: SymbolIndex, unit: &str) -> bool {
        let definers = &mut self.at_mut(symbol).definers;
        let before = definers.len();
        definers.retain(|definer| *definer.unit != *unit);
        definers.len() != before
    }

    /// What units define it.
    pub(crate) fn definers(&self, symbol: SymbolIndex) -> &[Definer] {
        &self.at(symbol).definers
    }

    /// Puts a symbol's weak definitions into the order in which a linker finds them, if only weak ones are there: the first counts.
    pub(crate) fn order<K: Ord>(&mut self, symbol: SymbolIndex, rank: impl Fn(&str) -> K) {
        let definers = &mut self.at_mut(symbol).definers;
        if definers.len() > 1 && definers.iter().all(|definer| definer.linkage == Linkage::Weak) {
            definers.sort_by_cached_key(|definer| rank(&definer.unit));
        }
    }

    /// Decides whether a weak definition of a unit counts. `is_overridden`: something else defines the symbol, and that counts.
    pub(crate) fn decide(&mut self, symbol: SymbolIndex, is_overridden: bool) {
        self.at_mut(symbol).is_overridden = is_overridden;
    }

    /// The definition that counts: the first strong one, or else the first weak one unless that is overridden.
    pub(crate) fn definition(&self, symbol: SymbolIndex) -> Option<&Definer> {
        let Symbol { definers, is_overridden, .. } = self.at(symbol);
        let strong = definers.iter().find(|definer| definer.linkage != Linkage::Weak);
        strong.or_else(|| definers.first().filter(|_| !is_overridden))
    }

    /// Whether the definition that counts is this one.
    pub(crate) fn is_definition(&self, symbol: SymbolIndex, unit: &str, global: GlobalId) -> bool {
        self.definition(symbol).is_some_and(|definer| definer.global == global && *definer.unit == *unit)
    }

    fn at(&self, index: SymbolIndex) -> &Symbol {
        &self.all[index.0 as usize]
    }

    fn at_mut(&mut self, index: SymbolIndex) -> &mut Symbol {
        &mut self.all[index.0 as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_symbol_and_their_places_used_again() {
        let symbol = SymbolIndex;
        let mut names = BySymbol::default();
        assert_eq!(names.insert(symbol(1000), "a"), None);
        assert_eq!(names.insert(symbol(3), "b"), None);
        assert_eq!(names.insert(symbol(3), "c"), Some("b"));
        assert_eq!([names.get(symbol(3)), names.get(symbol(4)), names.get(symbol(2000))], [Some(&"c"), None, None]);
        assert_eq!(
            [names.remove(symbol(1000)), names.remove(symbol(1000)), names.remove(symbol(5000))],
            [Some("a"), None, None]
        );
        assert_eq!(names.get(symbol(1000)), None);
        assert_eq!(names.insert(symbol(7), "d"), None);
        assert_eq!([names.get(symbol(3)), names.get(symbol(7))], [Some(&"c"), Some(&"d")]);
        assert_eq!(names.values.len(), 2, "as many as there were at a time");
        *names.get_mut(symbol(7)).unwrap() = "e";
        assert_eq!(names.get(symbol(7)), Some(&"e"));
    }
}
