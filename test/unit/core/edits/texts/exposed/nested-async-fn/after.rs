fn outer() {
    async fn nested() -> u8 {
        1 + 2
    }
}
