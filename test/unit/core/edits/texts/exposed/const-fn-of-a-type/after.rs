struct A;
impl A {
    pub const fn call() -> u8 {
        1 + 2
    }
}
