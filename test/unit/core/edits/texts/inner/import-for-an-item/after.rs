fn outer() -> u8 {
    use two::call;
    fn nested() -> u8 {
        call()
    }
    nested()
}
