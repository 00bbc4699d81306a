fn outer() -> usize {
    const LIMIT: usize = 77;
    fn nested(n: usize) -> usize {
        n + 5
    }
    struct Local;
    impl Local {
        fn method(&self) -> usize {
            66
        }
    }
    macro_rules! local {
        () => {
            88
        };
    }
    nested(LIMIT) + Local.method() + local!() + 99
}
