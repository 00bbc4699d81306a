//! What is taken of an overlay: the crate with every body blank but those of edited functions and some others.

mod support;

use std::sync::Arc;

use cranefly_bitcode::ir::GlobalKind;
use cranefly_select::{Refusal, SelectionCache, conformance, select};
use support::{Crate, edit, functions, global, references};

/// Functions have a line each.
const SOURCE: &str = r"
pub struct Loud(pub u32);
impl Drop for Loud {
    fn drop(&mut self) { helper(self.0); }
}
static LIMIT: u32 = 40;
pub fn helper(n: u32) -> u32 { !n }
pub fn edited(n: u32) -> u32 { helper(n) ^ 1 }
pub fn caller(n: u32) -> u32 { edited(n) ^ LIMIT }
pub fn apply<F: Fn(u32) -> u32>(f: F) -> u32 { f(1) ^ f(2) }
pub fn closing(n: u32) -> u32 { apply(move |i| i ^ n) }
";

#[track_caller]
fn replaced(source: &str, from: &str, to: &str) -> String {
    assert_eq!(source.matches(from).count(), 1, "{from}");
    source.replace(from, to)
}

#[test]
fn an_edited_function_is_taken_alone() {
    let mut app = Crate::new("alone");
    let before = app.units(SOURCE, &[]);
    let after = replaced(SOURCE, "helper(n) ^ 1 }", "helper(n) ^ 2 }");
    let selection = app.overlay(&before, &after, &["fn edited"], &[]).unwrap();
    assert_eq!((selection.counts.taken, selection.counts.new), (1, 0));
    let [crate_lane, body_lane] = &selection.units[..] else { panic!("{} units", selection.units.len()) };
    assert_eq!(functions(body_lane), ["app::edited"]);
    assert!(body_lane.unit.is_body_lane && body_lane.unit.id.ends_with("app:app/0"));
    // What it calls is the crate lane's, by name.
    assert_eq!(references(body_lane), ["app::helper"]);
    // The crate lane's unit only refers to it now; its numbers stay, for bodies that are read again use them.
    let old = global(&before[0], "app::edited");
    assert!(matches!(crate_lane.global(old).kind, GlobalKind::Function { defined: false }));
    assert_eq!(crate_lane.global(old).name, before[0].global(old).name);
    let rest: Vec<String> = functions(&before[0]).into_iter().filter(|name| name != "app::edited").collect();
    assert_eq!(functions(crate_lane), rest);
}

#[test]
fn what_has_not_changed_is_not_taken() {
    let mut app = Crate::new("unchanged");
    let before = app.units(SOURCE, &[]);
    // The body of `helper` is there, and is what the crate lane has.
    let after = replaced(SOURCE, "helper(n) ^ 1 }", "helper(n) ^ 2 }");
    let selection = app.overlay(&before, &after, &["fn edited"], &["fn helper"]).unwrap();
    assert_eq!((selection.counts.reached, selection.counts.taken), (2, 1));
}

#[test]
fn what_an_edit_newly_needs_comes_with_it() {
    let mut app = Crate::new("new");
    let before = app.units(SOURCE, &[]);
    let after = replaced(SOURCE, "helper(n) ^ 1 }", "apply(|i| helper(i)) ^ n }");
    let selection = app.overlay(&before, &after, &["fn edited"], &["fn apply"]).unwrap();
    assert_eq!(functions(&selection.units[1]), ["app::apply", "app::edited", "app::edited::{{closure}}"]);
    assert_eq!(selection.counts.new, 2);
}

#[test]
fn a_blanked_body_that_is_needed_is_named() {
    let mut app = Crate::new("needed");
    let before = app.units(SOURCE, &[]);
    let after = replaced(SOURCE, "helper(n) ^ 1 }", "apply(|i| helper(i)) ^ n }");
    let refusal = app.overlay(&before, &after, &["fn edited"], &[]).unwrap_err();
    assert!(!refusal.is_final());
    let Refusal::MissingBody { needs } = refusal else { panic!("{refusal}") };
    let [apply] = &needs[..] else { panic!("{needs:?}") };
    assert!(apply.name.starts_with("app::apply"), "{apply:?}");
    assert_eq!((apply.file.as_ref(), apply.line), (Some(&app.file()), 10));
}

#[test]
fn what_nobody_defines_is_asked_for_outside() {
    let mut app = Crate::new("outside");
    let before = app.units(SOURCE, &[]);
    let after =
        replaced(SOURCE, "helper(n) ^ 1 }", "unsafe { unsafe extern \"C\" { fn getpid() -> u32; } getpid() } }");
    let body = app.overlay_units(&after, &["fn edited"], &[]);
    let functions = [app.edited(&after, "fn edited")];
    let mut cache = SelectionCache::default();
    let refusal = select(&before, &body, &edit(&functions), &|_| false, &mut cache).unwrap_err();
    let Refusal::NotLinked { needs } = refusal else { panic!("{refusal}") };
    assert_eq!(needs.iter().map(|it| &*it.name).collect::<Vec<_>>(), ["getpid"]);
    assert!(select(&before, &body, &edit(&functions), &|name| name == "getpid", &mut cache).is_ok());
}

#[test]
fn the_value_of_a_static_is_not_changed() {
    let mut app = Crate::new("static");
    let before = app.units(SOURCE, &[]);
    let after = replaced(&replaced(SOURCE, "u32 = 40;", "u32 = 41;"), "edited(n) ^ LIMIT }", "edited(n) | LIMIT }");
    let refusal = app.overlay(&before, &after, &["fn caller"], &[]).unwrap_err();
    assert_eq!(refusal, Refusal::StaticChanged);
}

