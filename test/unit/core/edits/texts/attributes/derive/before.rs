#[derive(Clone)]
struct A {
    x: u8,
}
