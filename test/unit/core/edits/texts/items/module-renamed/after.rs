mod two {
    pub fn call() -> u8 {
        1
    }
}
