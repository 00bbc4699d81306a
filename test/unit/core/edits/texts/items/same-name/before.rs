#[cfg(unix)]
fn call() -> u8 { 1 }
fn main() {}
