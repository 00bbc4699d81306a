#[cfg(windows)]
mod system {
    fn call() -> u8 {
        1
    }
}
