//! What a patch crate and its twin call the crate lane's things.
//!
//! A patch crate holds edited functions alone; its twin, which it was compiled against, is the crate with blanked bodies and everything
//! public. Both have the crate's name, but are other crates to rustc, so that their symbols carry other hashes, and a method is one
//! of a trait of Cranefly's. What a symbol stands for is its path: the demangled name without hashes. It is only trusted where
//! it is unique.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use cranefly_bitcode::demangled;
use cranefly_bitcode::ir::{GlobalId, Subprogram};
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
    /// What rustc calls it.
    pub crate_name: Arc<str>,
    /// The names of types that it alone declares, of all crates of a program that have its name; none where it is the only one.
    pub distinct_types: Option<Arc<BTreeSet<String>>>,
}

/// The crate lane's names for symbols of patch crates and twins, as far as they are known.
#[derive(Debug, Default)]
pub struct Names {
    known: HashMap<Arc<str>, Arc<str>>,
    /// Edited functions: the path in the patch crate and in the crate lane.
    paths: Vec<(String, String)>,
    /// The same, mangled, up to their hashes; for names in the legacy mangling.
    stems: Vec<(String, String)>,
    /// The traits of Cranefly's whose methods are new functions, as symbols have them.
    new_traits: Vec<String>,
    /// What methods are called that have other names in a patch crate, by these.
    methods: HashMap<String, String>,
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

    /// Names a new function of a patch crate as the crate lane will: most have that name already, but a method is one of a trait of
    /// Cranefly's. Returns whether it is a name that can be told.
    pub fn new_function(&mut self, name: &Arc<str>) -> bool {
        let is_method = name.contains(TRAITS);
        let own = if is_method { name_of_method(name) } else { name_in_impl(name) };
        let Some(own) = own else { return !is_method };
        if is_method {
            self.new_traits.extend(trait_in(name));
            if let Some((other, own)) = names_in(name) {
                self.methods.insert(other.to_owned(), own.to_owned());
            }
        }
        if let (Some(patch), Some(own)) = (legacy_stem(name), legacy_stem(&own)) {
            self.stems.push((patch.to_owned(), own.to_owned()));
        }
        self.paths.push((demangled(name), demangled(&own)));
        self.known.insert(name.clone(), own.into());
        true
    }

    /// Whether a symbol belongs to a new method, as the body of its future does.
    pub fn is_of_new_method(&self, name: &str) -> bool {
        self.new_traits.iter().any(|of_trait| name.contains(of_trait))
    }

