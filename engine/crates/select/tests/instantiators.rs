//! Which functions have to be there for all instances of an edited generic function to be made.

mod support;

use cranefly_select::{EditedCrate, Instantiator, Refusal, SourceLine, instantiators};
use support::{CRATE, Crate};

const SOURCE: &str = r"
pub fn show<T: Copy + Into<u64>>(value: T) -> u64 { value.into() }
pub fn twice<T: Copy + Into<u64>>(value: T) -> u64 { show(value) ^ show(value) }
pub fn small(n: u8) -> u64 { twice(n) }
pub fn large(n: u32) -> u64 { show(n) }
pub fn other(n: u32) -> u32 { !n }
pub fn calls(n: u32) -> u64 { large(n) }
";
const TWICE: u32 = 3;
const SMALL: u32 = 4;
const LARGE: u32 = 5;
const CALLS: u32 = 7;

fn lines(found: &[Instantiator], is_root: bool) -> Vec<u32> {
    found.iter().filter(|it| it.is_root == is_root).map(|it| it.line).collect()
}

#[test]
fn references_are_followed_up_to_functions_that_are_no_instances() {
    let mut app = Crate::new("ways");
    let units = app.units(SOURCE, &[]);
    let edited = EditedCrate { id: CRATE.into(), edited: vec![app.edited(SOURCE, "fn show")], passed: Vec::new() };
    let found = instantiators(&units, &[edited]).unwrap();
    assert_eq!(lines(&found, true), [SMALL, LARGE]);
    assert_eq!(lines(&found, false), [TWICE]);
    assert!(found.iter().all(|it| it.file == app.file()));
}

#[test]
fn what_refers_to_a_passed_function_takes_its_place() {
    let mut app = Crate::new("passed");
    let units = app.units(SOURCE, &[]);
    let passed = vec![SourceLine { file: app.file(), line: LARGE }];
    let edited = EditedCrate { id: CRATE.into(), edited: vec![app.edited(SOURCE, "fn show")], passed };
    assert_eq!(lines(&instantiators(&units, &[edited]).unwrap(), true), [SMALL, LARGE, CALLS]);
}

#[test]
fn instances_of_other_crates_are_refused() {
    let mut app = Crate::new("others");
    let units = app.units(SOURCE, &[]);
    let of = |id: &str, file| {
        let function = cranefly_select::EditedFunction { file, ..app.edited(SOURCE, "fn show") };
        instantiators(&units, &[EditedCrate { id: id.into(), edited: vec![function], passed: Vec::new() }])
    };
    assert_eq!(of("other:other", app.file()).unwrap_err(), Refusal::InstancesElsewhere);
    assert_eq!(of(CRATE, "/nowhere/lib.rs".into()).unwrap_err(), Refusal::UnknownFile);
}
