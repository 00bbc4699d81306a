struct A {
    x: u16,
}
