mod inner {
    fn call() -> u8 {
        1
    }
}
