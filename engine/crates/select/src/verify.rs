//! The crate lane has the last word: what the body lane had put in is compared with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use cranefly_bitcode::demangled;
use cranefly_cgu::LoadedUnit;

/// Functions that the body lane had put in, by symbol.
#[derive(Debug, Default)]
pub struct Patch(BTreeMap<Arc<str>, Taken>);

#[derive(Debug)]
struct Taken {
    key: u128,
    /// Edited itself, not only needed by what was.
    edited: bool,
}

/// How the body lane's functions compare with the crate lane's.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// With equal content.
    pub equal: u64,
    /// Under a path that the crate lane does not use, or uses for instances with other content only: it may have taken the
    /// instance from another crate.
    pub unmatched: u64,
    /// Demangled names of those with other content. Each is a bug of Cranefly's.
    pub diverged: Vec<String>,
}

impl Verified {
    /// Adds what the body lane had not put in, and should have.
    pub fn add_missed(&mut self, missed: Vec<String>) {
        for name in missed {
            if !self.diverged.contains(&name) {
                self.diverged.push(name);
            }
        }
    }
}

impl Patch {
    /// Notes a function by its content key.
    pub fn add(&mut self, name: &Arc<str>, key: u128, edited: bool) {
        self.0.insert(name.clone(), Taken { key, edited });
    }

    /// Whether nothing was put in.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Compares with the crate lane's units, compiled from the same sources.
    pub fn verify(&self, crates: &[Arc<LoadedUnit>]) -> Verified {
        let mut verified = Verified::default();
        for (name, taken) in &self.0 {
            let keys: Vec<u128> = crates
                .iter()
                .filter_map(|unit| {
                    unit.function(unit.definitions().get(name)?.global).map(|it| unit.unit.functions[it].key)
                })
                .collect();
            // An edit may give a function another name: anonymous lifetimes in its body count among those of its signature.
            if keys.contains(&taken.key) || (keys.is_empty() && self.is_at_path(crates, name, taken.key)) {
                verified.equal += 1;
            } else if keys.is_empty() && !taken.edited {
                verified.unmatched += 1;
            } else {
                verified.diverged.push(demangled(name));
            }
        }
        verified
    }

    /// Whether a function of that path has this content: instances and copies of other crates' functions have names that say
    /// where they were made, and rustc hashes the numbers of anonymous lifetimes in a signature into a name. Not one that was
    /// put in under its own name.
    fn is_at_path(&self, crates: &[Arc<LoadedUnit>], name: &str, key: u128) -> bool {
        let path = demangled(name);
        crates.iter().any(|unit| {
            let others = unit.at_path(&path).iter().filter(|&&global| !self.0.contains_key(&unit.global(global).name));
            let mut functions = others.filter_map(|&global| unit.function(global));
            functions.any(|function| unit.unit.functions[function].key == key)
        })
    }
}
