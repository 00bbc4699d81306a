fn outer() -> u8 {
    use one::call;
    fn nested() -> u8 {
        call()
    }
    nested()
}
