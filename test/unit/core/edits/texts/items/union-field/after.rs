union A {
    x: u8,
    y: f64,
}
