#[cfg(windows)]
fn call() -> u8 {
    1
}
