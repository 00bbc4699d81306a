macro_rules! one {
    () => {
        fn call() -> u8 {
            work(1)
        }
    };
}
