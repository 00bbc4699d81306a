fn call() -> u8 {
    work(1)
}
