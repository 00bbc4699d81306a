fn call() -> u8 {
    work(1)
fn other() -> u8 {
    2
}
