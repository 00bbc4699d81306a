fn outer() -> u8 {
    enum Local {}
    1
}
