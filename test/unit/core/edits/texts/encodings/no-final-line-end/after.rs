fn call() -> u8 {
    2
}