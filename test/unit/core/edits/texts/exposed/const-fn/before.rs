const fn call() -> u8 {
    1 + 1
}
