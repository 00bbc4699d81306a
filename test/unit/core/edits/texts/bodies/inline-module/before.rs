mod outer {
    pub(crate) mod inner {
        pub fn call(n: i32) -> i32 {
            n + 100
        }
    }
}
