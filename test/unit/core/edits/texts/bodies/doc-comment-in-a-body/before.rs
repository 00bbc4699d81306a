fn call() -> u8 {
    /// Says what follows.
    let n = 1;
    n
}
