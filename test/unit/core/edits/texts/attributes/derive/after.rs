#[derive(Clone, Copy)]
struct A {
    x: u8,
}
