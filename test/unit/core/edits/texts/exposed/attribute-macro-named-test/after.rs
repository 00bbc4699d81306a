use test_log::test;

#[test]
fn adds() {
    work(2)
}
