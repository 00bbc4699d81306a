fn call() -> u8 {
    let x =
    work(1)
}
