#[macro_use]
mod macros;
extern crate tokio;
use test::black_box;
fn captures() -> impl Sized + use<> {}
#[test]
fn adds() {
    check(2)
}
