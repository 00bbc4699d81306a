#[macro_use] // let a;
#[cfg(x)]
/// Doc.
pub extern crate tokio;

#[test]
fn adds() {
    work(2)
}
