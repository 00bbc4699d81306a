fn call() -> u8 {
    /// Says what follows.
    let n = 2;
    n
}
