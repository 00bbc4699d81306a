#[cfg(unix)]
mod system {
    fn call() -> u8 {
        1
    }
}
