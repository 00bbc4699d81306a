fn call() -> u8 {
    let a: u8 = 1;
    a
}