#[test]
fn a_function_that_looks_blank_is_refused() {
    let mut app = Crate::new("blank");
    let before = app.units(SOURCE, &[]);
    let after = replaced(SOURCE, "{ helper(n) ^ 1 }", "{ loop {} }");
    assert_eq!(app.overlay(&before, &after, &["fn edited"], &[]).unwrap_err(), Refusal::LooksBlank);
}

#[test]
fn every_instance_of_a_generic_function_must_be_there() {
    let mut app = Crate::new("instances");
    let before = app.units(SOURCE, &[]);
    let after = replaced(SOURCE, "f(1) ^ f(2) }", "f(1) | f(2) }");
    let refusal = app.overlay(&before, &after, &["fn apply"], &["fn caller"]).unwrap_err();
    assert_eq!(refusal, Refusal::MissingInstance);
    let selection = app.overlay(&before, &after, &["fn apply"], &["fn closing"]).unwrap();
    assert_eq!(selection.counts.taken, 1);
}

#[test]
fn the_same_selection_is_the_same_units() {
    let mut app = Crate::new("same");
    let before = app.units(SOURCE, &[]);
    let after = replaced(SOURCE, "helper(n) ^ 1 }", "helper(n) ^ 2 }");
    let body = app.overlay_units(&after, &["fn edited"], &[]);
    let functions = [app.edited(&after, "fn edited")];
    let mut cache = SelectionCache::default();
    let mut units = || select(&before, &body, &edit(&functions), &|_| true, &mut cache).unwrap().units;
    let (first, second) = (units(), units());
    assert_eq!(first.len(), 2);
    assert!(first.iter().zip(&second).all(|(first, second)| Arc::ptr_eq(first, second)));
}

#[test]
fn the_crate_lane_has_the_last_word() {
    let mut app = Crate::new("verified");
    let before = app.units(SOURCE, &[]);
    let after = replaced(SOURCE, "helper(n) ^ 1 }", "helper(n) ^ 2 }");
    let patch = app.overlay(&before, &after, &["fn edited"], &[]).unwrap().patch;
    let verified = patch.verify(&app.units(&after, &[]));
    assert_eq!((verified.equal, verified.unmatched, verified.diverged.len()), (1, 0, 0));
    let other = app.units(&replaced(&after, "helper(n) ^ 2 }", "helper(n) ^ 3 }"), &[]);
    assert_eq!(patch.verify(&other).diverged, ["app::edited"]);
}

/// Constants in all places, functions that call each other, and panics: what an edit may leave behind.
const PROGRAM: &str = r#"
pub const LIMIT: u32 = 5;
static TABLE: [u32; 2] = [LIMIT, 7];
static WORDS: [&str; 2] = ["one", "two"];
pub fn number() -> u32 { LIMIT }
pub fn text() -> &'static str { "five" }
pub fn pair() -> &'static (&'static str, u32) { &("limit", LIMIT) }
pub fn entry(n: usize) -> u32 { TABLE[n] ^ WORDS[n].len() as u32 }
pub fn first(n: u32) -> u32 { n / LIMIT }
pub fn second(n: u32) -> u32 { n ^ 8 }
pub fn calling(n: u32) -> u32 { first(n) }
pub fn line() -> u32 { line!() }
pub fn closing(n: u32) -> u32 { let a = |i: u32| i ^ n; a(1) }
fn unused(n: u32) -> u32 { n ^ LIMIT }
fn main() { print!("{}{}{:?}{}{}{}{}", number(), text(), pair(), entry(1), calling(2), line(), closing(3)); }
"#;

/// Demangled names without the crate.
#[track_caller]
fn missed(name: &str, edits: &[(&str, &str)]) -> Vec<String> {
    let mut app = Crate::new(name);
    let options = ["--crate-type=bin"];
    let before = app.units(PROGRAM, &options);
    let after = edits.iter().fold(PROGRAM.to_owned(), |text, (from, to)| replaced(&text, from, to));
    let found = conformance(&before, &app.units(&after, &options));
    found.missed.iter().map(|name| name.trim_start_matches("app::").to_owned()).collect()
}

#[test]
fn what_an_edit_left_behind_is_found() {
    let limit = missed("behind-constant", &[("LIMIT: u32 = 5", "LIMIT: u32 = 6")]);
    // (Nothing leads to `unused`.)
    assert_eq!(limit, ["TABLE", "first", "number", "pair"]);
    assert_eq!(missed("behind-text", &[("\"five\"", "\"six!\"")]), ["text"]);
    assert_eq!(missed("behind-word", &[("\"two\"", "\"too\"")]), ["WORDS"]);
    assert_eq!(missed("behind-callee", &[("{ first(n) }", "{ second(n) }")]), ["calling"]);
}

#[test]
fn what_has_only_moved_is_not_left_behind() {
    assert_eq!(missed("moved", &[("pub const LIMIT", "\n\n\npub const LIMIT")]), [""; 0]);
    assert_eq!(missed("moved-new", &[("pub fn number()", "fn more() -> u32 { 9 }\npub fn number()")]), [""; 0]);
}

#[test]
fn what_the_body_lane_put_in_is_not_left_behind() {
    let mut app = Crate::new("put-in");
    let before = app.units(SOURCE, &[]);
    let after = replaced(SOURCE, "apply(move |i| i ^ n) }", "{ let f = |i: u32| i; f(n) ^ apply(move |i| i | n) } }");
    let units = app.overlay(&before, &after, &["fn closing"], &["fn apply"]).unwrap().units;
    assert_eq!(conformance(&units, &app.units(&after, &[])).missed, [""; 0]);
    let other = replaced(&after, "!n }", "n }");
    assert_eq!(conformance(&units, &app.units(&other, &[])).missed, ["app::helper"]);
}
