struct A;
impl Two for A {
    fn call(&self) -> u8 {
        1
    }
}
