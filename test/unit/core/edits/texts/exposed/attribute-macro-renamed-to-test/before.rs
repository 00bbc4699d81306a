use a::{b::c, d as r#test};

#[test]
fn adds() {
    work(1)
}
