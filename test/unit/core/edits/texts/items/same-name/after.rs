#[cfg(unix)]
fn call() -> u8 { 1 }
#[cfg(not(unix))]
fn call() -> u8 { 2 }
fn main() {}
