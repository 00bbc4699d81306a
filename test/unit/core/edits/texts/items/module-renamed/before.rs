mod one {
    pub fn call() -> u8 {
        1
    }
}
