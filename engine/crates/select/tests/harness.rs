//! What a test harness lists.

mod support;

use cranefly_cgu::LoadedUnit;
use cranefly_select::{Refusal, tests_of};
use support::Crate;

const SOURCE: &str = r#"
#[test]
fn shallow() {}
mod deep {
    #[test]
    #[ignore = "why"]
    fn zero() -> Result<(), u8> { Ok(()) }
    #[test]
    #[should_panic(expected = "a")]
    fn one() {}
}
pub fn no_test() {}
"#;

fn tests(name: &str, source: &str, options: &[&str]) -> Result<Vec<String>, Refusal> {
    let units = Crate::new(name).units(source, options);
    tests_of(units.iter().map(|unit| -> &LoadedUnit { unit }))
}

#[test]
fn tests_are_told_by_their_paths_in_the_order_of_the_list() {
    assert_eq!(tests("harness", SOURCE, &["--test"]).unwrap(), ["deep::one", "deep::zero", "shallow"]);
    assert_eq!(tests("harness-units", SOURCE, &["--test", "-Ccodegen-units=16"]).unwrap().len(), 3);
}

#[test]
fn tests_are_spelled_as_the_harness_tells_them() {
    let source =
        "mod r#match { #[test] #[should_panic(expected = \"r#match::r#try\")] fn r#try() {} #[test] fn r#plain() {} }
        mod nn { #[test] #[should_panic(expected = \"nn::a\")] fn a() {} }";
    let expected = ["nn::a", "r#match::plain", "r#match::r#try"];
    assert_eq!(tests("harness-raw", source, &["--test"]).unwrap(), expected);
}

#[test]
fn a_harness_may_have_none() {
    assert_eq!(tests("harness-empty", "pub fn no_test() {}", &["--test"]), Ok(Vec::new()));
}

#[test]
fn what_is_no_harness_is_refused() {
    assert_eq!(tests("harness-none", SOURCE, &[]), Err(Refusal::Tests));
}