    /// A new function's debug info with the names that its methods have in the crate, if they are others.
    pub fn own_subprogram(&self, subprogram: &Arc<Subprogram>) -> Option<Arc<Subprogram>> {
        let own = |name: &Arc<str>| -> Option<Arc<str>> {
            let (plain, rest) = name.split_at(name.find('<').unwrap_or(name.len()));
            Some(format!("{}{rest}", self.methods.get(plain)?).into())
        };
        if self.methods.is_empty() {
            return None;
        }
        let name = own(&subprogram.name);
        let is_in = subprogram.namespace.iter().any(|name| own(name).is_some());
        (name.is_some() || is_in).then(|| {
            let namespace = subprogram.namespace.iter().map(|name| own(name).unwrap_or_else(|| name.clone())).collect();
            let name = name.unwrap_or_else(|| subprogram.name.clone());
            Arc::new(Subprogram { name, namespace, ..Subprogram::clone(subprogram) })
        })
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

/// The module in which a patch crate's traits lie: see `server/src/core/lanes/patch/patchText.ts`.
const TRAITS: &str = "__cranefly_traits";

/// In such a trait's name, in front of what its method is called in the crate if that is something else.
const OWN_NAME: &str = "_is_";

/// The trait of Cranefly's in the name of a method, up to what ends it.
fn trait_in(name: &str) -> Option<String> {
    let (_, of_trait) = name.split_once(TRAITS)?;
    let (of_trait, _) = of_trait.split_once('$')?;
    Some(format!("{TRAITS}{of_trait}$"))
}

/// What a method is called in a patch crate and in its own crate, if that is something else.
fn names_in(name: &str) -> Option<(&str, &str)> {
    let parts = legacy_parts(name)?;
    let at = parts.iter().position(|part| part.contains(TRAITS))?;
    let (_, of_trait) = parts[at].split_once(TRAITS)?;
    let (_, own) = of_trait.split('$').next()?.split_once(OWN_NAME)?;
    Some((parts.get(at + 1)?, own))
}

/// The legacy-mangled name of a method by that of the method of a trait of Cranefly's, `module::<impl Trait for Type>::method`. rustc names
/// a method after its type where the impl stands in the type's own module, else after the module and the impl. (`rustc_middle`'s
/// `print_impl_path`.)
fn name_of_method(name: &str) -> Option<String> {
    let parts = legacy_parts(name)?;
    let at = parts.iter().position(|part| part.contains(TRAITS))?;
    let (module, behind) = (&parts[..at], &parts[at + 1..]);
    let (of_trait, of) = parts[at].strip_prefix("_$LT$impl$u20$")?.strip_suffix("$GT$")?.split_once("$u20$for$u20$")?;
    let path = of.split('$').next()?;
    let is_plain = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_');
    // (What the trait is generic over is what the impl is.)
    if !path.split("..").all(is_plain) || !of_trait.split('$').next()?.split("..").all(is_plain) {
        return None;
    }
    let (parent, last) = path.rsplit_once("..")?;
    let is_beside = parent == module.join("..");
    let own = if is_beside { format!("{last}{}", &of[path.len()..]) } else { format!("_$LT$impl$u20${of}$GT$") };
    let method = names_in(name).map_or(*behind.first()?, |(_, own)| own);
    let all = module.iter().copied().chain([&*own, method]).chain(behind[1..].iter().copied());
    let mangled: String = all.map(|part| format!("{}{part}", part.len())).collect();
    Some(format!("_ZN{mangled}E"))
}

/// The legacy-mangled name of a function in an impl of a patch crate, `module::<impl Trait for Type>::function`, where the crate itself
/// names it `<Type as Trait>::function`, because the impl stands in the module of the type or of the trait. In the patch crate that one may
/// be the twin's.
fn name_in_impl(name: &str) -> Option<String> {
    let parts = legacy_parts(name)?;
    let at = parts.iter().position(|part| part.starts_with(IMPL))?;
    let module = parts[..at].join("..");
    let (of_trait, of) = parts[at].strip_prefix(IMPL)?.strip_suffix("$GT$")?.split_once("$u20$for$u20$")?;
    if ![of_trait, of].iter().any(|path| parent_of(path) == Some(&module)) {
        return None;
    }
    let own = format!("_$LT${of}$u20$as$u20${of_trait}$GT$");
    let all = std::iter::once(&*own).chain(parts[at + 1..].iter().copied());
    let mangled: String = all.map(|part| format!("{}{part}", part.len())).collect();
    Some(format!("_ZN{mangled}E"))
}

/// How the name of an impl begins in the legacy mangling.
const IMPL: &str = "_$LT$impl$u20$";

/// The module of a type or trait as it stands in a legacy-mangled name, behind references.
fn parent_of(path: &str) -> Option<&str> {
    let path = path.trim_start_matches("$RF$").trim_start_matches("mut$u20$");
    Some(path.split('$').next()?.rsplit_once("..")?.0)
}

/// The parts of a legacy-mangled name, the hash included.
fn legacy_parts(name: &str) -> Option<Vec<&str>> {
    let mut rest = name.strip_prefix("_ZN")?.strip_suffix('E')?;
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let length: usize = rest[..digits].parse().ok()?;
        let (part, behind) = rest[digits..].split_at_checked(length)?;
        parts.push(part);
        rest = behind;
    }
    Some(parts)
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

/// The numbers of the crate lane's units by crate, of the crates that the body lane has units of.
pub fn units_by_crate<'a>(crates: &[Arc<LoadedUnit>], body: &'a [BodyUnit]) -> BTreeMap<&'a str, Vec<usize>> {
    let mut found: BTreeMap<&str, Vec<usize>> = body.iter().map(|unit| (&*unit.crate_id, Vec::new())).collect();
    for (id, numbers) in &mut found {
        let is_its = |unit: &LoadedUnit| unit.unit.id.strip_prefix(id).is_some_and(|rest| rest.starts_with('/'));
        numbers.extend((0..crates.len()).filter(|&number| is_its(&crates[number])));
    }
    found
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
    fn new_methods_are_named_as_the_crate_names_them() {
        let own = |name: &str| name_of_method(name).map(|name| demangled(&name));
        let beside = "_ZN3app1m85_$LT$impl$u20$app..m..__cranefly_traits..__CraneflyMethods1$u20$for$u20$app..m..S$GT$4more17h46159eb317b993bdE";
        assert_eq!(own(beside).as_deref(), Some("app::m::S::more"));
        let elsewhere = "_ZN3app82_$LT$impl$u20$app..__cranefly_traits..__CraneflyMethods1$u20$for$u20$app..m..S$GT$4more17h46159eb317b993bdE";
        assert_eq!(own(elsewhere).as_deref(), Some("app::<impl app::m::S>::more"));
        let renamed = "_ZN3app1m93_$LT$impl$u20$app..m..__cranefly_traits..__CraneflyMethods1_is_more$u20$for$u20$app..m..S$GT$4_zzz17h46159eb317b993bdE";
        assert_eq!(own(renamed).as_deref(), Some("app::m::S::more"));
        let generic = "_ZN3app1m103_$LT$impl$u20$app..m..__cranefly_traits..__CraneflyMethods1$LT$T$GT$$u20$for$u20$app..m..S$LT$T$GT$$GT$4more17h46159eb317b993bdE";
        assert_eq!(own(generic).as_deref(), Some("app::m::S<T>::more"));
        assert_eq!(own("_ZN3app1a3run17hd7d4816858ac2ea2E"), None);
    }

    #[test]
    fn functions_in_impls_are_named_as_the_crate_names_them() {
        let own = |name: &str| name_in_impl(name).map(|name| demangled(&name));
        let beside_type = "_ZN7changed6shapes67_$LT$impl$u20$changed..Area$u20$for$u20$changed..shapes..Square$GT$4area17h46159eb317b993bdE";
        assert_eq!(own(beside_type).as_deref(), Some("<changed::shapes::Square as changed::Area>::area"));
        let elsewhere = "_ZN7changed5other67_$LT$impl$u20$changed..Area$u20$for$u20$changed..shapes..Square$GT$4area17h46159eb317b993bdE";
        assert_eq!(own(elsewhere), None);
        assert_eq!(own("_ZN7changed3run17hd7d4816858ac2ea2E"), None);
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
