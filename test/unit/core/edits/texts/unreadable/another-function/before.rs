fn call() -> u8 {
    work(1 2)
}
fn other() -> u8 {
    2
}
