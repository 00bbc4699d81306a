fn call(f: impl Fn() -> u8) -> u8 {
    f()
}
