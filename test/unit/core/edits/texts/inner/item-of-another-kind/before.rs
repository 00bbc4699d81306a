fn outer() -> u8 {
    struct Local;
    1
}
