//! What a patch crate and its twin call the crate lane's things.
//!
//! A patch crate holds edited functions alone; its twin, which it was compiled against, is the crate with blanked bodies and everything
//! public. Both have the crate's name, but are other crates to rustc, so that their symbols carry other hashes, and a method is one
//! of a trait of Cranefly's. What a symbol stands for is its path: the demangled name without hashes. It is only trusted where
//! it is unique.

use std::collections::HashMap;
use std::sync::Arc;

use cranefly_bitcode::demangled;
use cranefly_bitcode::ir::GlobalId;
use cranefly_cgu::LoadedUnit;
use rayon::prelude::*;

/// Where a unit of the body lane comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The crate with most bodies blanked, under its own name.
    Overlay,
    /// Edited functions, in a crate of their own.
    Patch,
    /// The crate that the patch was compiled against.
    Twin,
}

/// A unit of the body lane.
#[derive(Clone, Debug)]
pub struct BodyUnit {
    /// Its content.
    pub unit: Arc<LoadedUnit>,
    /// Where it comes from.
    pub origin: Origin,
    /// The crate, as `package:target`.
    pub crate_id: Arc<str>,
}

/// The crate lane's names for symbols of patch crates and twins, as far as they are known.
#[derive(Debug, Default)]
pub struct Names {
    known: HashMap<Arc<str>, Arc<str>>,
    /// Edited functions: the path in the patch crate and in the crate lane.
    paths: Vec<(String, String)>,
    /// The same, mangled, up to their hashes; for names in the legacy mangling.
    stems: Vec<(String, String)>,
}

impl Names {
    /// The name under which a symbol goes into the program.
    pub fn name(&self, name: &Arc<str>) -> Arc<str> {
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        // What belongs to an edited function (a closure) is named after it: backtraces show it.
        let renamed = self.stems.iter().find_map(|(patch, own)| Some(format!("{own}{}", name.strip_prefix(&**patch)?)));
        renamed.map_or_else(|| name.clone(), Into::into)
    }

    /// Notes the crate lane's name of an edited function. Returns whether it is the first of that name.
    pub fn edited(&mut self, name: &Arc<str>, own: &Arc<str>) -> bool {
        if self.known.values().any(|known| known == own) {
            return false;
        }
        self.known.insert(name.clone(), own.clone());
        self.paths.push((demangled(name), demangled(own)));
        if let (Some(patch), Some(own)) = (legacy_stem(name), legacy_stem(own)) {
            self.stems.push((patch.to_owned(), own.to_owned()));
        }
        true
    }

    /// Notes the crate lane's name of a symbol.
    pub fn same(&mut self, name: &Arc<str>, own: &Arc<str>) {
        self.known.insert(name.clone(), own.clone());
    }

    /// The path that the crate lane has for a symbol.
    pub fn path(&self, name: &str) -> String {
        let path = demangled(name);
        let inside =
            |patch: &str| path.strip_prefix(patch).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
        match self.paths.iter().find(|(patch, _)| inside(patch)) {
            Some((patch, own)) => format!("{own}{}", &path[patch.len()..]),
            None => path,
        }
    }
}

/// A legacy-mangled name up to its last part, which is a hash: `_ZN3app1a` of `_ZN3app1a17h0123456789abcdefE`.
fn legacy_stem(name: &str) -> Option<&str> {
    let stem = name.strip_prefix("_ZN")?.strip_suffix('E')?;
    let (stem, hash) = stem.split_at_checked(stem.len().checked_sub("17h0123456789abcdef".len())?)?;
    hash.starts_with("17h").then(|| &name[.."_ZN".len() + stem.len()])
}

/// Demangles the names that patches of these crates will be matched with, ahead of the first.
pub fn prepare_names(crates: &[Arc<LoadedUnit>], body: &[BodyUnit]) {
    crates.par_iter().chain(body.par_iter().map(|unit| &unit.unit)).for_each(|unit| {
        unit.at_path("");
    });
}

/// Definitions of units by path.
pub fn definitions_at<'a>(
    units: impl Iterator<Item = (usize, &'a Arc<LoadedUnit>)>,
    path: &str,
) -> Vec<(usize, GlobalId)> {
    units.flat_map(|(number, unit)| unit.at_path(path).iter().map(move |&global| (number, global))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_end_before_the_hash() {
        assert_eq!(legacy_stem("_ZN3app1a3run17hd7d4816858ac2ea2E"), Some("_ZN3app1a3run"));
        assert_eq!(legacy_stem("_RNvCs1234_3app4main"), None);
        assert_eq!(legacy_stem("_ZN3E"), None);
        assert_eq!(legacy_stem("main"), None);
    }

    #[test]
    fn what_belongs_to_an_edited_function_is_named_after_it() {
        let mut names = Names::default();
        let patch: Arc<str> = "_ZN48_$LT$app..S$u20$as$u20$app..traits..Methods0$GT$3get17h0123456789abcdefE".into();
        let own: Arc<str> = "_ZN3app1S3get17hfedcba9876543210E".into();
        names.edited(&patch, &own);
        assert_eq!(names.name(&patch), own);
        let closure: Arc<str> = "_ZN48_$LT$app..S$u20$as$u20$app..traits..Methods0$GT$3get28_$u7b$$u7b$closure$u7d$$u7d$17h0000000000000000E".into();
        assert_eq!(&*names.name(&closure), "_ZN3app1S3get28_$u7b$$u7b$closure$u7d$$u7d$17h0000000000000000E");
        assert_eq!(names.path(&closure), "app::S::get::{{closure}}");
        let other: Arc<str> = "_ZN3app1S7get_all17h0123456789abcdefE".into();
        assert_eq!(names.name(&other), other);
    }
}
