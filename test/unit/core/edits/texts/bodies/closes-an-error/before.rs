fn call() -> u8 {
    let a: u8 = "text";
    a
}
