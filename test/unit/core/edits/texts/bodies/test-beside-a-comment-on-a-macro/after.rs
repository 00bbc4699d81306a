// #[macro_use] extern crate tokio;
const TEXT: &str = "use test_log::test;";
#[test]
fn adds() {
    check(2)
}
