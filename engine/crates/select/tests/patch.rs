//! What is taken of a patch crate: edited functions alone, compiled against the crate's public twin. To rustc, patch, twin and crate are
//! three crates, whose symbols carry different hashes.

mod support;

use std::sync::Arc;

use cranefly_cgu::LoadedUnit;
use cranefly_select::{BodyUnit, Edit, EditedFunction, Origin, Refusal, Selection, SelectionCache, select};
use support::{Crate, blank, body_units, functions, references};

/// Functions have a line each; what is private is so to the crate alone.
const SOURCE: &str = r"
static LIMIT: u32 = 40;
fn helper(n: u32) -> u32 { !n }
pub fn edited(n: u32) -> u32 { helper(n) ^ 1 }
fn generic<T: Copy>(value: T) -> T { value }
pub fn caller(n: u32) -> u32 { edited(n) ^ LIMIT }
";

/// What makes rustc generate the edited function.
const ROOT: &str = "#[used] static __CRANEFLY_ROOT_0: fn(u32) -> u32 = edited;\n";

struct Program {
    app: Crate,
    source: &'static str,
    units: Vec<Arc<LoadedUnit>>,
    twin: Vec<BodyUnit>,
    twin_file: String,
}

impl Program {
    fn new(name: &str) -> Self {
        Self::of(name, SOURCE, &[])
    }

    /// `keep`: lines of functions that have a body in the twin.
    fn of(name: &str, source: &'static str, keep: &[&str]) -> Self {
        let mut app = Crate::new(name);
        let units = app.units(source, &[]);
        let public = source.replace("\nfn ", "\npub fn ").replace("\nstatic ", "\npub static ");
        let twin = body_units(&app.units(&blank(&public, keep), &["-Cmetadata=twin"]), Origin::Twin);
        let twin_file = twin[0].unit.path.with_file_name("libapp.rmeta").display().to_string();
        Self { app, source, units, twin, twin_file }
    }

    /// Compiles a patch crate in which `edited` is `text`, and selects.
    #[track_caller]
    fn patch(&mut self, text: &str) -> Result<Selection, Refusal> {
        let at = self.source.lines().position(|line| line.contains("fn edited")).expect("it is there");
        let patch: String = (0..at).map(|_| "\n").collect::<String>() + text + "\nuse twin::*;\n" + ROOT;
        let twin = format!("--extern=twin={}", self.twin_file);
        let mut body = body_units(&self.app.units(&patch, &["-Cmetadata=patch", &twin]), Origin::Patch);
        body.extend(self.twin.iter().cloned());
        let functions: [EditedFunction; 1] = [self.app.edited(self.source, "fn edited")];
        let edit = Edit { functions: functions.iter().collect(), is_twin_behind: false, tests: Vec::new() };
        select(&self.units, &body, &edit, &|_| true, &mut SelectionCache::default())
    }
}

#[test]
fn a_patch_takes_the_programs_names() {
    let mut program = Program::new("patch-names");
    let text = "pub fn edited(n: u32) -> u32 { helper(n) ^ LIMIT }";
    let selection = program.patch(text).unwrap();
    assert_eq!((selection.counts.taken, selection.counts.new), (1, 0));
    let [crate_lane, patch] = &selection.units[..] else { panic!("{} units", selection.units.len()) };
    assert_eq!(functions(patch), ["app::edited"]);
    assert_eq!(references(patch), ["app::helper"]);
    // Under the crate's own symbols, hashes included.
    let has = |unit: &LoadedUnit, name: &str| crate_lane.declares(name) && unit.declares(name);
    for path in ["app::edited", "app::helper", "app::LIMIT"] {
        let [global] = program.units[0].at_path(path) else { panic!("{path}") };
        assert!(has(patch, &program.units[0].global(*global).name), "{path}");
    }
    // What only the crate's unit sees is bound to it, whatever else has the name.
    assert!(patch.unit.bound.values().all(|local| *local.unit == *program.units[0].unit.id));
    assert_eq!(selection.patch.verify(&program.units).diverged, ["app::edited"]);
}

#[test]
fn what_only_the_crate_knows_of_its_types_is_refused() {
    let mut program = Program::new("patch-types");
    let text = "pub fn edited(n: u32) -> u32 { struct Own; std::any::type_name::<Own>().len() as u32 ^ n }";
    assert!(program.patch(text).is_ok());
    // A path that the crate does not have.
    let text = "pub fn edited(n: u32) -> u32 { mod __cranefly_0 { pub struct Own; } std::any::type_name::<__cranefly_0::Own>().len() as u32 ^ n }";
    assert_eq!(program.patch(text).unwrap_err(), Refusal::TypeName);
    let text = "pub fn edited(n: u32) -> u32 { let id = std::any::TypeId::of::<(u8, u16, [u32; 77])>(); format!(\"{id:?}\").len() as u32 ^ n }";
    assert_eq!(program.patch(text).unwrap_err(), Refusal::TypeIdentity);
}

#[test]
fn a_twins_blank_body_stands_for_the_crates() {
    let mut program = Program::new("patch-blank");
    // No instance of it is there, and its body is blank.
    let needs = program.patch("pub fn edited(n: u32) -> u32 { generic(n) }").unwrap_err();
    assert!(matches!(&needs, Refusal::MissingBody { needs } if needs[0].name.starts_with("app::generic")), "{needs:?}");
    // The crate has this one.
    assert!(program.patch("pub fn edited(n: u32) -> u32 { helper(helper(n)) }").is_ok());
}

/// Two statics of one path, in one generic function.
const COUNTING: &str = r"
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
fn count<T>(_: T) -> u32 { let a = { static N: AtomicU32 = AtomicU32::new(1); N.fetch_add(1, Relaxed) }; let b = { static N: AtomicU32 = AtomicU32::new(1); N.fetch_add(2, Relaxed) }; a * b }
pub fn edited(n: u32) -> u32 { count(n) ^ 1 }
pub fn caller(n: u32) -> u32 { edited(n) }
";

#[test]
fn a_functions_statics_of_one_path_are_told_by_their_places() {
    let mut program = Program::of("patch-statics", COUNTING, &["fn count"]);
    let selection = program.patch("pub fn edited(n: u32) -> u32 { count(n) ^ 2 }").unwrap();
    let [crate_lane, patch] = &selection.units[..] else { panic!("{} units", selection.units.len()) };
    // The program's instance of the function is used, or one with the program's statics, each in its place.
    let statics = |unit: &LoadedUnit| -> Vec<Arc<str>> {
        let of = unit.unit.functions.iter().filter(|function| unit.global(function.global).name.contains("count"));
        let symbols =
            of.flat_map(|function| function.symbols.iter().map(|symbol| unit.global(symbol.global).name.clone()));
        symbols.filter(|name| name.contains("1N")).collect()
    };
    let expected = statics(crate_lane);
    assert_eq!(expected.len(), 2);
    assert_ne!(expected[0], expected[1]);
    let taken = statics(patch);
    assert!(taken.is_empty() || taken == expected, "{taken:?} {expected:?}");
    // An instance that the program has not is made of the twin's body: nothing tells which static is which.
    let unknown = program.patch("pub fn edited(n: u32) -> u32 { count(n as u8) ^ 2 }").unwrap_err();
    assert!(matches!(unknown, Refusal::AmbiguousStatic { .. }), "{unknown:?}");
}
